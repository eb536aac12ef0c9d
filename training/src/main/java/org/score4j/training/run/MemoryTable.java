package org.score4j.training.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.DeviceMemory;
import org.score4j.kernels.Ops;

/** What of a device's memory goes to what, before the first step of a phase. */
final class MemoryTable {
  private MemoryTable() {}

  /**
   * A line for each arena, for what else is in use and for what is free, in MiB; no lines where the
   * memory is the host's.
   */
  static List<String> lines(Ops ops) {
    return ops.backend().memory().map(memory -> lines(ops, memory)).orElse(List.of());
  }

  private static List<String> lines(Ops ops, DeviceMemory memory) {
    Map<String, Long> bytes = new LinkedHashMap<>();
    long inArenas = 0;
    for (DeviceArena arena : ops.arenas()) {
      bytes.merge(arena.name(), arena.byteSize(), Long::sum);
      inArenas += arena.byteSize();
    }
    bytes.put(
        "kernels, CUDA and other programs", memory.totalBytes() - memory.freeBytes() - inArenas);
    bytes.put("free", memory.freeBytes());
    bytes.put("total", memory.totalBytes());
    List<String> lines = new ArrayList<>();
    lines.add("memory of %s".formatted(ops.backend().name()));
    bytes.forEach(
        (what, size) -> lines.add("  %-34s %9.1f MiB".formatted(what, size / (double) (1 << 20))));
    return lines;
  }
}
