package org.score4j.training.cli;

import java.util.List;
import org.score4j.training.run.RunFolder;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunRecorder;
import org.score4j.training.run.RunResult;

/**
 * Trains runs with everything around it: the records in the folder, the view on the terminal, the
 * stop by Ctrl-C.
 */
final class RunSession implements AutoCloseable {
  private final Engine engine;
  private final Engine.Execution execution;
  private final Terminal terminal;
  private final StopSignal stop;

  /** Listens to Ctrl-C until closed. */
  RunSession(Engine engine, Engine.Execution execution, Terminal terminal) {
    this.engine = engine;
    this.execution = execution;
    this.terminal = terminal;
    stop = new StopSignal(terminal.out());
    stop.install(new PlainView(terminal.out(), "", System::nanoTime));
  }

  /**
   * Trains one run.
   *
   * @param arm its name on the terminal where there are several runs, else empty
   */
  RunResult train(RunFolder folder, boolean resume, String arm) {
    if (!terminal.live()) {
      return train(folder, resume, new PlainView(terminal.out(), arm, System::nanoTime));
    }
    try (LiveView view = new LiveView(terminal, Arms.label(arm), System::nanoTime)) {
      return train(folder, resume, view);
    }
  }

  private RunResult train(RunFolder folder, boolean resume, RunListener view) {
    try (RunRecorder recorder = new RunRecorder(folder.path(), view::notice)) {
      return engine.train(folder, resume, execution, new Listeners(List.of(recorder, view)), stop);
    }
  }

  /** Says how to go on, and gives the exit code of a stopped run. */
  int stopped(RunFolder folder) {
    terminal
        .out()
        .println("score4j: stopped and saved; go on with: score4j train --resume " + folder.path());
    return stop.exitCode() == 0 ? StopSignal.EXIT_CODE : stop.exitCode();
  }

  @Override
  public void close() {
    stop.close();
  }
}
