package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A run that writes checkpoints and replaces its model folder until it is killed, and prints what
 * it has finished.
 */
final class CheckpointLoop {
  static final int VALUES = 300_000;

  private CheckpointLoop() {}

  public static void main(String[] arguments) {
    Path run = Path.of(arguments[0]);
    try (RunLock _ = RunLock.acquire(run)) {
      List<Path> present = CheckpointFolder.list(run);
      long step = present.isEmpty() ? 0 : CheckpointFolder.stepOf(present.getFirst()).orElseThrow();
      while (true) {
        step++;
        ObjectNode meta = StrictJson.MAPPER.createObjectNode().put("step", step);
        CheckpointFolder.write(
            run.resolve(CheckpointFolder.nameOf(step)),
            meta,
            List.of(NamedData.ofFloats("w", shape(), filled(step))));
        System.out.println("step " + step);
        CheckpointFolder.prune(run, 3);
        String text = Long.toString(step);
        AtomicFolder.write(
            run.resolve("model"),
            -1,
            temporary -> Files.writeString(temporary.resolve("version"), text));
        System.out.println("model " + step);
      }
    }
  }

  private static List<Long> shape() {
    return List.of((long) VALUES);
  }

  private static float[] filled(long step) {
    float[] values = new float[VALUES];
    Arrays.fill(values, (float) step);
    return values;
  }
}
