package org.score4j.checkpoints;

import java.util.Arrays;

/**
 * The head of a model whose config says that it is its embedding. Some files have one all the same:
 * mostly a copy, which is left alone, but some trainers write another one, and the model computes
 * with that.
 */
final class TiedHead {
  static final String HEAD = "lm_head.weight";
  static final String EMBEDDING = "model.embed_tokens.weight";

  private static final int CHUNK = 1 << 16;

  private TiedHead() {}

  /** Whether the files have a head that differs from the embedding. */
  static boolean isItsOwn(SafetensorsFolder files) {
    if (!files.contains(HEAD) || !files.contains(EMBEDDING)) {
      return false;
    }
    StoredTensor head = files.tensor(HEAD).requireFloats();
    StoredTensor embedding = files.tensor(EMBEDDING).requireFloats();
    return !head.shape().equals(embedding.shape()) || !haveSameValues(head, embedding);
  }

  private static boolean haveSameValues(StoredTensor one, StoredTensor other) {
    if (one.dtype() == other.dtype() && one.data().mismatch(other.data()) < 0) {
      return true;
    }
    float[] left = new float[CHUNK];
    float[] right = new float[CHUNK];
    for (long from = 0; from < one.elements(); from += CHUNK) {
      int count = (int) Math.min(CHUNK, one.elements() - from);
      one.toFloats(from, left, 0, count);
      other.toFloats(from, right, 0, count);
      if (!Arrays.equals(left, 0, count, right, 0, count)) {
        return false;
      }
    }
    return true;
  }
}
