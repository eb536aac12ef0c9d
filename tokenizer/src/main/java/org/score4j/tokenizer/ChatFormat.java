package org.score4j.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How a model is asked and asked again: the ids of a first prompt, and those between an answer and
 * the next one. What the model wrote keeps the ids it was sampled with and is never tokenised
 * again, so the template must leave earlier turns as they are; that is checked when the format is
 * made. Immutable.
 */
public final class ChatFormat {
  // An answer no template has a reason to change.
  private static final String ANSWER = "ANSWER";

  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;

  private ChatFormat(Tokenizer tokenizer, Optional<ChatTemplate> template) {
    this.tokenizer = tokenizer;
    this.template = template;
  }

  /** Prompts as they are written, without roles: for models that have no chat template. */
  public static ChatFormat plain(Tokenizer tokenizer) {
    return new ChatFormat(tokenizer, Optional.empty());
  }

  /**
   * The format of a model folder: its chat template, or plain text where it has none.
   *
   * @throws TokenizerException when the template does not keep earlier turns as they are
   */
  public static ChatFormat of(HuggingFaceTokenizer tokenizer) {
    ChatFormat format =
        new ChatFormat(tokenizer, ChatTemplate.read(tokenizer.folder(), tokenizer.specialTokens()));
    format.template.ifPresent(
        template -> {
          List<ChatMessage> turns = new ArrayList<>();
          for (String question : List.of("one", "two", "three")) {
            turns.add(ChatMessage.user(question));
            between(template, turns, "next");
            turns.add(ChatMessage.assistant(ANSWER));
          }
        });
    return format;
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
   * Ids between an answer and the next: the end of the answer's turn, the question and what opens
   * the model's turn. The first of them may be in the answer already, see {@link #after}.
   *
   * @param before the conversation up to the answer, which is not part of it
   * @param question that follows the answer
   */
  public int[] between(List<ChatMessage> before, String question) {
    return tokenizer.encode(template.map(t -> between(t, before, question)).orElse(question));
  }

  /**
   * What of {@link #between} follows an answer, which may have drawn the token that ends its turn.
   *
   * @param answer ids as they were sampled
   * @param between ids as if the answer had not ended its turn
   */
  public int[] after(int[] answer, int[] between) {
    boolean ended =
        isChat()
            && answer.length > 0
            && between.length > 0
            && answer[answer.length - 1] == between[0];
    return ended ? Arrays.copyOfRange(between, 1, between.length) : between.clone();
  }

  private static String between(ChatTemplate template, List<ChatMessage> before, String question) {
    String asked = template.render(before, true);
    List<ChatMessage> more = new ArrayList<>(before);
    more.add(ChatMessage.assistant(ANSWER));
    more.add(ChatMessage.user(question));
    String askedAgain = template.render(more, true);
    int answer = asked.length();
    // Whitespace that opens an answer is the model's to write.
    while (askedAgain.startsWith(asked)
        && answer < askedAgain.length()
        && Character.isWhitespace(askedAgain.charAt(answer))) {
      answer++;
    }
    if (!askedAgain.startsWith(asked) || !askedAgain.startsWith(ANSWER, answer)) {
      String kept = asked + ANSWER;
      int same = 0;
      while (same < Math.min(kept.length(), askedAgain.length())
          && kept.charAt(same) == askedAgain.charAt(same)) {
        same++;
      }
      throw new TokenizerException(
          "%s does not keep earlier turns: after %d characters that stay, \"%s\" becomes \"%s\" once a question follows; training on what was sampled needs the turns to stay, use a template that keeps them (chat_template.jinja in the model's folder)"
              .formatted(template.origin(), same, around(kept, same), around(askedAgain, same)));
    }
    return askedAgain.substring(answer + ANSWER.length());
  }

  private static String around(String text, int at) {
    return text.substring(at, Math.min(text.length(), at + 40));
  }
}
