package org.score4j.kernels.cuda;

import java.util.List;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DType;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Attention over packed segments and over the paged cache. The host knows how many tokens and
 * segments there are, not how long they are: grids are bounds, and the blocks find their work in
 * {@code segments}. Sizes of tiles are those of {@code attention_tiles.cuh} and {@code
 * paged_attention.cu}.
 */
final class CudaAttentionKernels implements AttentionKernels {
  /** Widths of the kernels; a head is served by the narrowest that holds it. */
  private static final List<Integer> WIDTHS = List.of(64, 128, 256);

  private static final int THREADS = 128;
  private static final int COPY_THREADS = 256;
  private static final int WARP = 32;

  /** Query heads one block of paged attention serves. */
  private static final int BLOCK_HEADS = 8;

  /** Keys a block of paged attention takes at once, 32 in each of its 4 warps. */
  private static final int BLOCK_KEYS = 128;

  /** Blocks of paged attention that keep a multiprocessor busy. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  private final CudaDevice device;
  private final Workspace workspace;
  private final List<Kernels> byWidth;
  private final CudaKernel delta;
  private final CudaKernel appendKv;
  private final CudaKernel copyPages;
  private final CudaKernel join;

  CudaAttentionKernels(CudaDevice device, Workspace workspace) {
    this.device = device;
    this.workspace = workspace;
    byWidth = WIDTHS.stream().map(width -> Kernels.of(device, width)).toList();
    delta = device.module("attention_backward").kernel("attention_delta");
    CudaModule paged = device.module("paged_attention");
    appendKv = paged.kernel("append_kv");
    copyPages = paged.kernel("copy_pages");
    join = paged.kernel("paged_attention_join");
  }

  /** The kernels for heads of up to {@code width}. */
  private record Kernels(
      int width,
      CudaKernel forward,
      CudaKernel backwardQueries,
      CudaKernel backwardKeys,
      CudaKernel paged) {
    static Kernels of(CudaDevice device, int width) {
      CudaModule backward = device.module("attention_backward");
      return new Kernels(
          width,
          device.module("attention").kernel("attention_forward_" + width),
          backward.kernel("attention_backward_queries_" + width),
          backward.kernel("attention_backward_keys_" + width),
          device.module("paged_attention").kernel("paged_attention_" + width));
    }

    /** Tokens per tile. */
    int tile() {
      return width > 128 ? 16 : 32;
    }

    /** Tiles of these tokens and segments at most; see {@code find_tile}. */
    int tiles(int tokens, int segments) {
      return tokens / tile() + segments;
    }

    /** Shared memory for tiles of rows and for tiles of scores. */
    int sharedBytes(int rowTiles, int scoreTiles) {
      int floats = rowTiles * tile() * (width + 1) + scoreTiles * tile() * (tile() + 1);
      return floats * Float.BYTES;
    }

    /** Shared memory of paged attention: queries, weights, maxima, sums and results of 4 warps. */
    int pagedSharedBytes() {
      int floats = 5 * BLOCK_HEADS * width + BLOCK_HEADS * BLOCK_KEYS + 2 * 4 * BLOCK_HEADS;
      return floats * Float.BYTES;
    }
  }

  @Override
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    Kernels kernels = kernels(heads);
    CudaKernel kernel = kernels.forward().pointer(out).pointer(logSumExp).pointer(qkv);
    packed(kernel, segments, heads)
        .launch(
            kernels.tiles(qkv.dim0(), segments.dim0()),
            heads.numHeads(),
            1,
            THREADS,
            kernels.sharedBytes(3, 1));
  }

  @Override
  public void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor out,
      Tensor qkv,
      Tensor logSumExp,
      Tensor segments,
      AttentionShape heads) {
    Kernels kernels = kernels(heads);
    int tokens = qkv.dim0();
    int tiles = kernels.tiles(tokens, segments.dim0());
    long mark = workspace.mark();
    try {
      Tensor dOutDotOut = workspace.allocate(DType.F32, Shape.of(tokens, heads.numHeads()));
      long rows = dOutDotOut.elements();
      int rowsPerBlock = COPY_THREADS / WARP;
      delta
          .pointer(dOutDotOut)
          .pointer(dOut)
          .pointer(out)
          .i64(rows)
          .i32(heads.headDim())
          .launch(Math.toIntExact((rows + rowsPerBlock - 1) / rowsPerBlock), 1, 1, COPY_THREADS, 0);
      packed(
              backward(kernels.backwardQueries(), dQkv, dOut, qkv, logSumExp, dOutDotOut),
              segments,
              heads)
          .launch(tiles, heads.numHeads(), 1, THREADS, kernels.sharedBytes(4, 1));
      packed(
              backward(kernels.backwardKeys(), dQkv, dOut, qkv, logSumExp, dOutDotOut),
              segments,
              heads)
          .launch(tiles, heads.numKvHeads(), 1, THREADS, kernels.sharedBytes(4, 2));
    } finally {
      workspace.release(mark);
    }
  }

  @Override
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    layout(appendKv.pointer(kPages).pointer(vPages).pointer(qkv).pointer(slots), heads)
        .launch(qkv.dim0(), 1, 1, COPY_THREADS, 0);
  }

  @Override
  public void pagedAttention(
      Tensor out,
      Tensor qkv,
      Tensor kPages,
      Tensor vPages,
      Tensor pageTables,
      Tensor rowSequence,
      Tensor rowLength,
      AttentionShape heads) {
    Kernels kernels = kernels(heads);
    int rows = qkv.dim0();
    int blocksPerGroup = (heads.groupSize() + BLOCK_HEADS - 1) / BLOCK_HEADS;
    int blocksPerRow = heads.numKvHeads() * blocksPerGroup;
    int splits = splits((long) rows * blocksPerRow, pageTables.dim1());
    long mark = workspace.mark();
    try {
      // With one split the kernel writes the result itself.
      int partials = splits == 1 ? 0 : rows * heads.numHeads() * splits;
      Tensor partialOut = workspace.allocate(DType.F32, Shape.of(partials, heads.headDim()));
      Tensor partialStats = workspace.allocate(DType.F32, Shape.of(partials, 2));
      CudaKernel kernel =
          kernels
              .paged()
              .pointer(out)
              .pointer(partialOut)
              .pointer(partialStats)
              .pointer(qkv)
              .pointer(kPages)
              .pointer(vPages)
              .pointer(pageTables)
              .pointer(rowSequence)
              .pointer(rowLength)
              .i32(pageTables.dim1());
      layout(kernel, heads)
          .f32((float) heads.scale())
          .launch(rows, blocksPerRow, splits, THREADS, kernels.pagedSharedBytes());
      if (splits > 1) {
        join.pointer(out)
            .pointer(partialOut)
            .pointer(partialStats)
            .i32(splits)
            .i32(heads.headDim())
            .launch(rows, heads.numHeads(), 1, THREADS, 0);
      }
    } finally {
      workspace.release(mark);
    }
  }

  @Override
  public void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to) {
    copyPages
        .pointer(kPages)
        .pointer(vPages)
        .pointer(from)
        .pointer(to)
        .i64(kPages.shape().rowElements())
        .launch(from.dim0(), 1, 1, COPY_THREADS, 0);
  }

  /**
   * Over how many blocks the keys of a row are spread: as many as keep the GPU busy, none with less
   * than one step of keys when the sequence is as long as its page table.
   */
  private int splits(long blocks, int maxPages) {
    long wanted = (long) BLOCKS_PER_MULTIPROCESSOR * device.multiprocessors() / Math.max(1, blocks);
    int most = (maxPages * PAGE_TOKENS + BLOCK_KEYS - 1) / BLOCK_KEYS;
    return (int) Math.max(1, Math.min(wanted, most));
  }

  private static CudaKernel backward(
      CudaKernel kernel, Tensor dQkv, Tensor dOut, Tensor qkv, Tensor logSumExp, Tensor delta) {
    return kernel.pointer(dQkv).pointer(dOut).pointer(qkv).pointer(logSumExp).pointer(delta);
  }

  private static CudaKernel packed(CudaKernel kernel, Tensor segments, AttentionShape heads) {
    return layout(kernel.pointer(segments).i32(segments.dim0()), heads).f32((float) heads.scale());
  }

  private static CudaKernel layout(CudaKernel kernel, AttentionShape heads) {
    return kernel.i32(heads.numHeads()).i32(heads.numKvHeads()).i32(heads.headDim());
  }

  private Kernels kernels(AttentionShape heads) {
    for (Kernels kernels : byWidth) {
      if (heads.headDim() <= kernels.width()) {
        return kernels;
      }
    }
    throw new IllegalArgumentException(
        "attention: headDim %d is wider than %d, the most the cuda backend has kernels for; use --device cpu"
            .formatted(heads.headDim(), WIDTHS.getLast()));
  }
}
