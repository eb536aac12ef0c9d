package org.score4j.tests.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The build compiles and formats with the JDK that the toolchain finds, wherever an older one
 * stands: Maven itself runs on that of {@code JAVA_HOME}, or on the first {@code java} of the
 * {@code PATH} where it is not set. What is built is the root pom with one small module in the
 * place of the real ones, so a build takes seconds; Maven is offline, as the build around has
 * fetched every plugin.
 */
class JdkChoiceTest {
  private static final int REQUIRED = 25;

  /** The oldest that Maven itself may run on (the enforcer's rule). */
  private static final int OLDEST = 17;

  private static final Pattern MODULES = Pattern.compile("<modules>.*?</modules>", Pattern.DOTALL);

  @TempDir Path folder;

  @ParameterizedTest(name = "JAVA_HOME {0}, java on the PATH {1}")
  @CsvSource({"unset,old", "unset,new", "old,old", "old,new", "new,old", "new,new"})
  void everyPlaceOfAnOldAndANewJdk_builds(String javaHome, String path) throws Exception {
    String maven = System.getProperty("score4j.mavenHome", "");
    assumeFalse(maven.isEmpty(), "not started by Maven, which says where it is");
    Map<String, Path> jdks = jdks();
    assumeTrue(
        jdks.containsKey("old") && jdks.containsKey("new"),
        "needs a JDK from 17 to 24 and one of 25 or newer, in JAVA_HOME or /usr/lib/jvm");
    Path project = project();
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(
                maven + "/bin/mvn",
                "-o",
                "-B",
                "-ntp",
                "-Dmaven.repo.local=" + System.getProperty("score4j.mavenRepository"),
                // Which repository an artifact came from depends on settings that this Maven is
                // not given.
                "-Daether.enhancedLocalRepository.trackingFilename=not-tracked",
                "-DskipTests",
                "verify")
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    Map<String, String> environment = builder.environment();
    environment.remove("TORNADOVM_HOME");
    environment.remove("JAVA_HOME");
    if (!javaHome.equals("unset")) {
      environment.put("JAVA_HOME", Objects.requireNonNull(jdks.get(javaHome)).toString());
    }
    environment.merge("PATH", jdks.get(path) + "/bin:", (old, first) -> first + old);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("Maven ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(log);
    assertThat(process.exitValue()).as(said).isZero();
    // Its byte code is that of JDK 25, and the formatter has read its unnamed pattern.
    assertThat(project.resolve("probe/target/classes/org/score4j/probe/Probe.class"))
        .as(said)
        .isRegularFile();
    assertThat(said).contains("format-sources").doesNotContain("unformatted");
  }

  /** The root pom with one module of one class, which no JDK before 22 parses. */
  private Path project() throws IOException {
    Path root = Path.of("..").toAbsolutePath().normalize();
    Path project = Files.createDirectory(folder.resolve("project"));
    String pom = Files.readString(root.resolve("pom.xml"));
    Files.writeString(
        project.resolve("pom.xml"),
        MODULES.matcher(pom).replaceFirst("<modules><module>probe</module></modules>"));
    Files.createDirectory(project.resolve("build"));
    Files.copy(
        root.resolve("build/FormatSources.java"), project.resolve("build/FormatSources.java"));
    Path sources =
        Files.createDirectories(project.resolve("probe/src/main/java/org/score4j/probe"));
    Files.writeString(
        project.resolve("probe/pom.xml"),
        """
        <project>
          <modelVersion>4.0.0</modelVersion>
          <parent>
            <groupId>org.score4j</groupId>
            <artifactId>score4j</artifactId>
            <version>0.1.0-SNAPSHOT</version>
          </parent>
          <artifactId>score4j-probe</artifactId>
        </project>
        """);
    Files.writeString(
        sources.resolve("Probe.java"),
        """
        package org.score4j.probe;

        record Probe(int first, int second) {
          static int firstOf(Object given) {
            return given instanceof Probe(int first, _) ? first : 0;
          }
        }
        """);
    return project;
  }

  /** Of each kind one: "old" that Maven runs on and the build does not, "new" that builds. */
  private static Map<String, Path> jdks() throws IOException {
    List<Path> homes = new ArrayList<>();
    homes.add(Path.of(System.getProperty("java.home")));
    String javaHome = System.getenv("JAVA_HOME");
    if (javaHome != null && !javaHome.isEmpty()) {
      homes.add(Path.of(javaHome));
    }
    Path usual = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(usual)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(usual)) {
        entries.forEach(homes::add);
      }
    }
    Map<String, Path> found = new HashMap<>();
    for (Path home : homes) {
      int version = version(home);
      if (version >= OLDEST) {
        found.putIfAbsent(version < REQUIRED ? "old" : "new", home);
      }
    }
    return found;
  }

  /** Of the JDK in a folder; 0 where there is none. */
  private static int version(Path home) throws IOException {
    Path release = home.resolve("release");
    if (!Files.isRegularFile(release) || !Files.isExecutable(home.resolve("bin/javac"))) {
      return 0;
    }
    Properties properties = new Properties();
    try (Reader text = Files.newBufferedReader(release)) {
      properties.load(text);
    }
    String version = properties.getProperty("JAVA_VERSION", "0").replace("\"", "");
    return Integer.parseInt(version.split("[^0-9]", 2)[0]);
  }
}
