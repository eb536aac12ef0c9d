package org.score4j.training.verifiers.code;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.verifiers.Verdict;

/** A candidate finds nothing of the host's or of a former candidate's, and can leave nothing. */
class LeftForTheNextTest {
  private static final CodeLimits LIMITS = new CodeLimits(5, 30, 512, 1, 16);

  @TempDir private Path folder;

  @Test
  void nothing() throws IOException {
    judge(TestWorkers.User.PRESENT);
  }

  @Test
  void nothingForAnOrdinaryUser() throws IOException {
    judge(TestWorkers.User.ORDINARY);
  }

  /** What the tests made of a program's values must not be in the way of the next program's. */
  @Test
  void noMemoryOfTheTestsEither() {
    String tests =
        new PythonTests(
                "",
                "def check(f):\n  global x\n  x = [list(range(1000)) for _ in range(len(f()))]\n",
                List.of("check(f)"),
                List.of("f"))
            .toJson();
    try (CodeWorkers workers = TestWorkers.open(TestWorkers.User.PRESENT, LIMITS, 1, folder)) {
      PythonVerifier verifier = new PythonVerifier(workers);
      for (int i = 0; i < 4; i++) {
        assertThat(verifier.verify(tests, "def f(): return 'x' * 8000"))
            .isEqualTo(Verdict.right("whole response: passed 1 tests"));
      }
    }
  }

  private static String numbers() {
    return """
    import ctypes, platform
    libc = ctypes.CDLL(None, use_errno=True)
    add_key, keyctl, shmget, memfd_create, vsock = {
        "x86_64": (248, 250, 29, 319, 41), "aarch64": (217, 219, 194, 279, 198)}[platform.machine()]
    """;
  }

  private void judge(TestWorkers.User user) throws IOException {
    List<List<String>> writersAndReaders =
        List.of(
            List.of(
                "open('/leak', 'w').write('secret')", "open('/leak').read()", "FileNotFoundError"),
            List.of("open('leak', 'w').write('x')", "open('leak').read()", "FileNotFoundError"),
            List.of("os.chmod('/scratch', 0)", "open('x', 'w').write('x')", "1"),
            List.of("os.chmod('/scratch', 0o1711)", "oct(os.stat('.').st_mode)", "0o40777"),
            List.of("os.utime('/scratch', (5, 5))", "os.stat('.').st_mtime < 10", "False"),
            List.of(
                "os.setxattr('/scratch', 'user.a', b'x')", "str(os.listxattr('/scratch'))", "[]"),
            List.of("os.rename('/usr', '/old')", "os.path.isdir('/usr/lib')", "True"),
            List.of("os.unlink('/tmp')", "os.path.islink('/tmp')", "True"),
            List.of(
                "libc.syscall(add_key, b'user', b'leak', b'secret', 6, -4)",
                "libc.syscall(keyctl, 10, -4, b'user', b'leak', 0) > 0",
                "False"),
            List.of(
                "libc.syscall(add_key, b'user', b'leak', b'secret', 6, -3)",
                "libc.syscall(keyctl, 10, -3, b'user', b'leak', 0) > 0",
                "False"),
            List.of("0", "libc.syscall(keyctl, 10, -3, b'user', b'score4j-of-the-host', 0)", "-1"),
            List.of("0", "libc.syscall(keyctl, 0, -3, 1)", "-1"),
            List.of(
                "libc.syscall(shmget, 77, 4096, 0o1666)",
                "libc.syscall(shmget, 77, 4096, 0o666)",
                "-1"),
            List.of("0", "libc.syscall(memfd_create, b'm', 0)", "-1"),
            List.of("0", "libc.syscall(vsock, 40, 1, 0)", "-1"),
            List.of("fcntl.fcntl(1, 4, os.O_NONBLOCK)", "fcntl.fcntl(1, 3) & os.O_NONBLOCK", "0"),
            List.of(
                "os.utime('/dev/null')",
                "time.time() - os.stat('/dev/null').st_mtime < 5",
                "False"),
            List.of(
                "KEEP.append(socket.socket(1)) or KEEP[0].bind('\\0leak') or KEEP[0].listen()",
                "socket.socket(1).connect('\\0leak')",
                "ConnectionRefusedError"),
            List.of("os.environ.update(LEAK='x')", "'LEAK' in os.environ", "False"),
            List.of("os.fork()", "os.getpid()", "1"),
            // A crash starts a program of the host's unless this limit is 1.
            List.of("resource.setrlimit(4, (0, 0))", "resource.getrlimit(4)", "(1, 1)"),
            List.of("0", "libc.prctl(4, 1, 0, 0, 0)", "-1"));
    try (CodeWorkers workers = TestWorkers.open(user, LIMITS, 1, folder)) {
      PythonVerifier verifier = new PythonVerifier(workers);
      for (List<String> each : writersAndReaders) {
        assertThat(answer(verifier, each.get(0)).isError()).as(each.get(0)).isFalse();
        assertThat(answer(verifier, each.get(1)).reason())
            .as("%s after %s", each.get(1), each.get(0))
            .endsWith("got " + each.get(2));
      }
      assertThat(workers.replaced()).isZero();
    }
    try (var left = Files.list(folder)) {
      assertThat(left.map(path -> path.getFileName().toString()).toList())
          .containsExactlyInAnyOrder("as-" + user, "as-" + user + ".py");
    }
  }

  /** Never right, with the expression's value or the type of its exception in the reason. */
  private static Verdict answer(PythonVerifier verifier, String expression) {
    String program =
        numbers()
            + """
            import fcntl, os, resource, socket, time
            KEEP = []
            def f():
                try:
                    return str(%s)
                except Exception as failure:
                    return type(failure).__name__
            """
                .formatted(expression);
    return verifier.verify(
        new PythonTests("", "", List.of("r = f()\nassert r is None, 'got ' + r"), List.of("f"))
            .toJson(),
        program);
  }
}
