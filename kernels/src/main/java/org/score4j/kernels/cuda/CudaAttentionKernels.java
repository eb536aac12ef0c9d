package org.score4j.kernels.cuda;

import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;

/** Attention: not written yet. */
final class CudaAttentionKernels implements AttentionKernels {
  CudaAttentionKernels(CudaDevice device, Workspace workspace) {}

  @Override
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    throw new UnsupportedOperationException("cuda: attention");
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
    throw new UnsupportedOperationException("cuda: attentionBackward");
  }

  @Override
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    throw new UnsupportedOperationException("cuda: appendKv");
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
    throw new UnsupportedOperationException("cuda: pagedAttention");
  }

  @Override
  public void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to) {
    throw new UnsupportedOperationException("cuda: copyPages");
  }
}
