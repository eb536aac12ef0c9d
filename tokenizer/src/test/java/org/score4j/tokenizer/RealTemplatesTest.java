package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Templates of published models against the texts that Jinja2 renders of them. */
class RealTemplatesTest {
  private static final Path FOLDER = Path.of("src/test/resources/templates/real");
  // The day oracle.py renders on.
  private static final long NOW =
      LocalDateTime.of(2025, 3, 9, 14, 5, 7)
          .atZone(ZoneId.systemDefault())
          .toInstant()
          .toEpochMilli();

  static List<JsonNode> rows(Path file) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> rows = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        rows.add(json.readTree(line));
      }
    }
    return rows;
  }

  @Test
  void everyTemplateRendersWhatJinja2Renders() throws IOException {
    List<JsonNode> templates = rows(FOLDER.resolve("templates.jsonl.gz"));
    List<JsonNode> recorded = rows(FOLDER.resolve("recorded.jsonl.gz"));
    Map<String, String> tokens =
        new ObjectMapper()
            .convertValue(recorded.getFirst().get("tokens"), new TypeReference<>() {});
    JsonNode conversations = recorded.getFirst().get("conversations");
    int equal = 0;
    List<String> different = new ArrayList<>();
    for (JsonNode row : recorded.subList(1, recorded.size())) {
      JsonNode template = templates.get(row.get("template").asInt());
      String model = template.get("model").asText();
      String source = template.get("template").asText();
      ChatTemplate compiled = new ChatTemplate("x", source, tokens, () -> NOW);
      for (Map.Entry<String, JsonNode> outcome : row.get("outcomes").properties()) {
        String name = outcome.getKey();
        boolean prompt = name.endsWith(", prompt");
        JsonNode messages = conversations.get(name.replace(", prompt", ""));
        String wanted = outcome.getValue().toString();
        String got = outcome(compiled, messages(messages), prompt);
        if (wanted.equals(got)
            || (wanted.startsWith("{\"raises\"") && got.startsWith("{\"raises\""))) {
          equal++;
        } else {
          different.add("%s, %s:%n  Jinja2 %s%n  here   %s".formatted(model, name, wanted, got));
        }
      }
    }
    assertThat(different.stream().limit(20)).isEmpty();
    assertThat(equal).isEqualTo(157 * 36);
  }

  static List<ChatMessage> messages(JsonNode messages) {
    List<ChatMessage> list = new ArrayList<>();
    for (JsonNode message : messages) {
      list.add(new ChatMessage(message.get("role").asText(), message.get("content").asText()));
    }
    return list;
  }

  /** In the form of the recorded ones. */
  private static String outcome(ChatTemplate template, List<ChatMessage> messages, boolean prompt) {
    ObjectMapper json = new ObjectMapper();
    try {
      String text = template.render(messages, prompt);
      return json.valueToTree(Map.of("text", text)).toString();
    } catch (TokenizerException e) {
      String message = String.valueOf(e.getMessage());
      String refusal = "the chat template of x refuses the conversation: ";
      return message.startsWith(refusal)
          ? json.valueToTree(Map.of("refused", message.substring(refusal.length()))).toString()
          : message.startsWith("the chat template of x fails")
              ? json.valueToTree(Map.of("raises", message)).toString()
              : message;
    }
  }
}
