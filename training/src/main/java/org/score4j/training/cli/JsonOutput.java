package org.score4j.training.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.evaluation.AttemptMetrics;

/** The one document of {@code --json}. */
final class JsonOutput {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private JsonOutput() {}

  static void print(PrintWriter out, Map<String, @Nullable Object> document) {
    try {
      out.println(MAPPER.writeValueAsString(document));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + document + " as JSON", e);
    }
  }

  static Map<String, Object> figures(Map<String, AttemptMetrics> metrics) {
    Map<String, Object> figures = new LinkedHashMap<>();
    metrics.forEach((name, value) -> figures.put(name, value.toMap()));
    return figures;
  }
}
