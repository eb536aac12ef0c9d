package org.score4j.tokenizer;

import java.util.Arrays;
import java.util.Set;

/**
 * What is given between an answer and the next: the end of the answer's turn, the question, and
 * what opens the model's turn. Made by {@link ChatFormat#followUp}; immutable.
 *
 * <p>An answer ends with an id the model drew, or it was cut. Where that id is the one the template
 * ends a turn with, it stays, and what the template writes after it follows. Any other end, such as
 * an end of text where the turns are plain text, is none of the conversation: it is left out of
 * what the model goes on from, and the whole follows, as it does after an answer that was cut.
 */
public final class FollowUp {
  private static final int NO_END = -1;

  private final Set<Integer> ends;
  private final int end;
  private final int[] whole;
  private final int[] afterEnd;
  private final String opening;
  private final String closing;
  private final String text;

  /**
   * A follow-up.
   *
   * @param ends ids that end a response
   * @param whole ids of {@code text}
   * @param endAt index in {@code whole} of the end of the answer's turn, below 0 where it has none
   * @param opening white space that opens an answer
   * @param closing the part of {@code text} that ends the answer's turn; empty where it has none
   * @param text from the end of the answer to the next
   */
  FollowUp(Set<Integer> ends, int[] whole, int endAt, String opening, String closing, String text) {
    this.ends = Set.copyOf(ends);
    this.end = endAt < 0 ? NO_END : whole[endAt];
    this.whole = whole.clone();
    this.afterEnd = Arrays.copyOfRange(whole, Math.max(0, endAt + 1), whole.length);
    this.opening = opening;
    this.closing = closing;
    this.text = text;
  }

  /**
   * How many ids of an answer the model goes on from: all, or all but an end that is none of the
   * template's.
   *
   * @param answer ids as they were drawn
   */
  public int kept(int[] answer) {
    return endsItself(answer) && last(answer) != end ? answer.length - 1 : answer.length;
  }

  /**
   * Ids that follow those kept of an answer.
   *
   * @param answer ids as they were drawn
   */
  public int[] given(int[] answer) {
    return endsItself(answer) && last(answer) == end ? afterEnd.clone() : whole.clone();
  }

  /** The longest that {@link #given} can be: what follows an answer that was cut. */
  public int[] longest() {
    return whole.clone();
  }

  /** White space that opens an answer. */
  String opening() {
    return opening;
  }

  /** What ends an answer's turn, as text. */
  String closing() {
    return closing;
  }

  /** From the end of an answer to the next. */
  String text() {
    return text;
  }

  private boolean endsItself(int[] answer) {
    return answer.length > 0 && ends.contains(last(answer));
  }

  private static int last(int[] answer) {
    return answer[answer.length - 1];
  }
}
