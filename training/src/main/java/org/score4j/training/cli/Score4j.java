package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.cuda.CudaHost;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root command {@code score4j}. */
@Command(
    name = "score4j",
    description = "Trains language models to correct themselves (SCoRe, arXiv 2409.12917).",
    footer = {"", "Begin with: score4j demo"},
    mixinStandardHelpOptions = true,
    versionProvider = Score4j.Version.class)
public final class Score4j implements Runnable {
  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "print the stack trace of an error")
  private boolean stacktrace;

  /**
   * Runs one command and exits with its code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    if (Relaunch.needed(args)) {
      System.exit(Relaunch.run(Score4j.class, args));
    }
    Relaunch.watchLauncher();
    PrintWriter out = new PrintWriter(System.out, false, UTF_8);
    Terminal terminal = Terminal.ofStderr();
    Engine engine = new Engine.OnDevice(terminal.out()::println);
    System.exit(execute(engine, terminal, out, args));
  }

  /**
   * Runs one command.
   *
   * @param out for results; progress and errors go to the terminal's stream
   */
  static int execute(Engine engine, Terminal terminal, PrintWriter out, String... args) {
    PrintWriter err = new PrintWriter(terminal.out(), true, UTF_8);
    Score4j root = new Score4j();
    Failures failures = new Failures(() -> root.stacktrace);
    CommandLine command =
        new CommandLine(root)
            .addSubcommand(new DemoCommand(engine, terminal))
            .addSubcommand(new TrainCommand(engine, terminal))
            .addSubcommand(new EvalCommand(engine))
            .addSubcommand(new GenerateCommand(engine))
            .addSubcommand(new ChatCommand(engine, terminal))
            .addSubcommand(new LogprobCommand(engine))
            .addSubcommand(new MergeCommand())
            .addSubcommand(new VerifyCommand(terminal))
            .addSubcommand(new ConfigsCommand())
            .addSubcommand(new BenchCommand())
            .addSubcommand(new CudaLibrariesCommand(terminal, CudaHost.current()))
            .addSubcommand(new DoctorCommand(engine, terminal))
            .registerConverter(Path.class, Score4j::path)
            .setOut(out)
            .setErr(err)
            .setExecutionExceptionHandler(failures)
            .setParameterExceptionHandler(failures);
    try {
      return command.execute(args);
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
      Failures.report(e, err, root.stacktrace);
      return Failures.FAILED;
    } finally {
      out.flush();
      err.flush();
    }
  }

  /** In the place of picocli's, whose message names Java's types. */
  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new CommandLine.TypeConversionException(Failures.badPath(e));
    }
  }

  @Override
  public void run() {
    CommandLine command = Objects.requireNonNull(spec).commandLine();
    command.usage(command.getOut());
  }

  /** Reads the version from the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Score4j.class.getPackage().getImplementationVersion();
      return new String[] {
        "score4j " + (version == null ? "(not packaged)" : version),
        "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
      };
    }
  }
}
