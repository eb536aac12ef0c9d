package org.score4j.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Tensor;
import org.score4j.training.algorithms.DisagreementException;
import org.score4j.training.algorithms.ScoreConfig;

/** What samples is what learns, and a backend where it is not is caught before the update. */
final class EngineAgreementTest {
  private static final ScoreConfig STAGE =
      TinyLearner.frozen(1, "score", 2, 10, 0.01, 0, "exact", "loss");

  @Test
  void sampledLogProbs_areThoseOfTheTrainingPass() {
    try (TinyLearner learner = new TinyLearner(new TwoLetterTask(), true);
        AdamW optimizer = learner.optimizer(STAGE)) {
      var metrics = learner.score(STAGE, optimizer).step(0).metrics();
      assertThat(metrics)
          .containsEntry("logprob_mismatches", 0.0)
          .containsEntry("logprob_max_diff", 0.0)
          .containsEntry("logprob_p99_diff", 0.0);
    }
  }

  @Test
  void cachedAttentionThatIsOff_stopsTheRunBeforeTheUpdate_andNamesTheLayer() {
    Backend faulty = withFaultyPagedAttention(Backends.open("reference", 1));
    try (TinyLearner learner = new TinyLearner(new TwoLetterTask(), true, faulty);
        AdamW optimizer = learner.optimizer(STAGE)) {
      double[] before = learner.flat(learner.weights);

      assertThatThrownBy(() -> learner.score(STAGE, optimizer).step(0))
          .isInstanceOf(DisagreementException.class)
          .hasMessageContaining("test step 1")
          .hasMessageContaining("generation.maxLogProbDifference 1.0E-9")
          // The input of the first block is the embedding, which is right.
          .hasMessageContaining("block 0 0.0 of")
          .hasMessageNotContaining("final 0.0 of");

      assertThat(learner.flat(learner.weights)).isEqualTo(before);
    }
  }

  /** A backend whose cached attention scales its output by 1.01. */
  private static Backend withFaultyPagedAttention(Backend real) {
    AttentionKernels attention =
        (AttentionKernels)
            Proxy.newProxyInstance(
                AttentionKernels.class.getClassLoader(),
                new Class<?>[] {AttentionKernels.class},
                (proxy, method, args) -> {
                  Object result = call(() -> method.invoke(real.attention(), args));
                  if (method.getName().equals("pagedAttention")) {
                    Tensor out = (Tensor) args[0];
                    real.elementwise().scale(out, out, 1.01);
                  }
                  return result;
                });
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, args) ->
                method.getName().equals("attention")
                    ? attention
                    : call(() -> method.invoke(real, args)));
  }

  private interface Reflective {
    Object run() throws ReflectiveOperationException;
  }

  private static Object call(Reflective body) throws Throwable {
    try {
      return body.run();
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
