package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.AttentionTile.QUERIES;
import static org.score4j.kernels.cpu.AttentionTile.ROWS;
import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.Lanes.load;

import jdk.incubator.vector.FloatVector;
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

  /** Scratch of one task; see {@link AttentionTile} for what rows, columns and scores are. */
  private record Room(
      long k,
      long v,
      long dK,
      long dV,
      long q,
      long dOut,
      long dQ,
      long qColumns,
      long dOutColumns,
      long p,
      long dS,
      long lanes) {
    /** Room for segments of up to {@code keys} keys, prefix included. */
    static Room of(CpuThreadPool pool, int thread, int keys, int e) {
      long perKey = 4L * keys * AttentionTile.padded(e);
      long perQuery = 4L * Math.max(QUERIES, ROWS) * AttentionTile.padded(e);
      long columns = 4L * QUERIES * e;
      long scores = 4L * QUERIES * keys;
      long lanes =
          pool.scratch(
              thread, 4 * perKey + 3 * perQuery + 2 * columns + 2 * scores + 3L * Lanes.BYTES);
      long k = lanes + 3L * Lanes.BYTES;
      long q = k + 4 * perKey;
      long qColumns = q + 3 * perQuery;
      long p = qColumns + 2 * columns;
      return new Room(
          k,
          k + perKey,
          k + 2 * perKey,
          k + 3 * perKey,
          q,
          q + perQuery,
          q + 2 * perQuery,
          qColumns,
          qColumns + columns,
          p,
          p + scores,
          lanes);
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
    int keyOffset = PackedSegments.keyOffset(kvHead, heads);
    int valueOffset = PackedSegments.valueOffset(kvHead, heads);
    segments.pack(room.k, s, length, call.qkv, heads, keyOffset);
    segments.pack(room.v, s, length, call.qkv, heads, valueOffset);
    int padding = (Lanes.roundUp(keys) - keys) * width;
    CpuElementwiseKernels.fill(room.k + 4L * keys * width, 0f, padding);
    CpuElementwiseKernels.fill(room.v + 4L * keys * width, 0f, padding);

    // The prefix's gradients go on from what earlier segments left.
    segments.pack(room.dK, s, 0, call.dQkv, heads, keyOffset);
    segments.pack(room.dV, s, 0, call.dQkv, heads, valueOffset);
    int own = (Lanes.roundUp(keys) - prefix) * width;
    CpuElementwiseKernels.fill(room.dK + 4L * prefix * width, 0f, own);
    CpuElementwiseKernels.fill(room.dV + 4L * prefix * width, 0f, own);

    int firstHead = kvHead * heads.groupSize();
    for (int h = firstHead; h < firstHead + heads.groupSize(); h++) {
      for (int q = 0; q < length; q += QUERIES) {
        tile(call, room, h, segments.start(s) + q, Math.min(QUERIES, length - q), prefix + q);
      }
    }
    segments.unpack(room.dK, s, length, call.dQkv, heads, keyOffset);
    segments.unpack(room.dV, s, length, call.dQkv, heads, valueOffset);
  }

  /**
   * One tile of queries of one head.
   *
   * @param lastOfFirst index of the last key that the first query sees
   */
  private static void tile(Call call, Room room, int h, long token, int queries, int lastOfFirst) {
    AttentionShape heads = call.heads;
    int e = heads.headDim();
    int keys = lastOfFirst + queries;
    int paddedKeys = (keys + ROWS - 1) & -ROWS;
    float scale = (float) heads.scale();
    long qkvStride = 4L * heads.qkvWidth();
    long outStride = 4L * heads.queryWidth();
    long query = token * qkvStride + 4L * h * e;
    long outRow = token * outStride + 4L * h * e;

    AttentionTile.pack(room.q, call.qkv + query, qkvStride, queries, e);
    AttentionTile.pack(room.dOut, call.dOut + outRow, outStride, queries, e);
    AttentionTile.transpose(room.qColumns, call.qkv + query, qkvStride, queries, e);
    AttentionTile.transpose(room.dOutColumns, call.dOut + outRow, outStride, queries, e);
    AttentionTile.dots(room.p, room.qColumns, room.k, paddedKeys, e, scale);
    AttentionTile.dots(room.dS, room.dOutColumns, room.v, paddedKeys, e, 1f);
    FloatVector lse = logSumExp(call, room.lanes, h, token, queries);
    FloatVector delta =
        delta(call.dOut + outRow, call.out + outRow, outStride, queries, e, room.lanes);
    AttentionTile.backward(room.p, room.dS, lse, delta, scale, lastOfFirst, paddedKeys);
    sums(room, lastOfFirst, queries, keys, AttentionTile.padded(e));
    AttentionTile.unpack(call.dQkv + query, qkvStride, room.dQ, queries, e);
  }

  /** dV += pᵀ dOut, dK += dSᵀ q, dQ = dS k. */
  private static void sums(Room room, int lastOfFirst, int queries, int keys, int width) {
    long tileStride = 4L * QUERIES;
    for (int j = 0; j < keys; j += ROWS) {
      // Earlier queries of the tile do not see these keys.
      int firstQuery = Math.max(0, j - lastOfFirst);
      long skipped = 4L * firstQuery * width;
      long row = 4L * j * width;
      long factors = j * tileStride + 4L * firstQuery;
      int count = queries - firstQuery;
      AttentionTile.outer(
          room.dV + row, room.p + factors, tileStride, 4, room.dOut + skipped, count, width, true);
      AttentionTile.outer(
          room.dK + row, room.dS + factors, tileStride, 4, room.q + skipped, count, width, true);
    }
    for (int r = 0; r < queries; r += ROWS) {
      int visible = Math.min(keys, lastOfFirst + r + ROWS);
      AttentionTile.outer(
          room.dQ + 4L * r * width, room.dS + 4L * r, 4, tileStride, room.k, visible, width, false);
    }
  }

  /** Per query lane; +∞, so that probabilities are 0, in the lanes without one. */
  private static FloatVector logSumExp(Call call, long lanes, int h, long token, int queries) {
    for (int r = 0; r < QUERIES; r++) {
      long at = call.logSumExp + 4 * ((token + r) * call.heads.numHeads() + h);
      setFloat(lanes + 4L * r, r < queries ? getFloat(at) : Float.POSITIVE_INFINITY);
    }
    return load(lanes);
  }

  /** Σ_e dOut · out per query lane, in the order of {@link Lanes}. */
  private static FloatVector delta(
      long dOut, long out, long stride, int queries, int e, long lanes) {
    long scratch = lanes + Lanes.BYTES;
    for (int r = 0; r < QUERIES; r++) {
      float dot = r < queries ? Lanes.dot(dOut + r * stride, out + r * stride, e, scratch) : 0f;
      setFloat(lanes + 4L * r, dot);
    }
    return load(lanes);
  }
}
