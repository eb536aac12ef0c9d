package org.score4j.training.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.code.CodeVerifiers;

/** What a line of a data file may be, and the texts that its columns hold. */
class JsonlRowsTest {
  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("rows.jsonl"), text);
  }

  private List<JsonlRows.Row> rows(String text) throws IOException {
    return JsonlRows.read(file(text));
  }

  @ParameterizedTest
  @CsvSource({
    "0.0005, 0.0005",
    "12345678.5, 12345678.5",
    "1e10, 10000000000",
    "1.5E3, 1500",
    "2.5e-7, 0.00000025",
    "10000000.0, 10000000.0",
    "0.50, 0.50",
    "1e22, 10000000000000000000000",
    "-0.00001, -0.00001",
    "0.1, 0.1",
    "3.141592653589793238462643, 3.141592653589793238462643",
    "18, 18",
    "-7, -7",
    "123456789012345678901234567890, 123456789012345678901234567890"
  })
  void aNumberIsItsDecimalText(String number, String text) throws IOException {
    JsonlRows.Row row = rows("{\"answer\": " + number + ", \"list\": [" + number + "]}").getFirst();
    assertThat(row.text("answer")).isEqualTo(text);
    assertThat(row.texts("list")).containsExactly(text);
  }

  @Test
  void aNumberTooLongToWriteOutIsRefused() throws IOException {
    JsonlRows.Row huge = rows("{\"answer\": 1e1000000000}").getFirst();
    assertThatThrownBy(() -> huge.text("answer"))
        .hasMessageEndingWith(
            "rows.jsonl line 1: column 'answer' is the number 1E+1000000000, which has more than"
                + " 1000 digits when written out; give it as a text");
    JsonlRows.Row tiny = rows("{\"answer\": 1e-1000000000}").getFirst();
    assertThatThrownBy(() -> tiny.text("answer")).hasMessageContaining("more than 1000 digits");
  }

  /** The reward path: references of the files that a run trains and evaluates on. */
  @ParameterizedTest
  @CsvSource({
    "jsonl, 0.0005, \\boxed{0.0005}, \\boxed{5}",
    "jsonl, 12345678.5, \\boxed{12345678.5}, \\boxed{1.23456785}",
    "math, 0.0005, \\boxed{\\frac{1}{2000}}, \\boxed{0.005}",
    "math, 1e10, \\boxed{10000000000}, \\boxed{10}",
    "gsm8k, 10000000.0, #### 10000000, #### 1.0",
    "gsm8k, 2.5, so 2.50, so 25"
  })
  void numbersInTrainingFilesAreReferences(String task, String number, String right, String wrong)
      throws IOException {
    String row = "{\"id\": 1, \"problem\": \"p\", \"answer\": " + number + "}\n";
    String file = file(row).toString();
    try (CodeVerifiers programs = new CodeVerifiers(CodeSettings.DEFAULTS, line -> {})) {
      TextTask opened = TextTasks.open(TextTaskSettings.of(task, file, file), programs);
      for (TextProblem problem :
          List.of(opened.training().getFirst(), opened.heldOut().getFirst())) {
        assertThat(opened.verifier().verify(problem.reference(), right).isCorrect()).isTrue();
        assertThat(opened.verifier().verify(problem.reference(), wrong).isCorrect()).isFalse();
      }
    }
  }

  @Test
  void linesMayBeBlankOrEndAsOnOtherSystems() throws IOException {
    assertThat(rows("{\"a\": 1}\r\n\r\n  \n{\"a\": 2}\r{\"a\": 3}"))
        .extracting(row -> row.text("a") + row.place().substring(row.place().indexOf(" line")))
        .containsExactly("1 line 1", "2 line 4", "3 line 5");
    assertThat(rows("")).isEmpty();
  }

  @Test
  void aByteOrderMarkIsSkipped() throws IOException {
    assertThat(rows("\uFEFF{\"a\": \"x\"}\n").getFirst().text("a")).isEqualTo("x");
    assertThat(rows("\uFEFF\n{\"a\": \"\uFEFFx\"}").getFirst().text("a")).isEqualTo("\uFEFFx");
    Path packed = folder.resolve("rows.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write("\uFEFF{\"a\": \"é\"}\n".getBytes(UTF_8));
    }
    assertThat(JsonlRows.read(packed).getFirst().text("a")).isEqualTo("é");
    assertThatThrownBy(() -> rows("{\"a\": 1}\n\uFEFF{\"a\": 2}"))
        .hasMessageContaining("rows.jsonl line 2: not JSON");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\": 2}",
        " {\"a\": 2}",
        ", {\"a\": 2}",
        " garbage",
        "}",
        " [1]",
        " 5",
        "\u0000"
      })
  void nothingMayFollowAnObject(String rest) throws IOException {
    assertThatThrownBy(() -> rows("{\"a\": 0}\n{\"a\": 1}" + rest + "\n{\"a\": 3}"))
        .hasMessageContaining("rows.jsonl line 2: ")
        .hasMessageContaining("behind the JSON object; put every object on a line of its own");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[1] | line 1: an array; every line must be a JSON object",
        "\"text\" | line 1: a string; every line must be a JSON object",
        "5 | line 1: a number; every line must be a JSON object",
        "null | line 1: null; every line must be a JSON object",
        "{\"a\": 1, \"b\": 2, \"a\": 3} | line 1: the key 'a' is there twice; keep one",
        "{\"a\": {\"c\": 1, \"c\": 1}} | line 1: the key 'c' is there twice; keep one",
        "{\"a\": NaN} | line 1: not JSON: Non-standard token 'NaN'",
        "{\"a\": | line 1: not JSON: "
      })
  void whatIsNoObjectIsRefusedWithItsLine(String line, String message) throws IOException {
    assertThatThrownBy(() -> rows(line)).hasMessageContaining(message);
  }

  @Test
  void whatIsNotUtf8IsRefusedWithItsLine() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write("{\"a\": \"é\"}\n\n".getBytes(UTF_8));
    bytes.write(new byte[] {'{', '"', 'a', '"', ':', '"', (byte) 0xe9, '"', '}'});
    Path file = Files.write(folder.resolve("latin.jsonl"), bytes.toByteArray());
    assertThatThrownBy(() -> JsonlRows.read(file))
        .hasMessageContaining("latin.jsonl line 3: not UTF-8; save the file as UTF-8 text");
    Path half = Files.write(folder.resolve("half.jsonl"), new byte[] {'{', '}', (byte) 0xc3});
    assertThatThrownBy(() -> JsonlRows.read(half))
        .hasMessageContaining("half.jsonl line 1: not UTF-8");
  }

  @Test
  void columnsThatHoldNoTextAreRefused() throws IOException {
    JsonlRows.Row row = rows("{\"o\": {}, \"l\": [1, [2]], \"n\": null, \"t\": \"x\"}").getFirst();
    assertThatThrownBy(() -> row.text("o"))
        .hasMessageEndingWith("line 1: column 'o' is an object; it must hold a text or a number");
    assertThatThrownBy(() -> row.text("n"))
        .hasMessageContaining("column 'n' is missing (there are o, l, n, t)");
    assertThatThrownBy(() -> row.texts("t"))
        .hasMessageEndingWith("column 't' is a string; it must hold a list of texts");
    assertThatThrownBy(() -> row.texts("l"))
        .hasMessageEndingWith("item 2 of column 'l' is an array; it must be a text");
    assertThatThrownBy(() -> row.texts("none")).hasMessageContaining("column 'none' is missing");
  }
}
