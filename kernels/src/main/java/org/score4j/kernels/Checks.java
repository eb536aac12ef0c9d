package org.score4j.kernels;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The argument checks of {@link Ops}, in one place so that the kernels need none. */
final class Checks {
  private final DType floatType;
  private final DType stateType;
  private final Set<DType> weightTypes;

  Checks(Backend backend) {
    this.floatType = backend.floatType();
    this.stateType = backend.stateType();
    // Sorted, for messages.
    this.weightTypes = EnumSet.copyOf(backend.weightTypes());
  }

  /**
   * Refuses a tensor whose type is not the backend's or whose rows × columns differ; trailing
   * dimensions are folded into columns.
   */
  void matrix(String op, String what, Tensor x, int rows, long columns) {
    floats(op, what, x);
    rowsByColumns(op, what, x, rows, columns);
  }

  void vector(String op, String what, Tensor x, long elements) {
    floats(op, what, x);
    size(op, what, x, elements);
  }

  void optionalVector(String op, String what, @Nullable Tensor x, long elements) {
    if (x != null) {
      vector(op, what, x, elements);
    }
  }

  void sameShape(String op, String what, Tensor x, Tensor like) {
    vector(op, what, x, like.elements());
  }

  void floats(String op, String what, Tensor x) {
    if (x.dtype() != floatType) {
      throw new IllegalArgumentException(
          "%s: %s is %s, this backend computes in %s".formatted(op, what, x.dtype(), floatType));
    }
  }

  /** Refuses a matrix that is only read and has a type the backend does not read. */
  void weights(String op, String what, Tensor x) {
    if (!weightTypes.contains(x.dtype())) {
      throw new IllegalArgumentException(
          "%s: %s is %s, this backend reads weights in %s"
              .formatted(op, what, x.dtype(), weightTypes));
    }
  }

  /** As {@link #matrix} for what is kept in the state type. */
  void stateMatrix(String op, String what, Tensor x, int rows, long columns) {
    state(op, what, x);
    rowsByColumns(op, what, x, rows, columns);
  }

  void stateVector(String op, String what, Tensor x, long elements) {
    state(op, what, x);
    size(op, what, x, elements);
  }

  void optionalStateVector(String op, String what, @Nullable Tensor x, long elements) {
    if (x != null) {
      stateVector(op, what, x, elements);
    }
  }

  void state(String op, String what, Tensor x) {
    if (x.dtype() != stateType) {
      throw new IllegalArgumentException(
          "%s: %s is %s, this backend keeps it in %s".formatted(op, what, x.dtype(), stateType));
    }
  }

  /** Either type, as long as all arguments of the op have it, and one size. */
  void alike(String op, Tensor out, Tensor... inputs) {
    if (out.dtype() != floatType) {
      state(op, "out", out);
    }
    for (Tensor x : inputs) {
      if (x.dtype() != out.dtype()) {
        throw new IllegalArgumentException(
            "%s: an input is %s, the output %s; they must be alike"
                .formatted(op, x.dtype(), out.dtype()));
      }
      size(op, "an input", x, out.elements());
    }
  }

  void ints(String op, String what, Tensor x, int rows, long columns) {
    if (x.dtype() != DType.I32) {
      throw new IllegalArgumentException(
          "%s: %s is %s, indices must be I32".formatted(op, what, x.dtype()));
    }
    rowsByColumns(op, what, x, rows, columns);
  }

  private static void rowsByColumns(String op, String what, Tensor x, int rows, long columns) {
    if (x.dim0() != rows || x.shape().rowElements() != columns) {
      throw new IllegalArgumentException(
          "%s: %s has shape %s, expected (%d, %d) from the other arguments"
              .formatted(op, what, x.shape(), rows, columns));
    }
  }

  private static void size(String op, String what, Tensor x, long elements) {
    if (x.elements() != elements) {
      throw new IllegalArgumentException(
          "%s: %s has shape %s, expected %d elements from the other arguments"
              .formatted(op, what, x.shape(), elements));
    }
  }

  // Tensors overlap only inside one allocation, and an allocation is its own identity.
  @SuppressWarnings("ReferenceEquality")
  void distinct(String op, String first, Tensor a, String second, Tensor b) {
    if (a.buffer() == b.buffer()
        && a.byteOffset() < b.byteOffset() + b.byteSize()
        && b.byteOffset() < a.byteOffset() + a.byteSize()) {
      throw new IllegalArgumentException(
          "%s: %s and %s share memory; they must be apart".formatted(op, first, second));
    }
  }

  void positive(String op, String what, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "%s: %s is %s, it must be positive and finite".formatted(op, what, value));
    }
  }

  void softCap(String op, double cap) {
    if (cap != 0) {
      positive(op, "softCap", cap);
    }
  }

  void norm(String op, Tensor out, Tensor rstd, Tensor x, Tensor weight) {
    floats(op, "weight", weight);
    if (x.shape().rowElements() != weight.elements()) {
      throw new IllegalArgumentException(
          "%s: weight has shape %s, x has width %d; the checkpoint's hidden_size and the config's model.width differ, use config.json's"
              .formatted(op, weight.shape(), x.shape().rowElements()));
    }
    sameShape(op, "out", out, x);
    stateVector(op, "rstd", rstd, x.dim0());
  }

  void qkWeights(
      String op, Tensor rstd, Tensor qkv, Tensor qWeight, Tensor kWeight, AttentionShape heads) {
    stateMatrix(op, "rstd", rstd, qkv.dim0(), heads.numHeads() + heads.numKvHeads());
    vector(op, "qWeight", qWeight, heads.headDim());
    vector(op, "kWeight", kWeight, heads.headDim());
  }

  void rope(String op, Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    ints(op, "positions", positions, qkv.dim0(), 1);
    stateMatrix(op, "cos", cos, cos.dim0(), heads.headDim() / 2);
    stateMatrix(op, "sin", sin, cos.dim0(), heads.headDim() / 2);
  }

  void packed(
      String op, Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads) {
    matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    matrix(op, "out", out, qkv.dim0(), heads.queryWidth());
    stateMatrix(op, "logSumExp", logSumExp, qkv.dim0(), heads.numHeads());
    ints(op, "segments", segments, segments.dim0(), 4);
  }

  void cached(String op, Tensor kPages, Tensor vPages, Tensor qkv, AttentionShape heads) {
    matrix(op, "qkv", qkv, qkv.dim0(), heads.qkvWidth());
    matrix(
        op, "kPages", kPages, kPages.dim0(), (long) AttentionKernels.PAGE_TOKENS * heads.kvWidth());
    sameShape(op, "vPages", vPages, kPages);
  }

  void rowwise(String op, Tensor picked, Tensor table, Tensor indices) {
    matrix(op, "rows picked", picked, picked.dim0(), table.shape().rowElements());
    ints(op, "indices", indices, picked.dim0(), 1);
  }

  void lmHead(
      LossKernels.HeadOutputs outputs,
      LossKernels.@Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor head,
      Tensor targets,
      LossKernels.@Nullable HeadReference reference,
      double inverseTemperature) {
    String op = "lmHead";
    int n = hidden.dim0();
    matrix(op, "hidden", hidden, n, head.shape().rowElements());
    weights(op, "head", head);
    ints(op, "targets", targets, n, 1);
    stateVector(op, "logProb", outputs.logProb(), n);
    stateVector(op, "entropy", outputs.entropy(), n);
    optionalStateVector(op, "kl", outputs.kl(), n);
    optionalStateVector(op, "refLogProb", outputs.refLogProb(), n);
    positive(op, "inverseTemperature", inverseTemperature);
    if ((reference == null) != (outputs.kl() == null)
        || (reference == null) != (outputs.refLogProb() == null)) {
      throw new IllegalArgumentException(
          op + ": kl and refLogProb are written with a reference, and only then");
    }
    if (reference != null) {
      matrix(op, "reference hidden", reference.hidden(), n, reference.head().shape().rowElements());
      weights(op, "reference head", reference.head());
      rowsByColumns(
          op,
          "reference head",
          reference.head(),
          head.dim0(),
          reference.hidden().shape().rowElements());
    }
    if (gradients != null) {
      sameShape(op, "dHidden", gradients.dHidden(), hidden);
      optionalStateVector(op, "dHead", gradients.dHead(), head.elements());
      stateVector(op, "logProbCoef", gradients.logProbCoef(), n);
      optionalStateVector(op, "klCoef", gradients.klCoef(), n);
      optionalStateVector(op, "entropyCoef", gradients.entropyCoef(), n);
      if (gradients.klCoef() != null && reference == null) {
        throw new IllegalArgumentException(op + ": klCoef given without a reference model");
      }
    }
  }

  void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature) {
    int n = hidden.dim0();
    ints("sample", "ids", ids, n, 1);
    stateVector("sample", "logProbs", logProbs, n);
    weights("sample", "head", head);
    matrix("sample", "hidden", hidden, n, head.shape().rowElements());
    ints("sample", "randomness", randomness, n, 3);
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException(
          "sample: temperature is " + temperature + ", it must be 0 (greedy) or positive");
    }
  }

  void truncate(Tensor logits, int topK, double topP) {
    floats("truncate", "logits", logits);
    if (topK < 0 || !(topP > 0) || topP > 1) {
      throw new IllegalArgumentException(
          "truncate: topK is %d and topP %s; topK must be 0 (all) or more, topP above 0 and at most 1 (all)"
              .formatted(topK, topP));
    }
  }

  void adamW(
      Tensor param, @Nullable Tensor master, Tensor firstMoment, Tensor secondMoment, Tensor grad) {
    long n = param.elements();
    floats("adamW", "param", param);
    if ((master == null) != (floatType == stateType)) {
      throw new IllegalArgumentException(
          "adamW: master weights go with parameters of another type than %s, and only with them"
              .formatted(stateType));
    }
    optionalStateVector("adamW", "master", master, n);
    stateVector("adamW", "firstMoment", firstMoment, n);
    stateVector("adamW", "secondMoment", secondMoment, n);
    stateVector("adamW", "grad", grad, n);
  }

  void cast(Tensor out, Tensor x) {
    if (!out.dtype().isFloat() || !x.dtype().isFloat() || out.elements() != x.elements()) {
      throw new IllegalArgumentException(
          "cast: out is %s %s, x is %s %s; both must be floating point and of equal size"
              .formatted(out.dtype(), out.shape(), x.dtype(), x.shape()));
    }
  }
}
