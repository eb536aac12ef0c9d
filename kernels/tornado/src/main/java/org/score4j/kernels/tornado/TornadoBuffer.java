package org.score4j.kernels.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceBuffer;
import org.score4j.kernels.Tensor;

/**
 * A range of the array of floats that is the device's memory. Kernels cannot read a float's bits as
 * an integer, so integers live in an array of their own: the bytes of an I32 tensor have a place
 * there from the tensor's first use until a tensor of another type takes these bytes, or the buffer
 * closes. So the memory behaves as if both were one.
 */
final class TornadoBuffer implements DeviceBuffer {
  private final TornadoMemory memory;
  private final int firstFloat;
  private final long byteSize;
  private boolean closed;

  /** Where the integers of some words of the buffer are, by the first of these words. */
  private final TreeMap<Integer, IntPlace> intPlaces = new TreeMap<>();

  /**
   * The integers of consecutive words.
   *
   * @param words how many
   * @param index of the first in the array of ints
   */
  private record IntPlace(int words, int index) {}

  TornadoBuffer(TornadoMemory memory, int firstFloat, long byteSize) {
    this.memory = memory;
    this.firstFloat = firstFloat;
    this.byteSize = byteSize;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  /** Elements of the array of floats that it takes. */
  int words() {
    return Math.toIntExact((byteSize + Float.BYTES - 1) / Float.BYTES);
  }

  int firstFloat() {
    return firstFloat;
  }

  /** Index of the tensor's first element in the device's array of floats. */
  static int floatIndex(Tensor tensor) {
    if (tensor.dtype() != DType.F32) {
      throw new IllegalArgumentException(
          "tornado: a tensor of shape %s holds %s, this kernel computes in F32"
              .formatted(tensor.shape(), tensor.dtype()));
    }
    return wordIndex(tensor);
  }

  /** As {@link #floatIndex}, of the word that holds the first byte, for a tensor of any type. */
  static int wordIndex(Tensor tensor) {
    TornadoBuffer buffer = of(tensor);
    int from = Math.toIntExact(tensor.byteOffset() / Float.BYTES);
    long end = tensor.byteOffset() + tensor.byteSize();
    buffer.forgetInts(from, Math.toIntExact((end + Float.BYTES - 1) / Float.BYTES));
    return buffer.firstFloat + from;
  }

  /** Index of the tensor's first element in the device's array of ints. */
  static int intIndex(Tensor tensor) {
    int from = Math.toIntExact(tensor.byteOffset() / Integer.BYTES);
    return of(tensor).placeOfInts(from, Math.toIntExact(tensor.elements()));
  }

  private static TornadoBuffer of(Tensor tensor) {
    if (tensor.buffer() instanceof TornadoBuffer buffer) {
      if (buffer.closed) {
        throw new IllegalStateException(
            "tornado: a tensor of shape %s lies in a buffer that is closed"
                .formatted(tensor.shape()));
      }
      return buffer;
    }
    throw new IllegalArgumentException(
        "tensor of shape %s lives in a %s, not in TornadoVM's memory; it belongs to another backend"
            .formatted(tensor.shape(), tensor.buffer().getClass().getSimpleName()));
  }

  private int placeOfInts(int from, int words) {
    Map.Entry<Integer, IntPlace> around = intPlaces.floorEntry(from);
    if (around != null && around.getKey() + around.getValue().words() >= from + words) {
      return around.getValue().index() + from - around.getKey();
    }
    int index = memory.takeInts(words);
    for (Map.Entry<Integer, IntPlace> old : overlapping(from, from + words)) {
      int start = Math.max(from, old.getKey());
      int end = Math.min(from + words, old.getKey() + old.getValue().words());
      memory.copyInts(
          index + start - from, old.getValue().index() + start - old.getKey(), end - start);
    }
    forgetInts(from, from + words);
    intPlaces.put(from, new IntPlace(words, index));
    return index;
  }

  /** The words {@code from .. to} hold something else now. */
  private void forgetInts(int from, int to) {
    for (Map.Entry<Integer, IntPlace> old : overlapping(from, to)) {
      int start = old.getKey();
      IntPlace place = old.getValue();
      int end = start + place.words();
      intPlaces.remove(start);
      if (start < from) {
        intPlaces.put(start, new IntPlace(from - start, place.index()));
      }
      if (end > to) {
        intPlaces.put(to, new IntPlace(end - to, place.index() + to - start));
      }
      int freedFrom = Math.max(start, from);
      memory.giveInts(place.index() + freedFrom - start, Math.min(end, to) - freedFrom);
    }
  }

  private List<Map.Entry<Integer, IntPlace>> overlapping(int from, int to) {
    List<Map.Entry<Integer, IntPlace>> found = new ArrayList<>();
    Map.Entry<Integer, IntPlace> entry = intPlaces.lowerEntry(to);
    while (entry != null && entry.getKey() + entry.getValue().words() > from) {
      found.add(entry);
      entry = intPlaces.lowerEntry(entry.getKey());
    }
    return found;
  }

  @Override
  public void close() {
    if (!closed) {
      forgetInts(0, words());
      closed = true;
      memory.give(this);
    }
  }
}
