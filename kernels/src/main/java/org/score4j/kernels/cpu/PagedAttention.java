package org.score4j.kernels.cpu;

import static org.score4j.kernels.AttentionKernels.PAGE_TOKENS;
import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.getInt;
import static org.score4j.kernels.cpu.HostMemory.setFloat;

import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Attention against the KV cache, one query at a time, each by {@link PagedQuery}.
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
    PagedQuery.Cache cache =
        new PagedQuery.Cache(
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
            long table = cache.pageTables() + 4L * getInt(sequenceAt + 4L * t) * cache.maxPages();
            long outRow = outAt + 4L * t * heads.queryWidth();
            long query = qkvAt + 4L * t * heads.qkvWidth();
            // Whole pages before the window are left out.
            int first = CappedTile.firstKey(heads, keys - 1);
            int hidden = heads.firstKey(keys - 1) - first;
            long seen = table + 4L * (first / PAGE_TOKENS);
            PagedQuery.attend(cache, outRow, query, seen, hidden, keys - first, pool, thread);
          }
        });
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
