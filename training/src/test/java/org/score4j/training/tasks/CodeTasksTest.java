package org.score4j.training.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.score4j.training.evaluation.VerdictCounts;
import org.score4j.training.verifiers.BoundedJudge;
import org.score4j.training.verifiers.SharedData;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.code.CodeException;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.code.CodeVerifiers;

/** Real programs of MBPP and HumanEval, and the same with one mistake. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CodeTasksTest {
  private static final String MBPP = "code/mbpp.jsonl.gz";
  private static final String HUMAN_EVAL = "code/HumanEval.jsonl.gz";
  // Every so manieth program in the ordinary run, which has to be short.
  private static final int SAMPLE = 9;

  // A busy machine must not fail the slowest of the reference programs.
  private final CodeVerifiers programs = verifiers(30, 240);
  // One with a mistake may go on for ever.
  private final CodeVerifiers mistaken = verifiers(3, 40);

  private static CodeVerifiers verifiers(int cpuSeconds, int wallSeconds) {
    return new CodeVerifiers(
        new CodeSettings(
            System.getProperty("score4j.python", "python3"),
            "namespaces",
            2,
            cpuSeconds,
            wallSeconds,
            512),
        line -> {});
  }

  /** A program and the tests it is for. */
  private record Program(String id, String tests, String code) {}

  @BeforeAll
  void startWorkers() {
    try {
      programs
          .python()
          .verify(
              "{\"before\":\"\",\"prelude\":\"\",\"tests\":[\"assert f() =="
                  + " 1\"],\"entries\":[\"f\"]}",
              "def f(): return 1");
    } catch (CodeException e) {
      abort("no isolated workers here: " + e.getMessage());
    }
  }

  @AfterAll
  void close() {
    programs.close();
    mistaken.close();
  }

  private static List<Program> mbpp(int step) throws IOException {
    List<Program> programs = new ArrayList<>();
    List<MbppTask.Row> rows = MbppTask.rows(JsonlRows.read(SharedData.file(MBPP)));
    for (int i = 0; i < rows.size(); i += step) {
      MbppTask.Row row = rows.get(i);
      programs.add(new Program("mbpp/" + row.taskId(), row.pythonTests().toJson(), row.code()));
    }
    return programs;
  }

  private static List<Program> humanEval(int step) throws IOException {
    List<Program> programs = new ArrayList<>();
    List<JsonlRows.Row> rows = JsonlRows.read(SharedData.file(HUMAN_EVAL));
    for (int i = 0; i < rows.size(); i += step) {
      JsonlRows.Row row = rows.get(i);
      programs.add(
          new Program(
              row.text("task_id"),
              HumanEvalTask.tests(row).toJson(),
              row.text("canonical_solution")));
    }
    return programs;
  }

  private static List<Verdict> judge(CodeVerifiers by, List<Program> given) {
    return new BoundedJudge(by.python(), 2, BoundedJudge.DEFAULT_TRIES)
        .judge(
            given.stream()
                .map(program -> new BoundedJudge.Response(program.tests(), program.code()))
                .toList());
  }

  private void allPass(List<Program> given, int count) {
    List<Verdict> verdicts = judge(programs, given);
    List<String> failed = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      if (verdicts.get(i).isError() || !verdicts.get(i).isCorrect()) {
        failed.add(given.get(i).id() + ": " + verdicts.get(i));
      }
    }
    assertThat(failed).isEmpty();
    assertThat(given).hasSize(count);
  }

  /** As models write them; the program's place is "{}", and its lines may be indented. */
  private static final List<String> WRAPPINGS =
      List.of(
          "{}\n```",
          "{}```\n\nIt does what is asked.\n",
          "{}\n```\nExample:\n```python\nprint('x')\n```\n",
          "Sure:\n```python\n{}\n```\nOutput:\n```\n5\n```\n",
          "1. As follows:\n\n   ```python\n{   }\n   ```\n\n2. Done.\n",
          "~~~\n{}\n~~~\n",
          "<think>\n```python\nraise SystemExit\n```\n</think>\n```python\n{}\n```\n",
          "\uFEFF{}\n[DONE]\n\n[BEGIN]\nraise SystemExit\n[DONE]\n",
          "```python\n{}\n```\n```bash\npython program.py\n```\n");

  private static String wrapped(String wrapping, String code) {
    return wrapping.contains("{}")
        ? wrapping.replace("{}", code)
        : wrapping.replace("{   }", code.indent(3));
  }

  private static List<Program> wrapped(List<Program> programs, int step) {
    List<Program> wrapped = new ArrayList<>();
    for (int i = 0; i < programs.size(); i++) {
      for (int j = i % step; j < WRAPPINGS.size(); j += step) {
        Program program = programs.get(i);
        wrapped.add(
            new Program(
                program.id() + " " + j,
                program.tests(),
                wrapped(WRAPPINGS.get(j), program.code().replace("\r\n", "\n"))));
      }
    }
    return wrapped;
  }

  @Test
  void aNinthOfTheReferenceProgramsPassInOneWrappingEach() throws IOException {
    allPass(wrapped(mbpp(SAMPLE), WRAPPINGS.size()), 109);
    allPass(wrapped(humanEval(SAMPLE), WRAPPINGS.size()), 19);
  }

  @Test
  @Tag("long")
  void allReferenceProgramsPassInAllWrappings() throws IOException {
    allPass(wrapped(mbpp(1), 1), 974 * WRAPPINGS.size());
    allPass(wrapped(humanEval(1), 1), 164 * WRAPPINGS.size());
  }

  @Test
  void aNinthOfTheReferenceProgramsPass() throws IOException {
    allPass(mbpp(SAMPLE), 109);
    allPass(humanEval(SAMPLE), 19);
  }

  @Test
  @Tag("long")
  void allReferenceProgramsPass() throws IOException {
    allPass(mbpp(1), 974);
    allPass(humanEval(1), 164);
  }

  /** One random mutation of every program; how many the tests catch is theirs, not ours. */
  private VerdictCounts mutated(List<Program> given) {
    SplittableRandom random = new SplittableRandom(Long.getLong("score4j.seed", 1));
    List<Program> wrong = new ArrayList<>();
    for (Program program : given) {
      List<String> mutations = ProgramMutations.of(program.code());
      if (!mutations.isEmpty()) {
        wrong.add(
            new Program(
                program.id(), program.tests(), mutations.get(random.nextInt(mutations.size()))));
      }
    }
    VerdictCounts counts = VerdictCounts.of(judge(mistaken, wrong));
    System.out.printf(
        "mutated programs: %d of %d fail (%.1f%%), %d errors%n",
        counts.wrong(), counts.judged(), 100.0 * counts.wrong() / counts.judged(), counts.errors());
    return counts;
  }

  @Test
  void mostProgramsWithOneMistakeFail() throws IOException {
    VerdictCounts counts = mutated(mbpp(SAMPLE));
    assertThat(counts.errors()).isLessThan(3);
    assertThat(counts.wrong()).isGreaterThan(counts.judged() * 2 / 3);
  }

  @Test
  @Tag("long")
  void mostOfAllProgramsWithOneMistakeFail() throws IOException {
    for (List<Program> given : List.of(mbpp(1), humanEval(1))) {
      VerdictCounts counts = mutated(given);
      assertThat(counts.errors()).isLessThan(10);
      assertThat(counts.wrong()).isGreaterThan(counts.judged() * 3 / 4);
    }
  }

  @Test
  @Tag("long")
  void everyProblemOfTheRepairTaskHasAWrongProgram() throws IOException {
    String file = SharedData.file(MBPP).toString();
    TextTask task = TextTasks.open(TextTaskSettings.of("mbpp-r", "", file), mistaken);
    // 384 of the 500; the others have no operator or constant whose change their tests can see.
    assertThat(task.heldOut().size()).isGreaterThan(350);
    for (TextProblem problem : task.heldOut().subList(0, 20)) {
      String prompt = problem.prompt();
      int end = prompt.lastIndexOf(MbppTask.DONE);
      int correction = prompt.indexOf("There might be an error", end);
      assertThat(correction).isGreaterThan(end);
      int begin = prompt.lastIndexOf("[BEGIN]", end);
      Verdict verdict = task.verifier().verify(problem.reference(), prompt.substring(begin, end));
      assertThat(verdict.isError() || !verdict.isCorrect()).as(problem.id()).isTrue();
    }
  }
}
