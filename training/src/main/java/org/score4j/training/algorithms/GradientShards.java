package org.score4j.training.algorithms;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;

/**
 * The gradient of a step as a fixed binary tree over a fixed number of shards (docs/adr/0013). The
 * gradient of a shard is a chain in token order from zero; the sums are those of a binary counter:
 *
 * <pre>
 * shards    0   1   2   3   4
 *            \ /     \ /    |
 *            0+1     2+3    |
 *               \   /       |
 *             (0+1)+(2+3)   |
 *                      \   /
 *                       all
 * </pre>
 *
 * <p>With one shard this is one chain. Owns the gradient sets besides the step's own.
 */
public final class GradientShards implements AutoCloseable {
  private final Ops ops;
  private final Parameters gradients;
  private final int shards;
  private final List<Parameters> owned = new ArrayList<>();
  private final Deque<Parameters> free = new ArrayDeque<>();

  /** A sum over so many shards that ends at {@code level}; null where they had nothing to add. */
  private record Partial(int level, @Nullable Parameters sum) {}

  /**
   * Sums of a run.
   *
   * @param gradients where the gradient of the step ends
   * @param shards S, at least 1
   * @param sets makes a gradient set more
   */
  public GradientShards(Ops ops, Parameters gradients, int shards, Supplier<Parameters> sets) {
    this.ops = ops;
    this.gradients = gradients;
    this.shards = shards;
    try {
      for (int level = 0; 1 << level < shards; level++) {
        owned.add(sets.get());
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** One chain, and no sets of its own. */
  public static GradientShards single(Ops ops, Parameters gradients) {
    return new GradientShards(
        ops,
        gradients,
        1,
        () -> {
          throw new IllegalStateException("one shard needs no further gradients");
        });
  }

  /** S. */
  public int shards() {
    return shards;
  }

  /** The first of {@code groups} that belongs to {@code shard}; that of shard S is their number. */
  public int firstGroup(int shard, int groups) {
    // The least g with ⌊g·S/G⌋ = shard.
    return Math.toIntExact(((long) shard * groups + shards - 1) / shards);
  }

  /**
   * Computes the gradient of a step.
   *
   * @param microBatches of each shard, in order, (S)
   * @param pass adds the gradients of a micro-batch to the set it gets
   */
  public <B> void sum(List<List<B>> microBatches, BiConsumer<Parameters, B> pass) {
    if (microBatches.size() != shards) {
      throw new IllegalArgumentException(
          "gradient shards: micro-batches of %d shards, there are %d"
              .formatted(microBatches.size(), shards));
    }
    free.clear();
    // The earliest set of a sum takes it: the step's own comes first and ends with everything.
    free.add(gradients);
    free.addAll(owned);
    Deque<Partial> partials = new ArrayDeque<>();
    for (List<B> shard : microBatches) {
      Parameters sum = null;
      // Set 0 is the step's own, and must be zero where nothing is added at all.
      if (!shard.isEmpty() || partials.isEmpty()) {
        sum = free.removeFirst();
        sum.clear(ops);
        for (B batch : shard) {
          pass.accept(sum, batch);
        }
      }
      Partial here = new Partial(0, sum);
      while (!partials.isEmpty() && partials.getLast().level() == here.level()) {
        here = new Partial(here.level() + 1, added(partials.removeLast().sum(), here.sum()));
      }
      partials.addLast(here);
    }
    @Nullable Parameters all = partials.removeLast().sum();
    while (!partials.isEmpty()) {
      all = added(partials.removeLast().sum(), all);
    }
  }

  private @Nullable Parameters added(@Nullable Parameters earlier, @Nullable Parameters later) {
    if (earlier == null || later == null) {
      return earlier == null ? later : earlier;
    }
    earlier.add(ops, later);
    free.addFirst(later);
    return earlier;
  }

  @Override
  public void close() {
    owned.forEach(Parameters::close);
    owned.clear();
  }
}
