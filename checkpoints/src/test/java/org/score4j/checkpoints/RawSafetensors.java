package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors bytes put together by hand, valid or not. */
final class RawSafetensors {
  private RawSafetensors() {}

  static byte[] bytes(byte[] header, int dataBytes) {
    return bytes(header.length, header, dataBytes);
  }

  static byte[] bytes(long declaredLength, byte[] header, int dataBytes) {
    ByteBuffer file =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(declaredLength).put(header);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  static Path file(Path folder, String header, int dataBytes) throws IOException {
    return Files.write(
        folder.resolve("model.safetensors"), bytes(header.getBytes(UTF_8), dataBytes));
  }
}
