package org.score4j.training.cli;

import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.util.function.BooleanSupplier;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.kernels.DeviceException;
import org.score4j.kernels.OutOfDeviceMemoryException;
import org.score4j.tokenizer.TokenizerException;
import org.score4j.training.algorithms.DisagreementException;
import org.score4j.training.algorithms.NonFiniteException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * One line per failure: exit code 1 for a run that cannot be done, 2 for a command line that cannot
 * be read. The stack trace only with {@code --stacktrace}.
 */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  /** Nothing wrong with the command line, but it could not be done. */
  static final int FAILED = 1;

  private static final int USAGE = 2;

  private final BooleanSupplier wantsTrace;

  /** wantsTrace: asked when something has failed, for options are read by then. */
  Failures(BooleanSupplier wantsTrace) {
    this.wantsTrace = wantsTrace;
  }

  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
    report(failure, command.getErr(), wantsTrace.getAsBoolean());
    return FAILED;
  }

  static void report(Throwable failure, PrintWriter err, boolean trace) {
    err.println("score4j: error: " + line(failure));
    if (trace) {
      failure.printStackTrace(err);
    }
    err.flush();
  }

  /** What went wrong in one line; what is not ours says how to find out more. */
  static String line(Throwable failure) {
    String message = failure.getMessage() == null ? "" : failure.getMessage();
    message = message.replaceAll("\\s*\\R\\s*", " ");
    if (failure instanceof OutOfMemoryError) {
      return "out of memory (%s) with a heap of %d MiB; give the JVM more with -Xmx, or lower generation.maxSequences and microBatchTokens"
          .formatted(message, Runtime.getRuntime().maxMemory() >> 20);
    }
    if (failure instanceof OutOfDeviceMemoryException memory) {
      return message + "; " + whatToLower(memory.purpose());
    }
    if (failure instanceof InvalidPathException path) {
      return badPath(path);
    }
    if (isOurs(failure) && !message.isEmpty()) {
      return message;
    }
    return "unexpected %s%s; this is a defect, run again with --stacktrace and report it"
        .formatted(failure.getClass().getSimpleName(), message.isEmpty() ? "" : ": " + message);
  }

  /** What a path lacks that no file can have, or whose letters this locale cannot write. */
  static String badPath(InvalidPathException path) {
    String shown = '"' + path.getInput().replaceAll("\\p{Cntrl}", "?") + '"';
    return path.getReason().startsWith("Malformed input")
        ? "the path %s has letters that this locale cannot write, its character set is %s; set LC_ALL=C.UTF-8"
            .formatted(shown, System.getProperty("sun.jnu.encoding"))
        : "%s is no path: %s; correct it where it is written, on the command line or in a config"
            .formatted(shown, path.getReason());
  }

  /** The config keys that decide how large an arena is. */
  private static String whatToLower(String arena) {
    return switch (arena) {
      case "activations" ->
          "lower microBatchTokens of the base and the stages, or generation.maxRows and"
              + " generation.maxSequences";
      case "kv cache" -> "lower generation.kvPages or generation.maxSequences";
      case "weights", "reference", "gradients", "adam m", "adam v", "master weights" ->
          "use a smaller model, or a GPU with more memory: %s cannot be made smaller by themselves"
              .formatted(arena);
      default -> "lower microBatchTokens, generation.maxSequences or generation.kvPages";
    };
  }

  /** Ours are those thrown on purpose by our code: their messages say what, where and the fix. */
  private static boolean isOurs(Throwable failure) {
    if (failure instanceof CheckpointException
        || failure instanceof TokenizerException
        || failure instanceof NonFiniteException
        || failure instanceof DeviceException
        || failure instanceof DisagreementException) {
      return true;
    }
    StackTraceElement[] trace = failure.getStackTrace();
    return failure instanceof IllegalArgumentException
        && trace.length > 0
        && trace[0].getClassName().startsWith("org.score4j.");
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    PrintWriter err = failure.getCommandLine().getErr();
    err.println(
        "score4j: error: " + String.valueOf(failure.getMessage()).replaceAll("\\s*\\R\\s*", " "));
    err.println(
        "see %s --help".formatted(failure.getCommandLine().getCommandSpec().qualifiedName()));
    err.flush();
    return USAGE;
  }
}
