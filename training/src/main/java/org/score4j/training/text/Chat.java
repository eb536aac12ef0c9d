package org.score4j.training.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.score4j.tokenizer.ChatFormat;
import org.score4j.tokenizer.ChatMessage;
import org.score4j.tokenizer.FollowUp;

/**
 * A conversation with a model as the ids it consists of: what the model drew is never tokenised
 * again. A question that is never answered leaves no trace. Mutable; for one thread.
 */
public final class Chat {
  private final ChatFormat format;
  private final Consumer<String> notices;
  private final List<ChatMessage> messages = new ArrayList<>();
  private int[] ids = new int[0];
  private int[] answer = new int[0];
  private String asked = "";
  private int[] prompt = new int[0];
  private boolean noticed;

  /**
   * An empty conversation.
   *
   * @param notices told once when the template would rewrite what was said before
   */
  public Chat(ChatFormat format, Consumer<String> notices) {
    this.format = format;
    this.notices = notices;
  }

  /** Asks; returns the ids the model is to go on from. */
  public int[] ask(String question) {
    if (messages.isEmpty()) {
      prompt = format.prompt(question);
    } else {
      // In plain text nothing else tells question and answer apart.
      String apart = format.isChat() ? question : "\n\n" + question + "\n\n";
      // The last message is the answer, which the format stands for itself.
      List<ChatMessage> before = messages.subList(0, messages.size() - 1);
      FollowUp next = format.followUp(before, apart);
      int[] kept = Arrays.copyOf(ids, ids.length - answer.length + next.kept(answer));
      prompt = joined(kept, next.given(answer));
      Optional<String> rewriting = format.rewriting(before, lastAnswer(), apart);
      if (!noticed && rewriting.isPresent()) {
        notices.accept(rewriting.get());
        noticed = true;
      }
    }
    asked = question;
    return prompt.clone();
  }

  /** Takes the model's answer to what was asked last. */
  public void answered(Completion completion) {
    answer = completion.ids().clone();
    ids = joined(prompt, answer);
    messages.add(ChatMessage.user(asked));
    messages.add(ChatMessage.assistant(completion.text()));
  }

  /** Whether the model has answered. */
  public boolean hasAnswer() {
    return !messages.isEmpty();
  }

  /** The model's last answer. */
  public String lastAnswer() {
    return messages.getLast().content();
  }

  private static int[] joined(int[] first, int[] second) {
    int[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
