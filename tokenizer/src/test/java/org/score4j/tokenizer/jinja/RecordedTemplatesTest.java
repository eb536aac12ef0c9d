package org.score4j.tokenizer.jinja;

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

/** Random templates against what Jinja2 made of them; fuzz.py beside the file is the recipe. */
class RecordedTemplatesTest {
  private static final Path FILE =
      Path.of(
          System.getProperty("score4j.fuzz", "src/test/resources/templates/fuzz/fuzz.jsonl.gz"));
  // The day oracle.py renders on.
  private static final long NOW =
      LocalDateTime.of(2025, 3, 9, 14, 5, 7)
          .atZone(ZoneId.systemDefault())
          .toInstant()
          .toEpochMilli();

  @Test
  void randomTemplatesGiveWhatJinja2Gives() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, Object> values = Map.of();
    int rows = 0;
    int unsupported = 0;
    List<String> different = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(FILE)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = json.readTree(line);
        if (row.has("values")) {
          values = json.convertValue(row.get("values"), new TypeReference<>() {});
          continue;
        }
        rows++;
        String source = row.get("template").asText();
        String wanted =
            row.has("text") ? "text " + row.get("text").asText() : "raises " + row.get("raises");
        String got;
        try {
          got = "text " + Template.parse(source).render(values, () -> NOW, Limits.DEFAULT);
        } catch (TemplateException e) {
          if (e.kind() == TemplateException.Kind.UNSUPPORTED) {
            unsupported++;
            continue;
          }
          got =
              e.kind() == TemplateException.Kind.LIMIT
                  ? "limit " + e.reason()
                  : "raises " + e.reason();
        }
        boolean same = row.has("text") ? got.equals(wanted) : got.startsWith("raises ");
        if (!same) {
          different.add("%s%n  Jinja2 %s%n  here   %s".formatted(source, wanted, got));
        }
      }
    }
    assertThat(different.stream().limit(50).toList()).as(different.size() + " differ").isEmpty();
    assertThat(rows).isGreaterThanOrEqualTo(6000);
    // Views of dicts that are compared, complex numbers, methods of safe texts and the like.
    assertThat(unsupported).isLessThan(rows / 50);
  }
}
