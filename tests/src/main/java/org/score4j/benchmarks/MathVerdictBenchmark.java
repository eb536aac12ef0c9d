package org.score4j.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.score4j.training.verifiers.math.ExtractionRule;
import org.score4j.training.verifiers.math.MathVerifier;

/**
 * Verdicts of the math verifier a second, on two threads, for ordinary final answers: right ones in
 * the reference's spelling, right ones in another, and wrong ones, with the extraction from a short
 * solution. The figure to reach is 50,000.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Threads(2)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class MathVerdictBenchmark {
  private static final int ANSWERS = 16;

  // A reference, another spelling of it, a wrong answer: kinds in about the shares of MATH-500.
  private static final String[][] ROWS = {
    {"12", "12.0", "13"},
    {"-5", "x=-5", "5"},
    {"144", "144\\text{ ways}", "142"},
    {"1,296", "1296", "1295"},
    {"36", "6^2", "63"},
    {"\\frac{3}{4}", "0.75", "\\frac{4}{3}"},
    {"\\frac12", "\\dfrac{2}{4}", "\\frac13"},
    {"2\\sqrt{3}", "\\sqrt{12}", "3\\sqrt{2}"},
    {"\\frac{\\sqrt{3}}{3}", "\\frac{1}{\\sqrt{3}}", "\\frac{\\sqrt3}{2}"},
    {"\\frac{3\\pi}{4}", "\\frac34\\pi", "\\frac{4\\pi}{3}"},
    {"x^2 + 2x + 1", "(x+1)^2", "x^2+1"},
    {"(3, -1)", "\\left(3,-1\\right)", "(-1, 3)"},
    {"[0, \\infty)", "x \\ge 0", "(0, \\infty)"},
    {"90^\\circ", "90", "60^\\circ"},
    {"1, -2", "-2, 1", "1, 2"},
    {"\\text{(B)}", "B", "\\text{(C)}"}
  };

  @Param({"same spelling", "other spelling", "wrong"})
  public String answers = "";

  private final MathVerifier verifier =
      new MathVerifier(
          List.of(ExtractionRule.FINAL_ANSWER, ExtractionRule.BOXED),
          MathVerifier.DEFAULT_TIME_LIMIT);

  @Benchmark
  @OperationsPerInvocation(ANSWERS)
  public void verdicts(Blackhole results) {
    int column =
        switch (answers) {
          case "same spelling" -> 0;
          case "other spelling" -> 1;
          default -> 2;
        };
    for (String[] row : ROWS) {
      results.consume(
          verifier.verify(
              row[0],
              "We add both sides and simplify. Therefore, $x = \\boxed{" + row[column] + "}.$"));
    }
  }
}
