package org.score4j.kernels;

/**
 * Sampling on the device: ids and their log-probabilities come back, logits do not. N rows, D
 * width, V vocabulary.
 */
public interface SamplingKernels {
  /**
   * Draws one token per row by the Gumbel-max trick: {@code argmax_v z_v/temperature + g_v} with
   * {@code g = −log(−log u)} and u from {@link Philox} at counter (v/4, position, 0, 0), word v%4,
   * under the row's key. Ties go to the smallest id. At temperature 0 the most probable token is
   * taken and no randomness is used.
   *
   * @param ids (N) I32
   * @param logProbs (N), in the state type, of the drawn ids under softmax(z/temperature), or under
   *     softmax(z) at temperature 0; the same bits as {@link LossKernels#lmHead} gives for them on
   *     backends that promise it
   * @param hidden (N, D), normalised final hidden states
   * @param head (V, D)
   * @param randomness (N, 3) I32: two words of the row's Philox key, and the position
   * @param temperature 0 for greedy decoding, else positive
   * @param softCap logits y become {@code softCap·tanh(y/softCap)} before they are divided by the
   *     temperature; 0 for none
   */
  void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature,
      double softCap);

  /**
   * Excludes improbable tokens by making their logits −∞: of each row the {@code topK} largest
   * logits stay, and of those the fewest whose probabilities, among those, add up to at least
   * {@code topP}. Equal logits stay or go together. Training never uses it: what is drawn
   * afterwards does not follow the policy whose log-probs are learnt.
   *
   * @param logits (N, V), in place; divided by the temperature already
   * @param topK 0 for all
   * @param topP in (0, 1]; 1 for all
   */
  void truncate(Tensor logits, int topK, double topP);
}
