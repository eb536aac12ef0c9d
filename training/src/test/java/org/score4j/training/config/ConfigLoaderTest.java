package org.score4j.training.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.score4j.training.algorithms.ScoreConfig;
import org.score4j.training.settings.ConfigException;

final class ConfigLoaderTest {
  @TempDir private Path folder;

  private Path file(String yaml) throws IOException {
    return Files.writeString(folder.resolve("my.yaml"), yaml);
  }

  private void assertRefused(String yaml, String message) throws IOException {
    Path file = file(yaml);
    assertThatThrownBy(() -> ConfigLoader.load(file.toString(), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message.replace("FILE", file.toString()));
  }

  private static ScoreConfig score(RunConfig config, String phase) {
    return config.phase(phase).settings(ScoreConfig.class);
  }

  private static void assertOverrideRefused(String key, String value, String message) {
    assertThatThrownBy(() -> ConfigLoader.load("score", Map.of(key, value)))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @MethodSource("org.score4j.training.config.Presets#names")
  void everyPresetLoads_bearsItsName_andSaysWhatItIsFor(String name) {
    assertThat(ConfigLoader.load(name, Map.of()).name()).isEqualTo(name);
    assertThat(Presets.text(name)).startsWith("# ");
    assertThat(Presets.description(name)).isNotBlank().doesNotStartWith("#");
  }

  @ParameterizedTest
  @MethodSource("org.score4j.training.config.Presets#names")
  void resolvedConfig_readsBackAsTheSameRecord(String name) throws IOException {
    RunConfig config =
        ConfigLoader.load(
            name,
            Map.of(
                "base.optimizer.adamEps", "1e-9",
                "model.ropeTheta", "5e5",
                "seed", "-9223372036854775808",
                "model.path", "a folder: \"quoted\" # no comment\\ \t é",
                "task.text.trainFile", "true"));
    Path file = file(ConfigWriter.write(config));
    assertThat(ConfigLoader.load(file.toString(), Map.of())).isEqualTo(config);
  }

  @Test
  void arms_differFromScoreOnlyInWhatTheySay() {
    RunConfig score = ConfigLoader.load("score", Map.of());
    assertThat(score(score, "stage2").alpha()).isEqualTo(10);
    RunConfig naive = ConfigLoader.load("naive", Map.of());
    assertThat(naive.phase("base")).isEqualTo(score.phase("base"));
    assertThat(naive.phase("stage1").steps()).isZero();
    assertThat(naive.phase("stage2").steps())
        .isEqualTo(score.phase("stage1").steps() + score.phase("stage2").steps());
    assertThat(score(naive, "stage2").shaping()).isEqualTo("none");
    assertThat(score(naive, "stage2").alpha()).isZero();
    // From the base on, at the learning rate that stage I has there.
    assertThat(score(naive, "stage2").optimizer()).isEqualTo(score(score, "stage1").optimizer());
    assertThat(score(ConfigLoader.load("single-turn", Map.of()), "stage2").attempts()).isEqualTo(1);
    assertThat(ConfigLoader.load("no-shaping", Map.of()).phase("stage1"))
        .isEqualTo(score.phase("stage1"));
    assertThat(score(ConfigLoader.load("no-stage1", Map.of()), "stage2").shaping())
        .isEqualTo("score");
  }

  @Test
  void fileExtendsScore_unlessItNamesAnother_andCommandLineWins() throws IOException {
    Path file = file("seed: 3\nstage2:\n  beta1: 2e-2\n");
    RunConfig config = ConfigLoader.load(file.toString(), Map.of("stage2.alpha", "5"));
    assertThat(config.seed()).isEqualTo(3);
    assertThat(score(config, "stage2").beta1()).isEqualTo(0.02);
    assertThat(score(config, "stage2").alpha()).isEqualTo(5);
    assertThat(config.phase("stage1").steps()).isEqualTo(400);

    Path naive = file("extends: naive\nseed: 4\nstage1:\n");
    assertThat(ConfigLoader.load(naive.toString(), Map.of()).phase("stage1").steps()).isZero();
    assertThat(ConfigLoader.load(file("").toString(), Map.of()).name()).isEqualTo("score");
  }

  @Test
  void unknownKeyInFile_namesFileLineAndNearestKey() throws IOException {
    assertRefused(
        "seed: 1\nstage2:\n  alhpa: 5\n",
        "FILE line 3: unknown key stage2.alhpa; did you mean stage2.alpha?");
    assertRefused(
        "stage3:\n  steps: 5\n", "FILE line 1: unknown key stage3; did you mean stage1 or stage2?");
    assertRefused(
        "stage2:\n  optimizer:\n    learning_rate: 5\n",
        "FILE line 3: unknown key stage2.optimizer.learning_rate; did you mean"
            + " stage2.optimizer.learningRate?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stage2.alhpa|stage2.alpha",
        "sed|seed",
        "alpha|lora.alpha or stage1.alpha or stage2.alpha",
        "setps|base.steps or stage1.steps or stage2.steps",
        "Stage2.Alpha|stage2.alpha",
      })
  void unknownKeyOnCommandLine_namesTheNearest(String key, String nearest) {
    assertOverrideRefused(
        key, "1", "command line: unknown key " + key + "; did you mean " + nearest + "?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stage2.alpha|ten|command line: stage2.alpha is \"ten\"; expected a number",
        "stage2.alpha|NaN|command line: stage2.alpha is \"NaN\"; expected a number",
        "stage2.alpha|1d|command line: stage2.alpha is \"1d\"; expected a number",
        "stage2.steps|1.5|command line: stage2.steps is \"1.5\"; expected a whole number",
        "stage2.steps|3000000000|command line: stage2.steps is \"3000000000\"; expected a whole"
            + " number",
        "seed|x|command line: seed is \"x\"; expected a whole number of 64 bits",
        "model.tieWordEmbeddings|yes|command line: model.tieWordEmbeddings is \"yes\"; expected"
            + " true or false",
        "stage2|5|command line: stage2 is a section; set one of its keys, such as"
            + " --stage2.steps=…",
      })
  void illTypedValue_namesKeyValueAndType(String key, String value, String message) {
    assertOverrideRefused(key, value, message);
  }

  @Test
  void illTypedValueInFile_namesTheLine() throws IOException {
    assertRefused(
        "stage2:\n  steps: [1]\n", "FILE line 2: stage2.steps is a list; expected a whole number");
    assertRefused(
        "stage2:\n  alpha:\n    x: 1\n",
        "FILE line 2: stage2.alpha has keys below it; expected a number");
    assertRefused(
        "stage2: 5\n", "FILE line 1: stage2 is \"5\"; expected a section with keys below it");
    assertRefused("stage2:\n  alpha:\n", "FILE line 2: stage2.alpha is \"\"; expected a number");
    assertRefused("- 1\n", "FILE line 1: expected keys with values, such as seed: 1");
    assertRefused(
        "seed: 1\nseed: 2\n", "FILE line 2: seed was set before, in FILE line 1; keep one of them");
    assertRefused(
        "extends: scor\n",
        "FILE line 1: extends is \"scor\"; choose one of score, naive, no-stage1, no-shaping,"
            + " single-turn, three-turn");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stage2.steps|-1|command line: stage2.steps is -1; it must be at least 0",
        "base.steps|-1|command line: base.steps is -1; it must be at least 0",
        "stage1.signal.prompts|0|command line: stage1.signal.prompts is 0; it must be at least 1",
        "task.mixture.slip|2|command line: task.mixture.slip is 2.0, it must be a probability from"
            + " 0 to 1",
        "stage1.optimizer.learningRate|0|command line: stage1.optimizer.learningRate is 0.0; it"
            + " must be a positive number",
        "model.hiddenSize|0|command line: model.hiddenSize is 0; it must be at least 1",
        "stage2.samplesPerPrompt|1|command line: stage2.samplesPerPrompt is 1; a leave-one-out"
            + " baseline needs at least 2 samples of a prompt",
        "stage2.optimizer.schedule|fast|stage2.optimizer: learning rate schedule 'fast' is"
            + " unknown; use constant, linear or cosine",
        "name|../x|command line: name is \"../x\"; it is part of the run folder's name: use at"
            + " most 64 letters, digits, '.', '_' and '-', beginning with a letter or digit",
      })
  void valueOutOfRange_namesTheFullKey(String key, String value, String message) {
    assertOverrideRefused(key, value, message);
  }

  @Test
  void mixtureOnText_isRefusedWhereItIsNotTheDefault() throws IOException {
    assertRefused(
        "task:\n  name: gsm8k\n  mixture:\n    fix: 0.10\n    slip: 0.2\n",
        "FILE line 5: task.mixture.slip is 0.2, but task.name is gsm8k; the mixture is that of"
            + " chain-arithmetic and does nothing on text, leave the key out or at 0.15");
    // The default is the config's own, 0.5, not the 0.3 of the record.
    Map<String, String> keys = Map.of("task.name", "jsonl", "task.mixture.corruptAnswer", "0.3");
    assertThatThrownBy(() -> ConfigLoader.load("naive", keys))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("command line: task.mixture.corruptAnswer is 0.3, but task.name is")
        .hasMessageEndingWith("leave the key out or at 0.5");
    Path text = file("task:\n  name: jsonl\n  mixture:\n    corruptAnswer: 5e-1\n");
    RunConfig config = ConfigLoader.load(text.toString(), Map.of());
    Path resolved = file(ConfigWriter.write(config));
    assertThat(ConfigLoader.load(resolved.toString(), Map.of())).isEqualTo(config);
    RunConfig chain = ConfigLoader.load("score", Map.of("task.mixture.slip", "0.2"));
    assertThat(chain.task().mixture().slip()).isEqualTo(0.2);
  }

  @Test
  void answersAreValuesUnlessTheConfigAllowsExpressions() throws IOException {
    assertThat(ConfigLoader.load("score", Map.of()).task().text().answerForm()).isEqualTo("value");
    Map<String, String> expression = Map.of("task.text.answerForm", "expression");
    assertThat(ConfigLoader.load("score", expression).task().text().answerForm())
        .isEqualTo("expression");
    assertRefused(
        "task:\n  text:\n    answerForm: number\n",
        "FILE line 3: task.text.answerForm is 'number'; the forms are value, expression");
  }

  @Test
  void columnsOfTwoAttempts_areBothNamedOrNone_andOfJsonlAlone() throws IOException {
    String columns = "task:\n  name: jsonl\n  text:\n    columns:\n";
    assertRefused(
        columns + "      first: draft\n",
        "FILE line 5: task.text.columns.first is 'draft', but columns.revision is empty; name both"
            + " columns or none");
    assertRefused(
        columns + "      revision: better\n",
        "FILE line 5: task.text.columns.revision is 'better', but columns.first is empty; name"
            + " both columns or none");
    String both = columns + "      first: draft\n      revision: better\n";
    assertThat(ConfigLoader.load(file(both).toString(), Map.of()).task().text().columns().first())
        .isEqualTo("draft");
    assertRefused(
        both.replace("jsonl", "gsm8k"),
        "FILE line 5: task.text.columns.first is 'draft', but task.name is gsm8k; only jsonl reads"
            + " it, leave first and revision empty");
  }

  @Test
  void valueOutOfRangeInFile_namesTheLine() throws IOException {
    assertRefused(
        "stage2:\n\n  alpha: -1\n",
        "FILE line 3: stage2.alpha is -1.0; it must be a number of at least 0");
  }

  @Test
  void brokenYaml_namesTheLine() throws IOException {
    Path file = file("seed: 1\nstage2: {alpha: 5\n");
    assertThatThrownBy(() -> ConfigLoader.load(file.toString(), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageMatching("(?s).*my\\.yaml line \\d+: not valid YAML: [^\\n]+");
  }

  @Test
  void missingFileAndUnknownPreset_nameTheChoices() {
    assertThatThrownBy(() -> ConfigLoader.load("no/such.yaml", Map.of()))
        .hasMessage(
            "no config file no/such.yaml; check the path, or name one of score, naive, no-stage1,"
                + " no-shaping, single-turn, three-turn");
    assertThatThrownBy(() -> ConfigLoader.load("scoer", Map.of()))
        .hasMessage(
            "no config named \"scoer\"; choose one of score, naive, no-stage1, no-shaping,"
                + " single-turn, three-turn, or give a file that ends in .yaml");
  }
}
