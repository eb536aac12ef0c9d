package org.score4j.training.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The root command {@code score4j}. */
@Command(
    name = "score4j",
    description = "Trains language models to correct themselves (SCoRe, arXiv 2409.12917).",
    mixinStandardHelpOptions = true,
    versionProvider = Score4j.Version.class)
public final class Score4j implements Runnable {
  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  /**
   * Runs one command and exits with its code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    if (Relaunch.needed()) {
      System.exit(Relaunch.run(Score4j.class, args));
    }
    Relaunch.watchLauncher();
    System.exit(new CommandLine(new Score4j()).execute(args));
  }

  @Override
  public void run() {
    if (spec != null) {
      spec.commandLine().usage(System.out);
    }
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
