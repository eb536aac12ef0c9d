package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** What a person types, line by line. */
interface ChatLines extends AutoCloseable {
  /** The next line; null at the end. */
  @Nullable String read(String prompt);

  @Override
  void close();

  /**
   * From a terminal with editing and history, else from stdin as it is.
   *
   * @param terminal whether stdout and stderr are one
   */
  static ChatLines open(boolean terminal) {
    try {
      return terminal && Terminal.isStdin() ? new Edited() : new Piped();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open the terminal", e);
    }
  }

  /** Lines of a pipe or a file, in UTF-8. */
  final class Piped implements ChatLines {
    private final InputStream in = new BufferedInputStream(System.in);
    private int number;
    private boolean afterReturn;

    @Override
    public @Nullable String read(String prompt) {
      try {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = in.read();
        if (afterReturn && next == '\n') {
          next = in.read();
        }
        if (next < 0) {
          return null;
        }
        while (next >= 0 && next != '\n' && next != '\r') {
          line.write(next);
          next = in.read();
        }
        // A line feed may belong to it; it is not waited for.
        afterReturn = next == '\r';
        number++;
        return Utf8.text(line.toByteArray(), "line %d of stdin".formatted(number));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read stdin", e);
      }
    }

    @Override
    public void close() {}
  }

  /** Lines typed with JLine; what was typed before is a key away, in the next chat too. */
  final class Edited implements ChatLines {
    private static final char CTRL_D = 4;

    private final org.jline.terminal.Terminal terminal;
    private final LineReader reader;

    Edited() throws IOException {
      terminal = TerminalBuilder.builder().system(true).build();
      // Until the end and not only while a line is read: with the terminal's own editing on, Ctrl-D
      // is no character but a mark, and what was a mark is read as a NUL when that is switched off.
      terminal.enterRawMode();
      Path history = historyFile();
      Files.createDirectories(history.getParent());
      reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .variable(LineReader.HISTORY_FILE, history)
              // Code and mathematics are full of exclamation marks.
              .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
              .build();
      reader.runMacro(typedAhead());
    }

    /**
     * What was typed while the model was loaded. Each Ctrl-D in it has become a NUL: it ends its
     * line, if there is one, and then the chat.
     */
    @SuppressWarnings("resource") // Closing it would close stdin.
    private static String typedAhead() throws IOException {
      FileInputStream stdin = new FileInputStream(FileDescriptor.in);
      String typed = new String(stdin.readNBytes(stdin.available()), UTF_8);
      return typed.replaceAll("(?<=[^\n\r\0])\0", "\n\0").replace('\0', CTRL_D);
    }

    private static Path historyFile() {
      String state = System.getenv().getOrDefault("XDG_STATE_HOME", "");
      Path states =
          state.isEmpty()
              ? Path.of(System.getProperty("user.home", "."), ".local", "state")
              : Path.of(state);
      return states.resolve("score4j").resolve("chat_history");
    }

    @Override
    public @Nullable String read(String prompt) {
      try {
        return reader.readLine(prompt);
      } catch (EndOfFileException | UserInterruptException e) {
        return null;
      }
    }

    @Override
    public void close() {
      try {
        reader.getHistory().save();
        terminal.close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot save the chat's history", e);
      }
    }
  }
}
