package org.score4j.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.training.algorithms.GradientShards;

/** The tree of sums, with numbers whose order of additions shows in single precision. */
class GradientShardsTest {
  private static final float[] V = {1, 3e-8f, 1e8f, -1e8f, 0.3f, 7e-8f, 2};

  private static final float NONE = Float.NaN;

  /** The sum of the shards' values; NONE for a shard without groups. */
  private static float sum(float... values) {
    try (Backend backend = Backends.open("cpu", 1)) {
      Ops ops = new Ops(backend);
      try (Parameters gradients = Parameters.forGradients(ops, TinyLearner.MODEL);
          GradientShards shards =
              new GradientShards(
                  ops,
                  gradients,
                  values.length,
                  () -> Parameters.forGradients(ops, TinyLearner.MODEL))) {
        ops.fill(gradients.undecayed(), 99);
        List<List<Float>> batches = new ArrayList<>();
        for (float v : values) {
          batches.add(Float.isNaN(v) ? List.of() : List.of(v));
        }
        shards.sum(batches, (set, value) -> ops.fill(set.undecayed(), value));
        return ops.downloadFloats(gradients.undecayed())[0];
      }
    }
  }

  @Test
  void sumsAreThoseOfABinaryCounter() {
    assertThat(sum(V[0])).isEqualTo(V[0]);
    assertThat(sum(V[0], V[1], V[2])).isEqualTo((V[0] + V[1]) + V[2]);
    assertThat(sum(V[0], V[1], V[2], V[3])).isEqualTo((V[0] + V[1]) + (V[2] + V[3]));
    assertThat(sum(V[0], V[1], V[2], V[3], V[4], V[5], V[6]))
        .isEqualTo(((V[0] + V[1]) + (V[2] + V[3])) + ((V[4] + V[5]) + V[6]));
    // The order does show in these numbers.
    assertThat((V[0] + V[1]) + (V[2] + V[3])).isNotEqualTo(((V[0] + V[1]) + V[2]) + V[3]);
  }

  @Test
  void shardsWithoutGroups_addNothing_andKeepTheirPlace() {
    assertThat(sum(V[0], NONE, V[2], V[3])).isEqualTo(V[0] + (V[2] + V[3]));
    assertThat(sum(V[0], NONE, NONE, NONE, V[4])).isEqualTo(V[0] + V[4]);
    assertThat(sum(NONE, V[1], V[2], NONE)).isEqualTo(V[1] + V[2]);
    assertThat(sum(NONE, NONE, NONE)).isZero();
  }

  @Test
  void groupsAreCutIntoContiguousShards_asEvenAsCanBe() {
    try (Backend backend = Backends.open("cpu", 1)) {
      Ops ops = new Ops(backend);
      try (Parameters gradients = Parameters.forGradients(ops, TinyLearner.MODEL)) {
        for (int groups : new int[] {1, 3, 4, 7, 64}) {
          GradientShards shards =
              new GradientShards(
                  ops, gradients, 4, () -> Parameters.forGradients(ops, TinyLearner.MODEL));
          try (shards) {
            assertThat(shards.firstGroup(0, groups)).isZero();
            assertThat(shards.firstGroup(4, groups)).isEqualTo(groups);
            for (int shard = 0; shard < 4; shard++) {
              int size = shards.firstGroup(shard + 1, groups) - shards.firstGroup(shard, groups);
              assertThat(size).isBetween(groups / 4, (groups + 3) / 4);
            }
          }
        }
      }
    }
  }
}
