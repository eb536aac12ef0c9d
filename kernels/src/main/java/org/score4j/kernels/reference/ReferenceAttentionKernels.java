package org.score4j.kernels.reference;

import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;

/**
 * Attention with softmax over all keys of a query at once. Packed and paged queries differ only in
 * where their keys lie and share the arithmetic, so they agree bit for bit.
 *
 * <p>Page layout: (page, offset in the page, key/value head, headDim), row-major.
 */
final class ReferenceAttentionKernels implements AttentionKernels {

  @Override
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    Doubles in = Doubles.of(qkv);
    for (int s = 0; s < segments.dim0(); s++) {
      Segment segment = Segment.of(segments, s);
      for (int i = 0; i < segment.length(); i++) {
        int token = segment.start() + i;
        for (int h = 0; h < heads.numHeads(); h++) {
          int index = segment.prefixLength() + i;
          int first = heads.firstKey(index);
          long[] keyAt = new long[index - first + 1];
          long[] valueAt = new long[keyAt.length];
          for (int j = 0; j < keyAt.length; j++) {
            keyAt[j] = keyAt(segment.token(first + j), h, heads);
            valueAt[j] = keyAt[j] + heads.kvWidth();
          }
          double[] query = in.copy(queryAt(token, h, heads), heads.headDim());
          double lse =
              attend(Doubles.of(out), outAt(token, h, heads), query, in, keyAt, in, valueAt, heads);
          Doubles.of(logSumExp).set((long) token * heads.numHeads() + h, lse);
        }
      }
    }
  }

  /**
   * Per query i and key j, with {@code P_ij = exp(s_ij − logSumExp_i)} and {@code D_i = dOut_i ·
   * out_i}: {@code dV_j += P_ij dOut_i}, {@code dS_ij = P_ij (dOut_i · V_j − D_i)}, {@code dQ_i +=
   * scale dS_ij K_j}, {@code dK_j += scale dS_ij Q_i}; with capped scores, {@code dS_ij} times
   * {@code 1 − (s_ij/softCap)²}.
   */
  @Override
  public void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor out,
      Tensor qkv,
      Tensor logSumExp,
      Tensor segments,
      AttentionShape heads) {
    Doubles d = Doubles.of(dQkv);
    Doubles in = Doubles.of(qkv);
    for (long i = 0; i < dQkv.elements(); i++) {
      d.set(i, 0);
    }
    int headDim = heads.headDim();
    for (int s = 0; s < segments.dim0(); s++) {
      Segment segment = Segment.of(segments, s);
      for (int i = 0; i < segment.length(); i++) {
        int token = segment.start() + i;
        for (int h = 0; h < heads.numHeads(); h++) {
          long queryAt = queryAt(token, h, heads);
          double lse = Doubles.of(logSumExp).get((long) token * heads.numHeads() + h);
          double[] query = in.copy(queryAt, headDim);
          double[] dOutRow = Doubles.of(dOut).copy(outAt(token, h, heads), headDim);
          double dOutDotOut = dot(dOutRow, Doubles.of(out), outAt(token, h, heads));
          int index = segment.prefixLength() + i;
          for (int j = heads.firstKey(index); j <= index; j++) {
            long keyAt = keyAt(segment.token(j), h, heads);
            long valueAt = keyAt + heads.kvWidth();
            double score = capped(heads.scale() * dot(query, in, keyAt), heads);
            double p = Math.exp(score - lse);
            double tanh = heads.softCap() == 0 ? 0 : score / heads.softCap();
            double slope = heads.scale() * (1 - tanh * tanh);
            double dScore = slope * p * (dot(dOutRow, in, valueAt) - dOutDotOut);
            for (int e = 0; e < headDim; e++) {
              d.add(queryAt + e, dScore * in.get(keyAt + e));
              d.add(keyAt + e, dScore * query[e]);
              d.add(valueAt + e, p * dOutRow[e]);
            }
          }
        }
      }
    }
  }

  @Override
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    int width = heads.kvWidth();
    for (int t = 0; t < qkv.dim0(); t++) {
      long slot = (long) Ints.of(slots).get(t) * width;
      long keys = keyAt(t, 0, heads);
      Doubles.of(kPages).put(slot, Doubles.of(qkv).copy(keys, width));
      Doubles.of(vPages).put(slot, Doubles.of(qkv).copy(keys + width, width));
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
    for (int t = 0; t < qkv.dim0(); t++) {
      long table = (long) Ints.of(rowSequence).get(t) * pageTables.dim1();
      int length = Ints.of(rowLength).get(t);
      int first = heads.firstKey(length - 1);
      long[] at = new long[length - first];
      for (int h = 0; h < heads.numHeads(); h++) {
        for (int j = 0; j < at.length; j++) {
          long page = Ints.of(pageTables).get(table + (first + j) / PAGE_TOKENS);
          long slot = page * PAGE_TOKENS + (first + j) % PAGE_TOKENS;
          at[j] = slot * heads.kvWidth() + (long) (h / heads.groupSize()) * heads.headDim();
        }
        double[] query = Doubles.of(qkv).copy(queryAt(t, h, heads), heads.headDim());
        Doubles k = Doubles.of(kPages);
        Doubles v = Doubles.of(vPages);
        attend(Doubles.of(out), outAt(t, h, heads), query, k, at, v, at, heads);
      }
    }
  }

  @Override
  public void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to) {
    int page = Math.toIntExact(kPages.shape().rowElements());
    for (int i = 0; i < from.dim0(); i++) {
      long source = (long) Ints.of(from).get(i) * page;
      long target = (long) Ints.of(to).get(i) * page;
      Doubles.of(kPages).put(target, Doubles.of(kPages).copy(source, page));
      Doubles.of(vPages).put(target, Doubles.of(vPages).copy(source, page));
    }
  }

  /**
   * One query head over its keys, first key first: {@code out = Σ_j softmax_j(capped(scale · query
   * · k_j)) v_j}.
   *
   * @return log of the softmax denominator
   */
  private static double attend(
      Doubles out,
      long outAt,
      double[] query,
      Doubles k,
      long[] keyAt,
      Doubles v,
      long[] valueAt,
      AttentionShape heads) {
    double[] scores = new double[keyAt.length];
    for (int j = 0; j < scores.length; j++) {
      scores[j] = capped(heads.scale() * dot(query, k, keyAt[j]), heads);
    }
    double max = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      max = Math.max(max, score);
    }
    double denominator = 0;
    double[] row = new double[query.length];
    for (int j = 0; j < scores.length; j++) {
      double weight = Math.exp(scores[j] - max);
      denominator += weight;
      for (int e = 0; e < row.length; e++) {
        row[e] += weight * v.get(valueAt[j] + e);
      }
    }
    for (int e = 0; e < row.length; e++) {
      out.set(outAt + e, row[e] / denominator);
    }
    return max + Math.log(denominator);
  }

  private static double capped(double score, AttentionShape heads) {
    return heads.softCap() == 0 ? score : heads.softCap() * Math.tanh(score / heads.softCap());
  }

  private static double dot(double[] a, Doubles b, long at) {
    double sum = 0;
    for (int e = 0; e < a.length; e++) {
      sum += a[e] * b.get(at + e);
    }
    return sum;
  }

  private static long queryAt(int token, int head, AttentionShape heads) {
    return (long) token * heads.qkvWidth() + (long) head * heads.headDim();
  }

  private static long outAt(int token, int head, AttentionShape heads) {
    return (long) token * heads.queryWidth() + (long) head * heads.headDim();
  }

  /**
   * Where the key that query head {@code head} reads lies in a packed row; its value lies {@code
   * kvWidth} further on.
   */
  private static long keyAt(int token, int head, AttentionShape heads) {
    long kvHead = head / heads.groupSize();
    return (long) token * heads.qkvWidth() + heads.queryWidth() + kvHead * heads.headDim();
  }

  /** One row of a segments tensor. */
  private record Segment(int start, int length, int prefixStart, int prefixLength) {
    static Segment of(Tensor segments, int row) {
      Ints s = Ints.of(segments);
      long at = 4L * row;
      return new Segment(s.get(at), s.get(at + 1), s.get(at + 2), s.get(at + 3));
    }

    /** The token with index {@code j} in the sequence, prefix first. */
    int token(int j) {
      return j < prefixLength ? prefixStart + j : start + j - prefixLength;
    }
  }
}
