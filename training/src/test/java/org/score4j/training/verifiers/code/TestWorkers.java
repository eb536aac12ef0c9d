package org.score4j.training.verifiers.code;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Workers for tests; a test is skipped, with the reason, where they cannot be had. */
final class TestWorkers {
  // An id that no account has: without rights, and without another's processes and files.
  private static final int ORDINARY_USER = 2_000_000;
  private static final String KEY = "score4j-of-the-host";

  /** Who starts the workers. */
  enum User {
    /** Who runs the build. */
    PRESENT,
    /** Somebody without rights: where root runs the build another user, else the present one. */
    ORDINARY
  }

  private TestWorkers() {}

  static CodeWorkers open(CodeLimits limits, List<String> alsoReadable) {
    try {
      return new CodeWorkers(
          PythonInterpreter.find(System.getProperty("score4j.python", "python3")),
          Isolation.NAMESPACES,
          limits,
          2,
          alsoReadable);
    } catch (CodeException e) {
      return abort("no isolated workers here: " + e.getMessage());
    }
  }

  /**
   * Workers of a user's, whose session keyring holds a key "score4j-of-the-host". With the build's
   * Python, or the system's where that one lies in a folder of root's.
   *
   * @param folder for a script, must exist
   */
  static CodeWorkers open(User user, CodeLimits limits, int count, Path folder) {
    List<String> reasons = new ArrayList<>();
    for (String command :
        List.of(System.getProperty("score4j.python", "python3"), "/usr/bin/python3")) {
      try {
        PythonInterpreter python = PythonInterpreter.find(command);
        return new CodeWorkers(
            started(python, user, folder), Isolation.NAMESPACES, limits, count, List.of());
      } catch (CodeException e) {
        reasons.add(e.getMessage());
      }
    }
    return abort("no isolated workers of an ordinary user's here: " + String.join("; ", reasons));
  }

  private static PythonInterpreter started(PythonInterpreter python, User user, Path folder) {
    String starter =
        """
        import ctypes, os, platform, sys
        add_key, keyctl = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
        libc = ctypes.CDLL(None)
        user = %d
        if user:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        libc.syscall(keyctl, 1, None)
        libc.syscall(add_key, b"user", b"%s", b"secret", 6, -3)
        os.execv(sys.argv[1], sys.argv[1:])
        """
            .formatted(user == User.ORDINARY && isRoot() ? ORDINARY_USER : 0, KEY);
    try {
      Path script = Files.writeString(folder.resolve("as-" + user + ".py"), starter);
      Path command =
          Files.writeString(
              folder.resolve("as-" + user),
              "#!/bin/sh\nexec '%1$s' -I '%2$s' '%1$s' \"$@\"\n"
                  .formatted(python.executable(), script));
      Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwx------"));
      return new PythonInterpreter(command, python.version(), python.readable());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isRoot() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
