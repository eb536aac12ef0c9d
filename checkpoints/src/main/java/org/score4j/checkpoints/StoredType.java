package org.score4j.checkpoints;

import java.util.Arrays;
import java.util.Optional;

/**
 * The element types of a safetensors file that are whole bytes wide; the constants carry the names
 * used in the file.
 */
public enum StoredType {
  BOOL(1),
  U8(1),
  I8(1),
  F8_E5M2(1),
  F8_E4M3(1),
  I16(2),
  U16(2),
  F16(2),
  BF16(2),
  I32(4),
  U32(4),
  F32(4),
  I64(8),
  U64(8),
  F64(8);

  private final int byteWidth;

  StoredType(int byteWidth) {
    this.byteWidth = byteWidth;
  }

  public int byteWidth() {
    return byteWidth;
  }

  static Optional<StoredType> byName(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  static String names() {
    return Arrays.toString(values());
  }
}
