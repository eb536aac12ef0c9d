package org.score4j.training.run;

import java.util.ArrayList;
import java.util.List;
import org.score4j.training.config.ConfigException;
import org.score4j.training.config.RunConfig;

/**
 * A part of a run with an optimiser of its own.
 *
 * @param name base, stage1 or stage2
 * @param index 0, 1 or 2
 * @param steps of the config
 */
record Phase(String name, int index, int steps) {
  /** The phases that have steps, in order. */
  static List<Phase> of(RunConfig config) {
    List<Phase> phases = new ArrayList<>();
    phases.add(new Phase("base", 0, config.base().steps()));
    phases.add(new Phase("stage1", 1, config.stage1().steps()));
    phases.add(new Phase("stage2", 2, config.stage2().steps()));
    phases.removeIf(phase -> phase.steps() == 0);
    if (phases.isEmpty()) {
      throw new ConfigException(
          "base.steps, stage1.steps and stage2.steps are all 0; give at least one phase some"
              + " steps");
    }
    return phases;
  }
}
