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
  /**
   * A step of the work on a tile; an interface for the reason in {@link PackedAttentionBackward}.
   */
  private interface Step {
    void on(Tile tile);
  }

  private static final Step[] STEPS = {
    PackedAttention::columns,
    PackedAttention::scores,
    PackedAttention::exponentials,
    PackedAttention::denominators,
    PackedAttention::values
  };

  private static final Step[] CAPPED_STEPS = {
    PackedAttention::columns,
    PackedAttention::cappedScores,
    PackedAttention::exponentials,
    PackedAttention::denominators,
    PackedAttention::values
  };

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
    int first = CappedTile.firstKey(heads, keys - queries);
    Room seen = room.from(first, width);
    Step[] steps = heads.isCappedOrWindowed() ? CAPPED_STEPS : STEPS;
    long token = (long) call.segments.start(segment) + firstQuery;
    for (int kvHead = 0; kvHead < heads.numKvHeads(); kvHead++) {
      int keyOffset = PackedSegments.keyOffset(kvHead, heads);
      int valueOffset = PackedSegments.valueOffset(kvHead, heads);
      call.segments.pack(s, room.k, segment, firstQuery + queries, call.qkv, heads, keyOffset);
      call.segments.pack(s, room.v, segment, firstQuery + queries, call.qkv, heads, valueOffset);
      Arrays.fill(s, room.k + keys * width, room.v, 0f);
      for (int h = kvHead * heads.groupSize(); h < (kvHead + 1) * heads.groupSize(); h++) {
        Tile tile = new Tile(call, seen, h, token, queries, keys - first);
        for (Step step : steps) {
          step.on(tile);
        }
      }
    }
  }

  private static void columns(Tile tile) {
    Room room = tile.room;
    AttentionShape heads = tile.call.heads;
    int e = heads.headDim();
    long query = tile.call.qkv + 4 * (tile.token * heads.qkvWidth() + (long) tile.head * e);
    AttentionTile.pack(room.floats, room.rows, query, 4L * heads.qkvWidth(), tile.queries, e);
    AttentionTile.transpose(room.floats, room.columns, room.rows, tile.queries, e, room.spare);
  }

  private static void scores(Tile tile) {
    Room room = tile.room;
    int keys = Lanes.roundUp(tile.keys);
    AttentionShape heads = tile.call.heads;
    float scale = (float) heads.scale();
    AttentionTile.dots(
        room.floats, room.scores, room.columns, room.k, keys, heads.headDim(), scale);
    AttentionTile.mask(room.floats, room.scores, tile.lastOfFirst(), keys);
    AttentionTile.max(room.floats, room.max, room.scores, keys);
  }

  private static void cappedScores(Tile tile) {
    Room room = tile.room;
    int keys = Lanes.roundUp(tile.keys);
    AttentionShape heads = tile.call.heads;
    float scale = (float) heads.scale();
    AttentionTile.dots(
        room.floats, room.scores, room.columns, room.k, keys, heads.headDim(), scale);
    if (heads.softCap() > 0) {
      CappedTile.softCap(room.floats, room.scores, keys * QUERIES, (float) heads.softCap());
    }
    AttentionTile.mask(room.floats, room.scores, tile.lastOfFirst(), keys);
    if (heads.window() > 0) {
      int firstOfFirst = tile.lastOfFirst() - heads.window() + 1;
      CappedTile.mask(room.floats, room.scores, firstOfFirst, keys);
    }
    AttentionTile.max(room.floats, room.max, room.scores, keys);
  }

  private static void exponentials(Tile tile) {
    Room room = tile.room;
    AttentionTile.exp(room.floats, room.scores, room.max, Lanes.roundUp(tile.keys));
  }

  private static void denominators(Tile tile) {
    Room room = tile.room;
    int keys = Lanes.roundUp(tile.keys);
    AttentionTile.finish(room.floats, room.reciprocals, room.max, room.scores, keys);
    int numHeads = tile.call.heads.numHeads();
    long logSumExp = tile.call.logSumExp + 4 * (tile.token * numHeads + tile.head);
    for (int r = 0; r < tile.queries; r++) {
      setFloat(logSumExp + 4L * r * numHeads, room.floats[room.max + r]);
    }
  }

  private static void values(Tile tile) {
    Room room = tile.room;
    float[] s = room.floats;
    AttentionShape heads = tile.call.heads;
    int e = heads.headDim();
    int width = AttentionTile.padded(e);
    for (int r = 0; r < tile.queries; r += ROWS) {
      // The keys that a query of these rows sees; one that only its neighbours see has weight 0.
      int visible = Math.min(tile.keys, tile.lastOfFirst() + r + ROWS);
      int rows = room.rows + r * width;
      AttentionTile.outer(s, rows, false, room.scores + r, 1, QUERIES, room.v, visible, width);
    }
    AttentionTile.scaleRows(s, room.rows, room.reciprocals, tile.queries, width);
    long out = tile.call.out + 4 * (tile.token * heads.queryWidth() + (long) tile.head * e);
    AttentionTile.unpack(out, 4L * heads.queryWidth(), s, room.rows, tile.queries, e);
  }

  /**
   * A tile of queries of one head; {@code keys} are those that its last query sees, from the first
   * one of the room on.
   */
  private record Tile(Call call, Room room, int head, long token, int queries, int keys) {
    /** Index of the last key that the first query sees. */
    int lastOfFirst() {
      return keys - queries;
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
    /** The same room where only the keys from {@code first} on are looked at. */
    Room from(int first, int width) {
      if (first == 0) {
        return this;
      }
      int at = first * width;
      return new Room(floats, k + at, v + at, scores, columns, rows, max, reciprocals, spare);
    }

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
