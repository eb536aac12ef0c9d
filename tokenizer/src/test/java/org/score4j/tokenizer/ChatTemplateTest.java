package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against texts that Jinja2 rendered; golden.py beside them is the recipe. */
class ChatTemplateTest {
  private static final Path TEMPLATES = Path.of("src/test/resources/templates");
  // The day golden.py renders on.
  private static final long NOW =
      LocalDateTime.of(2025, 3, 9, 14, 5, 7)
          .atZone(ZoneId.systemDefault())
          .toInstant()
          .toEpochMilli();

  @TempDir private Path folder;

  @Test
  void everyTemplateRendersWhatJinja2Renders() throws IOException {
    JsonNode golden = new ObjectMapper().readTree(TEMPLATES.resolve("golden.json").toFile());
    int rendered = 0;
    int refused = 0;
    for (JsonNode row : golden.get("rows")) {
      String name = row.get("template").asText();
      String what = name + ", conversation " + row.get("conversation").asText();
      ChatTemplate template = template(Files.readString(TEMPLATES.resolve(name)));
      List<ChatMessage> messages = new ArrayList<>();
      for (JsonNode message : golden.get("conversations").get(row.get("conversation").asText())) {
        messages.add(
            new ChatMessage(message.get("role").asText(), message.get("content").asText()));
      }
      boolean prompt = row.get("addGenerationPrompt").asBoolean();
      if (row.has("text")) {
        assertThat(template.render(messages, prompt)).as(what).isEqualTo(row.get("text").asText());
        rendered++;
      } else {
        assertThatThrownBy(() -> template.render(messages, prompt))
            .as(what)
            .isInstanceOf(TokenizerException.class)
            .hasMessageEndingWith("refuses the conversation: " + row.get("refused").asText());
        refused++;
      }
    }
    assertThat(rendered).isEqualTo(168);
    assertThat(refused).isEqualTo(8);
  }

  @Test
  void whitespaceIsThatOfJinja2sLexer() {
    // What Jinjava alone keeps: the line end between two outputs with signs.
    assertThat(JinjaSource.resolve("{{- 'a' }}\n{{- 'b' -}}\n c"))
        .isEqualTo("{{ 'a' | print__ }}{{ 'b' | print__ }}c");
    assertThat(JinjaSource.resolve("x\n  {% if a %}\ny\n  {%+ endif +%}\n"))
        .isEqualTo("x\n{% if a %}y\n  {% endif %}");
    assertThat(JinjaSource.resolve("a\r\n{# b #}\r\nc\r\n")).isEqualTo("a\nc");
    assertThat(JinjaSource.resolve("{{ '}}' }}{{ {'a': {}} }}"))
        .isEqualTo("{{ '}}' | print__ }}{{ { 'a' : { } } | print__ }}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      quoteCharacter = '`',
      value = {
        "{% with x = 1 %}{{ x }}{% endwith %}§the tag {% with %}",
        "{% include 'x' %}§the tag {% include %}",
        "{% for m in messages if m %}{% endfor %}§a loop with a condition",
        "{% for m in [] %}{% else %}no{% endfor %}§{% else %} of a loop",
        "{% for m in messages %}{{ loop.previtem }}{% endfor %}§loop.previtem",
        "{{ messages | sort }}§the filter sort",
        "{{ 1 is prime }}§the test 'is prime'",
        "{{ 'a' * 3 }}§the operator *",
        "{{ messages and 'z' }}§printing 'a and b'",
        "{{ messages }}§it prints a list or an object",
        "{{ nothing() }}§Could not resolve function 'nothing'",
        "{{ 'a'.zfill(3) }}§the method 'zfill' of a text",
        "{{ 'a'§does not end",
        "{% if true %}§{% if %} without its end",
        "{% endfor %}§{% endfor %} where nothing is open",
        "{% raw %}{{§{% raw %} on line 1 does not end",
      })
  void whatWouldRenderDifferentlyIsRefused(String template, String message) {
    assertThatThrownBy(() -> template(template).render(List.of(ChatMessage.user("hi")), true))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void theTemplateIsFoundWhereverAFolderHasIt() throws IOException {
    Path config = copyOwnTokenizer().resolve("tokenizer_config.json");
    SpecialTokens tokens =
        new SpecialTokens(List.of(), Map.of("bos_token", "<s>"), SpecialTokens.Bos.AS_TOKENIZED);
    assertThat(ChatTemplate.read(folder, tokens)).isEmpty();
    Files.writeString(
        config,
        "{\"chat_template\": [{\"name\": \"tools\", \"template\": \"no\"}, {\"name\": \"default\","
            + " \"template\": \"{{ bos_token }}list\"}]}");
    assertThat(rendered(tokens)).isEqualTo("<s>list");
    Files.writeString(folder.resolve("chat_template.json"), "{\"chat_template\": \"json\"}");
    assertThat(rendered(tokens)).isEqualTo("json");
    Files.writeString(folder.resolve("chat_template.jinja"), "file\n");
    assertThat(rendered(tokens)).isEqualTo("file");
    Files.delete(folder.resolve("chat_template.jinja"));
    Files.writeString(folder.resolve("chat_template.json"), "{\"chat_template\": [3]}");
    assertThatThrownBy(() -> ChatTemplate.read(folder, tokens))
        .hasMessageContaining("chat_template is no text");
  }

  private String rendered(SpecialTokens tokens) {
    return ChatTemplate.read(folder, tokens)
        .orElseThrow()
        .render(List.of(ChatMessage.user("hi")), false);
  }

  private Path copyOwnTokenizer() throws IOException {
    for (String name : List.of("tokenizer.json", "tokenizer_config.json", "config.json")) {
      Files.copy(ReferenceVectors.ownFolder().resolve(name), folder.resolve(name));
    }
    return folder;
  }

  private static ChatTemplate template(String text) {
    return new ChatTemplate(
        "test", text, Map.of("bos_token", "<s>", "eos_token", "</s>"), () -> NOW);
  }
}
