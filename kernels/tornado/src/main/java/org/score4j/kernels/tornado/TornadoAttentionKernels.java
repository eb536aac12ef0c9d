package org.score4j.kernels.tornado;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DType;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** Attention over packed segments and over the paged cache, and its gradients. */
final class TornadoAttentionKernels implements AttentionKernels {
  private final TornadoScratch scratch;
  private final TornadoKernel tokenSegments;
  private final TornadoKernel attend;
  private final TornadoKernel append;
  private final TornadoKernel copyPages;
  private final TornadoKernel outputDots;
  private final TornadoKernel dQueries;
  private final TornadoKernel dKeysAndValues;

  TornadoAttentionKernels(TornadoPlan plan, TornadoScratch scratch) {
    this.scratch = scratch;
    tokenSegments = plan.kernel("tokenSegments", AttentionCode::tokenSegments);
    attend = plan.kernel("attention", AttentionCode::attend);
    append = plan.kernel("appendKv", AttentionCode::append);
    copyPages = plan.kernel("copyPages", AttentionCode::copyPages);
    outputDots = plan.kernel("attentionOutputDots", AttentionBackwardCode::outputDots);
    dQueries = plan.kernel("attentionBackwardQueries", AttentionBackwardCode::dQueries);
    dKeysAndValues = plan.kernel("attentionBackwardKeys", AttentionBackwardCode::dKeysAndValues);
  }

  @Override
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    int tokens = qkv.dim0();
    try (TornadoScratch.Frame frame = scratch.frame()) {
      Segments found = segments(frame, segments, tokens);
      queries(out, logSumExp, qkv, 0, heads)
          .ints(segments)
          .ints(found.ofToken())
          .i32(0)
          .i32(heads.numHeads())
          .i32(heads.groupSize())
          .i32(heads.headDim())
          .i32(heads.qkvWidth())
          .floats(qkv)
          .i32(heads.queryWidth())
          .floats(qkv)
          .i32(heads.queryWidth() + heads.kvWidth())
          .i32(0)
          .i32(0)
          .i32(heads.window())
          .f32(heads.scale())
          .f32(heads.softCap())
          .launchGroups((long) tokens * heads.numHeads());
    }
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
    queries(out, null, qkv, PAGE_TOKENS, heads)
        .ints(pageTables)
        .ints(rowSequence)
        .ints(rowLength)
        .i32(heads.numHeads())
        .i32(heads.groupSize())
        .i32(heads.headDim())
        .i32(heads.qkvWidth())
        .floats(kPages)
        .i32(0)
        .floats(vPages)
        .i32(0)
        .i32(pageTables.dim1())
        .i32(heads.kvWidth())
        .i32(heads.window())
        .f32(heads.scale())
        .f32(heads.softCap())
        .launchGroups((long) qkv.dim0() * heads.numHeads());
  }

  /** The first four arguments of {@link AttentionCode#attend}. */
  private TornadoKernel queries(
      Tensor out, @Nullable Tensor logSumExp, Tensor qkv, int pageTokens, AttentionShape heads) {
    refuseWideHeads(heads);
    return attend.floats(out).floats(logSumExp).floats(qkv).i32(pageTokens);
  }

  /**
   * What kernels ask of the segments.
   *
   * @param rows as given
   * @param ofToken the segment of each token
   * @param end for each segment the one after its last continuation
   */
  private record Segments(Tensor rows, Tensor ofToken, Tensor end) {}

  private Segments segments(TornadoScratch.Frame frame, Tensor rows, int tokens) {
    int n = rows.dim0();
    Tensor ofToken = frame.allocate(DType.I32, Shape.of(tokens));
    Tensor end = frame.allocate(DType.I32, Shape.of(n));
    tokenSegments.ints(ofToken).ints(end).ints(rows).i32(n).launchOver(n);
    return new Segments(rows, ofToken, end);
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
    refuseWideHeads(heads);
    int tokens = qkv.dim0();
    int rows = tokens * heads.numHeads();
    try (TornadoScratch.Frame frame = scratch.frame()) {
      Segments found = segments(frame, segments, tokens);
      Tensor dots = frame.allocate(DType.F32, Shape.of(rows));
      outputDots
          .floats(dots)
          .floats(dOut)
          .floats(out)
          .i32(rows)
          .i32(heads.headDim())
          .launchOver(rows);
      gradients(dQueries, dQkv, dOut, qkv, logSumExp, dots, found, heads).launchGroups(rows);
      gradients(dKeysAndValues, dQkv, dOut, qkv, logSumExp, dots, found, heads)
          .i32(heads.numKvHeads())
          .ints(found.end())
          .launchGroups((long) tokens * heads.numKvHeads());
    }
  }

  private static TornadoKernel gradients(
      TornadoKernel kernel,
      Tensor dQkv,
      Tensor dOut,
      Tensor qkv,
      Tensor logSumExp,
      Tensor dots,
      Segments segments,
      AttentionShape heads) {
    return kernel
        .floats(dQkv)
        .floats(dOut)
        .floats(qkv)
        .floats(logSumExp)
        .floats(dots)
        .ints(segments.rows())
        .ints(segments.ofToken())
        .i32(heads.numHeads())
        .i32(heads.groupSize())
        .i32(heads.headDim())
        .i32(heads.qkvWidth())
        .i32(heads.queryWidth())
        .i32(heads.queryWidth() + heads.kvWidth())
        .i32(heads.window())
        .f32(heads.scale())
        .f32(heads.softCap());
  }

  @Override
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    append
        .floats(kPages)
        .floats(vPages)
        .floats(qkv)
        .ints(slots)
        .i32(qkv.dim0())
        .i32(heads.kvWidth())
        .i32(heads.qkvWidth())
        .launchOver((long) qkv.dim0() * heads.kvWidth());
  }

  @Override
  public void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to) {
    long page = kPages.shape().rowElements();
    copyPages
        .floats(kPages)
        .floats(vPages)
        .ints(from)
        .ints(to)
        .i32(from.dim0())
        .i32(page)
        .launchOver(from.dim0() * page);
  }

  private static void refuseWideHeads(AttentionShape heads) {
    if (heads.headDim() > AttentionCode.MAX_HEAD_DIM) {
      throw new IllegalArgumentException(
          "attention: headDim %d is wider than %d, the most the tornado backend has kernels for; use --device cpu"
              .formatted(heads.headDim(), AttentionCode.MAX_HEAD_DIM));
    }
  }
}
