package org.score4j.training.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VerifyCommandTest {
  @TempDir private Path folder;

  private final Screen screen = new Screen();
  private final StringWriter stdout = new StringWriter();

  private int run(String... args) {
    Terminal plain = new Terminal(screen.out(), false, false, 80);
    return Score4j.execute(new Engine.OnDevice(line -> {}), plain, new PrintWriter(stdout), args);
  }

  private String file(String name, String... lines) throws IOException {
    return Files.writeString(folder.resolve(name), String.join("\n", lines)).toString();
  }

  private String mathAnswers() throws IOException {
    return file(
        "answers.jsonl",
        "{\"id\": \"a\", \"response\": \"\\\\boxed{0.5}\", \"reference\": \"\\\\frac12\"}",
        "{\"id\": \"b\", \"response\": \"\\\\boxed{3}\", \"reference\": 2}",
        "{\"response\": \"no idea\", \"reference\": \"2\"}");
  }

  @Test
  void answersAreJudgedLineByLine() throws IOException {
    String answers = mathAnswers();
    assertThat(run("verify", "--task", "math", "--answers", answers)).isZero();
    assertThat(stdout.toString().lines())
        .containsExactly(
            "right  a  boxed \"0.5\", which is \"\\frac12\"",
            "wrong  b  boxed \"3\", expected \"2\"",
            "wrong  " + answers + " line 3  no final answer; looked for final-answer, boxed",
            "1 of 3 judged answers are right: 33.3% (95% interval 6.1 to 79.2); 0 could not be"
                + " judged");
    assertThat(screen.raw()).isEmpty();
  }

  @Test
  void jsonIsOneDocument() throws IOException {
    assertThat(run("verify", "--task=math", "--answers=" + mathAnswers(), "--json")).isZero();
    JsonNode document = new ObjectMapper().readTree(stdout.toString());
    assertThat(document.path("right").asInt()).isEqualTo(1);
    assertThat(document.path("wrong").asInt()).isEqualTo(2);
    assertThat(document.path("errors").asInt(-1)).isZero();
    assertThat(document.path("accuracy").asDouble()).isBetween(33.3, 33.4);
    assertThat(document.path("ci95")).hasSize(2);
    assertThat(document.path("verdicts")).hasSize(3);
    assertThat(document.path("verdicts").path(0).path("correct").asBoolean()).isTrue();
    assertThat(document.path("verdicts").path(1).path("reason").asText())
        .contains("expected \"2\"");
  }

  @Test
  void referencesCanComeFromTheTasksProblems() throws IOException {
    String data =
        file(
            "gsm.jsonl",
            "{\"id\": \"g1\", \"problem\": \"?\", \"answer\": \"18\"}",
            "{\"id\": \"g2\", \"problem\": \"?\", \"answer\": \"3\"}");
    String answers =
        file(
            "a.jsonl",
            "{\"id\": \"g2\", \"response\": \"so 4\"}",
            "{\"id\": \"g1\", \"response\": \"so $18.00.\"}");
    assertThat(run("verify", "--task", "gsm8k", "--data", data, "--answers", answers)).isZero();
    assertThat(stdout.toString())
        .contains("wrong  g2  last-number \"4\", expected \"3\"", "right  g1  last-number");
  }

  @Test
  void programsAreJudgedToo() throws IOException {
    String data =
        file(
            "mbpp.jsonl",
            "{\"task_id\": 11, \"text\": \"Add.\", \"code\": \"def add(a, b):\\r"
                + "\\n"
                + " return a + b\", \"test_setup_code\": \"\", \"test_list\": [\"assert add(2, 3)"
                + " == 5\"]}");
    String answers =
        file(
            "a.jsonl",
            "{\"task_id\": 11, \"response\": \"def add(a, b):\\n  return a + b\\n[DONE]\"}",
            "{\"id\": \"mbpp/11\", \"response\": \"def add(a, b):\\n  return a - b\"}");
    int code = run("verify", "--task", "mbpp", "--data", data, "--answers", answers);
    assumeFalse(screen.raw().contains("cannot be had here"), screen.raw());
    assertThat(code).isZero();
    assertThat(stdout.toString())
        .contains("right  11  up to [DONE]: passed 1 tests")
        .contains("wrong  mbpp/11  whole response: test 1 of 1 failed: assert add(2, 3) == 5");
    assertThat(screen.raw()).startsWith("score4j: programs are judged by").contains("namespaces");
  }

  @Test
  void badInputIsOneLineAndAnExitCode() throws IOException {
    String broken = file("broken.jsonl", "{\"response\": \"1\", \"reference\": \"1\"}", "{oops}");
    assertThat(run("verify", "--task", "math", "--answers", broken)).isEqualTo(1);
    assertThat(screen.raw().lines()).hasSize(1);
    assertThat(screen.raw()).startsWith("score4j: error: " + broken + " line 2: not JSON");
    assertThat(stdout.toString()).isEmpty();
  }

  @Test
  void linesThatDropDataAreRefused() throws IOException {
    String row = "{\"response\": \"1\", \"reference\": \"1\"}";
    String two = file("two.jsonl", row, row + row);
    assertThat(run("verify", "--task", "math", "--answers", two)).isEqualTo(1);
    String twice =
        file("twice.jsonl", "{\"response\": \"1\", \"reference\": \"1\", \"response\": 2}");
    assertThat(run("verify", "--task", "math", "--answers", twice)).isEqualTo(1);
    assertThat(screen.raw().lines())
        .containsExactly(
            "score4j: error: "
                + two
                + " line 2: another one behind the JSON object; put every object on a line of its"
                + " own",
            "score4j: error: " + twice + " line 1: the key 'response' is there twice; keep one");
    assertThat(stdout.toString()).isEmpty();
  }

  @Test
  void numbersInColumnsAreTheirDecimalText() throws IOException {
    String answers =
        file(
            "numbers.jsonl",
            "\uFEFF{\"id\": \"a\", \"response\": \"#### 0.0005\", \"reference\": 0.0005}",
            "{\"id\": \"b\", \"response\": 12345678.5, \"reference\": 12345678.5}",
            "{\"id\": \"c\", \"response\": \"so 10,000,000,000\", \"reference\": 1e10}",
            "{\"id\": \"d\", \"response\": \"so 10\", \"reference\": 1e10}");
    assertThat(run("verify", "--task", "gsm8k", "--answers", answers)).isZero();
    assertThat(stdout.toString())
        .contains("right  a", "right  b", "right  c")
        .contains("wrong  d  last-number \"10\", expected \"10000000000\"");
  }

  @Test
  void theFormOfAnAnswerCanBeChosen() throws IOException {
    String answers =
        file(
            "forms.jsonl",
            "{\"id\": \"a\", \"response\": \"\\\\boxed{17\\\\cdot23}\", \"reference\": 391}",
            "{\"id\": \"b\", \"response\": \"\\\\boxed{391}\", \"reference\": \"391\"}");
    for (String task : List.of("math", "gsm8k", "jsonl")) {
      assertThat(run("verify", "--task", task, "--answers", answers)).isZero();
    }
    assertThat(stdout.toString().lines().filter(line -> line.startsWith("wrong  a"))).hasSize(3);
    assertThat(stdout.toString().lines().filter(line -> line.startsWith("right  b"))).hasSize(3);
    assertThat(run("verify", "--task", "math", "--answer-form", "expression", "--answers", answers))
        .isZero();
    assertThat(stdout.toString()).contains("right  a");
    assertThat(run("verify", "--task", "math", "--answer-form", "number", "--answers", answers))
        .isEqualTo(2);
    assertThat(screen.raw()).contains("--answer-form is 'number'; use value or expression");
  }

  @Test
  void brokenTestsAreRefusedWithTheirLine() throws IOException {
    String tests = "\"{\\\"tests\\\": [\\\"assert f() == 1\\\"], \\\"entries\\\": [\\\"f\\\"]}\"";
    String answers =
        file(
            "tests.jsonl",
            "{\"response\": \"def f(): return 1\", \"reference\": " + tests + "}",
            "{\"response\": \"def f(): return 1\", \"reference\": \"assert f() == 1\"}");
    for (String verifier : List.of("python", "java")) {
      assertThat(run("verify", "--task", "jsonl", "--verifier", verifier, "--answers", answers))
          .isEqualTo(1);
    }
    assertThat(screen.raw().lines()).hasSize(2);
    assertThat(screen.raw())
        .contains(answers + " line 2: python tests: the reference is no JSON of before")
        .contains(answers + " line 1: java tests: the reference is no JSON of calls");
  }

  @Test
  void whatIsMissingIsSaid() throws IOException {
    String answers = file("a.jsonl", "{\"id\": \"x\", \"response\": \"1\"}");
    assertThat(run("verify", "--task", "math", "--answers", answers)).isEqualTo(1);
    assertThat(screen.raw()).contains("a.jsonl line 1: no 'reference'", "--data");
    assertThat(run("verify", "--task", "math", "--answers", folder.resolve("no").toString()))
        .isEqualTo(1);
    assertThat(run("verify", "--task", "maths", "--answers", answers)).isEqualTo(1);
    assertThat(run("verify", "--task", "math")).isEqualTo(2);
    assertThat(run("verify", "--task", "math", "--answers", answers, "--threads", "0"))
        .isEqualTo(2);
    assertThat(run("verify", "--task", "math", "--answers", answers, "--isolation", "none"))
        .isEqualTo(1);
    assertThat(screen.raw().lines())
        .anySatisfy(line -> assertThat(line).contains("'maths'; the tasks on text are"))
        .anySatisfy(line -> assertThat(line).contains("Missing required option: '--answers=FILE'"))
        .anySatisfy(line -> assertThat(line).contains("--threads is 0; use 1 or more"))
        .anySatisfy(line -> assertThat(line).contains("the levels are process, namespaces"));
  }
}
