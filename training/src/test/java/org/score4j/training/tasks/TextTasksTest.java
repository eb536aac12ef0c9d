package org.score4j.training.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.verifiers.SharedData;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.code.CodeVerifiers;
import org.score4j.training.verifiers.code.PythonTests;

class TextTasksTest {
  @TempDir private Path folder;

  private final CodeVerifiers programs = new CodeVerifiers(CodeSettings.DEFAULTS, line -> {});

  @AfterEach
  void close() {
    programs.close();
  }

  private String file(String name, String... lines) throws IOException {
    return Files.writeString(folder.resolve(name), String.join("\n", lines)).toString();
  }

  private TextTask open(TextTaskSettings settings) {
    return TextTasks.open(settings, programs);
  }

  @Test
  void mathHasThePromptsOfThePaper() throws IOException {
    String file =
        file(
            "math.jsonl",
            "{\"id\": \"a/1\", \"problem\": \"What is $\\\\frac{1}{2}+{problem}$?\", \"answer\":"
                + " \"\\\\frac12\"}",
            "",
            "{\"id\": \"a/2\", \"problem\": \"p\", \"answer\": null}");
    TextTask task = open(TextTaskSettings.of("math", file, ""));
    assertThat(task.training()).hasSize(1);
    TextProblem problem = task.training().getFirst();
    assertThat(problem.id()).isEqualTo("a/1");
    assertThat(problem.prompt())
        .startsWith("You are a math expert.")
        .contains("The final answer is $answer$. I hope it is correct.")
        .contains("What is $\\frac{1}{2}+{problem}$?")
        .endsWith("Solution:\n");
    assertThat(task.correction()).contains("There might be an error in the solution above");
    assertThat(task.heldOut()).isEmpty();
    assertThat(
            task.verifier()
                .verify(
                    problem.reference(),
                    "Final Answer: The final answer is $0.5$. I hope it is correct.")
                .isCorrect())
        .isTrue();
    assertThat(task.verifier().verify(problem.reference(), "the last number is 0.5").isCorrect())
        .isFalse();
  }

  @Test
  void everythingOfAPromptCanBeReplaced() throws IOException {
    String file = file("p.jsonl", "{\"problem\": \"one\", \"answer\": \"1\"}");
    TextTaskSettings own = TextTaskSettings.of("math", "", file);
    TextTask task =
        open(
            new TextTaskSettings(
                "math",
                "",
                file,
                "Q: {problem}\nA:",
                "Again.",
                "last-number",
                0,
                own.columns(),
                own.code()));
    assertThat(task.heldOut().getFirst().prompt()).isEqualTo("Q: one\nA:");
    assertThat(task.heldOut().getFirst().id()).isEqualTo(file + " line 1");
    assertThat(task.correction()).isEqualTo("Again.");
    assertThat(task.verifier().verify("1", "so 1").isCorrect()).isTrue();
    assertThatThrownBy(
            () ->
                open(
                    new TextTaskSettings(
                        "math", "", file, "always the same", "", "", 0, own.columns(), own.code())))
        .hasMessageContaining("no {problem}");
  }

  @Test
  void gsm8kReadsItsOwnRowsToo() throws IOException {
    Path packed = folder.resolve("g.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(
          "{\"question\": \"How many?\", \"answer\": \"2+2=<<2+2=4>>4\\n#### 1,234\"}\n"
              .getBytes(UTF_8));
    }
    TextTask task = open(TextTaskSettings.of("gsm8k", "", packed.toString()));
    assertThat(task.heldOut().getFirst().reference()).isEqualTo("1234");
    assertThat(task.verifier().verify("1234", "That makes $1,234.00 in all.").isCorrect()).isTrue();
  }

  @Test
  void jsonlHasTheColumnsOfItsConfig() throws IOException {
    String file = file("own.jsonl", "{\"frage\": \"1+1?\", \"antwort\": 2, \"nr\": 7}");
    TextTaskSettings own = TextTaskSettings.of("jsonl", file, "");
    TextTaskSettings settings =
        new TextTaskSettings(
            "jsonl",
            file,
            "",
            "",
            "",
            "boxed",
            0,
            new TextTaskSettings.Columns("nr", "frage", "antwort", "math"),
            own.code());
    TextTask task = open(settings);
    assertThat(task.training()).containsExactly(new TextProblem("7", "1+1?", "2"));
    assertThatThrownBy(() -> open(own))
        .hasMessageContaining("own.jsonl line 1: column 'answer' is missing")
        .hasMessageContaining("frage, antwort, nr");
    assertThatThrownBy(
            () ->
                open(
                    new TextTaskSettings(
                        "jsonl",
                        file,
                        "",
                        "",
                        "",
                        "",
                        0,
                        new TextTaskSettings.Columns("nr", "frage", "antwort", "python"),
                        own.code())))
        .hasMessageContaining("own.jsonl line 1: python tests: the reference is no JSON");
    assertThatThrownBy(
            () ->
                open(
                    new TextTaskSettings(
                        "jsonl",
                        file,
                        "",
                        "",
                        "",
                        "",
                        0,
                        new TextTaskSettings.Columns("nr", "frage", "antwort", "oracle"),
                        own.code())))
        .hasMessageContaining("the verifiers are math, exact, python, java");
  }

  private TextTask openWithTwoAttempts(String... lines) throws IOException {
    TextTaskSettings own = TextTaskSettings.of("jsonl", file("two.jsonl", lines), "");
    return open(
        new TextTaskSettings(
            "jsonl",
            own.trainFile(),
            "",
            "",
            "",
            "",
            0,
            new TextTaskSettings.Columns("id", "problem", "answer", "exact", "draft", "better"),
            own.code()));
  }

  @Test
  void aRowOfJsonlMayHoldTwoAttempts() throws IOException {
    String row = "{\"id\": \"1\", \"problem\": \"p\", \"answer\": \"3\"";
    String both = row + ", \"draft\": \"2 \", \"better\": \"it is 3\"}";
    assertThat(openWithTwoAttempts(both, row + "}").training())
        .containsExactly(
            new TextProblem("1", "p", "3", "it is 3", "2 "), new TextProblem("1", "p", "3", "3"));
    assertThatThrownBy(() -> openWithTwoAttempts(both, row + ", \"draft\": \"2\"}"))
        .hasMessageEndingWith(
            "two.jsonl line 2: column 'draft' is there, but column 'better' is missing; give both"
                + " attempts or none");
    assertThatThrownBy(
            () -> openWithTwoAttempts(row + ", \"draft\": null, \"better\": \"2\"}", both))
        .hasMessageContaining("two.jsonl line 1: column 'better' is there, but column 'draft' is");
    assertThatThrownBy(() -> openWithTwoAttempts(both, both.replace("\"it is 3\"", "\" \"")))
        .hasMessageEndingWith(
            "two.jsonl line 2: column 'better' is \" \"; give an attempt, or leave both attempts"
                + " out");
    assertThatThrownBy(() -> openWithTwoAttempts(both, both.replace("\"2 \"", "\"\"")))
        .hasMessageContaining("two.jsonl line 2: column 'draft' is \"\"");
    assertThatThrownBy(() -> openWithTwoAttempts(both, both.replace("\"2 \"", "[2]")))
        .hasMessageContaining("two.jsonl line 2: column 'draft' is an array;");
    assertThatThrownBy(() -> openWithTwoAttempts(row + "}"))
        .hasMessageContaining("first is 'draft' and revision 'better', but none of the 1 rows of")
        .hasMessageEndingWith("two.jsonl has both; check the names, or leave them empty");
  }

  @Test
  void brokenFilesAreRefusedWithTheLine() throws IOException {
    assertThatThrownBy(
            () -> open(TextTaskSettings.of("math", folder.resolve("none").toString(), "")))
        .hasMessageContaining("no file " + folder.resolve("none"));
    String broken = file("b.jsonl", "{\"problem\": \"p\", \"answer\": \"1\"}", "{\"problem\": ");
    assertThatThrownBy(() -> open(TextTaskSettings.of("math", broken, "")))
        .hasMessageContaining("b.jsonl line 2: not JSON");
    String tooLong =
        file("long.jsonl", "{\"problem\": \"" + "x".repeat(20_000_001) + "\", \"answer\": \"1\"}");
    assertThatThrownBy(() -> open(TextTaskSettings.of("math", tooLong, "")))
        .hasMessageContaining("long.jsonl line 1: it has a text of more than 20,000,000 characters")
        .hasMessageContaining("leave the row out or shorten it");
    assertThatThrownBy(() -> open(TextTaskSettings.of("math", "/dev/zero", "")))
        .hasMessageContaining("/dev/zero is a folder, a pipe or a device");
    String list = file("l.jsonl", "[1]");
    assertThatThrownBy(() -> open(TextTaskSettings.of("math", list, "")))
        .hasMessageContaining("l.jsonl line 1: an array; every line must be a JSON object");
    Path latin = Files.write(folder.resolve("latin.jsonl"), new byte[] {'"', (byte) 0xe9, '"'});
    assertThatThrownBy(() -> open(TextTaskSettings.of("math", latin.toString(), "")))
        .hasMessageContaining("latin.jsonl line 1: not UTF-8");
    assertThatThrownBy(() -> TextTaskSettings.of("maths", "", ""))
        .hasMessageContaining("'maths'; the tasks on text are gsm8k, math, mbpp");
    assertThatThrownBy(() -> open(TextTaskSettings.of("humaneval", broken, "")))
        .hasMessageContaining("never trained on");
  }

  @Test
  void theSplitsAreThoseOfThePaper() throws IOException {
    String math = SharedData.file("math/math12k_train.norm.jsonl.gz").toString();
    String math500 = SharedData.file("math/math500_test.norm.jsonl.gz").toString();
    TextTask task = open(TextTaskSettings.of("math", math, math500));
    // 12,000 rows, two of them without an answer.
    assertThat(task.training()).hasSize(11_998);
    assertThat(task.heldOut()).hasSize(500);
    assertThat(task.training().stream().map(TextProblem::id))
        .doesNotContainAnyElementsOf(task.heldOut().stream().map(TextProblem::id).toList());

    String mbpp = SharedData.file("code/mbpp.jsonl.gz").toString();
    String humanEval = SharedData.file("code/HumanEval.jsonl.gz").toString();
    TextTask code = open(TextTaskSettings.of("mbpp", mbpp, humanEval));
    assertThat(code.training()).hasSize(374);
    assertThat(code.heldOut()).hasSize(164);
    assertThat(code.heldOut().getFirst().id()).isEqualTo("HumanEval/0");
    assertThat(open(TextTaskSettings.of("mbpp", mbpp, mbpp)).heldOut()).hasSize(500);
    TextProblem first = code.training().getFirst();
    assertThat(first.id()).isEqualTo("mbpp/601");
    assertThat(first.prompt().split("\\[BEGIN\\]", -1)).as("3 shots and the problem").hasSize(5);
    assertThat(first.prompt())
        .contains("Write a function to find the similar elements")
        .contains("[DONE]")
        .endsWith("[BEGIN]\n")
        .doesNotContain("\r");
    assertThat(PythonTests.fromJson(first.reference()).entries())
        .containsExactly("Pair", "max_chain_length");
    assertThat(code.stops()).isEqualTo(List.of("[DONE]"));
  }
}
