package org.score4j.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The operations a model calls. Checks shapes and types once, with an error that names the
 * argument, then delegates to the backend; see the family interfaces for shapes and equations.
 * Index ranges (token ids, rows, slots) are checked where they are uploaded, on the host.
 */
public final class Ops {
  private final Backend backend;
  private final Checks check;

  /** Operations on {@code backend}. */
  public Ops(Backend backend) {
    this.backend = backend;
    this.check = new Checks(backend.floatType());
  }

  /** The device computed on. */
  public Backend backend() {
    return backend;
  }

  /** Type of weights, activations and gradients. */
  public DType floatType() {
    return backend.floatType();
  }

  /** A new arena of {@code bytes} bytes. */
  public DeviceArena newArena(String name, long bytes) {
    return new DeviceArena(name, backend.newBuffer(Math.max(bytes, DeviceArena.ALIGNMENT_BYTES)));
  }

  // ---- transfers

  /** Copies {@code values[0..n)} into an I32 tensor of n elements. */
  public void upload(Tensor dst, int[] values) {
    check.ints("upload", "dst", dst, dst.dim0(), dst.shape().rowElements());
    backend.transfer().upload(dst, MemorySegment.ofArray(values).asSlice(0, dst.byteSize()));
  }

  /**
   * Copies the first {@code dst.elements()} values into a floating point tensor, converting to its
   * type (F32 or F64).
   */
  public void upload(Tensor dst, float[] values) {
    int n = Math.toIntExact(dst.elements());
    if (dst.dtype() == DType.F32) {
      backend.transfer().upload(dst, MemorySegment.ofArray(values).asSlice(0, dst.byteSize()));
      return;
    }
    double[] wide = new double[n];
    for (int i = 0; i < n; i++) {
      wide[i] = values[i];
    }
    upload(dst, wide);
  }

  /**
   * Copies the first {@code dst.elements()} values into a floating point tensor, rounding to its
   * type (F32 or F64).
   */
  public void upload(Tensor dst, double[] values) {
    int n = Math.toIntExact(dst.elements());
    switch (dst.dtype()) {
      case F64 ->
          backend.transfer().upload(dst, MemorySegment.ofArray(values).asSlice(0, dst.byteSize()));
      case F32 -> {
        float[] narrow = new float[n];
        for (int i = 0; i < n; i++) {
          narrow[i] = (float) values[i];
        }
        backend.transfer().upload(dst, MemorySegment.ofArray(narrow));
      }
      case BF16, I32 ->
          throw new IllegalArgumentException(
              "upload: dst is " + dst.dtype() + ", floats go to F32 or F64");
    }
  }

  /** All elements of an I32 tensor. */
  public int[] downloadInts(Tensor src) {
    int[] values = new int[Math.toIntExact(src.elements())];
    backend.transfer().download(MemorySegment.ofArray(values), src);
    return values;
  }

  /** All elements of an F32 or F64 tensor, rounded to single precision. */
  public float[] downloadFloats(Tensor src) {
    int n = Math.toIntExact(src.elements());
    float[] values = new float[n];
    if (src.dtype() == DType.F32) {
      backend.transfer().download(MemorySegment.ofArray(values), src);
      return values;
    }
    double[] wide = downloadDoubles(src);
    for (int i = 0; i < n; i++) {
      values[i] = (float) wide[i];
    }
    return values;
  }

  /** All elements of an F32 or F64 tensor. */
  public double[] downloadDoubles(Tensor src) {
    int n = Math.toIntExact(src.elements());
    double[] values = new double[n];
    switch (src.dtype()) {
      case F64 -> backend.transfer().download(MemorySegment.ofArray(values), src);
      case F32 -> {
        float[] narrow = downloadFloats(src);
        for (int i = 0; i < n; i++) {
          values[i] = narrow[i];
        }
      }
      case BF16, I32 ->
          throw new IllegalArgumentException(
              "download: src is " + src.dtype() + ", expected F32 or F64");
    }
    return values;
  }

  /** Raw bytes of the device's own type into the tensor. */
  public void uploadBytes(Tensor dst, MemorySegment src) {
    if (src.byteSize() != dst.byteSize()) {
      throw new IllegalArgumentException(
          "upload: %d bytes for a tensor of %d".formatted(src.byteSize(), dst.byteSize()));
    }
    backend.transfer().upload(dst, src);
  }

  /** The tensor's raw bytes, in memory of the arena. */
  public MemorySegment downloadBytes(Tensor src, Arena arena) {
    MemorySegment bytes = arena.allocate(src.byteSize(), ValueLayout.JAVA_DOUBLE.byteSize());
    backend.transfer().download(bytes, src);
    return bytes;
  }

  // ---- matmul

  /** {@link MatmulKernels#linear}. */
  public void linear(Tensor out, Tensor x, Tensor weight, @Nullable Tensor bias) {
    check.floats("linear", "weight", weight);
    check.matrix("linear", "x", x, x.dim0(), weight.dim0());
    check.matrix("linear", "out", out, x.dim0(), weight.dim1());
    check.optionalVector("linear", "bias", bias, weight.dim1());
    check.distinct("linear", "out", out, "x", x);
    backend.matmul().linear(out, x, weight, bias);
  }

  /** {@link MatmulKernels#linearBackwardInput}. */
  public void linearBackwardInput(Tensor dX, Tensor dOut, Tensor weight) {
    String op = "linearBackwardInput";
    check.floats(op, "weight", weight);
    check.matrix(op, "dOut", dOut, dOut.dim0(), weight.dim1());
    check.matrix(op, "dX", dX, dOut.dim0(), weight.dim0());
    check.distinct(op, "dX", dX, "dOut", dOut);
    backend.matmul().linearBackwardInput(dX, dOut, weight);
  }

  /** {@link MatmulKernels#linearBackwardWeight}. */
  public void linearBackwardWeight(Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut) {
    String op = "linearBackwardWeight";
    check.floats(op, "dWeight", dWeight);
    check.matrix(op, "x", x, x.dim0(), dWeight.dim0());
    check.matrix(op, "dOut", dOut, x.dim0(), dWeight.dim1());
    check.optionalVector(op, "dBias", dBias, dWeight.dim1());
    backend.matmul().linearBackwardWeight(dWeight, dBias, x, dOut);
  }

  // ---- norm

  /** {@link NormKernels#rmsNorm}. */
  public void rmsNorm(Tensor out, Tensor rstd, Tensor x, Tensor weight, double eps) {
    norm("rmsNorm", out, rstd, x, weight);
    check.positive("rmsNorm", "eps", eps);
    backend.norm().rmsNorm(out, rstd, x, weight, eps);
  }

  /** {@link NormKernels#addRmsNorm}. */
  public void addRmsNorm(
      Tensor out, Tensor sum, Tensor rstd, Tensor x, Tensor delta, Tensor weight, double eps) {
    norm("addRmsNorm", out, rstd, x, weight);
    check.sameShape("addRmsNorm", "sum", sum, x);
    check.sameShape("addRmsNorm", "delta", delta, x);
    check.positive("addRmsNorm", "eps", eps);
    backend.norm().addRmsNorm(out, sum, rstd, x, delta, weight, eps);
  }

  /** {@link NormKernels#rmsNormBackward}. */
  public void rmsNormBackward(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd) {
    norm("rmsNormBackward", dOut, rstd, x, weight);
    check.sameShape("rmsNormBackward", "dX", dX, x);
    check.vector("rmsNormBackward", "dWeight", dWeight, weight.elements());
    backend.norm().rmsNormBackward(dX, dWeight, dOut, x, weight, rstd);
  }

  /** {@link NormKernels#rmsNormBackwardAdd}. */
  public void rmsNormBackwardAdd(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd) {
    norm("rmsNormBackwardAdd", dOut, rstd, x, weight);
    check.sameShape("rmsNormBackwardAdd", "dX", dX, x);
    check.vector("rmsNormBackwardAdd", "dWeight", dWeight, weight.elements());
    backend.norm().rmsNormBackwardAdd(dX, dWeight, dOut, x, weight, rstd);
  }

  private void norm(String op, Tensor out, Tensor rstd, Tensor x, Tensor weight) {
    check.floats(op, "weight", weight);
    if (x.shape().rowElements() != weight.elements()) {
      throw new IllegalArgumentException(
          "%s: weight has shape %s, x has width %d; the checkpoint's hidden_size and the config's model.width differ, use config.json's"
              .formatted(op, weight.shape(), x.shape().rowElements()));
    }
    check.sameShape(op, "out", out, x);
    check.vector(op, "rstd", rstd, x.dim0());
  }

  /** {@link NormKernels#qkNorm}. */
  public void qkNorm(
      Tensor out,
      Tensor rstd,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      double eps,
      AttentionShape heads) {
    check.matrix("qkNorm", "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    check.sameShape("qkNorm", "out", out, qkv);
    check.distinct("qkNorm", "out", out, "qkv", qkv);
    qkWeights("qkNorm", rstd, qkv, qWeight, kWeight, heads);
    backend.norm().qkNorm(out, rstd, qkv, qWeight, kWeight, eps, heads);
  }

  /** {@link NormKernels#qkNormBackward}. */
  public void qkNormBackward(
      Tensor dQkv,
      Tensor dQWeight,
      Tensor dKWeight,
      Tensor dOut,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      Tensor rstd,
      AttentionShape heads) {
    String op = "qkNormBackward";
    check.matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    check.sameShape(op, "dQkv", dQkv, qkv);
    check.sameShape(op, "dOut", dOut, qkv);
    check.distinct(op, "dQkv", dQkv, "dOut", dOut);
    check.vector(op, "dQWeight", dQWeight, heads.headDim());
    check.vector(op, "dKWeight", dKWeight, heads.headDim());
    qkWeights(op, rstd, qkv, qWeight, kWeight, heads);
    backend
        .norm()
        .qkNormBackward(dQkv, dQWeight, dKWeight, dOut, qkv, qWeight, kWeight, rstd, heads);
  }

  private void qkWeights(
      String op, Tensor rstd, Tensor qkv, Tensor qWeight, Tensor kWeight, AttentionShape heads) {
    check.matrix(op, "rstd", rstd, qkv.dim0(), heads.numHeads() + heads.numKvHeads());
    check.vector(op, "qWeight", qWeight, heads.headDim());
    check.vector(op, "kWeight", kWeight, heads.headDim());
  }

  // ---- rope

  /** {@link RopeKernels#rope}. */
  public void rope(Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    checkRope("rope", qkv, positions, cos, sin, heads);
    backend.rope().rope(qkv, positions, cos, sin, heads);
  }

  /** {@link RopeKernels#ropeBackward}. */
  public void ropeBackward(
      Tensor dQkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    checkRope("ropeBackward", dQkv, positions, cos, sin, heads);
    backend.rope().ropeBackward(dQkv, positions, cos, sin, heads);
  }

  private void checkRope(
      String op, Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    check.matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    check.ints(op, "positions", positions, qkv.dim0(), 1);
    check.matrix(op, "cos", cos, cos.dim0(), heads.headDim() / 2);
    check.matrix(op, "sin", sin, cos.dim0(), heads.headDim() / 2);
  }

  // ---- attention

  /** {@link AttentionKernels#attention}. */
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    packed("attention", out, logSumExp, qkv, segments, heads);
    backend.attention().attention(out, logSumExp, qkv, segments, heads);
  }

  /** {@link AttentionKernels#attentionBackward}. */
  public void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor out,
      Tensor qkv,
      Tensor logSumExp,
      Tensor segments,
      AttentionShape heads) {
    packed("attentionBackward", out, logSumExp, qkv, segments, heads);
    check.sameShape("attentionBackward", "dOut", dOut, out);
    check.sameShape("attentionBackward", "dQkv", dQkv, qkv);
    check.distinct("attentionBackward", "dQkv", dQkv, "qkv", qkv);
    backend.attention().attentionBackward(dQkv, dOut, out, qkv, logSumExp, segments, heads);
  }

  private void packed(
      String op, Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    check.matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    check.matrix(op, "out", out, qkv.dim0(), heads.queryWidth());
    check.matrix(op, "logSumExp", logSumExp, qkv.dim0(), heads.numHeads());
    check.ints(op, "segments", segments, segments.dim0(), 4);
  }

  /** {@link AttentionKernels#appendKv}. */
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    cached("appendKv", kPages, vPages, qkv, heads);
    check.ints("appendKv", "slots", slots, qkv.dim0(), 1);
    backend.attention().appendKv(kPages, vPages, qkv, slots, heads);
  }

  /** {@link AttentionKernels#pagedAttention}. */
  public void pagedAttention(
      Tensor out,
      Tensor qkv,
      Tensor kPages,
      Tensor vPages,
      Tensor pageTables,
      Tensor rowSequence,
      Tensor rowLength,
      AttentionShape heads) {
    cached("pagedAttention", kPages, vPages, qkv, heads);
    check.matrix("pagedAttention", "out", out, qkv.dim0(), heads.queryWidth());
    check.ints("pagedAttention", "pageTables", pageTables, pageTables.dim0(), pageTables.dim1());
    check.ints("pagedAttention", "rowSequence", rowSequence, qkv.dim0(), 1);
    check.ints("pagedAttention", "rowLength", rowLength, qkv.dim0(), 1);
    backend
        .attention()
        .pagedAttention(out, qkv, kPages, vPages, pageTables, rowSequence, rowLength, heads);
  }

  /** {@link AttentionKernels#copyPages}. */
  public void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to) {
    check.sameShape("copyPages", "vPages", vPages, kPages);
    check.ints("copyPages", "from", from, from.dim0(), 1);
    check.ints("copyPages", "to", to, from.dim0(), 1);
    backend.attention().copyPages(kPages, vPages, from, to);
  }

  private void cached(String op, Tensor kPages, Tensor vPages, Tensor qkv, AttentionShape heads) {
    check.matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    check.matrix(
        op, "kPages", kPages, kPages.dim0(), (long) AttentionKernels.PAGE_TOKENS * heads.kvWidth());
    check.sameShape(op, "vPages", vPages, kPages);
  }

  // ---- activation, embedding

  /** {@link ActivationKernels#swiglu}. */
  public void swiglu(Tensor out, Tensor gateUp) {
    check.floats("swiglu", "out", out);
    check.matrix("swiglu", "gateUp", gateUp, out.dim0(), 2 * out.shape().rowElements());
    backend.activation().swiglu(out, gateUp);
  }

  /** {@link ActivationKernels#swigluBackward}. */
  public void swigluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    check.floats("swigluBackward", "dOut", dOut);
    check.matrix("swigluBackward", "gateUp", gateUp, dOut.dim0(), 2 * dOut.shape().rowElements());
    check.sameShape("swigluBackward", "dGateUp", dGateUp, gateUp);
    backend.activation().swigluBackward(dGateUp, dOut, gateUp);
  }

  /** {@link EmbeddingKernels#embedding}. */
  public void embedding(Tensor out, Tensor ids, Tensor weight) {
    rowwise("embedding", out, weight, ids);
    backend.embedding().embedding(out, ids, weight);
  }

  /** {@link EmbeddingKernels#embeddingBackward}. */
  public void embeddingBackward(Tensor dWeight, Tensor dOut, Tensor ids) {
    rowwise("embeddingBackward", dOut, dWeight, ids);
    backend.embedding().embeddingBackward(dWeight, dOut, ids);
  }

  /** {@link EmbeddingKernels#gatherRows}. */
  public void gatherRows(Tensor out, Tensor x, Tensor rows) {
    rowwise("gatherRows", out, x, rows);
    check.distinct("gatherRows", "out", out, "x", x);
    backend.embedding().gatherRows(out, x, rows);
  }

  /** {@link EmbeddingKernels#scatterAddRows}. */
  public void scatterAddRows(Tensor dX, Tensor dOut, Tensor rows) {
    rowwise("scatterAddRows", dOut, dX, rows);
    check.distinct("scatterAddRows", "dX", dX, "dOut", dOut);
    backend.embedding().scatterAddRows(dX, dOut, rows);
  }

  private void rowwise(String op, Tensor picked, Tensor table, Tensor indices) {
    check.floats(op, "table", table);
    check.matrix(op, "rows picked", picked, picked.dim0(), table.shape().rowElements());
    check.ints(op, "indices", indices, picked.dim0(), 1);
  }

  // ---- loss, sampling

  /** {@link LossKernels#lmHead}. */
  public void lmHead(
      LossKernels.HeadOutputs outputs,
      LossKernels.@Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor head,
      Tensor targets,
      LossKernels.@Nullable HeadReference reference,
      double inverseTemperature) {
    String op = "lmHead";
    int n = hidden.dim0();
    check.matrix(op, "hidden", hidden, n, head.shape().rowElements());
    check.floats(op, "head", head);
    check.ints(op, "targets", targets, n, 1);
    check.vector(op, "logProb", outputs.logProb(), n);
    check.vector(op, "entropy", outputs.entropy(), n);
    check.optionalVector(op, "kl", outputs.kl(), n);
    check.optionalVector(op, "refLogProb", outputs.refLogProb(), n);
    check.positive(op, "inverseTemperature", inverseTemperature);
    if ((reference == null) != (outputs.kl() == null)
        || (reference == null) != (outputs.refLogProb() == null)) {
      throw new IllegalArgumentException(
          op + ": kl and refLogProb are written with a reference, and only then");
    }
    if (reference != null) {
      check.matrix(
          op, "reference hidden", reference.hidden(), n, reference.head().shape().rowElements());
      check.matrix(
          op,
          "reference head",
          reference.head(),
          head.dim0(),
          reference.hidden().shape().rowElements());
    }
    if (gradients != null) {
      check.sameShape(op, "dHidden", gradients.dHidden(), hidden);
      check.sameShape(op, "dHead", gradients.dHead(), head);
      check.vector(op, "logProbCoef", gradients.logProbCoef(), n);
      check.optionalVector(op, "klCoef", gradients.klCoef(), n);
      if (gradients.klCoef() != null && reference == null) {
        throw new IllegalArgumentException(op + ": klCoef given without a reference model");
      }
    }
    backend.loss().lmHead(outputs, gradients, hidden, head, targets, reference, inverseTemperature);
  }

  /** {@link SamplingKernels#sample}. */
  public void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature) {
    int n = hidden.dim0();
    check.ints("sample", "ids", ids, n, 1);
    check.vector("sample", "logProbs", logProbs, n);
    check.floats("sample", "head", head);
    check.matrix("sample", "hidden", hidden, n, head.shape().rowElements());
    check.ints("sample", "randomness", randomness, n, 3);
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException(
          "sample: temperature is " + temperature + ", it must be 0 (greedy) or positive");
    }
    backend.sampling().sample(ids, logProbs, hidden, head, randomness, temperature);
  }

  // ---- optimiser, elementwise

  /** {@link OptimizerKernels#adamW}. */
  public void adamW(
      Tensor param,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor grad,
      OptimizerKernels.AdamWStep step) {
    check.floats("adamW", "param", param);
    check.sameShape("adamW", "firstMoment", firstMoment, param);
    check.sameShape("adamW", "secondMoment", secondMoment, param);
    check.sameShape("adamW", "grad", grad, param);
    backend.optimizer().adamW(param, firstMoment, secondMoment, grad, step);
  }

  /** {@link OptimizerKernels#sumOfSquares}. */
  public double sumOfSquares(Tensor x) {
    check.floats("sumOfSquares", "x", x);
    return backend.optimizer().sumOfSquares(x);
  }

  /** {@link ElementwiseKernels#fill}. */
  public void fill(Tensor x, double value) {
    check.floats("fill", "x", x);
    backend.elementwise().fill(x, value);
  }

  /** {@link ElementwiseKernels#add}. */
  public void add(Tensor out, Tensor a, Tensor b) {
    check.sameShape("add", "a", a, out);
    check.sameShape("add", "b", b, out);
    check.floats("add", "out", out);
    backend.elementwise().add(out, a, b);
  }

  /** {@link ElementwiseKernels#scale}. */
  public void scale(Tensor out, Tensor x, double factor) {
    check.sameShape("scale", "x", x, out);
    check.floats("scale", "out", out);
    backend.elementwise().scale(out, x, factor);
  }

  /** {@link ElementwiseKernels#cast}. */
  public void cast(Tensor out, Tensor x) {
    if (!out.dtype().isFloat() || !x.dtype().isFloat() || out.elements() != x.elements()) {
      throw new IllegalArgumentException(
          "cast: out is %s %s, x is %s %s; both must be floating point and of equal size"
              .formatted(out.dtype(), out.shape(), x.dtype(), x.shape()));
    }
    backend.elementwise().cast(out, x);
  }
}
