package org.score4j.checkpoints;

import java.util.List;
import java.util.stream.Collectors;

/** Arithmetic on stored shapes, which come out of files and may hold any number. */
final class Shapes {
  private Shapes() {}

  /**
   * Bytes of a tensor of that shape, or -1 when a dimension is negative or the product does not
   * fit.
   */
  static long byteSize(List<Long> shape, StoredType dtype) {
    long size = dtype.byteWidth();
    for (long dim : shape) {
      if (dim < 0) {
        return -1;
      }
      long high = Math.multiplyHigh(size, dim);
      size *= dim;
      if (high != 0 || size < 0) {
        return -1;
      }
    }
    return size;
  }

  /** As (3, 4); a scalar is (). */
  static String text(List<Long> shape) {
    return shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
  }
}
