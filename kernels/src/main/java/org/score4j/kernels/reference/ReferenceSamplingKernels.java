package org.score4j.kernels.reference;

import java.util.Arrays;
import org.score4j.kernels.Philox;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Tensor;

/**
 * Gumbel-max sampling; the uniform is the single-precision one of all backends, its logarithms are
 * taken in double.
 */
final class ReferenceSamplingKernels implements SamplingKernels {
  @Override
  public void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature,
      double softCap) {
    LogitRows rows = new LogitRows(hidden, head, softCap);
    double inverseTemperature = temperature == 0 ? 1 : 1 / temperature;
    for (int n = 0; n < hidden.dim0(); n++) {
      double[] z = rows.logits(n, inverseTemperature);
      int best = 0;
      double bestScore = Double.NEGATIVE_INFINITY;
      for (int v = 0; v < z.length; v++) {
        double score = temperature == 0 ? z[v] : z[v] + gumbel(Ints.of(randomness), n, v);
        if (score > bestScore) {
          best = v;
          bestScore = score;
        }
      }
      Ints.of(ids).set(n, best);
      Doubles.of(logProbs).set(n, LogitRows.logSoftmax(z)[best]);
    }
  }

  @Override
  public void truncate(Tensor logits, int topK, double topP) {
    int vocabulary = logits.dim1();
    for (int n = 0; n < logits.dim0(); n++) {
      double[] z = Doubles.of(logits).copy((long) n * vocabulary, vocabulary);
      double[] sorted = z.clone();
      Arrays.sort(sorted);
      int first = topK == 0 || topK > vocabulary ? 0 : vocabulary - topK;
      while (first > 0 && sorted[first - 1] == sorted[first]) {
        first--;
      }
      double total = 0;
      for (int i = first; i < vocabulary; i++) {
        total += Math.exp(sorted[i] - sorted[vocabulary - 1]);
      }
      int least = vocabulary - 1;
      double mass = 1;
      while (least > first && (mass < topP * total || sorted[least - 1] == sorted[least])) {
        least--;
        mass += Math.exp(sorted[least] - sorted[vocabulary - 1]);
      }
      double threshold = topP == 1 ? sorted[first] : sorted[least];
      for (int v = 0; v < vocabulary; v++) {
        if (z[v] < threshold) {
          Doubles.of(logits).set((long) n * vocabulary + v, Double.NEGATIVE_INFINITY);
        }
      }
    }
  }

  private static double gumbel(Ints randomness, int row, int v) {
    int key0 = randomness.get(3L * row);
    int key1 = randomness.get(3L * row + 1);
    int position = randomness.get(3L * row + 2);
    int[] words = new int[4];
    Philox.generate(words, key0, key1, v / 4, position, 0, 0);
    double u = Philox.uniform(words[v % 4]);
    return -Math.log(-Math.log(u));
  }
}
