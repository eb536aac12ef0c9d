package org.score4j.training.verifiers.code;

/**
 * How programs are judged.
 *
 * @param python the command of a Python 3.9 or newer
 * @param isolation the least that is accepted, see {@link Isolation}
 * @param workers candidates at once; 0 for one per processor
 * @param cpuSeconds CPU time of a candidate
 * @param wallSeconds wall time of a candidate
 * @param memoryMiB memory of a candidate
 */
public record CodeSettings(
    String python, String isolation, int workers, int cpuSeconds, int wallSeconds, int memoryMiB) {
  /** Namespaces or nothing. */
  public static final CodeSettings DEFAULTS =
      new CodeSettings(
          "python3",
          Isolation.NAMESPACES.label(),
          0,
          CodeLimits.DEFAULTS.cpuSeconds(),
          CodeLimits.DEFAULTS.wallSeconds(),
          CodeLimits.DEFAULTS.memoryMiB());

  /** Refuses what no worker can be started with. */
  public CodeSettings {
    Isolation.byName(isolation);
    if (workers < 0) {
      throw new IllegalArgumentException(
          "code.workers is %d; use 1 or more, or 0 for one per processor".formatted(workers));
    }
    limits(cpuSeconds, wallSeconds, memoryMiB);
  }

  private static CodeLimits limits(int cpuSeconds, int wallSeconds, int memoryMiB) {
    return new CodeLimits(
        cpuSeconds,
        wallSeconds,
        memoryMiB,
        CodeLimits.DEFAULTS.processes(),
        CodeLimits.DEFAULTS.scratchMiB());
  }

  /** The same with another number of workers. */
  CodeSettings withWorkers(int count) {
    return new CodeSettings(python, isolation, count, cpuSeconds, wallSeconds, memoryMiB);
  }

  /** Starts workers, for Java programs too. */
  CodeWorkers open() {
    return new CodeWorkers(
        PythonInterpreter.find(python),
        Isolation.byName(isolation),
        limits(cpuSeconds, wallSeconds, memoryMiB),
        workers == 0 ? Runtime.getRuntime().availableProcessors() : workers,
        JavaVerifier.readable());
  }
}
