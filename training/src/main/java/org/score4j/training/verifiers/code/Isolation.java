package org.score4j.training.verifiers.code;

import java.util.Arrays;
import java.util.Locale;

/** How far a candidate is kept apart from the machine. Later constants are stricter. */
public enum Isolation {
  /**
   * Limits of CPU time, wall time, memory and file size, and a filter of system calls (seccomp);
   * all of its processes are ended. It can read and delete this user's files, use the network and
   * end this user's processes: for programs one trusts.
   */
  PROCESS,
  /**
   * Also Linux namespaces: it sees no other process, no network, and of the file system only the
   * interpreter, read-only, and a scratch folder in memory that vanishes with it. The process that
   * judges it has namespaces of its own and shares with it one socket and nothing else.
   */
  NAMESPACES;

  /** The name in configs. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The level of a name in a config.
   *
   * @throws IllegalArgumentException when there is none; the message lists the names
   */
  public static Isolation byName(String name) {
    for (Isolation level : values()) {
      if (level.label().equals(name)) {
        return level;
      }
    }
    throw new IllegalArgumentException(
        "isolation '%s' does not exist; the levels are %s"
            .formatted(
                name, String.join(", ", Arrays.stream(values()).map(Isolation::label).toList())));
  }
}
