package org.score4j.training.verifiers.code;

/**
 * What one candidate may use.
 *
 * @param cpuSeconds CPU time of each of its processes
 * @param wallSeconds wall time; well above the CPU time, for a busy machine must not fail a
 *     program. Up to three times as much while it and its tests wait for a processor most of the
 *     time; only then the verdict is an error
 * @param memoryMiB address space of each of its processes; of a Java program the memory it writes
 * @param processes of a Python program, threads included: 1 means it can start none
 * @param scratchMiB size of its scratch folder and of any file
 */
public record CodeLimits(
    int cpuSeconds, int wallSeconds, int memoryMiB, int processes, int scratchMiB) {
  /** For exercises such as those of MBPP and HumanEval. */
  public static final CodeLimits DEFAULTS = new CodeLimits(10, 40, 512, 1, 16);

  /** Checks the ranges. */
  public CodeLimits {
    if (cpuSeconds < 1
        || wallSeconds < cpuSeconds
        || memoryMiB < 64
        || processes < 1
        || scratchMiB < 1) {
      throw new IllegalArgumentException(
          "code limits: cpuSeconds %d (at least 1), wallSeconds %d (at least cpuSeconds), memoryMiB %d (at least 64), processes %d and scratchMiB %d (at least 1)"
              .formatted(cpuSeconds, wallSeconds, memoryMiB, processes, scratchMiB));
    }
  }
}
