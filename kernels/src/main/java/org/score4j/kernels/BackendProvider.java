package org.score4j.kernels;

import java.util.List;

/**
 * A backend that is found at run time and not compiled against, because what it needs is optional.
 * Looked up with {@link java.util.ServiceLoader}; see {@link Backends}.
 */
public interface BackendProvider {
  /** Name as in {@code --device}, without a device number. */
  String name();

  /**
   * What hinders this JVM from using the backend, with the fix, as one line; empty where nothing
   * does.
   */
  String obstacle();

  /**
   * One line per device, in the order of the numbers in {@code --device NAME:N}.
   *
   * @throws IllegalArgumentException with {@link #obstacle} where there is one
   */
  List<String> devices();

  /**
   * Opens a device, which the caller closes.
   *
   * @param index number of the device
   * @param precision of weights and activations
   */
  Backend open(int index, Precision precision);
}
