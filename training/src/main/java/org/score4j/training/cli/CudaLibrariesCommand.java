package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.cuda.CudaHost;
import org.score4j.kernels.cuda.CudaLibraries;
import org.score4j.kernels.cuda.CudaLibrary;
import org.score4j.kernels.cuda.CudaRedist;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code score4j cuda-libraries}: exit code 0 when all are there or were installed, else 1. */
@Command(
    name = "cuda-libraries",
    description =
        "Says which CUDA libraries are used. With --install fetches cuBLAS and NVRTC for a machine"
            + " that has only NVIDIA's driver: 2 GB, through your Maven and its settings.",
    mixinStandardHelpOptions = true)
final class CudaLibrariesCommand implements Callable<Integer> {
  private static final String PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0";

  /** The jar, and then what is unpacked from it, are there together for a while. */
  private static final long DISK_NEEDED = 4L << 30;

  private final Terminal terminal;
  private final CudaHost host;

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--install", description = "fetch cuBLAS and NVRTC into your cache folder")
  private boolean install;

  @Option(
      names = "--from",
      paramLabel = "JAR",
      description = "with --install: this jar, fetched elsewhere, instead of a download")
  private @Nullable Path from;

  @Option(
      names = "--maven",
      paramLabel = "MVN",
      defaultValue = "mvn",
      description = "with --install: the Maven to download with; the one on the PATH unless given")
  private String maven = "mvn";

  CudaLibrariesCommand(Terminal terminal, CudaHost host) {
    this.terminal = terminal;
    this.host = host;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    CommandSpec command = Objects.requireNonNull(spec);
    PrintWriter out = command.commandLine().getOut();
    if (from != null && !install) {
      throw new ParameterException(command.commandLine(), "--from needs --install");
    }
    if (install) {
      install();
    }
    CudaLibraries libraries = CudaLibraries.find(host);
    for (CudaLibrary library : libraries.found()) {
      out.println("✓ " + library.description());
    }
    for (String missing : libraries.missing()) {
      out.println("✗ " + missing);
    }
    out.flush();
    // What was asked for is there, then; a driver may still be missing.
    return install || libraries.missing().isEmpty() ? 0 : Failures.FAILED;
  }

  private void install() throws IOException, InterruptedException {
    if (from != null) {
      CudaRedist.unpack(from, host);
      return;
    }
    Path folder = CudaRedist.folder(host).resolveSibling("download");
    Files.createDirectories(folder);
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < DISK_NEEDED) {
      throw new IllegalArgumentException(
          "%s has %d MiB free, the download needs %d MiB there for a while; free some, or set XDG_CACHE_HOME to a folder elsewhere"
              .formatted(folder, free >> 20, DISK_NEEDED >> 20));
    }
    try {
      CudaRedist.unpack(download(folder), host);
    } finally {
      for (Path file : jars(folder)) {
        Files.delete(file);
      }
      Files.delete(folder);
    }
    terminal
        .out()
        .println(
            "score4j: done; Maven's local repository keeps a copy of the jar (2 GB in"
                + " org/bytedeco/cuda), which may be removed");
  }

  /** In an empty folder, where no project's pom.xml is; Maven's output goes to the terminal. */
  private Path download(Path folder) throws IOException, InterruptedException {
    terminal.out().println("score4j: fetching " + CudaRedist.ARTIFACT + " (2 GB) with " + maven);
    List<String> command =
        List.of(
            maven,
            "-B",
            PLUGIN + ":copy",
            "-Dartifact=" + CudaRedist.ARTIFACT,
            "-DoutputDirectory=" + folder);
    Process process;
    try {
      process =
          new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "cannot start %s (%s); install Maven, name it with --maven, or fetch %s elsewhere and give the jar with --from"
              .formatted(maven, e.getMessage(), CudaRedist.ARTIFACT),
          e);
    }
    process.getOutputStream().close();
    try (BufferedReader output = process.inputReader(UTF_8)) {
      output.lines().forEach(terminal.out()::println);
    }
    int code = process.waitFor();
    List<Path> jars = jars(folder);
    if (code != 0 || jars.size() != 1) {
      throw new IllegalArgumentException(
          "Maven has not fetched %s (exit code %d, %d jars; its output is above); mend its settings, or fetch it elsewhere and give the jar with --from"
              .formatted(CudaRedist.ARTIFACT, code, jars.size()));
    }
    return jars.getFirst();
  }

  private static List<Path> jars(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.jar")) {
      List<Path> jars = new ArrayList<>();
      files.forEach(jars::add);
      return jars;
    }
  }
}
