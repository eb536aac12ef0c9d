package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.AttentionTile.QUERIES;
import static org.score4j.kernels.cpu.AttentionTile.ROWS;
import static org.score4j.kernels.cpu.HostMemory.getFloat;

import java.util.Arrays;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Backward pass over packed segments. A task is a family, that is a segment and the continuations
 * of its prefix, with one key/value head: the gradients of a prefix's keys and values are chains
 * over the segment that holds them and then over its continuations, in order; within a segment over
 * the query heads, and within a head over the queries.
 */
final class PackedAttentionBackward {
  /**
   * A step of the work on a tile. Called through the interface, so that C2 compiles each by itself:
   * all of them inlined into one method exceed its limits, and what it then leaves out of line runs
   * on boxed vectors.
   */
  private interface Step {
    void on(Tile tile);
  }

  private static final Step[] STEPS = {
    PackedAttentionBackward::load,
    PackedAttentionBackward::transpose,
    PackedAttentionBackward::scores,
    PackedAttentionBackward::probabilities,
    PackedAttentionBackward::keyGradients,
    PackedAttentionBackward::queryGradients
  };

  private static final Step[] CAPPED_STEPS = {
    PackedAttentionBackward::load,
    PackedAttentionBackward::transpose,
    PackedAttentionBackward::scores,
    PackedAttentionBackward::cappedProbabilities,
    PackedAttentionBackward::keyGradients,
    PackedAttentionBackward::queryGradients
  };

  private final CpuThreadPool pool;
  private int[] families = new int[0];

  PackedAttentionBackward(CpuThreadPool pool) {
    this.pool = pool;
  }

  /** The tensors of one call. */
  private record Call(
      long dQkv,
      long dOut,
      long out,
      long qkv,
      long logSumExp,
      PackedSegments segments,
      AttentionShape heads) {}

  /**
   * One tile of queries of one head.
   *
   * @param token of the first query
   * @param lastOfFirst index of the last key that the first query sees, counted from the room's
   *     first
   */
  private record Tile(Call call, Room room, int head, long token, int queries, int lastOfFirst) {
    int keys() {
      return lastOfFirst + queries;
    }

    int paddedKeys() {
      return (keys() + ROWS - 1) & -ROWS;
    }

    /** Of the first query, in bytes from the beginning of qkv. */
    long queryRow() {
      return 4 * (token * call.heads.qkvWidth() + (long) head * call.heads.headDim());
    }

    /** Of the first query, in bytes from the beginning of out. */
    long outRow() {
      return 4 * (token * call.heads.queryWidth() + (long) head * call.heads.headDim());
    }
  }

  /** Scratch of one task; see {@link AttentionTile} for what rows, columns and scores are. */
  private record Room(
      float[] floats,
      int k,
      int v,
      int dK,
      int dV,
      int q,
      int dOut,
      int dQ,
      int qColumns,
      int dOutColumns,
      int p,
      int dS,
      int lse,
      int delta,
      int lanes,
      int spare) {
    /** The same room where only the keys from {@code first} on are looked at. */
    Room from(int first, int width) {
      if (first == 0) {
        return this;
      }
      int at = first * width;
      return new Room(
          floats,
          k + at,
          v + at,
          dK + at,
          dV + at,
          q,
          dOut,
          dQ,
          qColumns,
          dOutColumns,
          p,
          dS,
          lse,
          delta,
          lanes,
          spare);
    }

    /** Room for segments of up to {@code keys} keys, prefix included. */
    static Room of(CpuThreadPool pool, int thread, int keys, int e) {
      int perKey = keys * AttentionTile.padded(e);
      int perQuery = Math.max(QUERIES, ROWS) * AttentionTile.padded(e);
      int columns = e * QUERIES;
      int scores = keys * QUERIES;
      int q = 4 * perKey;
      int qColumns = q + 3 * perQuery;
      int p = qColumns + 2 * columns;
      int lse = p + 2 * scores;
      int spare = lse + 2 * QUERIES + Lanes.COUNT;
      return new Room(
          pool.floats(thread, spare + QUERIES * QUERIES),
          0,
          perKey,
          2 * perKey,
          3 * perKey,
          q,
          q + perQuery,
          q + 2 * perQuery,
          qColumns,
          qColumns + columns,
          p,
          p + scores,
          lse,
          lse + QUERIES,
          lse + 2 * QUERIES,
          spare);
    }
  }

  void run(
      Tensor dQkv,
      Tensor dOut,
      Tensor out,
      Tensor qkv,
      Tensor logSumExp,
      Tensor segments,
      AttentionShape heads) {
    Call call =
        new Call(
            HostBuffer.address(dQkv),
            HostBuffer.address(dOut),
            HostBuffer.address(out),
            HostBuffer.address(qkv),
            HostBuffer.address(logSumExp),
            new PackedSegments(segments),
            heads);
    int count = listFamilies(call.segments);
    int[] first = families;
    int kvHeads = heads.numKvHeads();
    RowBlocks.run(
        pool,
        count * kvHeads,
        1,
        (from, to, thread) -> {
          for (int i = from; i < to; i++) {
            int family = i / kvHeads;
            family(call, first[family], first[family + 1], i % kvHeads, thread);
          }
        });
  }

  /**
   * Lists the first segment of every family, and behind them the number of segments; returns how
   * many families there are.
   */
  private int listFamilies(PackedSegments segments) {
    if (families.length <= segments.count()) {
      families = new int[segments.count() + 1];
    }
    int count = 0;
    for (int s = 0; s < segments.count(); s++) {
      if (segments.prefixLength(s) == 0) {
        families[count++] = s;
      }
    }
    families[count] = segments.count();
    return count;
  }

  private void family(Call call, int firstSegment, int endSegment, int kvHead, int thread) {
    int keys = 0;
    for (int s = firstSegment; s < endSegment; s++) {
      keys = Math.max(keys, call.segments.prefixLength(s) + call.segments.length(s));
    }
    Room room = Room.of(pool, thread, Lanes.roundUp(keys), call.heads.headDim());
    for (int s = firstSegment; s < endSegment; s++) {
      segment(call, room, s, kvHead);
    }
  }

  private static void segment(Call call, Room room, int s, int kvHead) {
    AttentionShape heads = call.heads;
    PackedSegments segments = call.segments;
    int e = heads.headDim();
    int width = AttentionTile.padded(e);
    int prefix = segments.prefixLength(s);
    int length = segments.length(s);
    int keys = prefix + length;
    int end = Lanes.roundUp(keys) * width;
    int keyOffset = PackedSegments.keyOffset(kvHead, heads);
    int valueOffset = PackedSegments.valueOffset(kvHead, heads);
    float[] f = room.floats;
    segments.pack(f, room.k, s, length, call.qkv, heads, keyOffset);
    segments.pack(f, room.v, s, length, call.qkv, heads, valueOffset);
    Arrays.fill(f, room.k + keys * width, room.k + end, 0f);
    Arrays.fill(f, room.v + keys * width, room.v + end, 0f);

    // The prefix's gradients go on from what earlier segments left.
    segments.pack(f, room.dK, s, 0, call.dQkv, heads, keyOffset);
    segments.pack(f, room.dV, s, 0, call.dQkv, heads, valueOffset);
    Arrays.fill(f, room.dK + prefix * width, room.dK + end, 0f);
    Arrays.fill(f, room.dV + prefix * width, room.dV + end, 0f);

    Step[] steps = heads.isCappedOrWindowed() ? CAPPED_STEPS : STEPS;
    int firstHead = kvHead * heads.groupSize();
    for (int h = firstHead; h < firstHead + heads.groupSize(); h++) {
      for (int q = 0; q < length; q += QUERIES) {
        long token = (long) segments.start(s) + q;
        int first = CappedTile.firstKey(heads, prefix + q);
        Room seen = room.from(first, width);
        int queries = Math.min(QUERIES, length - q);
        Tile tile = new Tile(call, seen, h, token, queries, prefix + q - first);
        for (Step step : steps) {
          step.on(tile);
        }
      }
    }
    segments.unpack(f, room.dK, s, length, call.dQkv, heads, keyOffset);
    segments.unpack(f, room.dV, s, length, call.dQkv, heads, valueOffset);
  }

  /** Gathers the tile's rows and transposes them; delta and logSumExp per query. */
  private static void load(Tile tile) {
    Room room = tile.room;
    float[] f = room.floats;
    AttentionShape heads = tile.call.heads;
    int e = heads.headDim();
    int queries = tile.queries;
    long outRow = tile.outRow();
    long outStride = 4L * heads.queryWidth();
    long query = tile.call.qkv + tile.queryRow();
    AttentionTile.pack(f, room.q, query, 4L * heads.qkvWidth(), queries, e);
    AttentionTile.pack(f, room.dOut, tile.call.dOut + outRow, outStride, queries, e);
    // The rows of out lie for a moment where those of dQ will be.
    AttentionTile.pack(f, room.dQ, tile.call.out + outRow, outStride, queries, e);
    int width = AttentionTile.padded(e);
    AttentionTile.rowDots(f, room.delta, room.dOut, room.dQ, queries, width, room.lanes);
    int numHeads = heads.numHeads();
    long logSumExp = tile.call.logSumExp + 4 * (tile.token * numHeads + tile.head);
    for (int r = 0; r < queries; r++) {
      f[room.lse + r] = getFloat(logSumExp + 4L * r * numHeads);
    }
    // Lanes without a query get probabilities of 0.
    Arrays.fill(f, room.lse + queries, room.lse + QUERIES, Float.POSITIVE_INFINITY);
    Arrays.fill(f, room.delta + queries, room.delta + QUERIES, 0f);
  }

  private static void transpose(Tile tile) {
    Room room = tile.room;
    int e = tile.call.heads.headDim();
    AttentionTile.transpose(room.floats, room.qColumns, room.q, tile.queries, e, room.spare);
    AttentionTile.transpose(room.floats, room.dOutColumns, room.dOut, tile.queries, e, room.spare);
  }

  private static void scores(Tile tile) {
    Room room = tile.room;
    int e = tile.call.heads.headDim();
    float scale = (float) tile.call.heads.scale();
    int keys = tile.paddedKeys();
    AttentionTile.dots(room.floats, room.p, room.qColumns, room.k, keys, e, scale);
    AttentionTile.dots(room.floats, room.dS, room.dOutColumns, room.v, keys, e, 1f);
  }

  private static void probabilities(Tile tile) {
    Room room = tile.room;
    AttentionTile.backward(
        room.floats,
        room.p,
        room.dS,
        room.lse,
        room.delta,
        (float) tile.call.heads.scale(),
        tile.lastOfFirst,
        tile.paddedKeys());
  }

  private static void cappedProbabilities(Tile tile) {
    Room room = tile.room;
    CappedTile.backward(
        room.floats,
        room.p,
        room.dS,
        room.lse,
        room.delta,
        tile.call.heads,
        tile.lastOfFirst,
        tile.paddedKeys());
  }

  /** dV += pᵀ dOut, dK += dSᵀ q. */
  private static void keyGradients(Tile tile) {
    Room room = tile.room;
    float[] f = room.floats;
    int width = AttentionTile.padded(tile.call.heads.headDim());
    for (int j = 0; j < tile.keys(); j += ROWS) {
      // Earlier queries of the tile do not see these keys.
      int skip = Math.max(0, j - tile.lastOfFirst);
      int at = j * QUERIES + skip;
      int row = j * width;
      int from = skip * width;
      int count = tile.queries - skip;
      AttentionTile.outer(
          f, room.dV + row, true, room.p + at, QUERIES, 1, room.dOut + from, count, width);
      AttentionTile.outer(
          f, room.dK + row, true, room.dS + at, QUERIES, 1, room.q + from, count, width);
    }
  }

  /** dQ = dS k. */
  private static void queryGradients(Tile tile) {
    Room room = tile.room;
    AttentionShape heads = tile.call.heads;
    float[] f = room.floats;
    int e = heads.headDim();
    int width = AttentionTile.padded(e);
    for (int r = 0; r < tile.queries; r += ROWS) {
      int visible = Math.min(tile.keys(), tile.lastOfFirst + r + ROWS);
      int dQ = room.dQ + r * width;
      AttentionTile.outer(f, dQ, false, room.dS + r, 1, QUERIES, room.k, visible, width);
    }
    long to = tile.call.dQkv + tile.queryRow();
    AttentionTile.unpack(to, 4L * heads.qkvWidth(), f, room.dQ, tile.queries, e);
  }
}
