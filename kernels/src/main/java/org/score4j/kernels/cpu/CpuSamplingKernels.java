package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getInt;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.HostMemory.setInt;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Gumbel-max sampling on the logits and the softmax of {@link CpuLossKernels}, so that
 * log-probabilities have the same bits.
 */
final class CpuSamplingKernels implements SamplingKernels {
  private static final int ROW_GRAIN = 4;

  /** Where the scores of a row begin in the scratch memory, behind the partial sums. */
  private static final int SCORES = Lanes.COUNT;

  private final CpuThreadPool pool;
  private final HeadProducts products;

  CpuSamplingKernels(CpuThreadPool pool, HeadProducts products) {
    this.pool = pool;
    this.products = products;
  }

  @Override
  public void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature,
      double softCap) {
    int vocabulary = head.dim0();
    int total = hidden.dim0();
    int blockRows = Math.min(total, HeadProducts.blockRows(vocabulary));
    int padded = Lanes.roundUp(vocabulary);
    float inverseTemperature = temperature == 0 ? 1f : (float) (1 / temperature);
    long z = products.memory((long) blockRows * padded);
    long idsAt = HostBuffer.address(ids);
    long logProbsAt = HostBuffer.address(logProbs);
    long randomnessAt = HostBuffer.address(randomness);
    for (int block = 0; block < total; block += blockRows) {
      int first = block;
      int rows = Math.min(blockRows, total - block);
      products.logits(z, hidden, head, block, rows);
      RowBlocks.run(
          pool,
          rows,
          Math.max(1, ROW_GRAIN * 64 / vocabulary),
          (from, to, thread) -> {
            float[] s = pool.floats(thread, SCORES + padded + PhiloxLanes.STEP);
            for (int r = from; r < to; r++) {
              long row = z + 4L * r * padded;
              if (softCap > 0) {
                VocabularyRow.softCap(row, 0, vocabulary, (float) softCap);
              }
              float max = VocabularyRow.scaleAndMax(row, vocabulary, inverseTemperature, s);
              float logSumExp = VocabularyRow.logSumExp(row, vocabulary, max, s);
              if (temperature == 0) {
                Arrays.fill(s, SCORES, SCORES + padded, 0f);
              } else {
                uniforms(s, padded, randomnessAt + 12L * (first + r));
                minusLog(s, padded);
                minusLog(s, padded);
              }
              addLogits(s, row, padded);
              int id = argmax(s, vocabulary);
              setInt(idsAt + 4L * (first + r), id);
              setFloat(
                  logProbsAt + 4L * (first + r), VocabularyRow.logProb(row, id, max, logSumExp));
            }
          });
    }
  }

  @Override
  public void truncate(Tensor logits, int topK, double topP) {
    int vocabulary = logits.dim1();
    long at = HostBuffer.address(logits);
    RowBlocks.run(
        pool,
        logits.dim0(),
        1,
        (from, to, thread) -> {
          float[] mass = pool.floats(thread, vocabulary);
          for (int r = from; r < to; r++) {
            LogitThreshold.apply(at + 4L * r * vocabulary, vocabulary, mass, topK, topP);
          }
        });
  }

  /** The row's uniform numbers: word v mod 4 at counter v/4. */
  private static void uniforms(float[] s, int padded, long key) {
    PhiloxLanes.uniforms(s, SCORES, padded, getInt(key), getInt(key + 4), getInt(key + 8));
  }

  private static void minusLog(float[] s, int padded) {
    for (int v = SCORES; v < SCORES + padded; v += LANES) {
      CpuMath.log(FloatVector.fromArray(SPECIES, s, v)).neg().intoArray(s, v);
    }
  }

  private static void addLogits(float[] s, long z, int padded) {
    for (int v = 0; v < padded; v += LANES) {
      load(z + 4L * v).add(FloatVector.fromArray(SPECIES, s, SCORES + v)).intoArray(s, SCORES + v);
    }
  }

  /**
   * Index of the largest score, the smallest such index on a tie. A vector's index is exact as a
   * float: there are fewer than 2²⁴ of them.
   */
  private static int argmax(float[] s, int n) {
    FloatVector bestScores = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector bestSteps = FloatVector.zero(SPECIES);
    int v = 0;
    for (; v <= n - LANES; v += LANES) {
      FloatVector scores = FloatVector.fromArray(SPECIES, s, SCORES + v);
      VectorMask<Float> better = scores.compare(VectorOperators.GT, bestScores);
      bestScores = bestScores.blend(scores, better);
      bestSteps = bestSteps.blend(v / LANES, better);
    }
    int steps = SCORES + Lanes.roundUp(n);
    bestScores.intoArray(s, 0);
    bestSteps.intoArray(s, steps);
    int best = 0;
    float bestScore = Float.NEGATIVE_INFINITY;
    for (int lane = 0; lane < LANES; lane++) {
      float score = s[lane];
      int index = ((int) s[steps + lane]) * LANES + lane;
      if (score > bestScore || (score == bestScore && index < best)) {
        best = index;
        bestScore = score;
      }
    }
    for (; v < n; v++) {
      float score = s[SCORES + v];
      if (score > bestScore) {
        best = v;
        bestScore = score;
      }
    }
    return best;
  }
}
