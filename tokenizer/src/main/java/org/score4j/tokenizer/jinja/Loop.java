package org.score4j.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The variable {@code loop}, and where a loop is. Elements are asked for as late as Jinja2 does.
 */
final class Loop implements Callable {
  /** Renders the body of a recursive loop for other elements. */
  interface Recursion {
    String render(Object iterable, int depth);
  }

  private final Interpreter interpreter;
  private final Object iterable;
  private final int depth;
  private final @Nullable Recursion recursion;
  private Iterator<Object> elements;
  private int index0 = -1;
  private int length = -1;
  private @Nullable Object before;
  private @Nullable Object current;
  private @Nullable Object after;
  private @Nullable Object lastChanged;

  Loop(Interpreter interpreter, Object iterable, int depth, @Nullable Recursion recursion) {
    this.interpreter = interpreter;
    this.iterable = iterable;
    this.depth = depth;
    this.recursion = recursion;
    this.elements = Operators.iterator(interpreter, iterable);
  }

  boolean hasNext() {
    return peek() != null;
  }

  private @Nullable Object peek() {
    if (after == null && elements.hasNext()) {
      after = elements.next();
    }
    return after;
  }

  Object next() {
    Object next = peek();
    if (next == null) {
      throw new IllegalStateException("the loop has ended");
    }
    after = null;
    index0++;
    before = current;
    current = next;
    return next;
  }

  int length() {
    if (length < 0) {
      if (iterable instanceof Generator) {
        List<Object> rest = new ArrayList<>();
        while (elements.hasNext()) {
          interpreter.budget.add(rest, elements.next());
        }
        elements = rest.iterator();
        length = rest.size() + index0 + 1 + (after == null ? 0 : 1);
      } else {
        length = Math.toIntExact(Operators.length(interpreter, iterable));
      }
    }
    return length;
  }

  /** An attribute, or null. */
  @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> index0 + 1L;
      case "index0" -> (long) index0;
      case "length" -> (long) length();
      case "revindex" -> (long) length() - index0;
      case "revindex0" -> (long) length() - index0 - 1;
      case "first" -> index0 == 0;
      case "last" -> peek() == null;
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" ->
          index0 == 0 || before == null ? Undefined.because("there is no previous item") : before;
      case "nextitem" -> {
        Object next = peek();
        yield next == null ? Undefined.because("there is no next item") : next;
      }
      case "cycle" -> new Method("cycle", this, (in, self, args) -> cycle(args));
      case "changed" -> new Method("changed", this, (in, self, args) -> changed(args));
      default -> null;
    };
  }

  private Object cycle(Args args) {
    if (args.positional().isEmpty()) {
      throw TemplateException.error("no items for cycling given");
    }
    return args.positional().get(index0 % args.positional().size());
  }

  private boolean changed(Args args) {
    PyTuple value = new PyTuple(args.positional());
    boolean changed =
        lastChanged == null || !Operators.equal(interpreter.budget, lastChanged, value);
    lastChanged = value;
    return changed;
  }

  @Override
  public Object call(Interpreter in, Args args) {
    if (recursion == null) {
      throw TemplateException.error(
          "The loop must have the 'recursive' marker to be called recursively");
    }
    @Nullable Object[] bound = args.bind("loop", 1, "iterable");
    Object elementsBelow = bound[0] == null ? None.NONE : bound[0];
    return recursion.render(elementsBelow, depth + 1);
  }

  @Override
  public String toString() {
    return "<LoopContext %d/%d>".formatted(index0 + 1, length());
  }
}
