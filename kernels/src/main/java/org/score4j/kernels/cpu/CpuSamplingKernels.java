package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.getInt;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.HostMemory.setInt;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import org.score4j.kernels.Philox;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Gumbel-max sampling on the logits and the softmax of {@link CpuLossKernels}, so that
 * log-probabilities have the same bits.
 */
final class CpuSamplingKernels implements SamplingKernels {
  private static final int ROW_GRAIN = 4;

  private final CpuThreadPool pool;
  private final HeadProducts products;
  private final int[][] words;

  CpuSamplingKernels(CpuThreadPool pool, HeadProducts products) {
    this.pool = pool;
    this.products = products;
    words = new int[pool.numThreads()][4];
  }

  @Override
  public void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature) {
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
            long scores = pool.scratch(thread, 4L * padded + Lanes.BYTES);
            long lanes = scores + 4L * padded;
            for (int r = from; r < to; r++) {
              long row = z + 4L * r * padded;
              float max = VocabularyRow.scaleAndMax(row, vocabulary, inverseTemperature, lanes);
              float logSumExp = VocabularyRow.logSumExp(row, vocabulary, max, lanes);
              long argmaxOf = row;
              if (temperature != 0) {
                uniforms(scores, padded, randomnessAt + 12L * (first + r), words[thread]);
                addGumbel(scores, row, padded);
                argmaxOf = scores;
              }
              int id = argmax(argmaxOf, vocabulary);
              setInt(idsAt + 4L * (first + r), id);
              setFloat(
                  logProbsAt + 4L * (first + r), VocabularyRow.logProb(row, id, max, logSumExp));
            }
          });
    }
  }

  /** The row's uniform numbers: word v mod 4 at counter v/4. */
  private static void uniforms(long u, int padded, long key, int[] words) {
    int key0 = getInt(key);
    int key1 = getInt(key + 4);
    int position = getInt(key + 8);
    for (int v = 0; v < padded; v += 4) {
      Philox.generate(words, key0, key1, v >> 2, position, 0, 0);
      setFloat(u + 4L * v, Philox.uniform(words[0]));
      setFloat(u + 4L * v + 4, Philox.uniform(words[1]));
      setFloat(u + 4L * v + 8, Philox.uniform(words[2]));
      setFloat(u + 4L * v + 12, Philox.uniform(words[3]));
    }
  }

  /** u becomes z − log(−log u). */
  private static void addGumbel(long u, long z, int padded) {
    for (int v = 0; v < padded; v += LANES) {
      store(u + 4L * v, load(z + 4L * v).sub(CpuMath.log(CpuMath.log(load(u + 4L * v)).neg())));
    }
  }

  /** Index of the largest entry, the smallest such index on a tie. */
  private static int argmax(long scores, int n) {
    int best = 0;
    float bestScore = Float.NEGATIVE_INFINITY;
    for (int v = 0; v < n; v++) {
      float score = getFloat(scores + 4L * v);
      if (score > bestScore) {
        best = v;
        bestScore = score;
      }
    }
    return best;
  }
}
