package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code of {@link TornadoSamplingKernels}. A group has a row. */
final class SamplingCode {
  private static final int GROUP = TornadoKernel.GROUP;
  private static final float LOWEST = -3.0e38f;

  /** As in {@link org.score4j.kernels.Philox}. */
  private static final long M0 = 0xD2511F53L;

  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final int ROUNDS = 10;
  private static final long WORD = 0xFFFFFFFFL;

  /** Bisections of the floats between two of them, zero in between included, end before. */
  private static final int MAX_BISECTIONS = 400;

  private SamplingCode() {}

  /**
   * Gumbel-max, or plain maximum. Arguments: ids (ints), logits, vocabulary, randomness (ints),
   * whether random.
   */
  static void draw(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int vocabulary = args.get(2);
    int logits = args.get(1) + row * vocabulary;
    int randomness = args.get(3) + 3 * row;
    int random = args.get(4);
    int key0 = ints.get(randomness);
    int key1 = ints.get(randomness + 1);
    int position = ints.get(randomness + 2);
    float best = LOWEST;
    int bestId = vocabulary;
    // A thread takes four tokens at a time, those of one draw of the generator.
    for (int block = lane; block * 4 < vocabulary; block += GROUP) {
      int k0 = key0;
      int k1 = key1;
      int x0 = block;
      int x1 = position;
      int x2 = 0;
      int x3 = 0;
      if (random != 0) {
        for (int round = 0; round < ROUNDS; round++) {
          long p0 = M0 * (x0 & WORD);
          long p1 = M1 * (x2 & WORD);
          int y0 = (int) (p1 >>> 32) ^ x1 ^ k0;
          int y2 = (int) (p0 >>> 32) ^ x3 ^ k1;
          x1 = (int) p1;
          x3 = (int) p0;
          x0 = y0;
          x2 = y2;
          k0 += W0;
          k1 += W1;
        }
      }
      for (int i = 0; i < 4; i++) {
        int v = block * 4 + i;
        if (v < vocabulary) {
          int word = x0;
          if (i == 1) {
            word = x1;
          }
          if (i == 2) {
            word = x2;
          }
          if (i == 3) {
            word = x3;
          }
          float score = memory.get(logits + v);
          if (random != 0) {
            // An unsigned shift; see the package's description.
            float uniform = (((word >> 9) & 0x7FFFFF) + 0.5f) * 0x1p-23f;
            score = score - TornadoMath.log(-TornadoMath.log(uniform));
          }
          if (score > best) {
            best = score;
            bestId = v;
          }
        }
      }
    }
    float[] scores = context.allocateFloatLocalArray(GROUP);
    int[] candidates = context.allocateIntLocalArray(GROUP);
    scores[lane] = best;
    candidates[lane] = bestId;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        float other = scores[lane + step];
        int otherId = candidates[lane + step];
        if (other > scores[lane] || (other == scores[lane] && otherId < candidates[lane])) {
          scores[lane] = other;
          candidates[lane] = otherId;
        }
      }
      context.localBarrier();
    }
    if (lane == 0) {
      int id = candidates[0];
      if (id >= vocabulary) {
        // Every logit is NaN or −∞; an id in range lets the log-prob show it.
        id = 0;
      }
      ints.set(args.get(0) + row, id);
    }
  }

  /**
   * Logits below a threshold become −∞. The threshold is bisected: how many logits, then how much
   * probability, lies at or above a candidate. Arguments: logits, vocabulary, topK; factors: topP,
   * −∞.
   */
  static void truncate(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int vocabulary = args.get(1);
    int logits = args.get(0) + row * vocabulary;
    int topK = args.get(2);
    float topP = factors.get(0);
    float infinite = factors.get(1);
    float[] partial = context.allocateFloatLocalArray(GROUP);
    float max = LOWEST;
    float min = -LOWEST;
    for (int v = lane; v < vocabulary; v += GROUP) {
      float z = memory.get(logits + v);
      max = TornadoMath.max(max, z);
      if (z > LOWEST) {
        min = TornadoMath.min(min, z);
      }
    }
    partial[lane] = max;
    context.localBarrier();
    for (int i = 0; i < GROUP; i++) {
      max = TornadoMath.max(max, partial[i]);
    }
    context.localBarrier();
    partial[lane] = min;
    context.localBarrier();
    for (int i = 0; i < GROUP; i++) {
      min = TornadoMath.min(min, partial[i]);
    }
    context.localBarrier();
    // With mass 1 per logit the k-th largest is found, then the real masses of what is left.
    float threshold = min;
    if (topK > 0 && topK < vocabulary) {
      threshold = bisect(context, memory, logits, vocabulary, lane, partial, min, max, 0f, topK);
    }
    if (topP < 1f) {
      float total =
          massFrom(context, memory, logits, vocabulary, lane, partial, threshold, max, 1f);
      threshold =
          bisect(
              context, memory, logits, vocabulary, lane, partial, threshold, max, 1f, topP * total);
    }
    for (int v = lane; v < vocabulary; v += GROUP) {
      if (memory.get(logits + v) < threshold) {
        memory.set(logits + v, infinite);
      }
    }
  }

  /**
   * The largest logit such that those at or above it have at least the {@code wanted} mass; {@code
   * lowest} where no other has.
   *
   * @param weighted 1: a logit's mass is its exponential; 0: it is 1
   */
  private static float bisect(
      KernelContext context,
      FloatArray memory,
      int logits,
      int vocabulary,
      int lane,
      float[] partial,
      float lowest,
      float max,
      float weighted,
      float wanted) {
    float low = lowest;
    float high = max;
    float mass = massFrom(context, memory, logits, vocabulary, lane, partial, max, max, weighted);
    if (mass >= wanted) {
      low = max;
    }
    float middle = low + (high - low) * 0.5f;
    int steps = 0;
    while (steps < MAX_BISECTIONS && middle > low && middle < high) {
      mass = massFrom(context, memory, logits, vocabulary, lane, partial, middle, max, weighted);
      if (mass >= wanted) {
        low = middle;
      } else {
        high = middle;
      }
      middle = low + (high - low) * 0.5f;
      steps = steps + 1;
    }
    // Up to the next logit.
    float next = max;
    for (int v = lane; v < vocabulary; v += GROUP) {
      float z = memory.get(logits + v);
      if (z >= low) {
        next = TornadoMath.min(next, z);
      }
    }
    partial[lane] = next;
    context.localBarrier();
    for (int i = 0; i < GROUP; i++) {
      next = TornadoMath.min(next, partial[i]);
    }
    context.localBarrier();
    return next;
  }

  /** The mass of the logits at or above {@code from}, the same for all threads of the group. */
  private static float massFrom(
      KernelContext context,
      FloatArray memory,
      int logits,
      int vocabulary,
      int lane,
      float[] partial,
      float from,
      float max,
      float weighted) {
    float mass = 0f;
    for (int v = lane; v < vocabulary; v += GROUP) {
      float z = memory.get(logits + v);
      if (z >= from) {
        mass = mass + TornadoMath.exp(weighted * (z - max));
      }
    }
    partial[lane] = mass;
    context.localBarrier();
    float sum = 0f;
    for (int i = 0; i < GROUP; i++) {
      sum = sum + partial[i];
    }
    context.localBarrier();
    return sum;
  }
}
