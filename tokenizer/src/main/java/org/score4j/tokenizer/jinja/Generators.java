package org.score4j.tokenizer.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Generators of filters and of loops with a condition. Like Python's they do nothing until asked.
 */
final class Generators {
  private Generators() {}

  /** The elements for which something holds. */
  static Generator filtered(Interpreter in, Object of, Predicate<Object> holds) {
    Iterator<Object> elements = Operators.iterator(in, of);
    in.budget.retain(Budget.words(of));
    return new Generator(
        new Lookahead() {
          @Override
          @Nullable Object compute() {
            while (elements.hasNext()) {
              in.budget.step();
              Object element = elements.next();
              if (holds.test(element)) {
                return element;
              }
            }
            return null;
          }
        });
  }

  /**
   * Something of each element; null leaves one out. What is done with it is found out when the
   * first one is asked for.
   */
  static Generator mapped(
      Interpreter in, Object of, Supplier<Function<Object, @Nullable Object>> functions) {
    in.budget.retain(Budget.words(of));
    return new Generator(
        new Lookahead() {
          private @Nullable Iterator<Object> elements;
          private @Nullable Function<Object, @Nullable Object> function;

          @Override
          @Nullable Object compute() {
            if (elements == null || function == null) {
              if (!Operators.isTrue(of)) {
                return null;
              }
              function = functions.get();
              elements = Operators.iterator(in, of);
            }
            while (elements.hasNext()) {
              in.budget.step();
              Object result = function.apply(elements.next());
              if (result != null) {
                return result;
              }
            }
            return null;
          }
        });
  }

  /** The elements of an iterator that is made when the first one is asked for. */
  static Generator deferred(Supplier<Iterator<Object>> iterators) {
    return new Generator(
        new Lookahead() {
          private @Nullable Iterator<Object> elements;

          @Override
          @Nullable Object compute() {
            if (elements == null) {
              elements = iterators.get();
            }
            return elements.hasNext() ? elements.next() : null;
          }
        });
  }

  /** Computes an element when it is asked whether there is one. */
  private abstract static class Lookahead implements Iterator<Object> {
    private @Nullable Object next;
    private boolean ended;

    /** The next element, or null at the end. */
    abstract @Nullable Object compute();

    @Override
    public boolean hasNext() {
      if (next == null && !ended) {
        next = compute();
        ended = next == null;
      }
      return next != null;
    }

    @Override
    public Object next() {
      if (!hasNext() || next == null) {
        throw new NoSuchElementException();
      }
      Object element = next;
      next = null;
      return element;
    }
  }
}
