package org.score4j.training.verifiers.math;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Token.Kind;

/** What LaTeX's commands, Unicode's characters and plain words stand for. */
final class LatexVocabulary {
  /** What a spelling becomes. */
  record Entry(Kind kind, String text) {}

  /** Commands that only change how things look, without an argument. */
  private static final Set<String> LAYOUT =
      Set.of(
          "left right middle big bigl bigr Big Bigl Bigr bigg biggl biggr Bigg Biggl Biggr quad qquad displaystyle textstyle scriptstyle limits nolimits thinspace medspace thickspace negthinspace enspace nonumber notag null hfill boldmath bf it rm sf tt cal mathbf boldsymbol bm mathit mathsf mathtt mathcal mathfrak mathop mathord mathrel mathbin boxed fbox underline ensuremath cancel smash emph relax"
              .split(" ", -1));

  /** Commands that vanish with their argument. */
  private static final Set<String> VANISHING =
      Set.of(
          "phantom",
          "hphantom",
          "vphantom",
          "hspace",
          "vspace",
          "color",
          "textcolor",
          "tag",
          "label",
          "kern");

  /** Commands whose argument is text. */
  private static final Set<String> TEXT =
      Set.of(
          "text",
          "mbox",
          "hbox",
          "textbf",
          "textit",
          "textrm",
          "textnormal",
          "textsf",
          "texttt",
          "textup",
          "mathrm",
          "operatorname",
          "unit");

  private static final Set<String> DECORATIONS =
      Set.of(
          "overline",
          "bar",
          "vec",
          "hat",
          "widehat",
          "tilde",
          "widetilde",
          "overrightarrow",
          "overleftrightarrow");

  private static final Map<String, Entry> COMMANDS = new HashMap<>();
  private static final Map<Integer, Entry> CHARACTERS = new HashMap<>();
  private static final Map<String, Entry> WORDS = new HashMap<>();

  static {
    for (String name :
        "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan log ln lg exp"
            .split(" ", -1)) {
      both(name, Kind.FUNCTION, name);
    }
    words("asin", Kind.FUNCTION, "arcsin");
    words("acos", Kind.FUNCTION, "arccos");
    words("atan", Kind.FUNCTION, "arctan");
    words("cosec", Kind.FUNCTION, "csc");
    commands("frac dfrac tfrac cfrac", Kind.FRACTION, "frac");
    commands("binom dbinom tbinom", Kind.BINOMIAL, "binom");
    both("sqrt", Kind.ROOT, "√");
    both("pi", Kind.PI, "π");
    both("infty", Kind.INFINITY, "∞");
    words("infinity", Kind.INFINITY, "∞");
    words("inf", Kind.INFINITY, "∞");
    words("and", Kind.SEPARATOR, "and");
    words("or", Kind.SEPARATOR, "or");
    commands("cdot times ast", Kind.OPERATOR, "*");
    commands("div", Kind.OPERATOR, "/");
    commands("setminus backslash", Kind.OPERATOR, "∖");
    commands("prime", Kind.OPERATOR, "'");
    commands("pm", Kind.PLUS_MINUS, "±");
    commands("mp", Kind.PLUS_MINUS, "∓");
    commands("le leq leqslant", Kind.RELATION, "≤");
    commands("ge geq geqslant", Kind.RELATION, "≥");
    commands("lt", Kind.RELATION, "<");
    commands("gt", Kind.RELATION, ">");
    commands("ne neq", Kind.RELATION, "≠");
    commands("approx simeq doteq thickapprox", Kind.RELATION, "≈");
    commands("equiv", Kind.RELATION, "≡");
    commands("in", Kind.RELATION, "∈");
    commands(
        "to rightarrow implies Rightarrow Longrightarrow longrightarrow mapsto",
        Kind.RELATION,
        "→");
    commands("cup bigcup", Kind.CUP, "∪");
    commands("cap bigcap", Kind.CAP, "∩");
    commands("lfloor", Kind.OPEN, "⌊");
    commands("rfloor", Kind.CLOSE, "⌋");
    commands("lceil", Kind.OPEN, "⌈");
    commands("rceil", Kind.CLOSE, "⌉");
    commands("langle", Kind.OPEN, "⟨");
    commands("rangle", Kind.CLOSE, "⟩");
    commands("{ lbrace", Kind.OPEN, "{");
    commands("} rbrace", Kind.CLOSE, "}");
    commands("lbrack", Kind.OPEN, "[");
    commands("rbrack", Kind.CLOSE, "]");
    commands("lparen", Kind.OPEN, "(");
    commands("rparen", Kind.CLOSE, ")");
    commands("lvert rvert vert mid", Kind.BAR, "|");
    commands("degree circ", Kind.DEGREE, "°");
    commands("%", Kind.PERCENT, "%");
    commands("$", Kind.CURRENCY, "$");
    commands("ldots dots cdots dotsc dotsb", Kind.ELLIPSIS, "…");
    commands("emptyset varnothing", Kind.EMPTY_SET, "∅");
    commands("\\", Kind.ROW, "\\");
    commands("land wedge", Kind.SEPARATOR, "and");
    commands("lor vee", Kind.SEPARATOR, "or");
    commands("varepsilon", Kind.SYMBOL, "epsilon");
    commands("vartheta", Kind.SYMBOL, "theta");
    commands("varphi", Kind.SYMBOL, "phi");
    commands("colon", Kind.COLON, ":");

    characters("+", Kind.OPERATOR, "+");
    characters("-−–‐", Kind.OPERATOR, "-");
    characters("*·×∗⋅", Kind.OPERATOR, "*");
    characters("/÷∕", Kind.OPERATOR, "/");
    characters("^", Kind.OPERATOR, "^");
    characters("_", Kind.OPERATOR, "_");
    characters("!", Kind.OPERATOR, "!");
    characters("'’′", Kind.OPERATOR, "'");
    characters("∖", Kind.OPERATOR, "∖");
    characters("±", Kind.PLUS_MINUS, "±");
    characters("∓", Kind.PLUS_MINUS, "∓");
    characters("=", Kind.RELATION, "=");
    characters("<", Kind.RELATION, "<");
    characters(">", Kind.RELATION, ">");
    characters("≤⩽", Kind.RELATION, "≤");
    characters("≥⩾", Kind.RELATION, "≥");
    characters("≠", Kind.RELATION, "≠");
    characters("≈", Kind.RELATION, "≈");
    characters("∈", Kind.RELATION, "∈");
    characters("→⇒", Kind.RELATION, "→");
    characters(",", Kind.SEPARATOR, ",");
    characters(";", Kind.SEPARATOR, ";");
    characters(":", Kind.COLON, ":");
    characters("(", Kind.OPEN, "(");
    characters(")", Kind.CLOSE, ")");
    characters("[", Kind.OPEN, "[");
    characters("]", Kind.CLOSE, "]");
    characters("⟨", Kind.OPEN, "⟨");
    characters("⟩", Kind.CLOSE, "⟩");
    characters("⌊", Kind.OPEN, "⌊");
    characters("⌋", Kind.CLOSE, "⌋");
    characters("{", Kind.GROUP_OPEN, "{");
    characters("}", Kind.GROUP_CLOSE, "}");
    characters("|∣", Kind.BAR, "|");
    characters("∪", Kind.CUP, "∪");
    characters("∩", Kind.CAP, "∩");
    characters("°", Kind.DEGREE, "°");
    characters("%", Kind.PERCENT, "%");
    characters("€£", Kind.CURRENCY, "€");
    characters("&", Kind.CELL, "&");
    characters("…⋯", Kind.ELLIPSIS, "…");
    characters("∅", Kind.EMPTY_SET, "∅");
    characters("∞", Kind.INFINITY, "∞");
    characters("π", Kind.PI, "π");
    characters("√", Kind.ROOT, "√");
    characters("θ", Kind.SYMBOL, "theta");
    characters("α", Kind.SYMBOL, "alpha");
    characters("β", Kind.SYMBOL, "beta");
    characters("ℝ", Kind.SYMBOL, "ℝ");
  }

  private LatexVocabulary() {}

  private static void both(String name, Kind kind, String text) {
    commands(name, kind, text);
    words(name, kind, text);
  }

  private static void commands(String names, Kind kind, String text) {
    for (String name : names.split(" ", -1)) {
      COMMANDS.put(name, new Entry(kind, text));
    }
  }

  private static void words(String name, Kind kind, String text) {
    WORDS.put(name, new Entry(kind, text));
  }

  private static void characters(String characters, Kind kind, String text) {
    characters.codePoints().forEach(c -> CHARACTERS.put(c, new Entry(kind, text)));
  }

  static boolean isLayout(String command) {
    return LAYOUT.contains(command);
  }

  static boolean vanishesWithArgument(String command) {
    return VANISHING.contains(command);
  }

  static boolean isText(String command) {
    return TEXT.contains(command);
  }

  static boolean isDecoration(String command) {
    return DECORATIONS.contains(command);
  }

  static @Nullable Entry command(String name) {
    return COMMANDS.get(name);
  }

  static @Nullable Entry character(int codePoint) {
    return CHARACTERS.get(codePoint);
  }

  /** Keywords among words written without a backslash. */
  static @Nullable Entry word(String word) {
    return WORDS.get(word);
  }
}
