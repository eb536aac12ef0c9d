package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.getInt;
import static org.score4j.kernels.cpu.HostMemory.setFloat;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * The language-model head, a block of rows at a time; logits become log-probabilities and then
 * gradients in place.
 */
final class CpuLossKernels implements LossKernels {
  private static final int ROW_GRAIN = 16;

  private final CpuThreadPool pool;
  private final HeadProducts products;

  CpuLossKernels(CpuThreadPool pool, HeadProducts products) {
    this.pool = pool;
    this.products = products;
  }

  /** Addresses of the tensors with one number per row; 0 for those not wanted. */
  private record Columns(
      long logProb,
      long entropy,
      long kl,
      long refLogProb,
      long logProbCoef,
      long klCoef,
      long entropyCoef,
      long targets,
      float inverseTemperature,
      float softCap) {
    static Columns of(
        HeadOutputs outputs,
        @Nullable HeadGradients gradients,
        Tensor targets,
        double inverseTemperature,
        double softCap) {
      return new Columns(
          HostBuffer.address(outputs.logProb()),
          HostBuffer.address(outputs.entropy()),
          addressOrZero(outputs.kl()),
          addressOrZero(outputs.refLogProb()),
          gradients == null ? 0 : HostBuffer.address(gradients.logProbCoef()),
          gradients == null ? 0 : addressOrZero(gradients.klCoef()),
          gradients == null ? 0 : addressOrZero(gradients.entropyCoef()),
          HostBuffer.address(targets),
          (float) inverseTemperature,
          (float) softCap);
    }

    private static long addressOrZero(@Nullable Tensor tensor) {
      return tensor == null ? 0 : HostBuffer.address(tensor);
    }
  }

  @Override
  public void lmHead(
      HeadOutputs outputs,
      @Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor head,
      Tensor targets,
      @Nullable HeadReference reference,
      double inverseTemperature,
      double softCap) {
    Columns columns = Columns.of(outputs, gradients, targets, inverseTemperature, softCap);
    int vocabulary = head.dim0();
    int total = hidden.dim0();
    int blockRows = Math.min(total, HeadProducts.blockRows(vocabulary));
    long blockFloats = (long) blockRows * Lanes.roundUp(vocabulary);
    boolean withSlopes = softCap > 0 && gradients != null;
    int blocks = 1 + (reference == null ? 0 : 1) + (withSlopes ? 1 : 0);
    long z = products.memory(blocks * blockFloats);
    long zRef = reference == null ? 0 : z + 4 * blockFloats;
    long slopes = withSlopes ? z + 4L * (blocks - 1) * blockFloats : 0;
    for (int first = 0; first < total; first += blockRows) {
      int rows = Math.min(blockRows, total - first);
      products.logits(z, hidden, head, first, rows);
      if (reference != null) {
        products.logits(zRef, reference.hidden(), reference.head(), first, rows);
      }
      softmaxRows(columns, z, zRef, slopes, first, rows, vocabulary);
      if (gradients != null) {
        products.hiddenGradient(gradients.dHidden(), z, head, first, rows);
        if (gradients.dHead() != null) {
          products.headGradient(gradients.dHead(), z, hidden, first, rows);
        }
      }
    }
  }

  private void softmaxRows(
      Columns columns, long z, long zRef, long slopes, int first, int rows, int vocabulary) {
    RowBlocks.run(
        pool,
        rows,
        Math.max(1, ROW_GRAIN * 64 / vocabulary),
        (from, to, thread) -> {
          Rows part = new Rows(first, from, to, vocabulary);
          float[] lanes = pool.floats(thread, Lanes.COUNT);
          if (columns.softCap > 0) {
            softCaps(columns, part, z, zRef, slopes);
          }
          logProbs(columns, part, z, columns.logProb, columns.entropy, lanes);
          if (zRef != 0) {
            logProbs(columns, part, zRef, columns.refLogProb, 0, lanes);
            divergences(columns, part, z, zRef, lanes);
          }
          if (columns.logProbCoef != 0) {
            if (columns.entropyCoef != 0) {
              gradientsWithEntropy(columns, part, z, zRef);
            } else {
              gradients(columns, part, z, zRef);
            }
            if (slopes != 0) {
              timesSlopes(part, z, slopes);
            }
          }
        });
  }

  // One loop over the rows for each step: all steps in one loop are more than C2 inlines, and the
  // vectors of what it leaves out of line are boxed.

  /**
   * The rows {@code from .. to} of a block.
   *
   * @param first of the block, counted over all rows
   */
  private record Rows(int first, int from, int to, int vocabulary) {
    long at(long z, int r) {
      return z + 4L * r * Lanes.roundUp(vocabulary);
    }
  }

  /** Logits of both models are capped; {@code slopes} 0 for not wanted. */
  private static void softCaps(Columns columns, Rows rows, long z, long zRef, long slopes) {
    for (int r = rows.from; r < rows.to; r++) {
      long slopesOfRow = slopes == 0 ? 0 : rows.at(slopes, r);
      VocabularyRow.softCap(rows.at(z, r), slopesOfRow, rows.vocabulary, columns.softCap);
      if (zRef != 0) {
        VocabularyRow.softCap(rows.at(zRef, r), 0, rows.vocabulary, columns.softCap);
      }
    }
  }

  private static void timesSlopes(Rows rows, long z, long slopes) {
    for (int r = rows.from; r < rows.to; r++) {
      VocabularyRow.timesSlopes(rows.at(z, r), rows.at(slopes, r), rows.vocabulary);
    }
  }

  /** Logits become log-probabilities; {@code entropy} 0 for not wanted. */
  private static void logProbs(
      Columns columns, Rows rows, long z, long logProb, long entropy, float[] lanes) {
    for (int r = rows.from; r < rows.to; r++) {
      long n = (long) rows.first + r;
      long row = rows.at(z, r);
      float max =
          VocabularyRow.scaleAndMax(row, rows.vocabulary, columns.inverseTemperature, lanes);
      float logSumExp = VocabularyRow.logSumExp(row, rows.vocabulary, max, lanes);
      float h = VocabularyRow.toLogProbs(row, rows.vocabulary, max, logSumExp, lanes);
      setFloat(logProb + 4 * n, getFloat(row + 4L * getInt(columns.targets + 4 * n)));
      if (entropy != 0) {
        setFloat(entropy + 4 * n, h);
      }
    }
  }

  private static void divergences(Columns columns, Rows rows, long z, long zRef, float[] lanes) {
    for (int r = rows.from; r < rows.to; r++) {
      float kl = VocabularyRow.kl(rows.at(z, r), rows.at(zRef, r), rows.vocabulary, lanes);
      setFloat(columns.kl + 4 * ((long) rows.first + r), kl);
    }
  }

  /** Log-probabilities become gradients of the logits. */
  private static void gradients(Columns columns, Rows rows, long z, long zRef) {
    for (int r = rows.from; r < rows.to; r++) {
      long n = (long) rows.first + r;
      int target = getInt(columns.targets + 4 * n);
      // dz/dlogit is the inverse temperature.
      float c = getFloat(columns.logProbCoef + 4 * n) * columns.inverseTemperature;
      if (columns.klCoef == 0) {
        VocabularyRow.toGradient(rows.at(z, r), rows.vocabulary, target, c);
      } else {
        float k = getFloat(columns.klCoef + 4 * n) * columns.inverseTemperature;
        float kl = getFloat(columns.kl + 4 * n);
        VocabularyRow.toGradient(
            rows.at(z, r), rows.at(zRef, r), rows.vocabulary, target, c, k, kl);
      }
    }
  }

  /** The same with a gradient of the entropy; 0 for the KL's coefficient where it has none. */
  private static void gradientsWithEntropy(Columns columns, Rows rows, long z, long zRef) {
    for (int r = rows.from; r < rows.to; r++) {
      long n = (long) rows.first + r;
      int target = getInt(columns.targets + 4 * n);
      float c = getFloat(columns.logProbCoef + 4 * n) * columns.inverseTemperature;
      float e = getFloat(columns.entropyCoef + 4 * n) * columns.inverseTemperature;
      float h = getFloat(columns.entropy + 4 * n);
      boolean withKl = columns.klCoef != 0;
      float k = withKl ? getFloat(columns.klCoef + 4 * n) * columns.inverseTemperature : 0;
      float kl = withKl ? getFloat(columns.kl + 4 * n) : 0;
      // Without a KL term any row of numbers will do for the reference.
      long ref = rows.at(withKl ? zRef : z, r);
      VocabularyRow.toGradient(rows.at(z, r), ref, rows.vocabulary, target, c, k, kl, e, h);
    }
  }
}
