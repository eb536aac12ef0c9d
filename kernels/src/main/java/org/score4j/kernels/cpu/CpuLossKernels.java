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
      long targets,
      float inverseTemperature) {
    static Columns of(
        HeadOutputs outputs,
        @Nullable HeadGradients gradients,
        Tensor targets,
        double inverseTemperature) {
      return new Columns(
          HostBuffer.address(outputs.logProb()),
          HostBuffer.address(outputs.entropy()),
          addressOrZero(outputs.kl()),
          addressOrZero(outputs.refLogProb()),
          gradients == null ? 0 : HostBuffer.address(gradients.logProbCoef()),
          gradients == null ? 0 : addressOrZero(gradients.klCoef()),
          HostBuffer.address(targets),
          (float) inverseTemperature);
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
      double inverseTemperature) {
    Columns columns = Columns.of(outputs, gradients, targets, inverseTemperature);
    int vocabulary = head.dim0();
    int total = hidden.dim0();
    int blockRows = Math.min(total, HeadProducts.blockRows(vocabulary));
    long blockFloats = (long) blockRows * Lanes.roundUp(vocabulary);
    long z = products.memory(reference == null ? blockFloats : 2 * blockFloats);
    long zRef = reference == null ? 0 : z + 4 * blockFloats;
    for (int first = 0; first < total; first += blockRows) {
      int rows = Math.min(blockRows, total - first);
      products.logits(z, hidden, head, first, rows);
      if (reference != null) {
        products.logits(zRef, reference.hidden(), reference.head(), first, rows);
      }
      softmaxRows(columns, z, zRef, first, rows, vocabulary);
      if (gradients != null) {
        products.hiddenGradient(gradients.dHidden(), z, head, first, rows);
        products.headGradient(gradients.dHead(), z, hidden, first, rows);
      }
    }
  }

  private void softmaxRows(
      Columns columns, long z, long zRef, int first, int rows, int vocabulary) {
    long stride = 4L * Lanes.roundUp(vocabulary);
    RowBlocks.run(
        pool,
        rows,
        Math.max(1, ROW_GRAIN * 64 / vocabulary),
        (from, to, thread) -> {
          float[] lanes = pool.floats(thread, Lanes.COUNT);
          for (int r = from; r < to; r++) {
            row(
                columns,
                z + r * stride,
                zRef == 0 ? 0 : zRef + r * stride,
                first + r,
                vocabulary,
                lanes);
          }
        });
  }

  private static void row(
      Columns columns, long z, long zRef, int n, int vocabulary, float[] lanes) {
    int target = getInt(columns.targets + 4L * n);
    float entropy = toLogProbs(z, vocabulary, columns.inverseTemperature, lanes);
    setFloat(columns.logProb + 4L * n, getFloat(z + 4L * target));
    setFloat(columns.entropy + 4L * n, entropy);
    float kl = 0;
    if (zRef != 0) {
      toLogProbs(zRef, vocabulary, columns.inverseTemperature, lanes);
      kl = VocabularyRow.kl(z, zRef, vocabulary, lanes);
      setFloat(columns.kl + 4L * n, kl);
      setFloat(columns.refLogProb + 4L * n, getFloat(zRef + 4L * target));
    }
    if (columns.logProbCoef == 0) {
      return;
    }
    // dz/dlogit is the inverse temperature.
    float c = getFloat(columns.logProbCoef + 4L * n) * columns.inverseTemperature;
    if (columns.klCoef == 0) {
      VocabularyRow.toGradient(z, vocabulary, target, c);
    } else {
      float k = getFloat(columns.klCoef + 4L * n) * columns.inverseTemperature;
      VocabularyRow.toGradient(z, zRef, vocabulary, target, c, k, kl);
    }
  }

  private static float toLogProbs(long z, int vocabulary, float inverseTemperature, float[] lanes) {
    float max = VocabularyRow.scaleAndMax(z, vocabulary, inverseTemperature, lanes);
    float logSumExp = VocabularyRow.logSumExp(z, vocabulary, max, lanes);
    return VocabularyRow.toLogProbs(z, vocabulary, max, logSumExp, lanes);
  }
}
