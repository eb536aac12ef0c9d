package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.AttentionTile.QUERIES;
import static org.score4j.kernels.cpu.AttentionTile.ROWS;
import static org.score4j.kernels.cpu.HostMemory.setFloat;

import java.util.Arrays;
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
        (from, to, thread) -> {
          for (int i = from; i < to; i++) {
            // Late tiles of a long segment see more keys: pairing early with late ones evens out
            // the threads.
            int tile = (i & 1) == 0 ? i >> 1 : count - 1 - (i >> 1);
            tile(call, list[2 * tile], list[2 * tile + 1], thread);
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

  private void tile(Call call, int segment, int firstQuery, int thread) {
    AttentionShape heads = call.heads;
    int e = heads.headDim();
    int width = AttentionTile.padded(e);
    int queries = Math.min(QUERIES, call.segments.length(segment) - firstQuery);
    int keys = call.segments.prefixLength(segment) + firstQuery + queries;
    Room room = Room.of(pool, thread, Lanes.roundUp(keys), e);
    float[] s = room.floats;
    long token = (long) call.segments.start(segment) + firstQuery;
    for (int kvHead = 0; kvHead < heads.numKvHeads(); kvHead++) {
      int keyOffset = PackedSegments.keyOffset(kvHead, heads);
      int valueOffset = PackedSegments.valueOffset(kvHead, heads);
      call.segments.pack(s, room.k, segment, firstQuery + queries, call.qkv, heads, keyOffset);
      call.segments.pack(s, room.v, segment, firstQuery + queries, call.qkv, heads, valueOffset);
      Arrays.fill(s, room.k + keys * width, room.v, 0f);
      for (int h = kvHead * heads.groupSize(); h < (kvHead + 1) * heads.groupSize(); h++) {
        head(call, room, token, h, queries, keys);
      }
    }
  }

  private static void head(Call call, Room room, long token, int h, int queries, int keys) {
    AttentionShape heads = call.heads;
    int e = heads.headDim();
    float[] s = room.floats;
    int width = AttentionTile.padded(e);
    int lastOfFirst = keys - queries;
    int paddedKeys = Lanes.roundUp(keys);
    long query = call.qkv + 4 * (token * heads.qkvWidth() + (long) h * e);
    AttentionTile.pack(s, room.rows, query, 4L * heads.qkvWidth(), queries, e);
    AttentionTile.transpose(s, room.columns, room.rows, queries, e, room.spare);
    AttentionTile.dots(s, room.scores, room.columns, room.k, paddedKeys, e, (float) heads.scale());
    AttentionTile.mask(s, room.scores, lastOfFirst, paddedKeys);
    AttentionTile.max(s, room.max, room.scores, paddedKeys);
    AttentionTile.exp(s, room.scores, room.max, paddedKeys);
    AttentionTile.finish(s, room.reciprocals, room.max, room.scores, paddedKeys);
    for (int r = 0; r < queries; r += ROWS) {
      // The keys that a query of these rows sees; one that only its neighbours see has weight 0.
      int visible = Math.min(keys, lastOfFirst + r + ROWS);
      int rows = room.rows + r * width;
      AttentionTile.outer(s, rows, false, room.scores + r, 1, QUERIES, room.v, visible, width);
    }
    long out = call.out + 4 * (token * heads.queryWidth() + (long) h * e);
    long logSumExp = call.logSumExp + 4 * (token * heads.numHeads() + h);
    AttentionTile.scaleRows(s, room.rows, room.reciprocals, queries, width);
    AttentionTile.unpack(out, 4L * heads.queryWidth(), s, room.rows, queries, e);
    for (int r = 0; r < queries; r++) {
      setFloat(logSumExp + 4L * r * heads.numHeads(), s[room.max + r]);
    }
  }

  /** Scratch of one tile; see {@link AttentionTile} for what rows, columns and scores are. */
  private record Room(
      float[] floats,
      int k,
      int v,
      int scores,
      int columns,
      int rows,
      int max,
      int reciprocals,
      int spare) {
    static Room of(CpuThreadPool pool, int thread, int keys, int e) {
      int perKey = keys * AttentionTile.padded(e);
      int scores = 2 * perKey;
      int columns = scores + keys * QUERIES;
      int rows = columns + e * QUERIES;
      int max = rows + Math.max(QUERIES, ROWS) * AttentionTile.padded(e);
      int reciprocals = max + QUERIES;
      int spare = reciprocals + QUERIES;
      float[] floats = pool.floats(thread, spare + QUERIES * QUERIES);
      return new Room(floats, 0, perKey, scores, columns, rows, max, reciprocals, spare);
    }
  }
}
