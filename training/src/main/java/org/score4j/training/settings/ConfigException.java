package org.score4j.training.settings;

import java.io.Serial;

/** A config that cannot be run; the message is one line with the key, its value and the fix. */
public final class ConfigException extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1L;

  /** One line for the user. */
  public ConfigException(String message) {
    super(message);
  }
}
