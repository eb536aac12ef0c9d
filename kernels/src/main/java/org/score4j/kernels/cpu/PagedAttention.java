package org.score4j.kernels.cpu;

import static org.score4j.kernels.AttentionKernels.PAGE_TOKENS;
import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.getInt;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Attention against the KV cache, one query at a time with one key per lane.
 *
 * <p>A page of keys is (kvHeads, headDim, PAGE_TOKENS), so that a vector of it is one coordinate of
 * neighbouring keys; a page of values is (kvHeads, PAGE_TOKENS, headDim).
 */
final class PagedAttention {
  private static final int ROW_GRAIN = 4;

  private final CpuThreadPool pool;

  PagedAttention(CpuThreadPool pool) {
    this.pool = pool;
  }

  /** Where a query's keys and values lie. */
  private record Cache(
      long kPages, long vPages, long pageTables, int maxPages, AttentionShape heads) {
    /** Of a head's part in page {@code p} of a sequence, within the pages. */
    long offset(long table, int p, int kvHead) {
      long page = getInt(table + 4L * p);
      return 4 * (page * heads.numKvHeads() + kvHead) * PAGE_TOKENS * heads.headDim();
    }
  }

  void append(Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    long kPagesAt = HostBuffer.address(kPages);
    long vPagesAt = HostBuffer.address(vPages);
    long qkvAt = HostBuffer.address(qkv);
    long slotsAt = HostBuffer.address(slots);
    int e = heads.headDim();
    RowBlocks.run(
        pool,
        qkv.dim0(),
        ROW_GRAIN * 8,
        (from, to, thread) -> {
          for (int t = from; t < to; t++) {
            int slot = getInt(slotsAt + 4L * t);
            long row = qkvAt + 4L * t * heads.qkvWidth();
            for (int kvHead = 0; kvHead < heads.numKvHeads(); kvHead++) {
              long block =
                  4L
                      * ((long) (slot / PAGE_TOKENS) * heads.numKvHeads() + kvHead)
                      * PAGE_TOKENS
                      * e;
              int offset = slot % PAGE_TOKENS;
              appendKey(
                  kPagesAt + block + 4L * offset,
                  row + 4L * PackedSegments.keyOffset(kvHead, heads),
                  e);
              Lanes.copy(
                  vPagesAt + block + 4L * offset * e,
                  row + 4L * PackedSegments.valueOffset(kvHead, heads),
                  e);
            }
          }
        });
  }

  private static void appendKey(long to, long key, int e) {
    for (int i = 0; i < e; i++) {
      setFloat(to + 4L * i * PAGE_TOKENS, getFloat(key + 4L * i));
    }
  }

  void attend(
      Tensor out,
      Tensor qkv,
      Tensor kPages,
      Tensor vPages,
      Tensor pageTables,
      Tensor rowSequence,
      Tensor rowLength,
      AttentionShape heads) {
    Cache cache =
        new Cache(
            HostBuffer.address(kPages),
            HostBuffer.address(vPages),
            HostBuffer.address(pageTables),
            pageTables.dim1(),
            heads);
    long outAt = HostBuffer.address(out);
    long qkvAt = HostBuffer.address(qkv);
    long sequenceAt = HostBuffer.address(rowSequence);
    long lengthAt = HostBuffer.address(rowLength);
    RowBlocks.run(
        pool,
        qkv.dim0(),
        ROW_GRAIN,
        (from, to, thread) -> {
          for (int t = from; t < to; t++) {
            int keys = getInt(lengthAt + 4L * t);
            long table = cache.pageTables + 4L * getInt(sequenceAt + 4L * t) * cache.maxPages;
            long outRow = outAt + 4L * t * heads.queryWidth();
            long query = qkvAt + 4L * t * heads.qkvWidth();
            row(cache, outRow, query, table, keys, pool, thread);
          }
        });
  }

  /** All heads, step by step: the heads of a step do not wait for each other's sums. */
  private static void row(
      Cache cache, long out, long query, long table, int keys, CpuThreadPool pool, int thread) {
    AttentionShape heads = cache.heads;
    int e = heads.headDim();
    int width = AttentionTile.padded(e);
    int padded = Lanes.roundUp(keys);
    int factors = heads.numHeads() * width;
    int lanes = factors + heads.numHeads();
    int scores = lanes + Lanes.COUNT * heads.numHeads();
    float[] s = pool.floats(thread, scores + padded * heads.numHeads());
    AttentionTile.pack(s, 0, query, 4L * e, heads.numHeads(), e);
    for (int h = 0; h < heads.numHeads(); h++) {
      int kvHead = h / heads.groupSize();
      for (int j = 0; j < keys; j += PAGE_TOKENS) {
        long page = cache.kPages + cache.offset(table, j / PAGE_TOKENS, kvHead);
        int at = scores + h * padded + j;
        scores(s, at, h * width, page, e, (float) heads.scale(), keys - j);
      }
    }
    for (int h = 0; h < heads.numHeads(); h++) {
      s[factors + h] = max(s, scores + h * padded, padded, lanes + h * Lanes.COUNT);
    }
    for (int h = 0; h < heads.numHeads(); h++) {
      s[factors + h] =
          softmax(s, scores + h * padded, padded, s[factors + h], lanes + h * Lanes.COUNT);
    }
    for (int h = 0; h < heads.numHeads(); h++) {
      int kvHead = h / heads.groupSize();
      int weights = scores + h * padded;
      long to = out + 4L * h * e;
      int i = 0;
      for (; i <= e - LANES; i += LANES) {
        values(to + 4L * i, cache, table, kvHead, i, s, weights, keys, s[factors + h]);
      }
      if (i < e) {
        VectorMask<Float> tail = Lanes.tail(i, e);
        values(to + 4L * i, cache, table, kvHead, i, s, weights, keys, s[factors + h], tail);
      }
    }
  }

  /**
   * Scores of the first {@code visible} keys of a page, −∞ for the others, whose memory may hold
   * anything.
   */
  private static void scores(
      float[] s, int at, int query, long page, int e, float scale, int visible) {
    for (int p = 0; p < PAGE_TOKENS; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = 0; i < e; i++) {
        FloatVector k = load(page + 4L * (i * PAGE_TOKENS + p));
        sum = k.fma(FloatVector.broadcast(SPECIES, s[query + i]), sum);
      }
      FloatVector unseen = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      unseen.blend(sum.mul(scale), Lanes.tail(p, visible)).intoArray(s, at + p);
    }
  }

  /** Scores become unnormalised probabilities; returns the reciprocal of their sum. */
  private static float softmax(float[] s, int at, int keys, float max, int lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int j = at + p; j < at + keys; j += Lanes.COUNT) {
        FloatVector weight = CpuMath.exp(FloatVector.fromArray(SPECIES, s, j).sub(max));
        weight.intoArray(s, j);
        sum = sum.add(weight);
      }
      sum.intoArray(s, lanes + p);
    }
    return 1f / Lanes.sum(s, lanes);
  }

  private static float max(float[] s, int at, int keys, int lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      for (int j = at + p; j < at + keys; j += Lanes.COUNT) {
        FloatVector x = FloatVector.fromArray(SPECIES, s, j);
        max = max.blend(x, x.compare(VectorOperators.GT, max));
      }
      max.intoArray(s, lanes + p);
    }
    return Lanes.max(s, lanes);
  }

  /** out = factor · Σ_j weight_j · value_j for the coordinates {@code i .. i+LANES}. */
  private static void values(
      long out,
      Cache cache,
      long table,
      int kvHead,
      int i,
      float[] s,
      int weights,
      int keys,
      float factor) {
    int stride = 4 * cache.heads.headDim();
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int first = 0; first < keys; first += PAGE_TOKENS) {
      long page = cache.vPages + cache.offset(table, first / PAGE_TOKENS, kvHead) + 4L * i;
      int last = Math.min(PAGE_TOKENS, keys - first);
      for (int j = 0; j < last; j++) {
        FloatVector v = load(page + (long) j * stride);
        sum = v.fma(FloatVector.broadcast(SPECIES, s[weights + first + j]), sum);
      }
    }
    store(out, sum.mul(factor));
  }

  /** As above for the coordinates of a mask. */
  private static void values(
      long out,
      Cache cache,
      long table,
      int kvHead,
      int i,
      float[] s,
      int weights,
      int keys,
      float factor,
      VectorMask<Float> tail) {
    int e = cache.heads.headDim();
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int j = 0; j < keys; j++) {
      long page = cache.vPages + cache.offset(table, j / PAGE_TOKENS, kvHead);
      FloatVector v = Lanes.load(page + 4L * ((j % PAGE_TOKENS) * e + i), tail);
      sum = v.fma(FloatVector.broadcast(SPECIES, s[weights + j]), sum);
    }
    Lanes.store(out, sum.mul(factor), tail);
  }

  void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to) {
    int floats = Math.toIntExact(kPages.shape().rowElements());
    long kPagesAt = HostBuffer.address(kPages);
    long vPagesAt = HostBuffer.address(vPages);
    long fromAt = HostBuffer.address(from);
    long toAt = HostBuffer.address(to);
    RowBlocks.run(
        pool,
        from.dim0(),
        ROW_GRAIN,
        (first, last, thread) -> {
          for (int i = first; i < last; i++) {
            long source = 4L * getInt(fromAt + 4L * i) * floats;
            long target = 4L * getInt(toAt + 4L * i) * floats;
            Lanes.copy(kPagesAt + target, kPagesAt + source, floats);
            Lanes.copy(vPagesAt + target, vPagesAt + source, floats);
          }
        });
  }
}
