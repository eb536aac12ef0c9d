package org.score4j.kernels.tornado;

import org.score4j.kernels.DType;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Sampling from the logits of the head's matrix product; log-probs come from the kernel of the
 * loss, so that they are the same bits.
 */
final class TornadoSamplingKernels implements SamplingKernels {
  private final TornadoScratch scratch;
  private final TornadoLossKernels loss;
  private final TornadoKernel draw;
  private final TornadoKernel truncate;

  TornadoSamplingKernels(TornadoPlan plan, TornadoScratch scratch, TornadoLossKernels loss) {
    this.scratch = scratch;
    this.loss = loss;
    draw = plan.kernel("sample", SamplingCode::draw);
    truncate = plan.kernel("truncate", SamplingCode::truncate);
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
    int rows = hidden.dim0();
    int vocabulary = head.dim0();
    int chunk = TornadoLossKernels.rowsAtOnce(rows, vocabulary);
    double inverseTemperature = temperature == 0 ? 1 : 1 / temperature;
    try (TornadoScratch.Frame frame = scratch.frame()) {
      Tensor logits = frame.allocate(DType.F32, Shape.of(chunk, vocabulary));
      Tensor entropy = frame.allocate(DType.F32, Shape.of(chunk));
      Tensor numbers = frame.allocate(DType.F32, Shape.of(chunk, 3));
      for (int from = 0; from < rows; from += chunk) {
        int to = Math.min(rows, from + chunk);
        Tensor z = logits.rows(0, to - from);
        Tensor drawn = ids.rows(from, to);
        loss.logits(z, hidden.rows(from, to), head, inverseTemperature, softCap);
        draw.ints(drawn)
            .floats(z)
            .i32(vocabulary)
            .ints(randomness.rows(from, to))
            .i32(temperature == 0 ? 0 : 1)
            .launchGroups(to - from);
        loss.statistics(z, null, drawn, logProbs.rows(from, to), entropy, null, null, numbers);
      }
    }
  }

  @Override
  public void truncate(Tensor logits, int topK, double topP) {
    truncate
        .floats(logits)
        .i32(logits.dim1())
        .i32(topK)
        .f32(topP)
        .f32(Double.NEGATIVE_INFINITY)
        .launchGroups(logits.dim0());
  }
}
