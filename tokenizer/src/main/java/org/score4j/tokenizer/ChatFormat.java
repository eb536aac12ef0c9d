package org.score4j.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How a model is asked and asked again: the ids of a first prompt, those between an answer and the
 * next one, and those of an answer that is taught. Talking, evaluation, supervised rows and
 * rollouts all join their turns here.
 *
 * <p>What the model wrote keeps the ids it was drawn with and is never tokenised again, also where
 * the template would rewrite an earlier turn, such as one that drops the thinking of past answers;
 * {@link #rewriting} says so. Immutable.
 */
public final class ChatFormat {
  /** Stands for an answer; lengthened where a conversation has the word. */
  private static final String ANSWER = "ANSWER";

  private static final String THINK = "<think>";
  private static final String THOUGHT = "THOUGHT\n</think>\n\n" + ANSWER;
  private static final List<ChatMessage> ONE_QUESTION = List.of(ChatMessage.user("question"));

  private final HuggingFaceTokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final Continuation continuation;
  private final Set<Integer> ends;

  private ChatFormat(HuggingFaceTokenizer tokenizer, Optional<ChatTemplate> template) {
    this.tokenizer = tokenizer;
    this.template = template;
    continuation = new Continuation(tokenizer);
    ends = new HashSet<>(tokenizer.specialTokens().eosIds());
  }

  /** Prompts as they are written, without roles: for models that have no chat template. */
  public static ChatFormat plain(HuggingFaceTokenizer tokenizer) {
    return new ChatFormat(tokenizer, Optional.empty());
  }

  /** The format of a model folder: its chat template, or plain text where it has none. */
  public static ChatFormat of(HuggingFaceTokenizer tokenizer) {
    return new ChatFormat(
        tokenizer, ChatTemplate.read(tokenizer.folder(), tokenizer.specialTokens()));
  }

  /** Whether there is a template. */
  public boolean isChat() {
    return template.isPresent();
  }

  /** What is shown of the format: {@code chat template} or {@code plain text}. */
  public String description() {
    return isChat() ? "chat template" : "plain text";
  }

  /** Ids of a first question, up to where the model's answer begins. */
  public int[] prompt(String question) {
    return template
        .map(t -> tokenizer.encode(t.render(List.of(ChatMessage.user(question)), true)))
        .orElseGet(() -> tokenizer.encodeDocument(question));
  }

  /**
   * What comes between an answer and the next.
   *
   * @param before the conversation up to the answer, which is not part of it
   * @param question that follows the answer
   * @throws TokenizerException when the template does not print earlier answers
   */
  public FollowUp followUp(List<ChatMessage> before, String question) {
    if (template.isEmpty()) {
      return new FollowUp(ends, continuation.ids(question), -1, "", "", question);
    }
    Joint joint = joint(template.get(), before, question);
    // What both have in common ends where the question begins: an end in the question is its own.
    String other = question.strip().startsWith("0") ? "1" : "0";
    String between = joint.between();
    String untilQuestion =
        between.substring(
            0, firstDifference(between, joint(template.get(), before, other).between()));
    int[] ids = continuation.ids(between);
    int endAt = firstEnd(continuation.ids(untilQuestion)) < 0 ? -1 : firstEnd(ids);
    String closing = "";
    if (endAt >= 0) {
      String end = tokenizer.token(ids[endAt]);
      int at = untilQuestion.indexOf(end);
      closing = at < 0 ? end : untilQuestion.substring(0, at + end.length());
    }
    return new FollowUp(ends, ids, endAt, joint.opening(), closing, between);
  }

  /**
   * Ids of an answer to a first question, as the template writes it and with its end.
   *
   * @param next what would follow it
   */
  public int[] answer(String question, FollowUp next, String answer) {
    String asked =
        template.map(t -> t.render(List.of(ChatMessage.user(question)), true)).orElse(question);
    return answerBehind(asked, next, answer);
  }

  /** Ids of an answer after a follow-up, as the template writes it and with its end. */
  public int[] answer(FollowUp before, String answer) {
    return answerBehind(before.text(), before, answer);
  }

  private int[] answerBehind(String before, FollowUp form, String answer) {
    int[] ids = continuation.ids(before, form.opening() + answer + form.closing());
    if (!form.closing().isEmpty()) {
      return ids;
    }
    List<Integer> eos = tokenizer.specialTokens().eosIds();
    int end =
        tokenizer
            .specialTokens()
            .text("eos_token")
            .map(tokenizer::requireId)
            .orElse(eos.isEmpty() ? -1 : eos.getFirst());
    if (end < 0) {
      return ids;
    }
    int[] ended = Arrays.copyOf(ids, ids.length + 1);
    ended[ids.length] = end;
    return ended;
  }

  /**
   * Why an answer would not stay as it is once a question follows, in one line; empty where the
   * template keeps it. Either way the model goes on from what it drew.
   *
   * @param before the conversation up to the answer, which is not part of it
   */
  public Optional<String> rewriting(List<ChatMessage> before, String answer, String question) {
    return template.flatMap(t -> rewriting(t, before, answer, question));
  }

  /** As {@link #rewriting(List, String, String)}, of an answer with its thinking or without. */
  public Optional<String> rewriting() {
    return template.flatMap(
        t -> {
          boolean thinks = t.render(ONE_QUESTION, true).stripTrailing().endsWith(THINK);
          List<String> answers =
              thinks ? List.of(THOUGHT) : List.of(ANSWER, THINK + "\n" + THOUGHT);
          return answers.stream()
              .flatMap(answer -> rewriting(t, ONE_QUESTION, answer, "again").stream())
              .findFirst();
        });
  }

  private static Optional<String> rewriting(
      ChatTemplate template, List<ChatMessage> before, String answer, String question) {
    String asked = template.render(before, true);
    String again = asked(template, before, answer, question);
    // Templates may trim an answer; that changes nothing that matters.
    String kept = asked.stripTrailing() + answer.strip();
    if (again.startsWith(asked.stripTrailing())
        && again.substring(asked.stripTrailing().length()).strip().startsWith(answer.strip())) {
      return Optional.empty();
    }
    int same = firstDifference(kept, again);
    return Optional.of(
        TokenizerException.oneLine(
            "%s rewrites earlier answers: after %d characters that stay, \"%s\" becomes \"%s\" once a question follows; the model goes on from what it wrote, unchanged"
                .formatted(template.origin(), same, around(kept, same), around(again, same))));
  }

  /**
   * What a template writes around an answer that a question follows.
   *
   * @param opening white space that opens the answer, which is the model's to write
   * @param between from the end of the answer to the next
   */
  private record Joint(String opening, String between) {}

  private static Joint joint(ChatTemplate template, List<ChatMessage> before, String question) {
    StringBuilder mark = new StringBuilder(ANSWER);
    while (question.contains(mark)
        || before.stream().anyMatch(message -> message.content().contains(mark))) {
      mark.append('X');
    }
    String answer = mark.toString();
    String asked = template.render(before, true);
    String again = asked(template, before, answer, question);
    int at = again.lastIndexOf(answer);
    if (at < 0) {
      throw new TokenizerException(
          "%s does not print an answer once a question follows, so there is nothing to go on from; use a template that does (chat_template.jinja in the model's folder)"
              .formatted(template.origin()));
    }
    String opening = again.startsWith(asked) ? again.substring(asked.length(), at) : "";
    return new Joint(opening.isBlank() ? opening : "", again.substring(at + answer.length()));
  }

  private static String asked(
      ChatTemplate template, List<ChatMessage> before, String answer, String question) {
    List<ChatMessage> more = new ArrayList<>(before);
    more.add(ChatMessage.assistant(answer));
    more.add(ChatMessage.user(question));
    return template.render(more, true);
  }

  /** Index of the first id that ends a response; -1 where there is none. */
  private int firstEnd(int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ends.contains(ids[i])) {
        return i;
      }
    }
    return -1;
  }

  private static int firstDifference(String one, String other) {
    int same = 0;
    while (same < Math.min(one.length(), other.length())
        && one.charAt(same) == other.charAt(same)) {
      same++;
    }
    return same;
  }

  private static String around(String text, int at) {
    return text.substring(at, Math.min(text.length(), at + 40));
  }
}
