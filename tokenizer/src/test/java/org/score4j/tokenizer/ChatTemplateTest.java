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
      String expected =
          row.has("expected") ? row.get("expected").asText() : "09 March 2025";
      assertThat(
              new ChatTemplate("test", row.get("template").asText(), tokens, () -> NOW)
                  .render(messages, row.get("addGenerationPrompt").asBoolean()))
          .as(row.get("kind").asText() + ": " + row.get("template").asText())
          .isEqualTo(expected);
      kinds.add(row.get("kind").asText().split(" ", 2)[0]);
    }
    assertThat(kinds).hasSize(19).contains("K1", "K1b", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9");
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

  @ParameterizedTest
  @CsvSource({
    "chatml, 3",
    "chatml-default-system, 3",
    "inst, 3",
    "inst-system, 3",
    "turns, 3",
    "system-on-lines, 3",
    "namespaces, 3"
  })
  void turnsThatStayAreAskedAgainByTheTemplatesSuffix(String name, int questions)
      throws IOException {
    Files.copy(
        TEMPLATES.resolve(name + ".jinja"), copyOwnTokenizer().resolve("chat_template.jinja"));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ChatFormat format = ChatFormat.of(tokenizer);
      ChatTemplate template = ChatTemplate.read(folder, tokenizer.specialTokens()).orElseThrow();
      List<ChatMessage> turns = new ArrayList<>(List.of(ChatMessage.user("ask 0")));
      StringBuilder text = new StringBuilder(template.render(turns, true));
      for (int i = 1; i < questions; i++) {
        int[] between = format.between(turns, "ask " + i);
        turns.add(ChatMessage.assistant("say " + i));
        turns.add(ChatMessage.user("ask " + i));
        String whole = template.render(turns, true);
        int said = whole.indexOf("say " + i, text.length());
        String suffix = whole.substring(said + ("say " + i).length());
        assertThat(between).isEqualTo(tokenizer.encode(suffix));
        assertThat(whole).startsWith(text);
        // A space that opens an answer is the model's to write.
        assertThat(whole.substring(text.length(), said)).isBlank();
        text.setLength(0);
        text.append(whole);
      }
    }
  }

  @Test
  void anAnswerThatEndedItsTurnIsNotEndedTwice() throws IOException {
    Files.writeString(
        copyOwnTokenizer().resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m.role + m.content + '</s>' }}{% endfor %}{% if"
            + " add_generation_prompt %}assistant{% endif %}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ChatFormat format = ChatFormat.of(tokenizer);
      int[] between = format.between(List.of(ChatMessage.user("x")), "again");
      assertThat(between).startsWith(2);
      assertThat(format.after(new int[] {7, 2}, between)).hasSize(between.length - 1);
      assertThat(format.after(new int[] {7}, between)).isEqualTo(between);
      assertThat(tokenizer.decode(between)).isEqualTo("</s> useragain</s> assistant");
    }
  }

  @Test
  void aTemplateThatRewritesEarlierTurnsIsRefusedWithTheReason() throws IOException {
    Files.copy(
        TEMPLATES.resolve("thinking.jinja"), copyOwnTokenizer().resolve("chat_template.jinja"));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      // It wraps the last answer alone in <think>, so an answer changes once a question follows.
      assertThat(ChatFormat.of(tokenizer).isChat()).isTrue();
    }
    Files.writeString(
        folder.resolve("chat_template.jinja"),
        "{% for m in messages %}[{{ m.role }}{% if loop.last %} now{% endif %}] {{ m.content"
            + " }}\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThatThrownBy(() -> ChatFormat.of(tokenizer))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("does not keep earlier turns: after 5 characters")
          .hasMessageContaining(folder.toString());
    }
  }

  @Test
  void aModelWithoutATemplateIsAskedInPlainText() {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(ReferenceVectors.ownFolder())) {
      ChatFormat format = ChatFormat.of(tokenizer);
      assertThat(format.isChat()).isFalse();
      assertThat(format.prompt("Once")).isEqualTo(tokenizer.encodeDocument("Once"));
      int[] between = format.between(List.of(ChatMessage.user("Once")), "again");
      assertThat(between).isEqualTo(tokenizer.encode("again"));
      assertThat(format.after(new int[] {between[0]}, between)).isEqualTo(between);
    }
  }

  @Test
  void theTemplateIsFoundWhereverAFolderHasIt() throws IOException {
    Path config = copyOwnTokenizer().resolve("tokenizer_config.json");
    SpecialTokens tokens = new SpecialTokens(List.of(), Map.of("bos_token", "<s>"), false);
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
