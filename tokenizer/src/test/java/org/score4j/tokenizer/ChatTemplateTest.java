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
import java.util.HashMap;
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
  void reportedCasesGiveWhatJinja2Gives() throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<String> kinds = new ArrayList<>();
    for (String line : Files.readAllLines(TEMPLATES.resolve("cases.jsonl"))) {
      JsonNode row = json.readTree(line);
      Map<String, String> tokens = new HashMap<>();
      row.get("tokens").properties().forEach(t -> tokens.put(t.getKey(), t.getValue().asText()));
      List<ChatMessage> messages = RealTemplatesTest.messages(row.get("messages"));
      // The day of NOW, where a row asks for the names of month and day.
      String expected = row.has("expected") ? row.get("expected").asText() : "09 March 2025";
      assertThat(
              new ChatTemplate("test", row.get("template").asText(), tokens, () -> NOW)
                  .render(messages, row.get("addGenerationPrompt").asBoolean()))
          .as(row.get("kind").asText() + ": " + row.get("template").asText())
          .isEqualTo(expected);
      kinds.add(row.get("kind").asText().split(" ", 2)[0]);
    }
    assertThat(kinds)
        .hasSize(19)
        .contains("K1", "K1b", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9");
  }

  @Test
  void whitespaceIsThatOfJinja2sLexer() {
    assertThat(text("{{- 'a' }}\n{{- 'b' -}}\n c")).isEqualTo("abc");
    assertThat(text("x\n  {% if true %}\ny\n  {%+ endif +%}\n")).isEqualTo("x\ny\n  ");
    assertThat(text("a\r\n{# b #}\r\nc\r\n")).isEqualTo("a\nc");
    assertThat(text("{{ '}}' }}{{ {'a': {}} }}")).isEqualTo("}}{'a': {}}");
    assertThat(text("{% raw %}\n {{ a }} {%- endraw %}\n.")).isEqualTo("\n {{ a }}.");
    assertThat(text("a\u3000{{- 1 -}}\u00a0b")).isEqualTo("a1b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      quoteCharacter = '`',
      value = {
        "{% include 'x' %}§uses what is not supported in line 1: the tag {% include %}",
        "{% block x %}{% endblock %}§the tag {% block %}",
        "{% if messages %}{{ messages | pprint }}{% endif %}§in line 1: the filter pprint",
        "{{ raise_exception }}§printing a value of the type function",
        "{{ 'a'.encode() }}§the method 'encode' of a text",
        "{% do messages.append(1) %}§is no valid Jinja in line 1: Encountered unknown tag 'do'",
        "{{ messages | nothing }}§fails in line 1: No filter named 'nothing'",
        "{{ 1 is prime }}§fails in line 1: No test named 'prime'",
        "{{ nothing() }}§fails in line 1: 'nothing' is undefined",
        "{{ messages[0].a.b }}§'dict object' has no attribute 'a'",
        "{{ messages.append(1) }}§access to attribute 'append' of 'list' object is unsafe",
        "{{ 'a' + 1 }}§unsupported operand type(s) for +: 'str' and 'int'",
        "{{ 'a'§is no valid Jinja in line 1: expected '}}', got the end of the template",
        "{% if true %}§{% endif %} is missing",
        "{% endfor %}§Encountered unknown tag 'endfor'",
        "{% raw %}{{§Missing end of raw directive",
      })
  void whatFailsOrIsNotSupportedIsRefusedByName(String template, String message) {
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

  private static String text(String source) {
    return template(source).render(List.of(ChatMessage.user("hi")), true);
  }

  private static ChatTemplate template(String text) {
    return new ChatTemplate(
        "test", text, Map.of("bos_token", "<s>", "eos_token", "</s>"), () -> NOW);
  }
}
