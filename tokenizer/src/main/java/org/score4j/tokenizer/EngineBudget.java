package org.score4j.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * What a tokenizer.json may ask of the native engine. The file comes from somewhere else, and the
 * engine bounds nothing: a regular expression that steps back too often panics, which ends the JVM
 * and a training run with it, and normalizers that double a text one after another fill the memory.
 * So the file is judged before the engine reads it, and every text before it is encoded:
 *
 * <ul>
 *   <li>each regular expression is one whose steps back are linear in the text ({@link RegexCost});
 *   <li>each part is of a kind known here, with parameters that the engine does not panic at;
 *   <li>the normalizers together make a text at most {@value #MAX_GROWTH} times as long;
 *   <li>a text has at most {@value #MAX_CODE_UNITS} characters, fewer where it grows or where steps
 *       back come near the engine's limit;
 *   <li>a long text is encoded for {@value #MAX_SECONDS} seconds at most. The thread that does it
 *       cannot be stopped, but the program can end.
 * </ul>
 *
 * <p>A process of its own for the engine would bound even what is not known here; it was not chosen
 * for the start-up time and the memory of a second JVM in every command, as long as the tokenizers
 * that are published pass these rules.
 */
final class EngineBudget {
  /** Of a text: forty times the longest context of a published model. */
  static final int MAX_CODE_UNITS = 4_000_000;

  /** Oniguruma gives up at ten million; some steps are of its own making. */
  private static final long MAX_STEPS_BACK = 8_000_000;

  /** Of a normalized text, in memory. */
  private static final long MAX_NORMALIZED = 64_000_000;

  private static final long MAX_GROWTH = 4096;
  private static final int MAX_SECONDS = 60;

  /** Shorter texts take at most some tenths of a second even where time grows quadratically. */
  private static final int SHORT = 4096;

  /** The longest in use are lines of blanks, some hundred characters. */
  private static final int MAX_TOKEN = 65_536;

  /** Most that a code point becomes in a normal form: U+FDFA is 18 in NFKC. */
  private static final int NORMAL_FORM = 18;

  private final JsonFile json;
  private long growth = 1;
  private long stepsBack;
  private volatile boolean abandoned;

  private EngineBudget(JsonFile json) {
    this.json = json;
  }

  /**
   * Judges a tokenizer.json.
   *
   * @throws TokenizerException where it could abort the JVM or run without bound
   */
  static EngineBudget of(JsonFile json) {
    EngineBudget budget = new EngineBudget(json);
    JsonNode root = json.root();
    JsonNode dropout = root.path("model").path("dropout");
    if (dropout.asDouble() != 0) {
      throw budget.refused(
          "model.dropout",
          "is %s, which draws the tokens of a text at random; set it to null".formatted(dropout));
    }
    budget.judgeMerges(root.path("model"));
    budget.judge("pre_tokenizer", root.path("pre_tokenizer"), false);
    budget.judge("post_processor", root.path("post_processor"), false);
    // Of a token at a time.
    budget.judge("decoder", root.path("decoder"), true);
    budget.growth = 1;
    budget.judge("normalizer", root.path("normalizer"), true);
    return budget;
  }

  /** The longest token must be one, and not a text that decoding would work on. */
  void requireToken(String token) {
    if (token.length() > MAX_TOKEN) {
      throw refused(
          "model.vocab",
          "has a token of %d characters, at most %d are supported"
              .formatted(token.length(), MAX_TOKEN));
    }
  }

  /**
   * Judges a part and the parts in it.
   *
   * @param where it stands in the file
   * @param grows whether what it adds to a text counts
   */
  private void judge(String where, JsonNode part, boolean grows) {
    if (part.isArray()) {
      for (int i = 0; i < part.size(); i++) {
        judge("%s[%d]".formatted(where, i), part.get(i), grows);
      }
      return;
    }
    if (!part.isObject()) {
      return;
    }
    for (String inner : List.of("normalizers", "pretokenizers", "processors", "decoders")) {
      judge(where + "." + inner, part.path(inner), grows);
    }
    long added = growth(where, part);
    switch (part.path("type").asText()) {
      case "TemplateProcessing" -> judgeTemplate(where, part);
      case "Precompiled" ->
          PrecompiledCharsmap.defect(part.path("precompiled_charsmap").asText())
              .ifPresent(
                  defect -> {
                    throw refused(where + ".precompiled_charsmap", defect);
                  });
      case "FixedLength" -> {
        if (part.path("length").asLong(5) < 1) {
          throw refused(where + ".length", "is %s; use 1 or more".formatted(part.path("length")));
        }
      }
      case "Strip" -> {
        // The engine's decoder reads before the beginning of a token that is shorter.
        if (part.path("stop").asLong() > 0) {
          throw refused(
              where + ".stop",
              "is %s, which aborts the engine; set it to 0".formatted(part.path("stop")));
        }
      }
      default -> {}
    }
    if (grows) {
      growth = Math.multiplyExact(growth, added);
      if (growth > MAX_GROWTH) {
        throw refused(
            where,
            "makes a text more than %d times as long, together with what is before it"
                .formatted(MAX_GROWTH));
      }
    }
  }

  /** How many times as long a text can become; judges the regular expression of the part too. */
  private long growth(String where, JsonNode part) {
    JsonNode pattern = part.path("pattern");
    long shortest = pattern.path("String").asText().length();
    if (pattern.path("Regex").isTextual()) {
      shortest = judgeRegex(where + ".pattern.Regex", pattern.path("Regex").asText());
    }
    return switch (part.path("type").asText()) {
      case "Replace" -> {
        long content = part.path("content").asText().length();
        yield shortest == 0
            ? Math.min(content, MAX_GROWTH) + 1
            : Math.max(1, Math.min((content + shortest - 1) / shortest, MAX_GROWTH + 1));
      }
      // Before each part of a text between added tokens, which has a character at least.
      case "Prepend" -> Math.min(part.path("prepend").asText().length(), MAX_GROWTH) + 1;
      case "NFC", "Lowercase", "BertNormalizer" -> 3;
      case "NFD", "ByteLevel" -> 4;
      case "NFKC", "NFKD", "Precompiled" -> NORMAL_FORM;
      default -> 1;
    };
  }

  /** Returns the fewest characters that it matches. */
  private long judgeRegex(String where, String regex) {
    try {
      stepsBack = Math.max(stepsBack, RegexCost.perCodePoint(regex));
      return RegexParser.parse(regex).minLength();
    } catch (RegexRefusal e) {
      throw refused(
          where,
          "is \"%s\", which %s; the engine could abort or never end"
              .formatted(shown(regex), e.getMessage()));
    }
  }

  private static String shown(String regex) {
    return regex.length() > 200 ? regex.substring(0, 200) + "…" : regex;
  }

  /**
   * The engine takes the prefix off the second part of a merge without asking whether it is there.
   */
  private void judgeMerges(JsonNode model) {
    String prefix = model.path("continuing_subword_prefix").asText();
    if (prefix.isEmpty() || model.path("continuing_subword_prefix").isNull()) {
      return;
    }
    for (JsonNode merge : model.path("merges")) {
      String text = merge.asText();
      String second =
          merge.isArray() ? merge.path(1).asText() : text.substring(text.indexOf(' ') + 1);
      if (!second.startsWith(prefix)) {
        throw refused(
            "model.merges",
            "has %s, whose second part lacks the continuing_subword_prefix \"%s\""
                .formatted(merge, shown(prefix)));
      }
    }
  }

  /** The engine looks these up without asking whether they are there. */
  private void judgeTemplate(String where, JsonNode part) {
    JsonNode special = part.path("special_tokens");
    for (String template : List.of("single", "pair")) {
      for (JsonNode piece : part.path(template)) {
        JsonNode id = piece.path("SpecialToken").path("id");
        if (id.isTextual() && !special.has(id.asText())) {
          throw refused(
              where + "." + template, "names %s, which is not in special_tokens".formatted(id));
        }
        if (template.equals("single") && piece.path("Sequence").path("id").asText().equals("B")) {
          throw refused(where + ".single", "names a second sequence");
        }
      }
    }
  }

  private TokenizerException refused(String where, String what) {
    return new TokenizerException(
        "%s: %s %s; use the tokenizer.json of another model, or one that you trust"
            .formatted(json.file(), where, what));
  }

  /** The most characters of a text. */
  int maxCodeUnits() {
    long most = Math.min(MAX_CODE_UNITS, MAX_NORMALIZED / growth);
    return (int) (stepsBack == 0 ? most : Math.min(most, MAX_STEPS_BACK / stepsBack / growth));
  }

  /** Whether a thread may still be in the engine, whose memory must then not be freed. */
  boolean isAbandoned() {
    return abandoned;
  }

  /**
   * Encodes within the budget.
   *
   * @param encode calls the engine with the text
   */
  <T> T within(String text, Supplier<T> encode) {
    if (text.length() > maxCodeUnits()) {
      throw new TokenizerException(
          "a text has %d characters, the tokenizer of %s takes %d at most; shorten it"
              .formatted(text.length(), json.file(), maxCodeUnits()));
    }
    if (text.length() <= SHORT) {
      return encode.get();
    }
    FutureTask<T> task = new FutureTask<>(encode::get);
    Thread.ofPlatform().daemon().name("tokenizer").start(task);
    try {
      return task.get(MAX_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      abandoned = true;
      throw new TokenizerException(
          "the tokenizer of %s did not encode a text of %d characters in %d s; shorten the text, or use another model's tokenizer"
              .formatted(json.file(), text.length(), MAX_SECONDS),
          e);
    } catch (InterruptedException e) {
      abandoned = true;
      Thread.currentThread().interrupt();
      throw new TokenizerException("encoding a text was interrupted", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new TokenizerException("encoding a text failed: " + e.getCause(), e);
    }
  }
}
