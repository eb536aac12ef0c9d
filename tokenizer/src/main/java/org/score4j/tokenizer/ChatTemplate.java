package org.score4j.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.score4j.tokenizer.jinja.Limits;
import org.score4j.tokenizer.jinja.Template;
import org.score4j.tokenizer.jinja.TemplateException;

/**
 * A Jinja chat template, which gives the texts that Hugging Face's {@code apply_chat_template}
 * gives without tools and documents. A template is judged by what is reached while a conversation
 * is rendered: what is not supported there, or takes more than {@link Limits#DEFAULT}, is an error
 * of one line that names the template. Immutable.
 */
public final class ChatTemplate {
  private final String origin;
  private final Template template;
  private final Map<String, String> tokens;
  private final LongSupplier clock;

  /**
   * A template.
   *
   * @param origin where it is from, for messages
   * @param source as Jinja
   * @param tokens such as {@code bos_token}, which templates print
   * @param clock milliseconds since 1970, for {@code strftime_now}
   * @throws TokenizerException when it is no Jinja
   */
  ChatTemplate(String origin, String source, Map<String, String> tokens, LongSupplier clock) {
    this.origin = origin;
    this.tokens = Map.copyOf(tokens);
    this.clock = clock;
    try {
      template = Template.parse(source);
    } catch (TemplateException e) {
      throw failure(e);
    }
  }

  /**
   * The template of a model folder: {@code chat_template.jinja}, {@code chat_template.json}, or
   * that of tokenizer_config.json (the one called default where there are several).
   */
  public static Optional<ChatTemplate> read(Path folder, SpecialTokens tokens) {
    Path jinja = folder.resolve("chat_template.jinja");
    if (Files.exists(jinja)) {
      try {
        return Optional.of(of(jinja, JsonFile.readText(jinja), tokens));
      } catch (IOException e) {
        throw JsonFile.unreadable(jinja, e);
      }
    }
    for (String name : List.of("chat_template.json", "tokenizer_config.json")) {
      JsonFile json = JsonFile.readOptional(folder.resolve(name));
      String text = text(json);
      if (text != null) {
        return Optional.of(of(json.file(), text, tokens));
      }
    }
    return Optional.empty();
  }

  /** Where it is from. */
  String origin() {
    return "the chat template of " + origin;
  }

  private static @Nullable String text(JsonFile json) {
    JsonNode template = json.root().path("chat_template");
    if (template.isTextual()) {
      return template.asText();
    }
    if (template.isNull() || template.isMissingNode()) {
      return null;
    }
    List<String> names = new ArrayList<>();
    for (JsonNode one : template) {
      names.add(one.path("name").asText());
      if (names.getLast().equals("default") && one.path("template").isTextual()) {
        return one.get("template").asText();
      }
    }
    throw json.damaged(
        "chat_template is no text and has none named default, only %s".formatted(names));
  }

  private static ChatTemplate of(Path file, String template, SpecialTokens tokens) {
    return new ChatTemplate(file.toString(), template, tokens.texts(), System::currentTimeMillis);
  }

  /**
   * The text of a conversation.
   *
   * @param addGenerationPrompt whether what opens the model's next message follows
   * @throws TokenizerException when the template refuses the conversation, fails, uses what is not
   *     supported or takes too much
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    List<Map<String, String>> list = new ArrayList<>();
    for (ChatMessage message : messages) {
      Map<String, String> entry = new LinkedHashMap<>();
      entry.put("role", message.role());
      entry.put("content", message.content());
      list.add(entry);
    }
    Map<String, @Nullable Object> values = new HashMap<>(tokens);
    values.put("messages", list);
    // Hugging Face passes both, so that they are defined.
    values.put("tools", null);
    values.put("documents", null);
    values.put("add_generation_prompt", addGenerationPrompt);
    try {
      return template.render(values, clock, Limits.DEFAULT);
    } catch (TemplateException e) {
      throw failure(e);
    }
  }

  private TokenizerException failure(TemplateException e) {
    String line = e.line() > 0 ? " in line " + e.line() : "";
    String message =
        switch (e.kind()) {
          case REFUSED -> "%s refuses the conversation: %s".formatted(origin(), e.reason());
          case SYNTAX -> "%s is no valid Jinja%s: %s".formatted(origin(), line, e.reason());
          case ERROR -> "%s fails%s: %s".formatted(origin(), line, e.reason());
          case UNSUPPORTED ->
              "%s uses what is not supported%s: %s; put a chat_template.jinja without it into the model's folder"
                  .formatted(origin(), line, e.reason());
          case LIMIT ->
              "%s was stopped%s: %s; shorten the conversation, or put a simpler chat_template.jinja into the model's folder"
                  .formatted(origin(), line, e.reason());
        };
    return new TokenizerException(message);
  }
}
