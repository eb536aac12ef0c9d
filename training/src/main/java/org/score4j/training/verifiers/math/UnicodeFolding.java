package org.score4j.training.verifiers.math;

import java.text.Normalizer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes an answer with the characters that the lexer knows: Unicode's compatibility composition
 * (NFKC), except that what carries meaning becomes LaTeX. {@code x²} is {@code x^{2}} rather than
 * x2, ½ is {@code \frac{1}{2}}, and the double-struck ℝ stays apart from R. Every space becomes an
 * ordinary one; what has no width is gone.
 */
final class UnicodeFolding {
  private static final String SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ";
  private static final String RAISED = "0123456789+-=()niabcdefghjklmoprstuvwxyz";
  private static final String SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ";
  private static final String LOWERED = "0123456789+-=()aehijklmnoprstuvx";
  private static final int COMBINING_DOT = 0x0307;
  private static final int COMBINING_LINE = 0x0305;

  private static final Map<Integer, String> MEANING = new HashMap<>();

  static {
    same("−–—‐‑‒―﹣－⁃", "-");
    same("′’‘ʹ＇", "'");
    same("″”“„＂", "\"");
    same("º˚", "°");
    same("。．", ".");
    same("、，﹐", ",");
    same("；", ";");
    same("：∶﹕", ":");
    same("⁄∕", "/");
    same("✕✖⨯╳", "×");
    same("•∙・‧●", "·");
    same("〈《", "⟨");
    same("〉》", "⟩");
    same("【〔", "[");
    same("】〕", "]");
    same("≦⩽≲", "≤");
    same("≧⩾≳", "≥");
    same("⟹⟶⇒", "→");
    same("∆", "Δ");
    same("ℝ", "ℝ");
    same("ℤ", "ℤ");
    same("ℕ", "ℕ");
    same("ℚ", "ℚ");
    same("ℂ", "ℂ");
    same("…⋯", "…");
    same("⋃", "∪");
    same("⋂", "∩");
    same("￥", "¥");
    same("％﹪", "%");
    same("ⅈⅉ", "i");
    same("ⅇℯ", "e");
    same("℃", "°\\text{C}");
    same("℉", "°\\text{F}");
    same("㎝", "\\text{ cm}");
    same("㎜", "\\text{ mm}");
    same("㎞", "\\text{ km}");
    same("㎏", "\\text{ kg}");
    same("㎡", "\\text{ m}^2");
    same("㎥", "\\text{ m}^3");
  }

  private UnicodeFolding() {}

  private static void same(String characters, String meaning) {
    characters.codePoints().forEach(c -> MEANING.put(c, meaning));
  }

  /** The same text in the characters of the lexer; itself where it is ASCII already. */
  static String folded(String text) {
    int at = 0;
    while (at < text.length() && text.charAt(at) < 0x80) {
      at++;
    }
    if (at == text.length()) {
      return text;
    }
    StringBuilder folded = new StringBuilder(text.length() + 16);
    folded.append(text, 0, at);
    while (at < text.length()) {
      int c = text.codePointAt(at);
      int next = at + Character.charCount(c);
      if (c < 0x80) {
        folded.append((char) c);
      } else if (SUPERSCRIPTS.indexOf(c) >= 0) {
        next = script(text, at, "^", SUPERSCRIPTS, RAISED, folded);
      } else if (SUBSCRIPTS.indexOf(c) >= 0) {
        next = script(text, at, "_", SUBSCRIPTS, LOWERED, folded);
      } else if (c == COMBINING_DOT || c == COMBINING_LINE) {
        next = repeating(text, at, c, folded);
      } else if (!isWithoutWidth(c)) {
        character(c, folded);
      }
      at = next;
    }
    return folded.toString();
  }

  /** A run of raised or lowered characters as one exponent or subscript; the index behind it. */
  private static int script(
      String text, int start, String sign, String from, String to, StringBuilder folded) {
    folded.append(sign).append('{');
    int at = start;
    while (at < text.length()) {
      int index = from.indexOf(text.charAt(at));
      if (index < 0) {
        break;
      }
      folded.append(to.charAt(index));
      at++;
    }
    folded.append('}');
    return at;
  }

  /** Digits with a dot or a line over each, which repeat; the index behind them. */
  private static int repeating(String text, int start, int mark, StringBuilder folded) {
    int last = folded.length() - 1;
    if (last < 0 || !isDigit(folded.charAt(last))) {
      return start + 1;
    }
    StringBuilder digits = new StringBuilder().append(folded.charAt(last));
    folded.setLength(last);
    int at = start + 1;
    while (mark == COMBINING_LINE
        && at + 1 < text.length()
        && isDigit(text.charAt(at))
        && text.charAt(at + 1) == mark) {
      digits.append(text.charAt(at));
      at += 2;
    }
    folded.append(mark == COMBINING_LINE ? "\\overline{" : "\\dot{").append(digits).append('}');
    return at;
  }

  private static void character(int c, StringBuilder folded) {
    String meaning = MEANING.get(c);
    if (meaning != null) {
      folded.append(meaning);
      return;
    }
    if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
      folded.append(' ');
      return;
    }
    String fraction = fraction(c);
    if (fraction != null) {
      folded.append(fraction);
      return;
    }
    folded.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
  }

  /** {@code \frac{1}{2}} for ½; null for what is no fraction. */
  private static @Nullable String fraction(int c) {
    if (Character.getType(c) != Character.OTHER_NUMBER) {
      return null;
    }
    String parts = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC);
    int slash = parts.indexOf('⁄');
    return slash > 0 && slash < parts.length() - 1
        ? "\\frac{%s}{%s}".formatted(parts.substring(0, slash), parts.substring(slash + 1))
        : null;
  }

  private static boolean isWithoutWidth(int c) {
    int type = Character.getType(c);
    return type == Character.FORMAT
        || (c >= 0xFE00 && c <= 0xFE0F)
        || (type == Character.CONTROL && !Character.isWhitespace(c));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
