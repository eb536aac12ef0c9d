package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums over a row in the order that every vector width shares: element i belongs to virtual lane i
 * mod 16, a lane is one chain of additions in the order of i, and the sixteen lanes meet in a fixed
 * tree (i with i+8, then i+4, i+2, i+1).
 */
final class Lanes {
  /** Number of virtual lanes, a multiple of every vector length up to 512 bits. */
  static final int COUNT = 16;

  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Lanes of a vector of this machine; no result depends on it. */
  static final int LANES = SPECIES.length();

  private Lanes() {}

  /** A whole vector. */
  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, HostMemory.ALL, address, HostMemory.ORDER);
  }

  /** Writes a whole vector. */
  static void store(long address, FloatVector v) {
    v.intoMemorySegment(HostMemory.ALL, address, HostMemory.ORDER);
  }

  /** Smallest multiple of {@link #COUNT} that is at least n. */
  static int roundUp(int n) {
    return (n + COUNT - 1) & -COUNT;
  }

  /**
   * The first {@code mask.trueCount()} floats at an address, zeros behind them; nothing behind them
   * is read.
   */
  static FloatVector load(long address, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(SPECIES, HostMemory.ALL, address, HostMemory.ORDER, mask);
  }

  /** Writes the lanes of the mask. */
  static void store(long address, FloatVector v, VectorMask<Float> mask) {
    v.intoMemorySegment(HostMemory.ALL, address, HostMemory.ORDER, mask);
  }

  /** Lanes whose index i + lane is below n. */
  static VectorMask<Float> tail(int i, int n) {
    return SPECIES.indexInRange(i, n);
  }

  /** The tree over sixteen floats. */
  static float sum(float[] s, int at) {
    float s0 = (s[at] + s[at + 8]) + (s[at + 4] + s[at + 12]);
    float s1 = (s[at + 1] + s[at + 9]) + (s[at + 5] + s[at + 13]);
    float s2 = (s[at + 2] + s[at + 10]) + (s[at + 6] + s[at + 14]);
    float s3 = (s[at + 3] + s[at + 11]) + (s[at + 7] + s[at + 15]);
    return (s0 + s2) + (s1 + s3);
  }

  /** Largest of sixteen floats. */
  static float max(float[] s, int at) {
    float s0 = larger(larger(s[at], s[at + 8]), larger(s[at + 4], s[at + 12]));
    float s1 = larger(larger(s[at + 1], s[at + 9]), larger(s[at + 5], s[at + 13]));
    float s2 = larger(larger(s[at + 2], s[at + 10]), larger(s[at + 6], s[at + 14]));
    float s3 = larger(larger(s[at + 3], s[at + 11]), larger(s[at + 7], s[at + 15]));
    return larger(larger(s0, s2), larger(s1, s3));
  }

  private static float larger(float a, float b) {
    return a > b ? a : b;
  }

  /**
   * Σ a_i b_i.
   *
   * @param lanes scratch of {@link #COUNT} floats
   */
  static float dot(long a, long b, int n, float[] lanes) {
    for (int p = 0; p < COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      int i = p;
      for (; i <= n - LANES; i += COUNT) {
        sum = load(a + 4L * i).fma(load(b + 4L * i), sum);
      }
      if (i < n) {
        VectorMask<Float> tail = tail(i, n);
        sum = load(a + 4L * i, tail).fma(load(b + 4L * i, tail), sum);
      }
      sum.intoArray(lanes, p);
    }
    return sum(lanes, 0);
  }

  /** Σ (a_i b_i) c_i, the product in parentheses rounded first. */
  static float dot(long a, long b, long c, int n, float[] lanes) {
    for (int p = 0; p < COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      int i = p;
      for (; i <= n - LANES; i += COUNT) {
        sum = load(a + 4L * i).mul(load(b + 4L * i)).fma(load(c + 4L * i), sum);
      }
      if (i < n) {
        VectorMask<Float> tail = tail(i, n);
        sum = load(a + 4L * i, tail).mul(load(b + 4L * i, tail)).fma(load(c + 4L * i, tail), sum);
      }
      sum.intoArray(lanes, p);
    }
    return sum(lanes, 0);
  }

  /** sum = a + b; returns Σ sum_i². */
  static float sumOfSquares(long sum, long a, long b, int n, float[] lanes) {
    for (int p = 0; p < COUNT; p += LANES) {
      FloatVector squares = FloatVector.zero(SPECIES);
      int i = p;
      for (; i <= n - LANES; i += COUNT) {
        FloatVector s = load(a + 4L * i).add(load(b + 4L * i));
        store(sum + 4L * i, s);
        squares = s.fma(s, squares);
      }
      if (i < n) {
        VectorMask<Float> tail = tail(i, n);
        FloatVector s = load(a + 4L * i, tail).add(load(b + 4L * i, tail));
        store(sum + 4L * i, s, tail);
        squares = s.fma(s, squares);
      }
      squares.intoArray(lanes, p);
    }
    return sum(lanes, 0);
  }

  /** Copies n floats. */
  static void copy(long to, long from, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(to + 4L * i, load(from + 4L * i));
    }
    if (i < n) {
      VectorMask<Float> tail = tail(i, n);
      store(to + 4L * i, load(from + 4L * i, tail), tail);
    }
  }

  /** Adds n floats to n others. */
  static void add(long to, long from, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(to + 4L * i, load(to + 4L * i).add(load(from + 4L * i)));
    }
    if (i < n) {
      VectorMask<Float> tail = tail(i, n);
      store(to + 4L * i, load(to + 4L * i, tail).add(load(from + 4L * i, tail)), tail);
    }
  }
}
