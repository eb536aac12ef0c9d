package org.score4j.training;

import org.score4j.training.cli.Score4j;

/**
 * The main class of score4j.jar: checks that this Java is new enough, then starts {@link Score4j}.
 *
 * <p>Compiled for Java 8, unlike everything else, so that an older Java prints one line instead of
 * an {@code UnsupportedClassVersionError}. It must therefore not name a newer class or method; the
 * JVM loads {@link Score4j} only when the call is reached.
 */
public final class Main {
  private static final int REQUIRED_JAVA = 25;

  private Main() {}

  /**
   * Starts score4j.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    String found = System.getProperty("java.specification.version");
    if (featureVersion(found) < REQUIRED_JAVA) {
      System.err.println(
          "score4j: needs Java "
              + REQUIRED_JAVA
              + " or newer, found Java "
              + found
              + " in "
              + System.getProperty("java.home")
              + "; install a JDK "
              + REQUIRED_JAVA
              + " (for example from https://adoptium.net) and start with its bin/java, or use"
              + " bin/score4j, which finds it");
      System.exit(1);
    }
    Score4j.main(args);
  }

  /** "1.8" is 8, "17" is 17. */
  private static int featureVersion(String specification) {
    return Integer.parseInt(
        specification.startsWith("1.") ? specification.substring(2) : specification);
  }
}
