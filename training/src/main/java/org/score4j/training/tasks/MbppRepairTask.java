package org.score4j.training.tasks;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.score4j.training.verifiers.BoundedJudge;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.code.CodeVerifiers;

/**
 * MBPP-R: the repair of given wrong programs, in one attempt. The prompt is MBPP's with a wrong
 * program as the first attempt and the correction instruction behind it. The wrong program is the
 * column {@code wrong} of a row, such as a model's sample; else a mutation of the reference
 * program, and then problems no mutation of which fails are left out. Every wrong program is run:
 * one that passes is no problem.
 */
final class MbppRepairTask {
  private static final long SEED = 1;
  // Mutations that may survive the tests before a problem is given up.
  private static final int MUTATIONS = 8;

  private MbppRepairTask() {}

  static TextTask open(TextTaskSettings settings, CodeVerifiers programs) {
    return new TextTask(
        "mbpp-r",
        problems(settings, settings.trainFile(), 600, 974, programs),
        problems(settings, settings.heldOutFile(), 10, 510, programs),
        settings.correctionPromptOr(MbppTask.CORRECTION),
        List.of(MbppTask.DONE),
        programs.python());
  }

  private static List<TextProblem> problems(
      TextTaskSettings settings, String file, int above, int upTo, CodeVerifiers programs) {
    PromptTemplate template = new PromptTemplate(settings.firstPromptOr(MbppTask.FIRST));
    List<JsonlRows.Row> lines = JsonlRows.readOptional(file);
    List<MbppTask.Row> rows = MbppTask.rows(lines);
    String examples = MbppTask.examples(rows, template, settings.shots());
    List<TextProblem> problems = new ArrayList<>();
    BoundedJudge judge = BoundedJudge.of(programs.python());
    List<List<String>> candidates = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int id = rows.get(i).taskId();
      boolean wanted = id > above && id <= upTo;
      candidates.add(wanted ? candidates(lines.get(i), rows.get(i)) : List.of());
    }
    List<Optional<String>> wrong = failing(rows, candidates, judge);
    for (int i = 0; i < rows.size(); i++) {
      MbppTask.Row row = rows.get(i);
      String prompt = examples + MbppTask.prompt(template, row);
      wrong
          .get(i)
          .ifPresent(
              program ->
                  problems.add(
                      new TextProblem(
                          "mbpp-r/" + row.taskId(),
                          prompt
                              + program.strip()
                              + "\n"
                              + MbppTask.DONE
                              + settings.correctionPromptOr(MbppTask.CORRECTION),
                          row.pythonTests().toJson())));
    }
    return problems;
  }

  private static List<String> candidates(JsonlRows.Row line, MbppTask.Row row) {
    if (line.has("wrong")) {
      return List.of(line.text("wrong"));
    }
    List<String> mutations = new ArrayList<>(ProgramMutations.of(row.code()));
    SplittableRandom random = new SplittableRandom(SEED + row.taskId());
    List<String> chosen = new ArrayList<>();
    while (!mutations.isEmpty() && chosen.size() < MUTATIONS) {
      chosen.add(mutations.remove(random.nextInt(mutations.size())));
    }
    return chosen;
  }

  /** The first candidate of each row that fails its tests, round by round over all rows. */
  private static List<Optional<String>> failing(
      List<MbppTask.Row> rows, List<List<String>> candidates, BoundedJudge judge) {
    List<Optional<String>> found = new ArrayList<>();
    rows.forEach(row -> found.add(Optional.empty()));
    for (int round = 0; round < MUTATIONS; round++) {
      List<Integer> asked = new ArrayList<>();
      List<BoundedJudge.Response> responses = new ArrayList<>();
      for (int i = 0; i < rows.size(); i++) {
        if (found.get(i).isEmpty() && round < candidates.get(i).size()) {
          asked.add(i);
          responses.add(
              new BoundedJudge.Response(
                  rows.get(i).pythonTests().toJson(), candidates.get(i).get(round)));
        }
      }
      List<Verdict> verdicts = judge.judge(responses);
      for (int n = 0; n < asked.size(); n++) {
        if (!verdicts.get(n).isError() && !verdicts.get(n).isCorrect()) {
          found.set(asked.get(n), Optional.of(responses.get(n).text()));
        }
      }
    }
    return found;
  }
}
