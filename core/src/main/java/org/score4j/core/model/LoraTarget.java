package org.score4j.core.model;

import java.util.Arrays;
import java.util.Optional;

/**
 * The linear layers of a block that can have an adapter, in memory order. Several share a weight;
 * the output of each is a run of equal pieces in a row of that weight's output: heads of query, key
 * and value, or one piece of gate and up.
 */
public enum LoraTarget {
  Q_PROJ,
  K_PROJ,
  V_PROJ,
  O_PROJ,
  GATE_PROJ,
  UP_PROJ,
  DOWN_PROJ;

  /** Hugging Face's name, {@code q_proj} for one. */
  public String moduleName() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /** The target of a Hugging Face name. */
  public static Optional<LoraTarget> byName(String name) {
    return Arrays.stream(values()).filter(target -> target.moduleName().equals(name)).findFirst();
  }

  /** Width of its input. */
  public int inputs(ModelConfig config) {
    return switch (this) {
      case Q_PROJ, K_PROJ, V_PROJ, GATE_PROJ, UP_PROJ -> config.hiddenSize();
      case O_PROJ -> config.heads().queryWidth();
      case DOWN_PROJ -> config.intermediateSize();
    };
  }

  /** Width of its output. */
  public int outputs(ModelConfig config) {
    return switch (this) {
      case Q_PROJ -> config.heads().queryWidth();
      case K_PROJ, V_PROJ -> config.heads().kvWidth();
      case O_PROJ, DOWN_PROJ -> config.hiddenSize();
      case GATE_PROJ, UP_PROJ -> config.intermediateSize();
    };
  }

  /** Where its pieces begin in a row of the shared output, counted in pieces. */
  int firstPiece(ModelConfig config) {
    return switch (this) {
      case Q_PROJ, O_PROJ, GATE_PROJ, DOWN_PROJ -> 0;
      case K_PROJ -> config.numHeads();
      case V_PROJ -> config.numHeads() + config.numKvHeads();
      case UP_PROJ -> 1;
    };
  }

  /** Width of a piece. */
  int pieceWidth(ModelConfig config) {
    return switch (this) {
      case Q_PROJ, K_PROJ, V_PROJ -> config.headDim();
      case O_PROJ, GATE_PROJ, UP_PROJ, DOWN_PROJ -> outputs(config);
    };
  }

  /** Whether the weight is this layer's alone. */
  boolean isAlone() {
    return this == O_PROJ || this == DOWN_PROJ;
  }
}
