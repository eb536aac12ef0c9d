package org.score4j.training.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.score4j.tokenizer.ChatFormat;
import org.score4j.tokenizer.ChatMessage;

/**
 * A conversation with a model as the ids it consists of: what the model drew is never tokenised
 * again. Mutable; for one thread.
 */
public final class Chat {
  private final ChatFormat format;
  private final List<ChatMessage> messages = new ArrayList<>();
  private int[] ids = new int[0];
  private int[] answer = new int[0];

  /** An empty conversation. */
  public Chat(ChatFormat format) {
    this.format = format;
  }

  /** Asks; returns the ids the model is to go on from. */
  public int[] ask(String question) {
    if (messages.isEmpty()) {
      ids = format.prompt(question);
    } else {
      // In plain text nothing else tells question and answer apart.
      String apart = format.isChat() ? question : "\n\n" + question + "\n\n";
      // The last message is the answer, which the format stands for itself.
      int[] between = format.between(messages.subList(0, messages.size() - 1), apart);
      ids = joined(ids, format.after(answer, between));
    }
    messages.add(ChatMessage.user(question));
    return ids.clone();
  }

  /** Takes the model's answer. */
  public void answered(Completion completion) {
    answer = completion.ids().clone();
    ids = joined(ids, answer);
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
