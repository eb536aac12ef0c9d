package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.score4j.tests.conformance.Conformance.outputNamed;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.Backend;
import org.score4j.kernels.LossKernels.HeadOutputs;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.reference.ReferenceBackend;

/** {@link SamplingKernels}. */
interface SamplingKernelsTest extends Conformance {
  /** One call, as data. */
  record Draws(int rows, int width, int vocab, double temperature, double softCap) {
    Draws(int rows, int width, int vocab, double temperature) {
      this(rows, width, vocab, temperature, 0);
    }
  }

  @Test
  default void ids_equalTheReferences_butForRoundingTies() {
    int rows = 120_000;
    Draws[] all = {
      new Draws(rows, 8, 16, 1),
      new Draws(2000, 33, 129, 0.7),
      new Draws(2000, 16, 3, 1.5),
      new Draws(500, 64, 1000, 1),
      new Draws(2000, 33, 129, 0.7, 3)
    };
    int draws = 0;
    int different = 0;
    try (Backend reference = new ReferenceBackend();
        Backend tested = open(2)) {
      for (Draws d : all) {
        Map<String, double[]> wanted =
            Conformance.run(
                    reference, tested, "sample " + d, bench -> sample(bench, d, 0, d.rows()))
                .values();
        Map<String, double[]> got =
            Conformance.run(tested, "sample " + d, bench -> sample(bench, d, 0, d.rows()));
        // Log-probs of logits up to ±40: as lmHead.
        double tolerance = LossKernelsTest.ROUNDINGS * Conformance.stateRoundoff(tested) * 10;
        for (int n = 0; n < d.rows(); n++) {
          draws++;
          if (outputNamed(wanted, "ids")[n] != outputNamed(got, "ids")[n]) {
            different++;
          } else {
            Conformance.assertClose(
                d + " logProb of row " + n,
                new double[] {outputNamed(got, "logProbs")[n]},
                new double[] {outputNamed(wanted, "logProbs")[n]},
                tolerance);
          }
        }
      }
    }
    assertThat(different)
        .as(
            "draws that differ from the reference's, of %d; score4j.seed=%d",
            draws, Conformance.seed())
        .isLessThanOrEqualTo(draws / 1000);
  }

  @Test
  default void greedyIds_equalTheReferences() {
    for (int vocab : new int[] {1, 2, 3, 15, 16, 17, 33, 64, 129, 1000}) {
      Draws d = new Draws(100, 31, vocab, 0);
      assertAgrees(
          "greedy " + d, LossKernelsTest.ROUNDINGS, bench -> sample(bench, d, 0, d.rows()));
    }
  }

  @Test
  default void greedyTies_goToTheSmallestId() {
    int vocab = 129;
    for (int first : new int[] {0, 1, 15, 16, 63, 100, 127}) {
      double[] head = new double[vocab];
      head[first] = 2;
      head[first + 1] = 2;
      head[vocab - 1] = 2;
      try (Backend backend = open(2)) {
        Map<String, double[]> results =
            Conformance.run(
                backend,
                "greedy tie at " + first,
                bench ->
                    bench
                        .ops()
                        .sample(
                            bench.outputInts("ids", 1),
                            bench.stateOutput("logProbs", 1),
                            bench.input("hidden", new double[] {1.5}, 1, 1),
                            bench.input("head", head, vocab, 1),
                            bench.ints(new int[] {1, 2, 3}, 1, 3),
                            0,
                            0));
        assertThat(outputNamed(results, "ids")).as("ids").containsExactly(first);
      }
    }
  }

  /** Logits that bfloat16 holds exactly, so many are equal; −0 and −∞ among them. */
  @Test
  default void truncate_keepsTheLargestLogitsThatHoldTopPOfTheTopK() {
    SplittableRandom random = Conformance.random("truncate");
    for (int vocab : new int[] {1, 2, 17, 129, 1000, 4099}) {
      for (int topK : new int[] {0, 1, 7, 100, 5000}) {
        for (double topP : new double[] {1, 0.9, 0.5, 1e-6}) {
          int rows = 3;
          double[] z = new double[rows * vocab];
          for (int i = 0; i < z.length; i++) {
            z[i] = random.nextInt(20) == 0 ? -0.0 : random.nextInt(-100, 100) / 16.0;
          }
          z[z.length - 1] = vocab > 2 ? Double.NEGATIVE_INFINITY : 1;
          String what = "truncate vocab %d, topK %d, topP %s".formatted(vocab, topK, topP);
          try (Backend backend = open(2)) {
            Map<String, double[]> results =
                Conformance.run(
                    backend,
                    what,
                    bench ->
                        bench.ops().truncate(bench.updated("logits", z, rows, vocab), topK, topP));
            double[] kept = outputNamed(results, "logits");
            for (int n = 0; n < rows; n++) {
              TruncatedRow.check(
                  what,
                  Arrays.copyOfRange(z, n * vocab, (n + 1) * vocab),
                  Arrays.copyOfRange(kept, n * vocab, (n + 1) * vocab),
                  topK,
                  topP);
            }
          }
        }
      }
    }
  }

  /** Pearson's chi-square of 100,000 draws of one distribution, by position and by key. */
  @Test
  default void frequencies_followTheSoftmax() {
    int draws = 100_000;
    int vocab = 11;
    double temperature = 0.8;
    SplittableRandom random = Conformance.random("chi-square");
    double[] head = new double[vocab];
    double[] pi = new double[vocab];
    double sum = 0;
    for (int v = 0; v < vocab; v++) {
      // Exact in every type.
      head[v] = BFloat16.toFloat(BFloat16.round((float) random.nextGaussian()));
      pi[v] = Math.exp(head[v] / temperature);
      sum += pi[v];
    }
    double[] hidden = new double[draws];
    Arrays.fill(hidden, 1);
    for (boolean byPosition : new boolean[] {true, false}) {
      int[] randomness = new int[3 * draws];
      for (int n = 0; n < draws; n++) {
        randomness[3 * n] = byPosition ? 42 : n;
        randomness[3 * n + 1] = 7;
        randomness[3 * n + 2] = byPosition ? n : 0;
      }
      try (Backend backend = open(2)) {
        Map<String, double[]> results =
            Conformance.run(
                backend,
                "chi-square",
                bench ->
                    bench
                        .ops()
                        .sample(
                            bench.outputInts("ids", draws),
                            bench.stateOutput("logProbs", draws),
                            bench.input("hidden", hidden, draws, 1),
                            bench.input("head", head, vocab, 1),
                            bench.ints(randomness, draws, 3),
                            temperature,
                            0));
        double[] counts = new double[vocab];
        for (double id : outputNamed(results, "ids")) {
          counts[(int) id]++;
        }
        double chiSquare = 0;
        for (int v = 0; v < vocab; v++) {
          double expected = draws * pi[v] / sum;
          chiSquare += (counts[v] - expected) * (counts[v] - expected) / expected;
        }
        // The 0.9999 quantile of chi-square with 10 degrees of freedom; the draws are fixed by the
        // seed.
        assertThat(chiSquare)
            .as("chi-square, byPosition=%b, score4j.seed=%d", byPosition, Conformance.seed())
            .isLessThan(35.56);
      }
    }
  }

  @Test
  default void logProbs_areThoseOfLmHeadBitForBit() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (int vocab : new int[] {1, 2, 3, 16, 17, 64, 129, 1000}) {
        for (double temperature : new double[] {0, 0.7, 1, 1.3}) {
          Draws d = new Draws(50, 33, vocab, temperature, temperature == 1.3 ? 4 : 0);
          String what = "sample " + d;
          Map<String, double[]> sampled =
              Conformance.run(backend, what, bench -> sample(bench, d, 0, d.rows()));
          int[] ids = Arrays.stream(outputNamed(sampled, "ids")).mapToInt(v -> (int) v).toArray();
          Map<String, double[]> scored =
              Conformance.run(
                  backend,
                  what,
                  bench -> {
                    HeadOutputs outputs =
                        new HeadOutputs(
                            bench.stateOutput("logProb", 50), bench.stateScratch(50), null, null);
                    Tensor hidden = bench.input("hidden", 50, 33);
                    Tensor head = bench.input("head", vocab, 33);
                    double inverse = temperature == 0 ? 1 : 1 / temperature;
                    Tensor targets = bench.ints(ids, 50);
                    bench
                        .ops()
                        .lmHead(outputs, null, hidden, head, targets, null, inverse, d.softCap());
                  });
          Conformance.assertSameBits(
              what, outputNamed(sampled, "logProbs"), outputNamed(scored, "logProb"));
        }
      }
    }
  }

  @Test
  default void samples_areTheSameInEveryBatch() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (int vocab : new int[] {3, 17, 64, 129}) {
        Draws d = new Draws(40, 33, vocab, 1);
        Map<String, double[]> whole =
            Conformance.run(backend, "sample " + d, bench -> sample(bench, d, 0, 40));
        for (int[] part : new int[][] {{0, 1}, {6, 7}, {39, 40}, {3, 20}, {16, 33}}) {
          Map<String, double[]> piece =
              Conformance.run(backend, "sample " + d, bench -> sample(bench, d, part[0], part[1]));
          for (String name : whole.keySet()) {
            Conformance.assertSameBits(
                "%s %d..%d %s".formatted(d, part[0], part[1], name),
                outputNamed(piece, name),
                Conformance.rows(outputNamed(whole, name), part[0], part[1], 1));
          }
        }
      }
    }
  }

  @Test
  default void sampling_hasTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    Draws d = new Draws(301, 33, 64, 1);
    assertSameBitsAtAllThreadCounts("sample " + d, bench -> sample(bench, d, 0, d.rows()));
  }

  private static void sample(Bench bench, Draws d, int from, int to) {
    SplittableRandom random = Conformance.random("randomness");
    int[] randomness = random.ints(3L * d.rows()).toArray();
    for (int n = 0; n < d.rows(); n++) {
      randomness[3 * n + 2] = n % 1000;
    }
    bench
        .ops()
        .sample(
            bench.outputInts("ids", to - from),
            bench.stateOutput("logProbs", to - from),
            bench.input("hidden", d.rows(), d.width()).rows(from, to),
            bench.input("head", d.vocab(), d.width()),
            bench.ints(randomness, d.rows(), 3).rows(from, to),
            d.temperature(),
            d.softCap());
  }
}
