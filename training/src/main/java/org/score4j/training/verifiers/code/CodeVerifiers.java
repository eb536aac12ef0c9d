package org.score4j.training.verifiers.code;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.Verifier;

/**
 * The verifiers of programs over one pool of workers, which starts with the first program; closing
 * this ends it. What isolation is in force is said then, once.
 */
public final class CodeVerifiers implements AutoCloseable {
  private final CodeSettings settings;
  private final Consumer<String> log;
  private @Nullable CodeWorkers workers;
  private @Nullable Verifier python;
  private @Nullable JavaVerifier java;
  private boolean closed;

  /** log: takes the statement of the isolation in force. */
  public CodeVerifiers(CodeSettings settings, Consumer<String> log) {
    this.settings = settings;
    this.log = log;
  }

  /**
   * What isolation is in force here, by starting a worker.
   *
   * @throws CodeException when the isolation that is asked for cannot be had
   */
  public static String statement(CodeSettings settings) {
    try (CodeWorkers one = settings.withWorkers(1).open()) {
      return one.statement();
    }
  }

  /** Of Python programs. */
  public Verifier python() {
    return (reference, response) -> startedPython().verify(reference, response);
  }

  /** Of Java programs. */
  public Verifier java() {
    return (reference, response) -> startedJava().verify(reference, response);
  }

  private synchronized Verifier startedPython() {
    Verifier verifier = python;
    if (verifier == null) {
      verifier = new PythonVerifier(started());
      python = verifier;
    }
    return verifier;
  }

  private synchronized Verifier startedJava() {
    JavaVerifier verifier = java;
    if (verifier == null) {
      verifier = new JavaVerifier(started());
      java = verifier;
    }
    return verifier;
  }

  private synchronized CodeWorkers started() {
    if (closed) {
      throw new IllegalStateException("code verifiers: used after they were closed");
    }
    CodeWorkers pool = workers;
    if (pool == null) {
      pool = settings.open();
      workers = pool;
      log.accept("programs are judged by " + pool.statement());
    }
    return pool;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (java != null) {
      java.close();
    }
    if (workers != null) {
      workers.close();
    }
  }
}
