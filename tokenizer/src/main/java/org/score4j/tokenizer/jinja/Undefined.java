package org.score4j.tokenizer.jinja;

import org.jspecify.annotations.Nullable;

/**
 * What a missing name, attribute or element evaluates to. It prints as nothing, is false, empty and
 * equal to its like; all else done with it is an error.
 */
final class Undefined {
  private final @Nullable Object owner;
  private final Object name;
  private final @Nullable String hint;

  private Undefined(@Nullable Object owner, Object name, @Nullable String hint) {
    this.owner = owner;
    this.name = name;
    this.hint = hint;
  }

  static Undefined name(String name) {
    return new Undefined(null, name, null);
  }

  static Undefined member(Object owner, Object name) {
    return new Undefined(owner, name, null);
  }

  static Undefined because(String hint) {
    return new Undefined(null, "", hint);
  }

  static Undefined unsafe(Object owner, String name) {
    return because(
        "access to attribute '%s' of '%s' object is unsafe"
            .formatted(name, Operators.typeName(owner)));
  }

  /** Thrown where it is used. */
  TemplateException error() {
    if (hint != null) {
      return TemplateException.error(hint);
    }
    if (owner == null) {
      return TemplateException.error("'%s' is undefined".formatted(name));
    }
    String type = owner == None.NONE ? "None" : Operators.typeName(owner) + " object";
    return TemplateException.error(
        name instanceof String
            ? "'%s' has no attribute '%s'".formatted(type, name)
            : "%s has no element %s".formatted(type, name instanceof Long ? name : "of this name"));
  }
}
