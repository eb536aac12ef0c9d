package org.score4j.kernels.tornado;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * The language-model head, some rows at a time: logits by a matrix product into scratch memory,
 * their numbers, and their gradient in their own place.
 */
final class TornadoLossKernels implements LossKernels {
  /** Logits held at once, of each model. */
  private static final int MAX_LOGITS = 8 << 20;

  private final TornadoScratch scratch;
  private final TornadoGemm gemm;
  private final TornadoKernel softCap;
  private final TornadoKernel rowStatistics;
  private final TornadoKernel dLogits;

  TornadoLossKernels(TornadoPlan plan, TornadoScratch scratch, TornadoGemm gemm) {
    this.scratch = scratch;
    this.gemm = gemm;
    softCap = plan.kernel("headSoftCap", ElementwiseCode::softCap);
    rowStatistics = plan.kernel("headStatistics", LossCode::rowStatistics);
    dLogits = plan.kernel("headGradient", LossCode::dLogits);
  }

  /** Rows whose logits are held at once. */
  static int rowsAtOnce(int rows, int vocabulary) {
    return Math.max(1, Math.min(rows, MAX_LOGITS / vocabulary));
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
    int rows = hidden.dim0();
    int vocabulary = head.dim0();
    int chunk = rowsAtOnce(rows, vocabulary);
    try (TornadoScratch.Frame frame = scratch.frame()) {
      Tensor logits = frame.allocate(DType.F32, Shape.of(chunk, vocabulary));
      Tensor refLogits =
          reference == null ? null : frame.allocate(DType.F32, Shape.of(chunk, vocabulary));
      Tensor numbers = frame.allocate(DType.F32, Shape.of(chunk, 3));
      for (int from = 0; from < rows; from += chunk) {
        int to = Math.min(rows, from + chunk);
        Tensor z = logits.rows(0, to - from);
        Tensor h = hidden.rows(from, to);
        Tensor wanted = targets.rows(from, to);
        logits(z, h, head, inverseTemperature, softCap);
        Tensor refZ = null;
        if (reference != null && refLogits != null) {
          refZ = refLogits.rows(0, to - from);
          Tensor refHidden = reference.hidden().rows(from, to);
          logits(refZ, refHidden, reference.head(), inverseTemperature, softCap);
        }
        statistics(
            z,
            refZ,
            wanted,
            outputs.logProb().rows(from, to),
            outputs.entropy().rows(from, to),
            rows(outputs.kl(), from, to),
            rows(outputs.refLogProb(), from, to),
            numbers);
        if (gradients != null) {
          dLogits
              .floats(z)
              .floats(refZ)
              .ints(wanted)
              .i32(vocabulary)
              .floats(numbers)
              .floats(gradients.logProbCoef().rows(from, to))
              .floats(rows(gradients.klCoef(), from, to))
              .i32(to - from)
              .floats(rows(gradients.entropyCoef(), from, to))
              .floats(outputs.entropy().rows(from, to))
              .f32(inverseTemperature)
              .f32(softCap == 0 ? 0 : 1 / (softCap * inverseTemperature))
              .launchOver(z.elements());
          gemm.multiply(gradients.dHidden().rows(from, to), false, z, false, head, 1, null);
          if (gradients.dHead() != null) {
            gemm.accumulate(gradients.dHead(), true, z, false, h);
          }
        }
      }
    }
  }

  /** {@code z = capped(hidden · headᵀ) · inverseTemperature}, for sampling too. */
  void logits(Tensor z, Tensor hidden, Tensor head, double inverseTemperature, double cap) {
    gemm.multiply(z, false, hidden, true, head, cap == 0 ? inverseTemperature : 1, null);
    if (cap != 0) {
      softCap
          .floats(z)
          .floats(z)
          .i32(z.elements())
          .f32(cap)
          .f32(cap * inverseTemperature)
          .launchOver(z.elements());
    }
  }

  /** Numbers of each row of logits; sampling takes its log-probs from here too. */
  void statistics(
      Tensor logits,
      @Nullable Tensor refLogits,
      Tensor targets,
      Tensor logProb,
      Tensor entropy,
      @Nullable Tensor kl,
      @Nullable Tensor refLogProb,
      Tensor numbers) {
    rowStatistics
        .floats(logits)
        .floats(refLogits)
        .ints(targets)
        .i32(logits.dim1())
        .floats(logProb)
        .floats(entropy)
        .floats(kl)
        .floats(refLogProb)
        .floats(numbers)
        .launchGroups(logits.dim0());
  }

  private static @Nullable Tensor rows(@Nullable Tensor tensor, int from, int to) {
    return tensor == null ? null : tensor.rows(from, to);
  }
}
