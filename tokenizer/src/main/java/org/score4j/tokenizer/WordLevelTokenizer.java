package org.score4j.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One token per character: Hugging Face's WordLevel model behind a pre-tokenizer that splits at
 * every character. For the embedded task and for tests; it agrees with the Hugging Face engine on
 * every text (a test compares them).
 *
 * <p>A character outside the vocabulary becomes the unknown token. So does a run of line feeds as a
 * whole: the engine's pattern "." matches none of them and leaves the run in one piece.
 */
public final class WordLevelTokenizer implements Tokenizer {
  private final List<String> tokens;
  private final Map<String, Integer> ids;
  private final Set<String> specialTokens;
  private final int unknownId;

  WordLevelTokenizer(List<String> tokens, Set<String> specialTokens, String unknownToken) {
    this.tokens = List.copyOf(tokens);
    this.specialTokens = new LinkedHashSet<>(specialTokens);
    Map<String, Integer> idByToken = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      if (idByToken.put(token, id) != null) {
        throw new IllegalArgumentException(
            "tokenizer: \"%s\" is twice in the vocabulary, last as id %d".formatted(token, id));
      }
      if (!specialTokens.contains(token)
          && !token.equals(unknownToken)
          && token.codePointCount(0, token.length()) != 1) {
        throw new IllegalArgumentException(
            "tokenizer: token %d, \"%s\", is not one character and not special, so no text could reach it"
                .formatted(id, token));
      }
    }
    this.ids = Map.copyOf(idByToken);
    Integer unknown = ids.get(unknownToken);
    if (unknown == null) {
      throw new IllegalArgumentException(
          "tokenizer: unknown token \"%s\" is not in the vocabulary of %d; add it"
              .formatted(unknownToken, tokens.size()));
    }
    this.unknownId = unknown;
  }

  /**
   * A tokenizer whose ids are the characters in their order, and the unknown token after them.
   *
   * @param characters the vocabulary, each character once
   * @param unknownToken a special token such as {@code <unk>}
   */
  public static WordLevelTokenizer ofCharacters(String characters, String unknownToken) {
    List<String> tokens = new ArrayList<>();
    characters.codePoints().forEach(c -> tokens.add(Character.toString(c)));
    tokens.add(unknownToken);
    return new WordLevelTokenizer(tokens, Set.of(unknownToken), unknownToken);
  }

  /**
   * Reads {@code tokenizer.json}.
   *
   * @param file the file, or the model folder that holds it
   * @throws TokenizerException when it is missing, damaged, or of a kind that needs the Hugging
   *     Face engine
   */
  public static WordLevelTokenizer read(Path file) {
    return WordLevelJson.read(file);
  }

  @Override
  public int[] encode(String text) {
    int[] out = new int[text.length()];
    int count = 0;
    int at = 0;
    while (at < text.length()) {
      int end = pieceEnd(text, at);
      out[count++] = ids.getOrDefault(text.substring(at, end), unknownId);
      at = end;
    }
    return Arrays.copyOf(out, count);
  }

  /**
   * The end of the piece that starts at {@code at}: a special token, a run of line feeds, or one
   * character.
   */
  private int pieceEnd(String text, int at) {
    int longest = 0;
    for (String special : specialTokens) {
      if (special.length() > longest && text.startsWith(special, at)) {
        longest = special.length();
      }
    }
    if (longest > 0) {
      return at + longest;
    }
    int end = at + Character.charCount(text.codePointAt(at));
    if (text.charAt(at) == '\n') {
      while (end < text.length() && text.charAt(end) == '\n') {
        end++;
      }
    }
    return end;
  }

  @Override
  public String decode(int... tokenIds) {
    StringBuilder text = new StringBuilder();
    for (int id : tokenIds) {
      text.append(token(id));
    }
    return text.toString();
  }

  @Override
  public int vocabSize() {
    return tokens.size();
  }

  @Override
  public String token(int id) {
    if (id < 0 || id >= tokens.size()) {
      throw new IllegalArgumentException(
          "tokenizer: id %d is outside the vocabulary of %d; the ids come from another tokenizer"
              .formatted(id, tokens.size()));
    }
    return tokens.get(id);
  }

  @Override
  public OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The id every unknown character gets. */
  public int unknownId() {
    return unknownId;
  }

  @Override
  public void writeTo(Path folder) throws IOException {
    WordLevelJson.write(this, folder);
  }

  List<String> tokens() {
    return tokens;
  }

  /** The special tokens in ascending order of their ids. */
  List<String> specialTokens() {
    return tokens.stream().filter(specialTokens::contains).toList();
  }
}
