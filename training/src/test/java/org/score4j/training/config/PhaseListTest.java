package org.score4j.training.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.algorithms.ScoreConfig;
import org.score4j.training.algorithms.SupervisedConfig;
import org.score4j.training.settings.ConfigException;

/** Phases as a list: names, sections, what they extend, and what is refused. */
final class PhaseListTest {
  @TempDir private Path folder;

  private RunConfig load(String yaml) throws IOException {
    return load(yaml, Map.of());
  }

  private RunConfig load(String yaml, Map<String, String> overrides) throws IOException {
    Path file = Files.writeString(folder.resolve("my.yaml"), yaml);
    return ConfigLoader.load(file.toString(), overrides);
  }

  private void assertRefused(String yaml, String message) {
    assertThatThrownBy(() -> load(yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message.replace("FILE", folder.resolve("my.yaml").toString()));
  }

  @Test
  void listOfNames_choosesAndOrdersPhases() throws IOException {
    assertThat(load("phases: [stage2, base]\n").phases())
        .extracting(PhaseConfig::name)
        .containsExactly("stage2", "base");
    assertThat(load("", Map.of("phases", "base, stage1")).phases())
        .extracting(PhaseConfig::name)
        .containsExactly("base", "stage1");
  }

  @Test
  void newPhase_hasItsAlgorithmsDefaults_andIsAddressedByItsName() throws IOException {
    RunConfig config =
        load(
            """
            phases:
              - base
              - name: refine
                algorithm: supervised
                steps: 5
                optimizer: {learningRate: 1e-4}
              - name: rl
                algorithm: score
                from: base
                reference: refine
            """,
            Map.of("rl.alpha", "3", "refine.batchSize", "7"));
    SupervisedConfig refine = config.phase("refine").settings(SupervisedConfig.class);
    assertThat(refine.steps()).isEqualTo(5);
    assertThat(refine.batchSize()).isEqualTo(7);
    assertThat(refine.optimizer().learningRate()).isEqualTo(1e-4);
    assertThat(refine.optimizer().schedule()).isEqualTo("linear");
    assertThat(config.phase("refine").from()).isEqualTo("previous");
    assertThat(config.phase("refine").reference()).isEmpty();
    PhaseConfig rl = config.phase("rl");
    assertThat(rl.settings(ScoreConfig.class).alpha()).isEqualTo(3);
    assertThat(rl.from()).isEqualTo("base");
    assertThat(rl.reference()).isEqualTo("refine");
  }

  @Test
  void phaseThatExtendsAnother_differsInWhatItSays() throws IOException {
    RunConfig config = ConfigLoader.load("three-turn", Map.of("stage1.beta2", "0.5"));
    ScoreConfig second = config.phase("stage1b").settings(ScoreConfig.class);
    assertThat(second.attempts()).isEqualTo(3);
    assertThat(second.beta2()).isEqualTo(0.5);
    assertThat(config.phase("stage1a").settings(ScoreConfig.class).shaping()).isEqualTo("stage1");
    assertThat(config.phase("stage1b").reference()).isEqualTo("stage1a");
    assertThat(config.attempts()).isEqualTo(3);
  }

  @Test
  void anotherAlgorithm_dropsOurKeysOfTheOldOne() throws IOException {
    RunConfig config = load("stage1:\n  algorithm: supervised\n  reference: \"\"\n");
    assertThat(config.phase("stage1").settings()).isInstanceOf(SupervisedConfig.class);
    assertRefused(
        "stage1:\n  algorithm: supervised\n  reference: \"\"\n  alpha: 3\n",
        "FILE line 4: unknown key stage1.alpha; did you mean stage2.alpha?");
  }

  @Test
  void resolvedListReadsBack() throws IOException {
    RunConfig config = ConfigLoader.load("three-turn", Map.of("stage1b.from", "base"));
    assertThat(load(ConfigWriter.write(config))).isEqualTo(config);
  }

  @Test
  void mistakesAreRefusedWithTheirLine() {
    assertRefused(
        "phases: [base, stage3]\n",
        "FILE line 1: phase stage3 has no algorithm; set stage3.algorithm to one of supervised,"
            + " score, or list another of the phases");
    assertRefused(
        "phases:\n  - name: x\n    algorithm: magic\n",
        "FILE line 3: x.algorithm is \"magic\"; choose one of supervised, score");
    assertRefused(
        "phases: [base, base]\n",
        "FILE line 1: phases lists base twice; a phase has a name of its own");
    assertRefused(
        "phases:\n  - algorithm: score\n",
        "FILE line 2: a phase without a name; give it one, such as name: stage2");
    assertRefused(
        "phases: [base]\nstage2:\n  alpha: 3\n",
        "FILE line 3: stage2.alpha is set, but phases lists only base; add stage2 to the list or"
            + " leave the key out");
    assertRefused(
        "phases:\n  - name: task\n    algorithm: score\n",
        "FILE line 1: a phase is named \"task\"; use up to 32 letters, digits, '_' and '-',"
            + " beginning with a letter, and none of previous, initial, start or the sections of a"
            + " config");
    assertRefused(
        "base:\n  reference: initial\n",
        "FILE line 2: base.reference is \"initial\", but algorithm supervised has no reference"
            + " model; leave it empty");
    assertRefused(
        "phases:\n  - name: x\n    extends: y\n  - name: y\n    extends: x\n",
        "FILE line 3: phase x extends itself; name another phase");
    assertRefused(
        "phases:\n  - name: x\n    algorithm: score\n    extends: base\n",
        "FILE line 4: x.extends is base, which is no phase of algorithm score");
  }

  @Test
  void modelsThatAreNowhere_areRefusedBeforeTheRun() throws IOException {
    RunConfig config = load("stage2:\n  reference: bsae\n");
    assertThatThrownBy(config::requireModels)
        .hasMessage(
            "stage2.reference is bsae, which is neither a folder nor an earlier phase; the earlier"
                + " phases are base, stage1");
    RunConfig later = load("stage1:\n  from: stage2\n");
    assertThatThrownBy(later::requireModels)
        .hasMessageContaining("stage1.from is stage2, which is neither");
  }
}
