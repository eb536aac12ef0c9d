package org.score4j.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Text to token ids and back, in the terms of a Hugging Face tokenizer without a post-processor:
 * {@code encode} adds no special tokens of its own, and {@code decode} leaves out none, so that
 * what a model wrote is shown as it is.
 *
 * <p>Trajectories keep the sampled ids; text exists for verifiers and people and is never
 * re-tokenised for training. Implementations are immutable and safe for use by several threads.
 */
public interface Tokenizer {
  /**
   * The ids of a text. A special token written out in the text (such as {@code <unk>}) becomes its
   * one id.
   */
  int[] encode(String text);

  /**
   * The ids of a text that begins a sequence: as {@link #encode}, with what the model was trained
   * to see around a document, such as a begin-of-text token.
   */
  default int[] encodeDocument(String text) {
    return encode(text);
  }

  /**
   * The text of ids.
   *
   * @throws IllegalArgumentException for an id that no model of this tokenizer can have drawn
   */
  String decode(int... ids);

  /** The number of ids: each is in {@code [0, vocabSize)}. */
  int vocabSize();

  /**
   * Fewest ids a model of this tokenizer can have: special tokens above may be missing, and must
   * not be used then.
   */
  default int minModelVocabSize() {
    return vocabSize();
  }

  /**
   * The token behind an id, as the vocabulary spells it.
   *
   * @throws IllegalArgumentException for an id outside the vocabulary
   */
  String token(int id);

  /** The id of a token as the vocabulary spells it; empty when it has none. */
  OptionalInt idOf(String token);

  /** The id of a token that must exist. */
  default int requireId(String token) {
    return idOf(token)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "tokenizer: no token \"%s\" in the vocabulary of %d; use the tokenizer this model was trained with"
                        .formatted(token, vocabSize())));
  }

  /**
   * Writes {@code tokenizer.json} and {@code tokenizer_config.json} into an existing folder. Not
   * atomic: the caller writes the model folder under a temporary name.
   */
  void writeTo(Path folder) throws IOException;
}
