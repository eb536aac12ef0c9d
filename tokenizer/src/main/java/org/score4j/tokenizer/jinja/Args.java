package org.score4j.tokenizer.jinja;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Arguments of a call.
 *
 * @param positional in order
 * @param named in the order they were written
 */
record Args(List<Object> positional, Map<String, Object> named) {
  static final Args NONE = new Args(List.of(), Map.of());

  static Args of(Object... positional) {
    return new Args(List.of(positional), Map.of());
  }

  /**
   * One value per parameter, null where it is left out.
   *
   * @param function for messages
   * @param required how many of the parameters must be there
   */
  @Nullable Object[] bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw TemplateException.error(
          "%s() takes at most %d arguments, %d are given"
              .formatted(function, parameters.length, positional.size()));
    }
    @Nullable Object[] bound = new @Nullable Object[parameters.length];
    for (int i = 0; i < positional.size(); i++) {
      bound[i] = positional.get(i);
    }
    List<String> names = Arrays.asList(parameters);
    named.forEach(
        (name, value) -> {
          int at = names.indexOf(name);
          if (at < 0) {
            throw TemplateException.error(
                "%s() got an unexpected keyword argument '%s'".formatted(function, name));
          }
          if (bound[at] != null) {
            throw TemplateException.error(
                "%s() got two values for the argument '%s'".formatted(function, name));
          }
          bound[at] = value;
        });
    for (int i = 0; i < required; i++) {
      if (bound[i] == null) {
        throw TemplateException.error(
            "%s() lacks the argument '%s'".formatted(function, parameters[i]));
      }
    }
    return bound;
  }

  /** As {@link #bind}, for functions that take no names. */
  @Nullable Object[] positional(String function, int required, int most) {
    if (!named.isEmpty()) {
      throw TemplateException.error("%s() takes no keyword arguments".formatted(function));
    }
    if (positional.size() < required || positional.size() > most) {
      throw TemplateException.error(
          "%s() takes %d to %d arguments, %d are given"
              .formatted(function, required, most, positional.size()));
    }
    @Nullable Object[] bound = new @Nullable Object[most];
    for (int i = 0; i < positional.size(); i++) {
      bound[i] = positional.get(i);
    }
    return bound;
  }

  /** All but the first positional one. */
  Args rest(int from) {
    return new Args(positional.subList(from, positional.size()), named);
  }
}
