package org.score4j.kernels;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations a model calls. Checks shapes and types once, with an error that names the
 * argument, then delegates to the backend; see the family interfaces for shapes and equations.
 * Index ranges (token ids, rows, slots) are checked where they are uploaded, on the host.
 */
public final class Ops extends Transfers {
  private final Backend backend;
  private final Checks check;
  private final List<DeviceArena> arenas = new ArrayList<>();

  /** Operations on {@code backend}. */
  public Ops(Backend backend) {
    super(backend.transfer());
    this.backend = backend;
    this.check = new Checks(backend);
  }

  /** The device computed on. */
  public Backend backend() {
    return backend;
  }

  /** {@link Backend#floatType}. */
  public DType floatType() {
    return backend.floatType();
  }

  /** {@link Backend#stateType}. */
  public DType stateType() {
    return backend.stateType();
  }

  /** A new arena of {@code bytes} bytes. */
  public DeviceArena newArena(String name, long bytes) {
    return new DeviceArena(
        name, backend.newBuffer(name, Math.max(bytes, DeviceArena.ALIGNMENT_BYTES)), arenas);
  }

  /** As {@link #newArena}, all bytes zero. */
  public DeviceArena newZeroedArena(String name, long bytes) {
    DeviceArena arena = newArena(name, DeviceArena.align(bytes));
    if (!backend.zeroesNewBuffers()) {
      fill(arena.whole(stateType()), 0);
    }
    return arena;
  }

  /** The arenas that are open, in the order in which they were made. */
  public List<DeviceArena> arenas() {
    return List.copyOf(arenas);
  }

  // ---- matmul

  /** {@link MatmulKernels#linear}. */
  public void linear(Tensor out, Tensor x, Tensor weight, @Nullable Tensor bias) {
    check.weights("linear", "weight", weight);
    check.matrix("linear", "x", x, x.dim0(), weight.dim0());
    check.matrix("linear", "out", out, x.dim0(), weight.dim1());
    check.optionalVector("linear", "bias", bias, weight.dim1());
    check.distinct("linear", "out", out, "x", x);
    backend.matmul().linear(out, x, weight, bias);
  }

  /** {@link MatmulKernels#linearBackwardInput}. */
  public void linearBackwardInput(Tensor dX, Tensor dOut, Tensor weight) {
    String op = "linearBackwardInput";
    check.weights(op, "weight", weight);
    check.matrix(op, "dOut", dOut, dOut.dim0(), weight.dim1());
    check.matrix(op, "dX", dX, dOut.dim0(), weight.dim0());
    check.distinct(op, "dX", dX, "dOut", dOut);
    backend.matmul().linearBackwardInput(dX, dOut, weight);
  }

  /** {@link MatmulKernels#linearBackwardWeight}. */
  public void linearBackwardWeight(Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut) {
    String op = "linearBackwardWeight";
    check.state(op, "dWeight", dWeight);
    check.matrix(op, "x", x, x.dim0(), dWeight.dim0());
    check.matrix(op, "dOut", dOut, x.dim0(), dWeight.dim1());
    check.optionalStateVector(op, "dBias", dBias, dWeight.dim1());
    backend.matmul().linearBackwardWeight(dWeight, dBias, x, dOut);
  }

  /** {@link NormKernels#rmsNorm}. */
  public void rmsNorm(Tensor out, Tensor rstd, Tensor x, Tensor weight, double offset, double eps) {
    check.norm("rmsNorm", out, rstd, x, weight);
    check.positive("rmsNorm", "eps", eps);
    backend.norm().rmsNorm(out, rstd, x, weight, offset, eps);
  }

  /** {@link NormKernels#addRmsNorm}. */
  public void addRmsNorm(
      Tensor out,
      Tensor sum,
      Tensor rstd,
      Tensor x,
      Tensor delta,
      Tensor weight,
      double offset,
      double eps) {
    check.norm("addRmsNorm", out, rstd, x, weight);
    check.sameShape("addRmsNorm", "sum", sum, x);
    check.sameShape("addRmsNorm", "delta", delta, x);
    check.positive("addRmsNorm", "eps", eps);
    backend.norm().addRmsNorm(out, sum, rstd, x, delta, weight, offset, eps);
  }

  /** {@link NormKernels#rmsNormBackward}. */
  public void rmsNormBackward(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    check.norm("rmsNormBackward", dOut, rstd, x, weight);
    check.sameShape("rmsNormBackward", "dX", dX, x);
    check.stateVector("rmsNormBackward", "dWeight", dWeight, weight.elements());
    backend.norm().rmsNormBackward(dX, dWeight, dOut, x, weight, rstd, offset);
  }

  /** {@link NormKernels#rmsNormBackwardAdd}. */
  public void rmsNormBackwardAdd(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    check.norm("rmsNormBackwardAdd", dOut, rstd, x, weight);
    check.sameShape("rmsNormBackwardAdd", "dX", dX, x);
    check.stateVector("rmsNormBackwardAdd", "dWeight", dWeight, weight.elements());
    backend.norm().rmsNormBackwardAdd(dX, dWeight, dOut, x, weight, rstd, offset);
  }

  /** {@link NormKernels#qkNorm}. */
  public void qkNorm(
      Tensor out,
      Tensor rstd,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      double offset,
      double eps,
      AttentionShape heads) {
    check.matrix("qkNorm", "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    check.sameShape("qkNorm", "out", out, qkv);
    check.distinct("qkNorm", "out", out, "qkv", qkv);
    check.qkWeights("qkNorm", rstd, qkv, qWeight, kWeight, heads);
    backend.norm().qkNorm(out, rstd, qkv, qWeight, kWeight, offset, eps, heads);
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
      double offset,
      AttentionShape heads) {
    String op = "qkNormBackward";
    check.matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    check.sameShape(op, "dQkv", dQkv, qkv);
    check.sameShape(op, "dOut", dOut, qkv);
    check.distinct(op, "dQkv", dQkv, "dOut", dOut);
    check.stateVector(op, "dQWeight", dQWeight, heads.headDim());
    check.stateVector(op, "dKWeight", dKWeight, heads.headDim());
    check.qkWeights(op, rstd, qkv, qWeight, kWeight, heads);
    backend
        .norm()
        .qkNormBackward(dQkv, dQWeight, dKWeight, dOut, qkv, qWeight, kWeight, rstd, offset, heads);
  }

  /** {@link RopeKernels#rope}. */
  public void rope(Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    check.rope("rope", qkv, positions, cos, sin, heads);
    backend.rope().rope(qkv, positions, cos, sin, heads);
  }

  /** {@link RopeKernels#ropeBackward}. */
  public void ropeBackward(
      Tensor dQkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    check.rope("ropeBackward", dQkv, positions, cos, sin, heads);
    backend.rope().ropeBackward(dQkv, positions, cos, sin, heads);
  }

  /** {@link AttentionKernels#attention}. */
  public void attention(
      Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    check.packed("attention", out, logSumExp, qkv, segments, heads);
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
    check.packed("attentionBackward", out, logSumExp, qkv, segments, heads);
    check.sameShape("attentionBackward", "dOut", dOut, out);
    check.sameShape("attentionBackward", "dQkv", dQkv, qkv);
    check.distinct("attentionBackward", "dQkv", dQkv, "qkv", qkv);
    backend.attention().attentionBackward(dQkv, dOut, out, qkv, logSumExp, segments, heads);
  }

  /** {@link AttentionKernels#appendKv}. */
  public void appendKv(
      Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads) {
    check.cached("appendKv", kPages, vPages, qkv, heads);
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
    check.cached("pagedAttention", kPages, vPages, qkv, heads);
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

  /** {@link ActivationKernels#geglu}. */
  public void geglu(Tensor out, Tensor gateUp) {
    check.floats("geglu", "out", out);
    check.matrix("geglu", "gateUp", gateUp, out.dim0(), 2 * out.shape().rowElements());
    backend.activation().geglu(out, gateUp);
  }

  /** {@link ActivationKernels#gegluBackward}. */
  public void gegluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    check.floats("gegluBackward", "dOut", dOut);
    check.matrix("gegluBackward", "gateUp", gateUp, dOut.dim0(), 2 * dOut.shape().rowElements());
    check.sameShape("gegluBackward", "dGateUp", dGateUp, gateUp);
    backend.activation().gegluBackward(dGateUp, dOut, gateUp);
  }

  /** {@link EmbeddingKernels#embedding}. */
  public void embedding(Tensor out, Tensor ids, Tensor weight) {
    check.weights("embedding", "weight", weight);
    check.rowwise("embedding", out, weight, ids);
    backend.embedding().embedding(out, ids, weight);
  }

  /** {@link EmbeddingKernels#embeddingBackward}. */
  public void embeddingBackward(Tensor dWeight, Tensor dOut, Tensor ids) {
    check.state("embeddingBackward", "dWeight", dWeight);
    check.rowwise("embeddingBackward", dOut, dWeight, ids);
    backend.embedding().embeddingBackward(dWeight, dOut, ids);
  }

  /** {@link EmbeddingKernels#gatherRows}. */
  public void gatherRows(Tensor out, Tensor x, Tensor rows) {
    check.floats("gatherRows", "x", x);
    check.rowwise("gatherRows", out, x, rows);
    check.distinct("gatherRows", "out", out, "x", x);
    backend.embedding().gatherRows(out, x, rows);
  }

  /** {@link EmbeddingKernels#scatterAddRows}. */
  public void scatterAddRows(Tensor dX, Tensor dOut, Tensor rows) {
    check.floats("scatterAddRows", "dX", dX);
    check.rowwise("scatterAddRows", dOut, dX, rows);
    check.distinct("scatterAddRows", "dX", dX, "dOut", dOut);
    backend.embedding().scatterAddRows(dX, dOut, rows);
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
      double inverseTemperature,
      double softCap) {
    check.lmHead(outputs, gradients, hidden, head, targets, reference, inverseTemperature);
    check.softCap("lmHead", softCap);
    backend
        .loss()
        .lmHead(outputs, gradients, hidden, head, targets, reference, inverseTemperature, softCap);
  }

  /** {@link SamplingKernels#sample}. */
  public void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature,
      double softCap) {
    check.sample(ids, logProbs, hidden, head, randomness, temperature);
    check.softCap("sample", softCap);
    backend.sampling().sample(ids, logProbs, hidden, head, randomness, temperature, softCap);
  }

  /** {@link SamplingKernels#truncate}. */
  public void truncate(Tensor logits, int topK, double topP) {
    check.truncate(logits, topK, topP);
    backend.sampling().truncate(logits, topK, topP);
  }

  // ---- optimiser, elementwise

  /** {@link OptimizerKernels#adamW}. */
  public void adamW(
      Tensor param,
      @Nullable Tensor master,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor grad,
      OptimizerKernels.AdamWStep step) {
    check.adamW(param, master, firstMoment, secondMoment, grad);
    backend.optimizer().adamW(param, master, firstMoment, secondMoment, grad, step);
  }

  /** {@link OptimizerKernels#sumOfSquares}. */
  public double sumOfSquares(Tensor x) {
    check.state("sumOfSquares", "x", x);
    return backend.optimizer().sumOfSquares(x);
  }

  /** {@link ElementwiseKernels#fill}. */
  public void fill(Tensor x, double value) {
    check.alike("fill", x);
    backend.elementwise().fill(x, value);
  }

  /** {@link ElementwiseKernels#add}. */
  public void add(Tensor out, Tensor a, Tensor b) {
    check.alike("add", out, a, b);
    backend.elementwise().add(out, a, b);
  }

  /** {@link ElementwiseKernels#scale}. */
  public void scale(Tensor out, Tensor x, double factor) {
    check.alike("scale", out, x);
    backend.elementwise().scale(out, x, factor);
  }

  /** {@link ElementwiseKernels#softCap}. */
  public void softCap(Tensor out, Tensor x, double cap) {
    check.alike("softCap", out, x);
    check.positive("softCap", "cap", cap);
    backend.elementwise().softCap(out, x, cap);
  }

  /** {@link ElementwiseKernels#cast}. */
  public void cast(Tensor out, Tensor x) {
    check.cast(out, x);
    backend.elementwise().cast(out, x);
  }
}
