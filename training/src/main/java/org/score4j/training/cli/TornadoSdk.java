package org.score4j.training.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * TornadoVM's SDK in the folder that {@link #HOME} names, and the flags that its argfile asks of
 * the JVM.
 *
 * @param home its folder
 * @param argfile {@code tornado-argfile}, or its template, in which the folder is a variable
 */
record TornadoSdk(Path home, Path argfile) {
  /** The environment variable. */
  static final String HOME = "TORNADOVM_HOME";

  /** Set by the argfile, so its mark in a JVM that was started with it. */
  private static final String MARK = "tornado.load.api.implementation";

  private static final Pattern WANTED =
      Pattern.compile("(--[\\w-]+=)?([\\w:]+,)*tornado(:\\d+)?(,[\\w:]+)*");

  /** Arguments between blanks that are not between quotes. */
  private static final Pattern ARGUMENT = Pattern.compile("(?:\"[^\"]*\"|[^\\s\"])+");

  private static final String MODULE_PATH = "--module-path";

  /** The SDK of this machine. */
  static Optional<TornadoSdk> find() {
    return find(System::getenv);
  }

  /** As {@link #find()} with another environment. */
  static Optional<TornadoSdk> find(UnaryOperator<@Nullable String> environment) {
    String home = environment.apply(HOME);
    if (home == null || home.isEmpty()) {
      return Optional.empty();
    }
    Path folder = Path.of(home);
    return List.of("tornado-argfile", "tornado-argfile.template").stream()
        .map(folder::resolve)
        .filter(Files::isReadable)
        .findFirst()
        .map(argfile -> new TornadoSdk(folder, argfile));
  }

  /** Whether a command line names the device, in whatever option. */
  static boolean wanted(String... args) {
    return Arrays.stream(args).anyMatch(arg -> WANTED.matcher(arg).matches());
  }

  /** Whether this JVM was started with the argfile. */
  static boolean present() {
    return System.getProperty(MARK) != null;
  }

  /**
   * The argfile's flags. Without the current folder on the module path, where a stray jar would be
   * taken for a module; and without the argfile's collector where the caller chose one, as two are
   * an error.
   *
   * @param inherited the flags that the JVM has already
   */
  List<String> flags(List<String> inherited) {
    boolean collector = inherited.stream().anyMatch(flag -> flag.matches(Relaunch.ANY_COLLECTOR));
    List<String> flags = new ArrayList<>();
    boolean modulePath = false;
    for (String argument : arguments()) {
      if (modulePath) {
        flags.add(withoutCurrentFolder(argument));
        modulePath = false;
      } else if (!(collector && argument.matches(Relaunch.ANY_COLLECTOR))) {
        flags.add(argument);
        modulePath = argument.equals(MODULE_PATH) || argument.equals("-p");
      }
    }
    return List.copyOf(flags);
  }

  private List<String> arguments() {
    try {
      return Files.readAllLines(argfile).stream()
          .filter(line -> !line.stripLeading().startsWith("#"))
          .flatMap(line -> ARGUMENT.matcher(line).results())
          .map(found -> found.group().replace("\"", ""))
          .map(
              argument ->
                  argument.replaceAll(
                      Pattern.quote("${" + HOME + "}"), Matcher.quoteReplacement(home.toString())))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read %s; correct %s or unset it".formatted(argfile, HOME), e);
    }
  }

  private static String withoutCurrentFolder(String path) {
    return Arrays.stream(path.split(Pattern.quote(File.pathSeparator)))
        .filter(entry -> !entry.equals("."))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
