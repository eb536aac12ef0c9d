package org.score4j.training.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@link RelaunchTest} starts: shows what the second JVM was given, or waits for a signal.
 *
 * <p>Arguments: {@code exit CODE} or {@code wait FOLDER}.
 */
final class RelaunchProbe {
  private RelaunchProbe() {}

  public static void main(String[] args) throws Exception {
    if (Relaunch.needed()) {
      System.exit(Relaunch.run(RelaunchProbe.class, args));
    }
    Relaunch.watchLauncher();
    switch (args[0]) {
      case "exit" -> {
        System.out.println("property=" + System.getProperty("probe.property"));
        System.out.println("maxHeap=" + Runtime.getRuntime().maxMemory());
        System.out.println("relaunchNeeded=" + Relaunch.needed());
        System.exit(Integer.parseInt(args[1]));
      }
      case "wait" -> {
        Path folder = Path.of(args[1]);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> saveSlowly(folder)));
        Files.writeString(folder.resolve("pid.tmp"), Long.toString(ProcessHandle.current().pid()));
        Files.move(folder.resolve("pid.tmp"), folder.resolve("pid"));
        Thread.sleep(60_000);
      }
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void saveSlowly(Path folder) {
    try {
      Thread.sleep(500);
      Files.writeString(folder.resolve("saved"), "yes");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
