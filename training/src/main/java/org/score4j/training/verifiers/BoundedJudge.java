package org.score4j.training.verifiers;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Judges many responses on virtual threads, a bounded number at once. A verdict that is an error is
 * tried again; one that stays an error is returned as such, for the caller to count and leave out.
 */
public final class BoundedJudge {
  /** Twice, then it is no accident. */
  public static final int DEFAULT_TRIES = 3;

  private final Verifier verifier;
  private final int atOnce;
  private final int tries;

  /**
   * A response to judge.
   *
   * @param reference what the problem keeps for its verifier
   * @param text the response
   */
  public record Response(String reference, String text) {}

  /**
   * A judge.
   *
   * @param atOnce how many responses are judged at the same time
   * @param tries how often a response is judged when the verifier fails
   */
  public BoundedJudge(Verifier verifier, int atOnce, int tries) {
    if (atOnce < 1 || tries < 1) {
      throw new IllegalArgumentException(
          "verdicts: %d at once and %d tries; both need at least 1".formatted(atOnce, tries));
    }
    this.verifier = verifier;
    this.atOnce = atOnce;
    this.tries = tries;
  }

  /** As many at once as there are processors. */
  public static BoundedJudge of(Verifier verifier) {
    return new BoundedJudge(verifier, Runtime.getRuntime().availableProcessors(), DEFAULT_TRIES);
  }

  /** One verdict for each response, in their order. */
  public List<Verdict> judge(List<Response> responses) {
    Semaphore places = new Semaphore(atOnce);
    List<Verdict> verdicts = new ArrayList<>(responses.size());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Verdict>> pending = new ArrayList<>(responses.size());
      for (Response response : responses) {
        pending.add(
            threads.submit(
                () -> {
                  places.acquire();
                  try {
                    return judge(response);
                  } finally {
                    places.release();
                  }
                }));
      }
      for (Future<Verdict> verdict : pending) {
        verdicts.add(verdict.get());
      }
      return verdicts;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while responses were judged", e);
    } catch (ExecutionException e) {
      throw thrown(e.getCause());
    }
  }

  /** What a verifier throws is a defect or a broken reference, no verdict: the run must end. */
  private static RuntimeException thrown(@Nullable Throwable cause) {
    if (cause instanceof RuntimeException unchecked) {
      return unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("a verifier failed", cause);
  }

  private Verdict judge(Response response) {
    Verdict verdict = verifier.verify(response.reference(), response.text());
    for (int i = 1; i < tries && verdict.isError(); i++) {
      verdict = verifier.verify(response.reference(), response.text());
    }
    return verdict.isError() && tries > 1
        ? Verdict.failed("%s (%d tries)".formatted(verdict.error(), tries))
        : verdict;
  }
}
