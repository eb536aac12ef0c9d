package org.score4j.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.score4j.tokenizer.RegexNode.Assertion;
import org.score4j.tokenizer.RegexNode.Choice;
import org.score4j.tokenizer.RegexNode.One;
import org.score4j.tokenizer.RegexNode.Repeat;
import org.score4j.tokenizer.RegexNode.Sequence;

/**
 * A bound of the backtracking of the engine's matcher, Oniguruma. It tries one path after another,
 * and gives up with a panic, which ends the JVM, after ten million steps back from one position. A
 * regular expression is accepted where the steps back from one position grow at most linearly with
 * the text, and the bound is their number per code point.
 *
 * <p>A step back happens only where what follows a part can fail. So, of all that can be repeated
 * any number of times ("loops"):
 *
 * <ul>
 *   <li>a loop followed by what can fail is left one code point shorter at a time: linear, {@code
 *       \s*[\r\n]} or {@code \s+(?!\S)};
 *   <li>two loops that share a code point, followed by what can fail, divide a text among them in
 *       as many ways as it has code points: refused, {@code a*a*b}. Without such a follower they
 *       are harmless: {@code \s*[\r\n]+}, {@code [\p{Lu}\p{Lo}]*[\p{Ll}\p{Lo}]+} match at the first
 *       division that fits;
 *   <li>a loop over more than one code point is refused where what follows can fail, unless each
 *       round is determined by its first code point and has one length: {@code (\d{3})*\b} is
 *       linear, {@code (a+)+$} exponential, {@code (a|a)*$} too;
 *   <li>in any loop, a loop that can fail behind itself would run once a round: refused;
 *   <li>choices of bounded number (alternatives, {@code ?}, {@code {1,3}}) before what can fail
 *       multiply the steps: at most {@value #MAX_FACTOR} times.
 * </ul>
 *
 * The time over all positions may still grow quadratically, as that of {@code \s+$} on spaces, or
 * of the digits of real tokenizers; {@link EngineBudget} bounds it by the clock.
 */
final class RegexCost {
  /** Of choices of bounded number. */
  static final int MAX_FACTOR = 64;

  /** From so many counts on, a bounded repetition is taken for an unbounded one. */
  private static final int MANY = 16;

  private long factor = 1;
  private boolean loops;

  private RegexCost() {}

  /**
   * Steps back from one position per code point of the text.
   *
   * @throws RegexRefusal where no such number is known
   */
  static long perCodePoint(String regex) {
    RegexNode node = RegexParser.parse(regex);
    List<RegexNode> alternatives =
        node instanceof Choice choice ? choice.alternatives() : List.of(node);
    long sum = 0;
    for (RegexNode one : alternatives) {
      RegexCost cost = new RegexCost();
      cost.visit(one, List.of(), false, false);
      sum += cost.loops ? cost.factor : 0;
    }
    return sum;
  }

  /**
   * Adds a part's cost.
   *
   * @param before sets of the loops before it that can be left shorter
   * @param tailFails whether what follows can fail
   * @param repeated whether it is in a loop itself
   * @return the loops before what follows
   */
  private List<CodePoints> visit(
      RegexNode node, List<CodePoints> before, boolean tailFails, boolean repeated) {
    return switch (node) {
      case One one -> before;
      case Assertion assertion -> {
        visit(assertion.part(), before, true, repeated);
        yield before;
      }
      case Sequence sequence -> {
        List<CodePoints> open = before;
        List<RegexNode> parts = sequence.parts();
        for (int i = 0; i < parts.size(); i++) {
          boolean rest =
              tailFails || parts.subList(i + 1, parts.size()).stream().anyMatch(RegexNode::canFail);
          open = visit(parts.get(i), open, rest, repeated);
        }
        yield open;
      }
      case Choice choice -> {
        List<CodePoints> open = new ArrayList<>(before);
        for (RegexNode alternative : choice.alternatives()) {
          List<CodePoints> after = visit(alternative, before, tailFails, repeated);
          open.addAll(after.subList(before.size(), after.size()));
        }
        // In a loop, alternatives that do not fit are steps back of each round.
        if (repeated || (tailFails && !isDetermined(choice))) {
          multiply(choice.alternatives().size());
        }
        yield open;
      }
      case Repeat repeat -> repeat(repeat, before, tailFails, repeated);
    };
  }

  private List<CodePoints> repeat(
      Repeat repeat, List<CodePoints> before, boolean tailFails, boolean repeated) {
    RegexNode part = repeat.part();
    if (part instanceof One one) {
      boolean many = repeat.max() - (long) repeat.min() > MANY;
      if (!many) {
        if (tailFails) {
          multiply(repeat.max() - repeat.min() + 1L);
        }
        return before;
      }
      return loop(one.set(), before, tailFails, repeated);
    }
    if (repeat.max() <= 1) {
      if (tailFails && repeat.max() != repeat.min()) {
        multiply(2);
      }
      return visit(part, before, tailFails, repeated);
    }
    if (part.minLength() == 0) {
      throw new RegexRefusal("repeats what may be empty");
    }
    // A round that is required can fail the rounds before it.
    if (tailFails || repeat.min() > 1) {
      if (!isDetermined(part)) {
        throw new RegexRefusal(
            "repeats what can be divided in several ways, before something that can fail");
      }
      return loop(part.taken(), before, tailFails, repeated);
    }
    // Rounds that are done are never taken back; inside of a round a loop may not be.
    visit(part, List.of(), false, true);
    loops = true;
    List<CodePoints> open = new ArrayList<>(before);
    open.add(part.taken());
    return open;
  }

  private List<CodePoints> loop(
      CodePoints set, List<CodePoints> before, boolean tailFails, boolean repeated) {
    if (tailFails) {
      if (repeated) {
        throw new RegexRefusal("has a loop in a loop, before something that can fail");
      }
      if (before.stream().anyMatch(set::overlaps)) {
        throw new RegexRefusal(
            "has two loops that share characters, before something that can fail");
      }
      loops = true;
    }
    List<CodePoints> open = new ArrayList<>(before);
    open.add(set);
    return open;
  }

  /** Whether there is one way at most to match it, and one length. */
  private static boolean isDetermined(RegexNode node) {
    return switch (node) {
      case One one -> true;
      case Sequence sequence -> sequence.parts().stream().allMatch(RegexCost::isDetermined);
      case Choice choice -> {
        CodePoints seen = RegexNode.NONE;
        boolean distinct = true;
        for (RegexNode alternative : choice.alternatives()) {
          distinct &=
              alternative.minLength() > 0
                  && isDetermined(alternative)
                  && !seen.overlaps(alternative.first());
          seen = seen.or(alternative.first());
        }
        yield distinct;
      }
      case Repeat repeat -> repeat.min() == repeat.max() && isDetermined(repeat.part());
      case Assertion assertion -> isDetermined(assertion.part());
    };
  }

  private void multiply(long choices) {
    factor *= Math.max(1, choices);
    if (factor > MAX_FACTOR) {
      throw new RegexRefusal("has more than %d combinations of choices".formatted(MAX_FACTOR));
    }
  }
}
