package org.score4j.kernels.cpu;

import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;

/**
 * Attention; see {@link PackedAttention}, {@link PackedAttentionBackward} and {@link
 * PagedAttention}.
 */
final class CpuAttentionKernels implements AttentionKernels {
  private final PackedAttention packed;
  private final PackedAttentionBackward backward;
  private final PagedAttention paged;

  CpuAttentionKernels(CpuThreadPool pool) {
    packed = new PackedAttention(pool);
    backward = new PackedAttentionBackward(pool);
    paged = new PagedAttention(pool);
  }

  @Override
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    packed.run(out, logSumExp, qkv, segments, heads);
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
    backward.run(dQkv, dOut, out, qkv, logSumExp, segments, heads);
  }

  @Override
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    paged.append(kPages, vPages, qkv, slots, heads);
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
    paged.attend(out, qkv, kPages, vPages, pageTables, rowSequence, rowLength, heads);
  }

  @Override
  public void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to) {
    paged.copyPages(kPages, vPages, from, to);
  }
}
