package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device code of attention's forward pass and of its cache. A group has one query head of one
 * token. It goes through the keys in chunks of 64 counted from the start of the sequence: a thread
 * has the score of a key, then an element of the output (or up to {@link #MAX_PER_THREAD} of them).
 * Packed and paged queries differ only in where their keys lie, so they agree bit for bit.
 */
final class AttentionCode {
  static final int GROUP = TornadoKernel.GROUP;

  /** Elements of a head that a thread has at most. */
  static final int MAX_PER_THREAD = 4;

  static final int MAX_HEAD_DIM = MAX_PER_THREAD * GROUP;

  /** Less than any score; its exponential is 0, and unlike −∞ it has differences. */
  private static final float LOWEST = -3.0e38f;

  private AttentionCode() {}

  /**
   * The segment of each token, and for each segment the one after the last of its continuations,
   * which follow it. Arguments: segment of a token, end of a segment, segments (ints), segments.
   */
  static void tokenSegments(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int segmentOf = args.get(0);
    int endOf = args.get(1);
    int segments = args.get(2);
    int n = args.get(3);
    for (int s = context.globalIdx; s < n; s += context.globalGroupSizeX) {
      int start = ints.get(segments + 4 * s);
      int length = ints.get(segments + 4 * s + 1);
      for (int i = 0; i < length; i++) {
        ints.set(segmentOf + start + i, s);
      }
      int end = s + 1;
      while (end < n && ints.get(segments + 4 * end + 3) > 0) {
        end = end + 1;
      }
      if (ints.get(segments + 4 * s + 3) > 0) {
        end = s + 1;
      }
      ints.set(endOf + s, end);
    }
  }

  /**
   * Packed: arguments 0 out, 1 logSumExp, 2 qkv, 3 0, 4 segments, 5 segment of a token, 6 –, 7
   * query heads, 8 group size, 9 headDim, 10 width of a row of qkv, 11 keys (= qkv), 12 offset of
   * the first key head in a row, 13 values (= qkv), 14 offset of the first value head.
   *
   * <p>Paged: 1 −1, 3 tokens in a page, 4 page tables, 5 row of the page tables of a token, 6
   * number of keys of a token, 15 width of a page table, 11 and 13 the pages, 12 and 14 0, 16 width
   * of keys.
   *
   * <p>Both: 17 keys that a query sees at most, or 0. Factors: scale, soft cap or 0.
   */
  static void attend(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int logSumExp = args.get(1);
    int pageTokens = args.get(3);
    int heads = args.get(7);
    int headDim = args.get(9);
    int width = args.get(10);
    int token = context.groupIdx / heads;
    int head = context.groupIdx - token * heads;
    int lane = context.localIdx;
    int keyOffset = args.get(12) + (head / args.get(8)) * headDim;
    int valueOffset = args.get(14) + (head / args.get(8)) * headDim;
    int keyBase = args.get(11) + keyOffset;
    int valueBase = args.get(13) + valueOffset;
    float scale = factors.get(0);
    float softCap = factors.get(1);
    int window = args.get(17);
    // Packed: key j is token j + shift, or prefixStart + j while j is below prefixLength.
    int prefixStart = 0;
    int prefixLength = 0;
    int shift = 0;
    int table = 0;
    int keys = 0;
    int rowWidth = width;
    if (pageTokens == 0) {
      int segment = args.get(4) + 4 * ints.get(args.get(5) + token);
      prefixStart = ints.get(segment + 2);
      prefixLength = ints.get(segment + 3);
      shift = ints.get(segment) - prefixLength;
      keys = token - shift + 1;
    } else {
      table = args.get(4) + ints.get(args.get(5) + token) * args.get(15);
      keys = ints.get(args.get(6) + token);
      rowWidth = args.get(16);
    }
    int firstKey = 0;
    if (window > 0 && keys > window) {
      firstKey = keys - window;
    }
    float[] query = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] weights = context.allocateFloatLocalArray(GROUP);
    int[] places = context.allocateIntLocalArray(GROUP);
    int queryAt = args.get(2) + token * width + head * headDim;
    for (int e = lane; e < headDim; e += GROUP) {
      query[e] = memory.get(queryAt + e);
    }
    context.localBarrier();
    float max = LOWEST;
    float denominator = 0f;
    float out0 = 0f;
    float out1 = 0f;
    float out2 = 0f;
    float out3 = 0f;
    // Chunks wholly before the window are left out, keys before it are skipped in the first chunk.
    for (int first = firstKey / GROUP * GROUP; first < keys; first += GROUP) {
      int count = keys - first;
      if (count > GROUP) {
        count = GROUP;
      }
      int from = 0;
      if (first < firstKey) {
        from = firstKey - first;
      }
      float score = LOWEST;
      if (lane >= from && lane < count) {
        int j = first + lane;
        int row = j + shift;
        if (pageTokens != 0) {
          row = ints.get(table + j / pageTokens) * pageTokens + j % pageTokens;
        } else {
          if (j < prefixLength) {
            row = prefixStart + j;
          }
        }
        int place = row * rowWidth;
        places[lane] = place;
        float sum = 0f;
        for (int e = 0; e < headDim; e++) {
          sum += query[e] * memory.get(keyBase + place + e);
        }
        score = scale * sum;
        if (softCap > 0f) {
          score = softCap * TornadoMath.tanh(score / softCap);
        }
      }
      weights[lane] = score;
      context.localBarrier();
      float newMax = max;
      for (int j = from; j < count; j++) {
        newMax = TornadoMath.max(newMax, weights[j]);
      }
      context.localBarrier();
      weights[lane] = TornadoMath.exp(score - newMax);
      context.localBarrier();
      float kept = TornadoMath.exp(max - newMax);
      denominator = denominator * kept;
      for (int j = from; j < count; j++) {
        denominator = denominator + weights[j];
      }
      out0 = out0 * kept;
      if (lane < headDim) {
        for (int j = from; j < count; j++) {
          out0 += weights[j] * memory.get(valueBase + places[j] + lane);
        }
      }
      if (headDim > GROUP) {
        out1 = out1 * kept;
        out2 = out2 * kept;
        out3 = out3 * kept;
        if (lane + GROUP < headDim) {
          for (int j = from; j < count; j++) {
            out1 += weights[j] * memory.get(valueBase + places[j] + lane + GROUP);
          }
        }
        if (lane + 2 * GROUP < headDim) {
          for (int j = from; j < count; j++) {
            out2 += weights[j] * memory.get(valueBase + places[j] + lane + 2 * GROUP);
          }
        }
        if (lane + 3 * GROUP < headDim) {
          for (int j = from; j < count; j++) {
            out3 += weights[j] * memory.get(valueBase + places[j] + lane + 3 * GROUP);
          }
        }
      }
      max = newMax;
      context.localBarrier();
    }
    int outAt = args.get(0) + (token * heads + head) * headDim + lane;
    if (lane < headDim) {
      memory.set(outAt, out0 / denominator);
    }
    if (lane + GROUP < headDim) {
      memory.set(outAt + GROUP, out1 / denominator);
    }
    if (lane + 2 * GROUP < headDim) {
      memory.set(outAt + 2 * GROUP, out2 / denominator);
    }
    if (lane + 3 * GROUP < headDim) {
      memory.set(outAt + 3 * GROUP, out3 / denominator);
    }
    if (logSumExp >= 0 && lane == 0) {
      memory.set(logSumExp + token * heads + head, max + TornadoMath.log(denominator));
    }
  }

  /**
   * Keys and values of new tokens into their slots of the pages, whose layout is (page, token in
   * the page, key head, headDim). Arguments: keys, values, qkv, slots (ints), tokens, width of
   * keys, width of a row of qkv.
   */
  static void append(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int keys = args.get(0);
    int values = args.get(1);
    int qkv = args.get(2);
    int slots = args.get(3);
    int kvWidth = args.get(5);
    int width = args.get(6);
    int n = args.get(4) * kvWidth;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int token = i / kvWidth;
      int element = i - token * kvWidth;
      int from = qkv + token * width + width - 2 * kvWidth + element;
      int to = ints.get(slots + token) * kvWidth + element;
      memory.set(keys + to, memory.get(from));
      memory.set(values + to, memory.get(from + kvWidth));
    }
  }

  /** Whole pages. Arguments: keys, values, from, to (ints), pages, elements of a page. */
  static void copyPages(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int keys = args.get(0);
    int values = args.get(1);
    int from = args.get(2);
    int to = args.get(3);
    int page = args.get(5);
    int n = args.get(4) * page;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int index = i / page;
      int element = i - index * page;
      int source = ints.get(from + index) * page + element;
      int target = ints.get(to + index) * page + element;
      memory.set(keys + target, memory.get(keys + source));
      memory.set(values + target, memory.get(values + source));
    }
  }
}
