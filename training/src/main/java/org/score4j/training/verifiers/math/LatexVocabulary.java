package org.score4j.training.verifiers.math;

import java.util.HashMap;
import java.util.HashSet;
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
      words(
          "left right middle big bigl bigr bigm Big Bigl Bigr Bigm bigg biggl biggr Bigg Biggl",
          "Biggr displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits thinspace",
          "medspace thickspace negthinspace negmedspace negthickspace enspace nonumber notag null",
          "hfill hfil boldmath unboldmath bf it rm sf tt cal sl sc mathbf boldsymbol bm pmb mathit",
          "mathsf mathtt mathcal mathscr mathfrak mathop mathord mathrel mathbin mathopen"
              + " mathclose",
          "mathpunct mathinner mathnormal boxed fbox framebox underline uline ensuremath smash"
              + " emph",
          "relax tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge strut",
          "mathstrut allowbreak nobreak noindent par centering protect bfseries itshape rmfamily",
          "sffamily ttfamily mdseries upshape selectfont break displaylimits");

  /** Commands that vanish with so many arguments; a number of theirs in brackets vanishes too. */
  private static final Map<String, Integer> VANISHING = new HashMap<>();

  static {
    for (String name :
        "phantom hphantom vphantom hspace vspace color textcolor colorbox tag label kern mkern mspace hskip vskip mskip raisebox scalebox"
            .split(" ", -1)) {
      VANISHING.put(name, 1);
    }
    VANISHING.put("fcolorbox", 2);
  }

  /** Commands whose argument is text. */
  private static final Set<String> TEXT =
      words(
          "text mbox hbox textbf textit textrm textnormal textsf texttt textup textmd textsl"
              + " textsc",
          "mathrm operatorname unit");

  /** Commands of text whose argument is mathematics in upright letters. */
  private static final Set<String> UPRIGHT = Set.of("mathrm", "operatorname");

  private static final Set<String> DECORATIONS =
      words(
          "overline bar vec hat widehat tilde widetilde overrightarrow overleftarrow",
          "overleftrightarrow dot ddot overparen wideparen overarc",
          // Crossed out is no answer.
          "cancel bcancel xcancel cancelto sout st");

  private static final Set<String> GREEK = new HashSet<>();
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
    words("arctg", Kind.FUNCTION, "arctan");
    words("arcctg", Kind.FUNCTION, "arccot");
    functions("tg", "tan");
    functions("ctg", "cot");
    functions("cotg", "cot");
    functions("cosec", "csc");
    functions("arctg", "arctan");
    functions("arcctg", "arccot");
    functions("arccot", "arccot");
    functions("sh", "sinh");
    functions("ch", "cosh");
    functions("th", "tanh");
    commands("frac dfrac tfrac cfrac nicefrac sfrac flatfrac", Kind.FRACTION, "frac");
    commands("over", Kind.INFIX, "over");
    commands("choose", Kind.INFIX, "choose");
    commands("pmod bmod mod pod", Kind.MODULO, "mod");
    words("mod", Kind.MODULO, "mod");
    words("modulo", Kind.MODULO, "mod");
    commands("quad qquad", Kind.GAP, "");
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
    commands("notin", Kind.RELATION, "∉");
    commands("ni", Kind.RELATION, "∋");
    commands("sim propto", Kind.RELATION, "∼");
    commands("approx simeq doteq thickapprox", Kind.RELATION, "≈");
    commands("equiv", Kind.RELATION, "≡");
    commands("in isin", Kind.RELATION, "∈");
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
    commands("degree circ textdegree", Kind.DEGREE, "°");
    commands("%", Kind.PERCENT, "%");
    commands("$ textdollar", Kind.CURRENCY, "dollar");
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
    characters("€", Kind.CURRENCY, "euro");
    characters("£", Kind.CURRENCY, "sterling");
    commands("pounds", Kind.CURRENCY, "sterling");
    commands("euro", Kind.CURRENCY, "euro");
    commands("yen", Kind.CURRENCY, "¥");
    characters("¥", Kind.CURRENCY, "¥");
    characters("₹", Kind.CURRENCY, "rupee");
    characters("₩", Kind.CURRENCY, "won");
    characters("₽", Kind.CURRENCY, "ruble");
    characters("¢", Kind.CURRENCY, "cent");
    commands("cent textcent", Kind.CURRENCY, "cent");
    characters("&", Kind.CELL, "&");
    characters("…⋯", Kind.ELLIPSIS, "…");
    characters("∅", Kind.EMPTY_SET, "∅");
    characters("∞", Kind.INFINITY, "∞");
    characters("π", Kind.PI, "π");
    characters("√", Kind.ROOT, "√");
    characters("ℝ", Kind.SYMBOL, "ℝ");
    characters("ℤ", Kind.SYMBOL, "𝔹Z");
    characters("ℕ", Kind.SYMBOL, "𝔹N");
    characters("ℚ", Kind.SYMBOL, "𝔹Q");
    characters("ℂ", Kind.SYMBOL, "𝔹C");
    characters("∠", Kind.SYMBOL, "angle");
    characters("△", Kind.SYMBOL, "triangle");
    characters("≡", Kind.RELATION, "≡");
    characters("∉", Kind.RELATION, "∉");
    greek(
        "αβγδεζηθικλμνξορστυφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron rho"
            + " sigma tau upsilon phi chi psi omega");
    greek("ΓΔΘΛΞΠΣΥΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega");
    characters("ς", Kind.SYMBOL, "sigma");
  }

  private LatexVocabulary() {}

  private static Set<String> words(String... lines) {
    return Set.of(String.join(" ", lines).split(" ", -1));
  }

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

  /** A function by a name that without a backslash would be a product. */
  private static void functions(String name, String meaning) {
    commands(name, Kind.FUNCTION, meaning);
  }

  private static void greek(String letters, String names) {
    String[] name = names.split(" ", -1);
    for (int i = 0; i < name.length; i++) {
      characters(letters.substring(i, i + 1), Kind.SYMBOL, name[i]);
      GREEK.add(name[i]);
    }
  }

  static boolean isGreek(String name) {
    return GREEK.contains(name);
  }

  static boolean isLayout(String command) {
    return LAYOUT.contains(command);
  }

  /** How many arguments vanish with a command; 0 for one that does not vanish. */
  static int vanishingArguments(String command) {
    return VANISHING.getOrDefault(command, 0);
  }

  static boolean isText(String command) {
    return TEXT.contains(command);
  }

  static boolean isUpright(String command) {
    return UPRIGHT.contains(command);
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
