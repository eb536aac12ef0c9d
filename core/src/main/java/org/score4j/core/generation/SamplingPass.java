package org.score4j.core.generation;

import java.util.Arrays;
import java.util.List;
import org.score4j.core.model.DeviceBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * One pass of a {@link Generator}: tokens through the model and the cache, then a draw for each
 * conversation whose tokens are all fed.
 *
 * <p>A pass that draws one token for each of its rows is the common one. On backends that replay,
 * it is padded to one of a few sizes, with rows that nobody reads, so that a recording fits it; the
 * padding does not depend on whether recordings are used, so neither do the tokens.
 */
final class SamplingPass {
  private final Transformer model;
  private final Ops ops;
  private final KvCache cache;
  private final DeviceArena arena;
  private final int maxPadded;
  private final boolean replay;
  private final SamplingLanes lanes;

  /** Tokens waiting to be fed into one cached sequence, and who draws from the last of them. */
  static final class Feed {
    final KvCache.Sequence sequence;
    final int[] pending;
    final List<Conversation> readers;
    int fed;

    Feed(KvCache.Sequence sequence, int[] pending, List<Conversation> readers) {
      this.sequence = sequence;
      this.pending = pending;
      this.readers = readers;
    }

    /** Whether this is one token, of one conversation that draws from it. */
    boolean isDecoding() {
      return pending.length - fed == 1 && readers.size() == 1;
    }
  }

  /** What was drawn, in the order of the feeds and of their readers. */
  record Draws(int[] ids, float[] logProbs) {}

  /** What a recording holds fixed, besides what is fixed for good. */
  private record RecordingKey(
      SamplingPass pass,
      Parameters weights,
      int rows,
      int pages,
      double temperature,
      Truncation truncation,
      long mark) {}

  /**
   * A pass over {@code model}.
   *
   * @param maxPadded most rows to pad to
   * @param replay whether recordings are used
   */
  SamplingPass(Transformer model, KvCache cache, DeviceArena arena, int maxPadded, boolean replay) {
    this.model = model;
    this.ops = model.ops();
    this.cache = cache;
    this.arena = arena;
    this.maxPadded = maxPadded;
    this.replay = replay;
    this.lanes = new SamplingLanes(model);
  }

  /** Feeds tokens, then draws one token for every reader whose feed is exhausted. */
  Draws compute(
      Parameters weights, List<Feed> feeds, int rows, double temperature, Truncation truncation) {
    boolean oneEach = rows == feeds.size() && feeds.stream().allMatch(Feed::isDecoding);
    boolean decoding = oneEach && ops.backend().replays();
    int padded = decoding ? paddedRows(rows, maxPadded) : rows;
    int[] ids = new int[padded];
    int[] positions = new int[padded];
    int[] slots = new int[padded];
    int[] rowSequence = new int[padded];
    int[] rowLength = new int[padded];
    IntList readRows = new IntList();
    IntList headRows = new IntList();
    IntList randomness = new IntList();
    int row = 0;
    int maxPages = 1;
    for (int f = 0; f < feeds.size(); f++) {
      Feed feed = feeds.get(f);
      int count = Math.min(feed.pending.length - feed.fed, rows - row);
      int position = feed.sequence.length();
      cache.extend(feed.sequence, count, slots, row);
      maxPages = Math.max(maxPages, feed.sequence.numPages());
      for (int i = 0; i < count; i++, row++) {
        ids[row] = feed.pending[feed.fed++];
        positions[row] = position + i;
        rowSequence[row] = f;
        rowLength[row] = position + i + 1;
      }
      if (feed.fed == feed.pending.length) {
        for (Conversation reader : feed.readers) {
          headRows.add(readRows.size());
          randomness.add((int) reader.turn.key());
          randomness.add((int) (reader.turn.key() >>> 32));
          randomness.add(reader.drawn);
        }
        readRows.add(row - 1);
      }
    }
    int drawn = headRows.size();
    if (decoding) {
      maxPages = paddedPages(maxPages, KvCache.pagesFor(model.config().maxPositions()));
    }
    int[] tables = new int[(decoding ? padded : feeds.size()) * maxPages];
    for (int f = 0; f < feeds.size(); f++) {
      KvCache.Sequence sequence = feeds.get(f).sequence;
      for (int p = 0; p < sequence.numPages(); p++) {
        tables[f * maxPages + p] = sequence.page(p);
      }
    }
    for (; row < padded; row++) {
      slots[row] = KvCache.firstSlot(cache.paddingPage());
      rowSequence[row] = row;
      rowLength[row] = 1;
      tables[row * maxPages] = cache.paddingPage();
      for (int i = 0; i < 3; i++) {
        randomness.add(0);
      }
    }
    long mark = arena.mark();
    cache.flushCopies(arena);
    // What follows lies at the same place whether or not there was something to copy.
    arena.release(mark);
    DeviceBatch batch =
        new DeviceBatch(
            DeviceBatch.upload(ops, arena, ids, 1),
            DeviceBatch.upload(ops, arena, positions, 1),
            null,
            decoding ? null : DeviceBatch.upload(ops, arena, readRows.toArray(), 1),
            decoding ? null : DeviceBatch.upload(ops, arena, headRows.toArray(), 1),
            null);
    Tensor deviceSlots = DeviceBatch.upload(ops, arena, slots, 1);
    Tensor pageTables =
        DeviceBatch.upload(ops, arena, tables, maxPages)
            .reshape(Shape.of(tables.length / maxPages, maxPages));
    Tensor sequences = DeviceBatch.upload(ops, arena, rowSequence, 1);
    Tensor lengths = DeviceBatch.upload(ops, arena, rowLength, 1);
    Transformer.AttentionPath path =
        cache.path(ops, deviceSlots, pageTables, sequences, lengths, model.config());
    if (drawn == 0) {
      model.forward(weights, batch, path, arena, false);
      return new Draws(new int[0], new float[0]);
    }
    int n = decoding ? padded : drawn;
    Tensor keys = DeviceBatch.upload(ops, arena, randomness.toArray(), 3);
    Tensor drawnIds = arena.allocate(DType.I32, Shape.of(n));
    Tensor logProbs = arena.allocate(ops.stateType(), Shape.of(n));
    Runnable body =
        () -> {
          if (oneEach && truncation.isNone() && lanes.suit(n, weights, arena)) {
            SamplingLanes.Rows all =
                new SamplingLanes.Rows(
                    batch.ids(),
                    batch.positions(),
                    deviceSlots,
                    pageTables,
                    sequences,
                    lengths,
                    keys);
            lanes.draw(drawnIds, logProbs, weights, cache, all, arena, temperature);
            return;
          }
          Tensor hidden = model.forward(weights, batch, path, arena, false).hidden();
          draw(drawnIds, logProbs, weights, batch, hidden, keys, temperature, truncation);
        };
    if (decoding && replay) {
      ops.backend()
          .replay(
              new RecordingKey(this, weights, padded, maxPages, temperature, truncation, mark),
              body);
    } else {
      body.run();
    }
    return new Draws(
        Arrays.copyOf(ops.downloadInts(drawnIds), drawn),
        Arrays.copyOf(ops.downloadFloats(logProbs), drawn));
  }

  private void draw(
      Tensor drawnIds,
      Tensor logProbs,
      Parameters weights,
      DeviceBatch batch,
      Tensor hidden,
      Tensor keys,
      double temperature,
      Truncation truncation) {
    Tensor read = hidden;
    int n = drawnIds.dim0();
    if (batch.headRows() != null && n != hidden.dim0()) {
      read = arena.allocate(ops.floatType(), Shape.of(n, hidden.dim1()));
      ops.gatherRows(read, hidden, batch.headRows());
    }
    if (truncation.isNone() || temperature == 0) {
      ops.sample(
          drawnIds,
          logProbs,
          read,
          weights.lmHead(),
          keys,
          temperature,
          model.config().finalSoftCap());
      return;
    }
    Tensor logits = arena.allocate(ops.floatType(), Shape.of(n, weights.lmHead().dim0()));
    // hidden · headᵀ, which is what it does to a gradient.
    ops.linearBackwardInput(logits, read, weights.lmHead());
    double cap = model.config().finalSoftCap();
    if (cap > 0) {
      ops.softCap(logits, logits, cap);
    }
    ops.scale(logits, logits, 1 / temperature);
    ops.truncate(logits, truncation.topK(), truncation.topP());
    // A row of logits is a head for a hidden state of one number, 1: the draw itself stays the
    // same.
    Tensor one = arena.allocate(ops.floatType(), Shape.of(1, 1));
    ops.fill(one, 1);
    for (int i = 0; i < n; i++) {
      Tensor head = logits.rows(i, i + 1).reshape(Shape.of(logits.dim1(), 1));
      ops.sample(
          drawnIds.rows(i, i + 1), logProbs.rows(i, i + 1), one, head, keys.rows(i, i + 1), 1, 0);
    }
  }

  /**
   * 1, 2, 4, 8, then multiples of 8 up to 64, of 32 up to 256, of 128: an eighth wasted at most.
   */
  static int paddedRows(int rows, int limit) {
    int step =
        rows <= 8 ? Integer.highestOneBit(2 * rows - 1) : rows <= 64 ? 8 : rows <= 256 ? 32 : 128;
    return Math.min(limit, (rows + step - 1) / step * step);
  }

  /** The next power of two: recordings are few, and what reads beyond a length is skipped. */
  static int paddedPages(int pages, int limit) {
    return Math.min(limit, Integer.highestOneBit(2 * pages - 1));
  }

  /** A growing array of ints. */
  private static final class IntList {
    private int[] values = new int[64];
    private int size;

    void add(int value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
    }

    int size() {
      return size;
    }

    int[] toArray() {
      return Arrays.copyOf(values, size);
    }
  }
}
