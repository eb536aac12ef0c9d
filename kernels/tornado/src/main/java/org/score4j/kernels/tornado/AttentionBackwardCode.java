package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device code of attention's gradients, each gathered by the group that owns it: of a query from
 * the keys that it saw, of a key and its value from the queries that saw them. Probabilities are
 * recomputed from logSumExp.
 */
final class AttentionBackwardCode {
  private static final int GROUP = AttentionCode.GROUP;
  private static final int MAX_HEAD_DIM = AttentionCode.MAX_HEAD_DIM;

  private AttentionBackwardCode() {}

  /** {@code D = dOut · out} of each head of each token. Arguments: D, dOut, out, heads, headDim. */
  static void outputDots(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int dots = args.get(0);
    int dOut = args.get(1);
    int out = args.get(2);
    int n = args.get(3);
    int headDim = args.get(4);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      float sum = 0f;
      for (int e = 0; e < headDim; e++) {
        sum += memory.get(dOut + i * headDim + e) * memory.get(out + i * headDim + e);
      }
      memory.set(dots + i, sum);
    }
  }

  /**
   * {@code dQ_i = scale Σ_j P_ij (dOut_i · V_j − D_i) K_j}, a chain over the keys; a group has a
   * query head of a token. Arguments: 0 dQkv, 1 dOut, 2 qkv, 3 logSumExp, 4 D, 5 segments, 6
   * segment of a token (ints), 7 query heads, 8 group size, 9 headDim, 10 width of a row, 11 offset
   * of the first key head, 12 of the first value head, 13 keys that a query sees at most, or 0;
   * factors: scale, soft cap or 0.
   */
  static void dQueries(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int qkv = args.get(2);
    int heads = args.get(7);
    int headDim = args.get(9);
    int width = args.get(10);
    int token = context.groupIdx / heads;
    int head = context.groupIdx - token * heads;
    int lane = context.localIdx;
    int kvHead = head / args.get(8);
    int keyBase = qkv + args.get(11) + kvHead * headDim;
    int valueBase = qkv + args.get(12) + kvHead * headDim;
    float scale = factors.get(0);
    float softCap = factors.get(1);
    int window = args.get(13);
    float logSumExp = memory.get(args.get(3) + token * heads + head);
    float dot = memory.get(args.get(4) + token * heads + head);
    int segment = args.get(5) + 4 * ints.get(args.get(6) + token);
    int prefixStart = ints.get(segment + 2);
    int prefixLength = ints.get(segment + 3);
    int shift = ints.get(segment) - prefixLength;
    int keys = token - shift + 1;
    int firstKey = 0;
    if (window > 0 && keys > window) {
      firstKey = keys - window;
    }
    float[] query = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] dOutput = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] dScores = context.allocateFloatLocalArray(GROUP);
    int[] places = context.allocateIntLocalArray(GROUP);
    int queryAt = token * width + head * headDim;
    int outAt = args.get(1) + (token * heads + head) * headDim;
    for (int e = lane; e < headDim; e += GROUP) {
      query[e] = memory.get(qkv + queryAt + e);
      dOutput[e] = memory.get(outAt + e);
    }
    context.localBarrier();
    float d0 = 0f;
    float d1 = 0f;
    float d2 = 0f;
    float d3 = 0f;
    for (int first = firstKey / GROUP * GROUP; first < keys; first += GROUP) {
      int count = keys - first;
      if (count > GROUP) {
        count = GROUP;
      }
      int from = 0;
      if (first < firstKey) {
        from = firstKey - first;
      }
      if (lane >= from && lane < count) {
        int row = first + lane + shift;
        if (first + lane < prefixLength) {
          row = prefixStart + first + lane;
        }
        int place = row * width;
        float score = 0f;
        float dWeight = 0f;
        for (int e = 0; e < headDim; e++) {
          score += query[e] * memory.get(keyBase + place + e);
          dWeight += dOutput[e] * memory.get(valueBase + place + e);
        }
        places[lane] = place;
        if (softCap > 0f) {
          float tanh = TornadoMath.tanh(scale * score / softCap);
          float p = TornadoMath.exp(softCap * tanh - logSumExp);
          dScores[lane] = scale * (1f - tanh * tanh) * p * (dWeight - dot);
        } else {
          dScores[lane] = scale * TornadoMath.exp(scale * score - logSumExp) * (dWeight - dot);
        }
      }
      context.localBarrier();
      if (lane < headDim) {
        for (int j = from; j < count; j++) {
          d0 += dScores[j] * memory.get(keyBase + places[j] + lane);
        }
      }
      if (lane + GROUP < headDim) {
        for (int j = from; j < count; j++) {
          d1 += dScores[j] * memory.get(keyBase + places[j] + lane + GROUP);
        }
      }
      if (lane + 2 * GROUP < headDim) {
        for (int j = from; j < count; j++) {
          d2 += dScores[j] * memory.get(keyBase + places[j] + lane + 2 * GROUP);
        }
      }
      if (lane + 3 * GROUP < headDim) {
        for (int j = from; j < count; j++) {
          d3 += dScores[j] * memory.get(keyBase + places[j] + lane + 3 * GROUP);
        }
      }
      context.localBarrier();
    }
    int to = args.get(0) + queryAt + lane;
    if (lane < headDim) {
      memory.set(to, d0);
    }
    if (lane + GROUP < headDim) {
      memory.set(to + GROUP, d1);
    }
    if (lane + 2 * GROUP < headDim) {
      memory.set(to + 2 * GROUP, d2);
    }
    if (lane + 3 * GROUP < headDim) {
      memory.set(to + 3 * GROUP, d3);
    }
  }

  /**
   * {@code dV_j = Σ_i P_ij dOut_i}, {@code dK_j = scale Σ_i P_ij (dOut_i · V_j − D_i) Q_i}, chains
   * over segments, heads and tokens; a group has a key head of a token. Arguments: as {@link
   * #dQueries}, 14 key heads, 15 end of the continuations of a segment (ints).
   */
  static void dKeysAndValues(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int dOut = args.get(1);
    int qkv = args.get(2);
    int logSumExp = args.get(3);
    int dots = args.get(4);
    int segments = args.get(5);
    int heads = args.get(7);
    int groupSize = args.get(8);
    int headDim = args.get(9);
    int width = args.get(10);
    int kvHeads = args.get(14);
    int token = context.groupIdx / kvHeads;
    int kvHead = context.groupIdx - token * kvHeads;
    int lane = context.localIdx;
    float scale = factors.get(0);
    float softCap = factors.get(1);
    int window = args.get(13);
    int own = ints.get(args.get(6) + token);
    int end = ints.get(args.get(15) + own);
    int keyAt = token * width + args.get(11) + kvHead * headDim;
    int valueAt = token * width + args.get(12) + kvHead * headDim;
    float[] key = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] value = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] weights = context.allocateFloatLocalArray(GROUP);
    float[] dScores = context.allocateFloatLocalArray(GROUP);
    for (int e = lane; e < headDim; e += GROUP) {
      key[e] = memory.get(qkv + keyAt + e);
      value[e] = memory.get(qkv + valueAt + e);
    }
    context.localBarrier();
    float k0 = 0f;
    float k1 = 0f;
    float k2 = 0f;
    float k3 = 0f;
    float v0 = 0f;
    float v1 = 0f;
    float v2 = 0f;
    float v3 = 0f;
    for (int s = own; s < end; s++) {
      int from = ints.get(segments + 4 * s);
      int to = from + ints.get(segments + 4 * s + 1);
      int prefixStart = ints.get(segments + 4 * s + 2);
      int prefixEnd = prefixStart + ints.get(segments + 4 * s + 3);
      // The last query that sees the key: it has index prefixLength + row − from in its sequence.
      int seen = to;
      if (window > 0) {
        seen = from - (prefixEnd - prefixStart) + (token - prefixStart) + window;
      }
      if (s == own) {
        from = token;
        if (window > 0) {
          seen = token + window;
        }
      } else {
        if (token < prefixStart || token >= prefixEnd) {
          to = from;
        }
      }
      if (seen < to) {
        to = seen;
      }
      for (int h = kvHead * groupSize; h < (kvHead + 1) * groupSize; h++) {
        for (int first = from; first < to; first += GROUP) {
          int count = to - first;
          if (count > GROUP) {
            count = GROUP;
          }
          if (lane < count) {
            int row = first + lane;
            int queryAt = qkv + row * width + h * headDim;
            int outAt = dOut + (row * heads + h) * headDim;
            float score = 0f;
            float dWeight = 0f;
            for (int e = 0; e < headDim; e++) {
              score += memory.get(queryAt + e) * key[e];
              dWeight += memory.get(outAt + e) * value[e];
            }
            float dot = memory.get(dots + row * heads + h);
            if (softCap > 0f) {
              float tanh = TornadoMath.tanh(scale * score / softCap);
              float p = TornadoMath.exp(softCap * tanh - memory.get(logSumExp + row * heads + h));
              weights[lane] = p;
              dScores[lane] = scale * (1f - tanh * tanh) * p * (dWeight - dot);
            } else {
              float p = TornadoMath.exp(scale * score - memory.get(logSumExp + row * heads + h));
              weights[lane] = p;
              dScores[lane] = scale * p * (dWeight - dot);
            }
          }
          context.localBarrier();
          int queries = qkv + first * width + h * headDim + lane;
          int outs = dOut + (first * heads + h) * headDim + lane;
          int outWidth = heads * headDim;
          if (lane < headDim) {
            for (int i = 0; i < count; i++) {
              k0 += dScores[i] * memory.get(queries + i * width);
              v0 += weights[i] * memory.get(outs + i * outWidth);
            }
          }
          if (lane + GROUP < headDim) {
            for (int i = 0; i < count; i++) {
              k1 += dScores[i] * memory.get(queries + i * width + GROUP);
              v1 += weights[i] * memory.get(outs + i * outWidth + GROUP);
            }
          }
          if (lane + 2 * GROUP < headDim) {
            for (int i = 0; i < count; i++) {
              k2 += dScores[i] * memory.get(queries + i * width + 2 * GROUP);
              v2 += weights[i] * memory.get(outs + i * outWidth + 2 * GROUP);
            }
          }
          if (lane + 3 * GROUP < headDim) {
            for (int i = 0; i < count; i++) {
              k3 += dScores[i] * memory.get(queries + i * width + 3 * GROUP);
              v3 += weights[i] * memory.get(outs + i * outWidth + 3 * GROUP);
            }
          }
          context.localBarrier();
        }
      }
    }
    int dKey = args.get(0) + keyAt + lane;
    int dValue = args.get(0) + valueAt + lane;
    if (lane < headDim) {
      memory.set(dKey, k0);
      memory.set(dValue, v0);
    }
    if (lane + GROUP < headDim) {
      memory.set(dKey + GROUP, k1);
      memory.set(dValue + GROUP, v1);
    }
    if (lane + 2 * GROUP < headDim) {
      memory.set(dKey + 2 * GROUP, k2);
      memory.set(dValue + 2 * GROUP, v2);
    }
    if (lane + 3 * GROUP < headDim) {
      memory.set(dKey + 3 * GROUP, k3);
      memory.set(dValue + 3 * GROUP, v3);
    }
  }
}
