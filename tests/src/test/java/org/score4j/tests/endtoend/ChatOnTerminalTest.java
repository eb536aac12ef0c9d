package org.score4j.tests.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code chat} on a terminal: Ctrl-D ends it, whenever it is typed. */
class ChatOnTerminalTest {
  @TempDir private Path folder;

  @BeforeEach
  void needsATerminal() throws InterruptedException {
    boolean there;
    try {
      there = new ProcessBuilder("script", "-qec", "true", "/dev/null").start().waitFor() == 0;
    } catch (IOException e) {
      there = false;
    }
    assumeTrue(there, "needs script of util-linux, which makes a terminal");
  }

  private String chat(Path model, String typed) throws IOException, InterruptedException {
    Program program = new Program(folder);
    Process process =
        program.startOnTerminal(
            "", List.of("chat", "--device=cpu", "--model", model.toString(), "--new", "4"));
    try (OutputStream keys = process.getOutputStream()) {
      keys.write(typed.getBytes(UTF_8));
    }
    Program.Outcome outcome = program.finish(process);
    assertThat(outcome.exitCode()).as("%s", outcome.out()).isZero();
    return outcome.out();
  }

  @Test
  void theEndOfInput_endsTheChat() throws IOException, InterruptedException {
    Path model = TinyTextModel.make(folder);
    // Ctrl-D comes while the model is loaded; while it answers; behind a line without an end.
    chat(model, "");
    assertThat(answers(chat(model, "day\nnight\n/revise no\n"))).isEqualTo(1);
    chat(model, "day");
  }

  @Test
  void onATerminal_aPipeIsReadToItsEnd() throws IOException, InterruptedException {
    Path model = TinyTextModel.make(folder);
    Program program = new Program(folder);
    Process process =
        program.startOnTerminal(
            "printf 'day\\n/revise no' | ",
            List.of("chat", "--device=cpu", "--model", model.toString(), "--new", "4"));
    Program.Outcome outcome = program.finish(process);
    assertThat(outcome.exitCode()).as("%s", outcome.out()).isZero();
    assertThat(answers(outcome.out())).isEqualTo(1);
    assertThat(outcome.out()).doesNotContain("dumb terminal");
  }

  /** Second attempts, which say what changed. */
  private static long answers(String out) {
    return out.lines().filter(line -> line.matches(".*(changed: |\\(unchanged\\)).*")).count();
  }
}
