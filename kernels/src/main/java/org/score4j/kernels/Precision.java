package org.score4j.kernels;

import java.util.Locale;

/** Type of weights and activations, as in {@code --precision}. */
public enum Precision {
  /** What the device is best at: bf16 on GPUs, single precision elsewhere. */
  AUTO,
  /** Single precision. */
  F32,
  /** F32, but matrix products round their inputs to TF32 (10 bits of mantissa); on GPUs only. */
  TF32,
  /** bfloat16, with master weights, moments, gradients of parameters and sums in F32. */
  BF16;

  /** The precision of that name. */
  public static Precision byName(String name) {
    for (Precision precision : values()) {
      if (precision.toString().equals(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "precision '%s' is unknown; use auto, f32, tf32 or bf16".formatted(name));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
