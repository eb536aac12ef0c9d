package org.score4j.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.objects.date.DateTimeProvider;
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
import jinjava.javax.el.CompositeELResolver;
import org.jspecify.annotations.Nullable;

/**
 * A Jinja chat template with the settings Hugging Face gives Jinja2: {@code trim_blocks}, {@code
 * lstrip_blocks}, loop controls, {@code tojson}, {@code raise_exception}, {@code strftime_now}.
 *
 * <p>Jinjava runs it. Where Jinjava differs from Jinja2 we step in: whitespace is resolved before
 * ({@link JinjaSource}), the methods of texts are Python's ({@link PythonStrings}), and whatever
 * Jinjava reports while rendering is an error here and never an empty text. Immutable.
 */
public final class ChatTemplate {
  private final String origin;
  private final String source;
  private final Map<String, String> tokens;
  private final Jinjava jinjava;

  /**
   * A template.
   *
   * @param origin where it is from, for messages
   * @param template as Jinja
   * @param tokens such as {@code bos_token}, which templates print
   * @param clock milliseconds since 1970, for {@code strftime_now}
   */
  ChatTemplate(String origin, String template, Map<String, String> tokens, LongSupplier clock) {
    this.origin = origin;
    this.source = JinjaSource.resolve(template);
    this.tokens = Map.copyOf(tokens);
    this.jinjava = jinjava(clock);
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
   * @throws TokenizerException when the template refuses the conversation or uses what is not
   *     supported
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (ChatMessage message : messages) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("role", message.role());
      entry.put("content", message.content());
      list.add(entry);
    }
    Map<String, Object> values = new HashMap<>(tokens);
    // Functions are no values in Jinjava; templates ask whether they are defined.
    TemplateFunctions.functions().forEach(f -> values.put(f.getLocalName(), f.getLocalName()));
    values.put("messages", list);
    values.put("add_generation_prompt", addGenerationPrompt);
    RenderResult result = jinjava.renderForResult(source, values);
    for (TemplateError error : result.getErrors()) {
      throw refused(error);
    }
    return result.getOutput();
  }

  private TokenizerException refused(TemplateError error) {
    for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
      if (cause instanceof TemplateFunctions.Refusal refusal) {
        return new TokenizerException(
            "%s refuses the conversation: %s".formatted(origin(), refusal.getMessage()));
      }
    }
    return new TokenizerException(
        "%s uses what is not supported, near line %d: %s"
            .formatted(origin(), error.getLineno(), error.getMessage()));
  }

  private static Jinjava jinjava(LongSupplier clock) {
    DateTimeProvider now = clock::getAsLong;
    CompositeELResolver resolver = new CompositeELResolver();
    resolver.add(new PythonStrings());
    resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
    Jinjava jinjava =
        new Jinjava(
            JinjavaConfig.newBuilder()
                .withLegacyOverrides(LegacyOverrides.ALL)
                .withKeepTrailingNewline(true)
                // What a user writes is text even where it looks like a tag.
                .withNestedInterpretationEnabled(false)
                .withDateTimeProvider(now)
                .withElResolver(resolver)
                .build());
    TemplateFunctions.functions().forEach(jinjava::registerFunction);
    jinjava.registerExpTest(new TemplateFunctions.IsCollection("iterable"));
    jinjava.registerExpTest(new TemplateFunctions.IsCollection("sequence"));
    jinjava.registerFilter(new TemplateFunctions.ToJson());
    jinjava.registerFilter(new TemplateFunctions.Print());
    return jinjava;
  }
}
