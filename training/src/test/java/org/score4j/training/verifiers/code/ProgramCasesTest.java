package org.score4j.training.verifiers.code;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.Verifier;

/**
 * Cases written after reports on verifiers of programs: where a program is in a response, what of
 * its objects the tests see, whose fault a failure is, and programs that try to pass by operators
 * of their own. Each row of programs.jsonl is a kind, a reference, a response and the right
 * verdict; "or" is one that will do as well, where tests ask for what cannot be told.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProgramCasesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private CodeWorkers workers;
  private JavaVerifier java;
  private boolean numpy;

  @BeforeAll
  void open() {
    workers = TestWorkers.open(new CodeLimits(10, 60, 512, 1, 16), JavaVerifier.readable());
    java = new JavaVerifier(workers);
    numpy =
        new PythonVerifier(workers)
            .verify(
                new PythonTests("", "", List.of("assert f() == 1"), List.of("f")).toJson(),
                "import numpy\ndef f(): return int(numpy.ones(1)[0])")
            .isCorrect();
  }

  @AfterAll
  void close() {
    if (workers != null) {
      java.close();
      workers.close();
    }
  }

  private static List<JsonNode> rows() throws IOException {
    try (InputStream resource =
        Objects.requireNonNull(
            ProgramCasesTest.class.getResourceAsStream("/verifiers/programs.jsonl"))) {
      List<JsonNode> rows = new ArrayList<>();
      for (String line : new String(resource.readAllBytes(), UTF_8).lines().toList()) {
        rows.add(JSON.readTree(line));
      }
      return rows;
    }
  }

  @Test
  void everyVerdictIsRight() throws Exception {
    Map<String, Verifier> verifiers = Map.of("python", new PythonVerifier(workers), "java", java);
    Map<String, Integer> kinds = new TreeMap<>();
    List<String> wrong = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<JsonNode> rows =
          rows().stream().filter(row -> numpy || !row.toString().contains("numpy")).toList();
      List<Future<Verdict>> verdicts = new ArrayList<>();
      for (JsonNode row : rows) {
        Verifier verifier = Objects.requireNonNull(verifiers.get(row.path("verifier").asText()));
        verdicts.add(
            threads.submit(
                () ->
                    verifier.verify(
                        row.path("reference").toString(), row.path("response").asText())));
      }
      for (int i = 0; i < rows.size(); i++) {
        JsonNode row = rows.get(i);
        Verdict verdict = verdicts.get(i).get();
        String got = verdict.isError() ? "error" : verdict.isCorrect() ? "right" : "wrong";
        kinds.merge(row.path("kind").asText(), 1, Integer::sum);
        if (!got.equals(row.path("expected").asText()) && !got.equals(row.path("or").asText())) {
          wrong.add("row %d, %s: %s, %s".formatted(i + 1, row, got, verdict));
        }
      }
      assertThat(wrong).isEmpty();
    }
    assertThat(kinds).hasSizeGreaterThan(30).containsKeys("stray-fence", "attack", "broken-tests");
  }
}
