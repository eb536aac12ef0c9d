package org.score4j.kernels.cuda;

import java.util.ArrayList;
import java.util.List;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DType;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Attention over packed segments and over the paged cache. The host knows how many tokens and
 * segments there are, not how long they are: grids are bounds, and the blocks find their work in
 * {@code segments}. Sizes of tiles are those of {@code attention_tiles.cuh}, {@code
 * attention_mma.cuh} and {@code paged_attention.cu}.
 */
final class CudaAttentionKernels implements AttentionKernels {
  /** Widths of the kernels; a head is served by the narrowest that holds it. */
  private static final List<Integer> WIDTHS = List.of(64, 128, 256);

  /** Widths of heads that the tensor cores take, in bfloat16. */
  private static final List<Integer> TENSOR_CORE_WIDTHS = List.of(64, 128);

  private static final int THREADS = 128;
  private static final int COPY_THREADS = 256;
  private static final int WARP = 32;

  /** Warps of a block of paged attention, which share its keys. */
  private static final int WARPS = 4;

  /** Blocks of paged attention that keep a multiprocessor busy. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  private final CudaDevice device;
  private final Workspace workspace;
  private final Variant plain;
  private final Variant capped;
  private final CudaKernel delta;
  private final CudaKernel appendKv;
  private final CudaKernel copyPages;
  private final CudaKernel join;

  CudaAttentionKernels(CudaDevice device, Workspace workspace) {
    this.device = device;
    this.workspace = workspace;
    plain = Variant.of(device, List.of());
    capped = Variant.of(device, List.of("SCORE4J_CAPPED"));
    CudaModule module = device.module("paged_attention");
    delta = device.module("attention_backward").kernel("attention_delta");
    appendKv = module.kernel("append_kv");
    copyPages = module.kernel("copy_pages");
    join = module.kernel("paged_attention_join");
  }

  /** All kernels, without soft caps and windows or compiled for them; the first that fit serve. */
  private record Variant(List<Packed> packed, List<Paged> paged) {
    static Variant of(CudaDevice device, List<String> defines) {
      List<Packed> packed = new ArrayList<>();
      List<Paged> paged = new ArrayList<>();
      if (device.floatType() == DType.BF16) {
        for (int width : TENSOR_CORE_WIDTHS) {
          packed.add(Packed.onTensorCores(device, defines, width));
          paged.add(Paged.onTensorCores(device, defines, width));
        }
      }
      for (int width : WIDTHS) {
        packed.add(Packed.onCudaCores(device, defines, width));
        paged.add(Paged.onCudaCores(device, defines, width));
      }
      return new Variant(packed, paged);
    }
  }

  /**
   * Kernels over packed segments.
   *
   * @param minWidth narrowest head they take
   * @param maxWidth widest head they take
   * @param tile tokens of a block; the grid has {@code tokens / tile + segments} of them, see
   *     {@code find_tile}
   * @param forward of {@link #attention}
   * @param forwardBytes its shared memory
   * @param queries dQ of {@link #attentionBackward}
   * @param queriesBytes its shared memory
   * @param keys dK and dV
   * @param keysBytes its shared memory
   */
  private record Packed(
      int minWidth,
      int maxWidth,
      int tile,
      CudaKernel forward,
      int forwardBytes,
      CudaKernel queries,
      int queriesBytes,
      CudaKernel keys,
      int keysBytes) {
    /** {@code attention.cu} and {@code attention_backward.cu}: tiles of rows and of scores. */
    static Packed onCudaCores(CudaDevice device, List<String> defines, int width) {
      int tile = width > 128 ? 16 : 32;
      int rows = tile * (width + 1) * Float.BYTES;
      int scores = tile * (tile + 1) * Float.BYTES;
      CudaModule forward = device.module("attention", defines);
      CudaModule backward = device.module("attention_backward", defines);
      return new Packed(
          2,
          width,
          tile,
          forward.kernel("attention_forward_" + width),
          3 * rows + scores,
          backward.kernel("attention_backward_queries_" + width),
          4 * rows + scores,
          backward.kernel("attention_backward_keys_" + width),
          4 * rows + 2 * scores);
    }

    /** {@code attention_mma.cu} and {@code attention_mma_backward.cu}: four tiles of rows. */
    static Packed onTensorCores(CudaDevice device, List<String> defines, int width) {
      int tile = 64;
      int rows = tile * (width + 8) * DType.BF16.byteSize();
      int statistics = 4 * tile * Float.BYTES;
      CudaModule forward = device.module("attention_mma", defines);
      CudaModule backward = device.module("attention_mma_backward", defines);
      return new Packed(
          width,
          width,
          tile,
          forward.kernel("attention_mma_forward_" + width),
          4 * rows,
          backward.kernel("attention_mma_backward_queries_" + width),
          4 * rows,
          backward.kernel("attention_mma_backward_keys_" + width),
          4 * rows + statistics);
    }

    /** Queues a kernel over the segments, {@code kernel} holding the tensors it works on. */
    void launch(
        CudaKernel kernel,
        int tokens,
        int blockHeads,
        int bytes,
        Tensor segments,
        AttentionShape heads) {
      int tiles = tokens / tile + segments.dim0();
      kernel.pointer(segments).i32(segments.dim0()).i32(heads.numHeads()).i32(heads.numKvHeads());
      if (minWidth < maxWidth) {
        kernel.i32(heads.headDim());
      }
      kernel.f32((float) heads.scale());
      limits(kernel, heads).launch(tiles, blockHeads, 1, THREADS, bytes);
    }

    boolean takes(AttentionShape heads) {
      return minWidth <= heads.headDim() && heads.headDim() <= maxWidth;
    }
  }

  /**
   * A kernel over the cache.
   *
   * @param minWidth narrowest head it takes
   * @param maxWidth widest head it takes
   * @param kernel of {@link #pagedAttention}
   * @param queries query heads that a block serves, of one row or of several
   * @param keys keys that a block takes at once
   * @param sharedBytes shared memory
   */
  private record Paged(
      int minWidth, int maxWidth, CudaKernel kernel, int queries, int keys, int sharedBytes) {
    /** {@code paged_attention.cu}: queries, weights, and maxima, sums and results of each warp. */
    static Paged onCudaCores(CudaDevice device, List<String> defines, int width) {
      int queries = 8;
      int keys = WARPS * WARP;
      int floats = queries * (width + keys + WARPS * (2 + width));
      CudaKernel kernel =
          device.module("paged_attention", defines).kernel("paged_attention_" + width);
      return new Paged(2, width, kernel, queries, keys, floats * Float.BYTES);
    }

    /** {@code paged_attention_mma.cu}: maxima, sums and results of each warp. */
    static Paged onTensorCores(CudaDevice device, List<String> defines, int width) {
      int queries = 16;
      int floats = queries * WARPS * (2 + width);
      CudaKernel kernel =
          device.module("paged_attention_mma", defines).kernel("paged_attention_mma_" + width);
      return new Paged(width, width, kernel, queries, WARPS * PAGE_TOKENS, floats * Float.BYTES);
    }

    boolean takes(AttentionShape heads) {
      return minWidth <= heads.headDim() && heads.headDim() <= maxWidth;
    }

    boolean onTensorCores() {
      return minWidth == maxWidth;
    }

    /**
     * Rows of a block. Several where rows share sequences, as when a prompt is read: they read the
     * keys once. Else one, since a block takes its sequences in turn.
     */
    int rowsPerBlock(int rows, int sequences, AttentionShape heads) {
      boolean several = onTensorCores() && rows > sequences;
      return several ? Math.max(1, queries / heads.groupSize()) : 1;
    }
  }

  @Override
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    Packed kernels = packed(heads);
    CudaKernel kernel = kernels.forward().pointer(out).pointer(logSumExp).pointer(qkv);
    kernels.launch(kernel, qkv.dim0(), heads.numHeads(), kernels.forwardBytes(), segments, heads);
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
    Packed kernels = packed(heads);
    int tokens = qkv.dim0();
    long mark = workspace.mark();
    try {
      Tensor dOutDotOut = workspace.allocate(DType.F32, Shape.of(tokens, heads.numHeads()));
      long rows = dOutDotOut.elements();
      delta
          .pointer(dOutDotOut)
          .pointer(dOut)
          .pointer(out)
          .i64(rows)
          .i32(heads.headDim())
          .launch(CudaDevice.blocks(rows, COPY_THREADS / WARP), 1, 1, COPY_THREADS, 0);
      CudaKernel queries = backward(kernels.queries(), dQkv, dOut, qkv, logSumExp, dOutDotOut);
      kernels.launch(queries, tokens, heads.numHeads(), kernels.queriesBytes(), segments, heads);
      CudaKernel keys = backward(kernels.keys(), dQkv, dOut, qkv, logSumExp, dOutDotOut);
      kernels.launch(keys, tokens, heads.numKvHeads(), kernels.keysBytes(), segments, heads);
    } finally {
      workspace.release(mark);
    }
  }

  @Override
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    appendKv
        .pointer(kPages)
        .pointer(vPages)
        .pointer(qkv)
        .pointer(slots)
        .i32(heads.numHeads())
        .i32(heads.numKvHeads())
        .i32(heads.headDim())
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
    Paged paged = paged(heads);
    int rows = qkv.dim0();
    int rowsPerBlock = paged.rowsPerBlock(rows, pageTables.dim0(), heads);
    int blocks = CudaDevice.blocks(rows, rowsPerBlock);
    int blocksPerRow = heads.numKvHeads() * CudaDevice.blocks(heads.groupSize(), paged.queries());
    int splits =
        splits((long) blocks * blocksPerRow, pageTables.dim1() * PAGE_TOKENS, paged.keys());
    long mark = workspace.mark();
    try {
      // With one split the kernel writes the result itself.
      int partials = splits == 1 ? 0 : rows * heads.numHeads() * splits;
      Tensor partialOut = workspace.allocate(DType.F32, Shape.of(partials, heads.headDim()));
      Tensor partialStats = workspace.allocate(DType.F32, Shape.of(partials, 2));
      CudaKernel kernel =
          paged
              .kernel()
              .pointer(out)
              .pointer(partialOut)
              .pointer(partialStats)
              .pointer(qkv)
              .pointer(kPages)
              .pointer(vPages)
              .pointer(pageTables)
              .pointer(rowSequence)
              .pointer(rowLength)
              .i32(pageTables.dim1())
              .i32(heads.numHeads())
              .i32(heads.numKvHeads());
      if (paged.onTensorCores()) {
        kernel.f32((float) heads.scale()).i32(rows).i32(rowsPerBlock);
      } else {
        kernel.i32(heads.headDim()).f32((float) heads.scale());
      }
      limits(kernel, heads).launch(blocks, blocksPerRow, splits, THREADS, paged.sharedBytes());
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
   * than a block takes at once when the sequence is as long as its page table.
   */
  private int splits(long blocks, int maxKeys, int blockKeys) {
    long wanted = (long) BLOCKS_PER_MULTIPROCESSOR * device.multiprocessors() / Math.max(1, blocks);
    return (int) Math.max(1, Math.min(wanted, CudaDevice.blocks(maxKeys, blockKeys)));
  }

  private static CudaKernel backward(
      CudaKernel kernel, Tensor dQkv, Tensor dOut, Tensor qkv, Tensor logSumExp, Tensor delta) {
    return kernel.pointer(dQkv).pointer(dOut).pointer(qkv).pointer(logSumExp).pointer(delta);
  }

  private static CudaKernel limits(CudaKernel kernel, AttentionShape heads) {
    return kernel.f32((float) heads.softCap()).i32(heads.window());
  }

  private Variant variant(AttentionShape heads) {
    return heads.isCappedOrWindowed() ? capped : plain;
  }

  private Packed packed(AttentionShape heads) {
    for (Packed kernels : variant(heads).packed()) {
      if (kernels.takes(heads)) {
        return kernels;
      }
    }
    throw tooWide(heads);
  }

  private Paged paged(AttentionShape heads) {
    for (Paged kernel : variant(heads).paged()) {
      if (kernel.takes(heads)) {
        return kernel;
      }
    }
    throw tooWide(heads);
  }

  private static IllegalArgumentException tooWide(AttentionShape heads) {
    return new IllegalArgumentException(
        "attention: headDim %d is wider than %d, the most the cuda backend has kernels for; use --device cpu"
            .formatted(heads.headDim(), WIDTHS.getLast()));
  }
}
