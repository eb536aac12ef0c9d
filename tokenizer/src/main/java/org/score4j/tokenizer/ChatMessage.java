package org.score4j.tokenizer;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user} or {@code assistant}
 * @param content its text
 */
public record ChatMessage(String role, String content) {
  /** What a person says. */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /** What the model says. */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
