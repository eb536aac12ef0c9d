package org.score4j.kernels.tornado;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Which ranges of one large array are free: first fit, neighbours joined when freed. Any part of
 * what was taken may be given back. Mutable, for one thread at a time.
 */
final class RangeAllocator {
  /** Length by start. */
  private final TreeMap<Integer, Integer> free = new TreeMap<>();

  private long freeElements;

  /** All of {@code from .. to} is free. */
  RangeAllocator(int from, int to) {
    free.put(from, to - from);
    freeElements = (long) to - from;
  }

  /** How many elements are free, though not in one piece. */
  long freeElements() {
    return freeElements;
  }

  /** Takes {@code length} elements; empty where no free piece is as long. */
  OptionalInt take(int length) {
    OptionalInt found =
        free.entrySet().stream()
            .filter(piece -> piece.getValue() >= length)
            .mapToInt(Map.Entry::getKey)
            .findFirst();
    found.ifPresent(start -> shorten(start, length));
    return found;
  }

  /** Takes the first elements of a free piece. */
  private void shorten(int start, int length) {
    Integer whole = free.remove(start);
    int rest = whole == null ? 0 : whole - length;
    if (rest > 0) {
      free.put(start + length, rest);
    }
    freeElements -= length;
  }

  /** Gives elements back that were taken. */
  void give(int start, int length) {
    if (length == 0) {
      return;
    }
    int from = start;
    int to = start + length;
    Map.Entry<Integer, Integer> before = free.lowerEntry(from);
    if (before != null && before.getKey() + before.getValue() == from) {
      from = before.getKey();
      free.remove(from);
    }
    Integer after = free.remove(to);
    if (after != null) {
      to += after;
    }
    free.put(from, to - from);
    freeElements += length;
  }
}
