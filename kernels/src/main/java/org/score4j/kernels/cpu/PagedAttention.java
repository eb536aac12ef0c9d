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
            long scores = pool.scratch(thread, 4L * Lanes.roundUp(keys) + Lanes.BYTES);
            row(
                cache,
                outAt + 4L * t * heads.queryWidth(),
                qkvAt + 4L * t * heads.qkvWidth(),
                table,
                keys,
                scores);
          }
        });
  }

  /** All heads of one query. */
  private static void row(Cache cache, long out, long query, long table, int keys, long scores) {
    AttentionShape heads = cache.heads;
    int e = heads.headDim();
    float scale = (float) heads.scale();
    long lanes = scores + 4L * Lanes.roundUp(keys);
    for (int h = 0; h < heads.numHeads(); h++) {
      int kvHead = h / heads.groupSize();
      for (int j = 0; j < keys; j += PAGE_TOKENS) {
        long page = cache.kPages + cache.offset(table, j / PAGE_TOKENS, kvHead);
        scores(scores + 4L * j, query + 4L * h * e, page, e, scale, keys - j);
      }
      float factor = softmax(scores, keys, lanes);
      long to = out + 4L * h * e;
      int i = 0;
      for (; i <= e - LANES; i += LANES) {
        store(to + 4L * i, values(cache, table, kvHead, i, scores, keys).mul(factor));
      }
      if (i < e) {
        VectorMask<Float> tail = Lanes.tail(i, e);
        Lanes.store(
            to + 4L * i, values(cache, table, kvHead, i, scores, keys, tail).mul(factor), tail);
      }
    }
  }

  /**
   * Scores of the first {@code visible} keys of a page, −∞ for the others, whose memory may hold
   * anything.
   */
  private static void scores(long scores, long query, long page, int e, float scale, int visible) {
    for (int p = 0; p < PAGE_TOKENS; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = 0; i < e; i++) {
        FloatVector k = load(page + 4L * (i * PAGE_TOKENS + p));
        sum = k.fma(FloatVector.broadcast(SPECIES, getFloat(query + 4L * i)), sum);
      }
      FloatVector scaled = sum.mul(scale);
      if (p + LANES > visible) {
        scaled =
            FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY)
                .blend(scaled, Lanes.tail(p, visible));
      }
      store(scores + 4L * p, scaled);
    }
  }

  /** Scores become unnormalised probabilities; returns the reciprocal of their sum. */
  private static float softmax(long scores, int keys, long lanes) {
    float max = max(scores, keys, lanes);
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int j = p; j < keys; j += Lanes.COUNT) {
        FloatVector weight = CpuMath.exp(load(scores + 4L * j).sub(max));
        store(scores + 4L * j, weight);
        sum = sum.add(weight);
      }
      store(lanes + 4L * p, sum);
    }
    return 1f / Lanes.sum(lanes);
  }

  private static float max(long scores, int keys, long lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      for (int j = p; j < keys; j += Lanes.COUNT) {
        max = larger(max, load(scores + 4L * j));
      }
      store(lanes + 4L * p, max);
    }
    return Lanes.max(lanes);
  }

  private static FloatVector larger(FloatVector max, FloatVector s) {
    return max.blend(s, s.compare(VectorOperators.GT, max));
  }

  /** Σ_j weight_j · value_j for the coordinates {@code i .. i+LANES}. */
  private static FloatVector values(
      Cache cache, long table, int kvHead, int i, long weights, int keys) {
    int stride = 4 * cache.heads.headDim();
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int first = 0; first < keys; first += PAGE_TOKENS) {
      long page = cache.vPages + cache.offset(table, first / PAGE_TOKENS, kvHead) + 4L * i;
      int last = Math.min(PAGE_TOKENS, keys - first);
      for (int j = 0; j < last; j++) {
        FloatVector v = load(page + (long) j * stride);
        sum = v.fma(FloatVector.broadcast(SPECIES, getFloat(weights + 4L * (first + j))), sum);
      }
    }
    return sum;
  }

  /** As above for the coordinates of a mask. */
  private static FloatVector values(
      Cache cache, long table, int kvHead, int i, long weights, int keys, VectorMask<Float> tail) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int j = 0; j < keys; j++) {
      long page = cache.vPages + cache.offset(table, j / PAGE_TOKENS, kvHead);
      FloatVector v = Lanes.load(page + 4L * ((j % PAGE_TOKENS) * cache.heads.headDim() + i), tail);
      sum = v.fma(FloatVector.broadcast(SPECIES, getFloat(weights + 4L * j)), sum);
    }
    return sum;
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
