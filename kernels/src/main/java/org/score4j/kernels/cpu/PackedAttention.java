package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.AttentionTile.QUERIES;
import static org.score4j.kernels.cpu.AttentionTile.ROWS;
import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Forward pass over packed segments. A task is a tile of queries with all its heads; memory is that
 * of one tile's scores.
 */
final class PackedAttention {
  private final CpuThreadPool pool;
  private int[] tiles = new int[0];

  PackedAttention(CpuThreadPool pool) {
    this.pool = pool;
  }

  /** The tensors of one call. */
  private record Call(
      long out, long logSumExp, long qkv, PackedSegments segments, AttentionShape heads) {}

  void run(Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    Call call =
        new Call(
            HostBuffer.address(out),
            HostBuffer.address(logSumExp),
            HostBuffer.address(qkv),
            new PackedSegments(segments),
            heads);
    int count = listTiles(call.segments);
    int[] list = tiles;
    RowBlocks.run(
        pool,
        count,
        1,
        (from, to, worker) -> {
          for (int i = from; i < to; i++) {
            // Late tiles of a long segment see more keys: pairing early with late ones evens out
            // the threads.
            int tile = (i & 1) == 0 ? i >> 1 : count - 1 - (i >> 1);
            tile(call, list[2 * tile], list[2 * tile + 1], worker);
          }
        });
  }

  /** Lists (segment, first query) of every tile; returns how many there are. */
  private int listTiles(PackedSegments segments) {
    int count = 0;
    for (int s = 0; s < segments.count(); s++) {
      count += (segments.length(s) + QUERIES - 1) / QUERIES;
    }
    if (tiles.length < 2 * count) {
      tiles = new int[2 * count];
    }
    int i = 0;
    for (int s = 0; s < segments.count(); s++) {
      for (int q = 0; q < segments.length(s); q += QUERIES) {
        tiles[i++] = s;
        tiles[i++] = q;
      }
    }
    return count;
  }

  private void tile(Call call, int s, int firstQuery, int worker) {
    AttentionShape heads = call.heads;
    int e = heads.headDim();
    int width = AttentionTile.padded(e);
    int queries = Math.min(QUERIES, call.segments.length(s) - firstQuery);
    int keys = call.segments.prefixLength(s) + firstQuery + queries;
    int paddedKeys = Lanes.roundUp(keys);
    long rowBytes = 4L * width;

    long columns =
        pool.scratch(
            worker,
            4L * QUERIES * (e + paddedKeys + 1)
                + Math.max(QUERIES, ROWS) * rowBytes
                + 2L * paddedKeys * rowBytes);
    long k = columns + 4L * QUERIES * e;
    long v = k + paddedKeys * rowBytes;
    long scores = v + paddedKeys * rowBytes;
    long rows = scores + 4L * QUERIES * paddedKeys;
    long factors = rows + Math.max(QUERIES, ROWS) * rowBytes;

    for (int kvHead = 0; kvHead < heads.numKvHeads(); kvHead++) {
      call.segments.pack(
          k, s, firstQuery + queries, call.qkv, heads, PackedSegments.keyOffset(kvHead, heads));
      call.segments.pack(
          v, s, firstQuery + queries, call.qkv, heads, PackedSegments.valueOffset(kvHead, heads));
      CpuElementwiseKernels.fill(k + keys * rowBytes, 0f, (paddedKeys - keys) * width);
      for (int g = 0; g < heads.groupSize(); g++) {
        int h = kvHead * heads.groupSize() + g;
        long token = (long) call.segments.start(s) + firstQuery;
        long query = call.qkv + 4 * (token * heads.qkvWidth() + (long) h * e);
        AttentionTile.transpose(columns, query, 4L * heads.qkvWidth(), queries, e);
        softmax(call, scores, columns, k, keys - queries, paddedKeys, factors, token, h, queries);
        values(rows, scores, v, keys - queries, keys, width);
        writeOut(
            call.out + 4 * (token * heads.queryWidth() + (long) h * e),
            rows,
            factors,
            queries,
            heads);
      }
    }
  }

  /**
   * Unnormalised probabilities into {@code scores}, reciprocals of their sums into {@code factors},
   * and logSumExp.
   */
  private static void softmax(
      Call call,
      long scores,
      long columns,
      long k,
      int lastOfFirst,
      int keys,
      long factors,
      long token,
      int h,
      int queries) {
    AttentionTile.dots(scores, columns, k, keys, call.heads.headDim(), (float) call.heads.scale());
    AttentionTile.mask(scores, lastOfFirst, keys);
    FloatVector max = AttentionTile.max(scores, keys);
    AttentionTile.exp(scores, max, keys);
    FloatVector sum = AttentionTile.sum(scores, keys);
    int numHeads = call.heads.numHeads();
    store(factors, max.add(CpuMath.log(sum)));
    for (int r = 0; r < queries; r++) {
      setFloat(call.logSumExp + 4 * ((token + r) * numHeads + h), getFloat(factors + 4L * r));
    }
    store(factors, FloatVector.broadcast(Lanes.SPECIES, 1f).div(sum));
  }

  /**
   * rows[r] = Σ_j scores[j, r] · v[j], for the keys that a query of the group of {@link
   * AttentionTile#ROWS} sees.
   */
  private static void values(long rows, long scores, long v, int lastOfFirst, int keys, int width) {
    for (int r = 0; r < QUERIES; r += ROWS) {
      int visible = Math.min(keys, lastOfFirst + r + ROWS);
      AttentionTile.outer(
          rows + 4L * r * width, scores + 4L * r, 4, 4L * QUERIES, v, visible, width, false);
    }
  }

  private static void writeOut(
      long out, long rows, long factors, int queries, AttentionShape heads) {
    int e = heads.headDim();
    long stride = 4L * AttentionTile.padded(e);
    for (int r = 0; r < queries; r++) {
      CpuElementwiseKernels.scale(
          out + 4L * r * heads.queryWidth(), rows + r * stride, getFloat(factors + 4L * r), e);
    }
  }
}
