package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor to be written: what it is, and a provider that hands its values over in pieces while the
 * file is written, so that no second copy of it is ever made.
 *
 * @param shape dimensions, outermost first
 * @param content called once per writing
 */
public record NamedData(String name, StoredType dtype, List<Long> shape, Content content) {

  /** Hands over exactly the tensor's values, in row-major order. */
  @FunctionalInterface
  public interface Content {
    void writeTo(DataSink sink) throws IOException;
  }

  public NamedData {
    shape = List.copyOf(shape);
    if (Shapes.byteSize(shape, dtype) < 0) {
      throw new CheckpointException(
          "tensor "
              + CheckpointException.quote(name)
              + " cannot be written with shape "
              + Shapes.text(shape)
              + ": a negative dimension or a size over 64 bits");
    }
    if (name.equals("__metadata__") || !UTF_8.newEncoder().canEncode(name)) {
      throw new CheckpointException(
          "a tensor cannot be named " + CheckpointException.quote(name) + "; choose another name");
    }
  }

  public long byteSize() {
    return Shapes.byteSize(shape, dtype);
  }

  /** As F32. The array is read while the file is written. */
  public static NamedData ofFloats(String name, List<Long> shape, float[] values) {
    return new NamedData(
        name, StoredType.F32, shape, sink -> sink.putFloats(values, 0, values.length));
  }

  /** As F64. The array is read while the file is written. */
  public static NamedData ofDoubles(String name, List<Long> shape, double[] values) {
    return new NamedData(
        name, StoredType.F64, shape, sink -> sink.putDoubles(values, 0, values.length));
  }

  /** As U8 of shape (bytes). The array is read while the file is written. */
  public static NamedData ofBytes(String name, byte[] values) {
    return new NamedData(
        name,
        StoredType.U8,
        List.of((long) values.length),
        sink -> sink.put(MemorySegment.ofArray(values)));
  }

  /**
   * The same bytes under the same name. The tensor's file must stay open until they are written.
   */
  public static NamedData ofStored(StoredTensor tensor) {
    return new NamedData(
        tensor.name(), tensor.dtype(), tensor.shape(), sink -> sink.put(tensor.data()));
  }
}
