package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Answer.Bracketed;
import org.score4j.training.verifiers.math.Answer.Listed;
import org.score4j.training.verifiers.math.Answer.Relation;

/**
 * Values under names, each name once: {@code x=6, y=5}, {@code (x,y)=(6,5)}. They match a tuple by
 * their names: x, y, z and other letters that are neighbours in the alphabet in its order, whatever
 * the order they are written in; other names in the order written.
 *
 * @param values by name, in the order of a tuple
 */
record Assignments(Map<String, Answer> values) {
  private static final List<String> FAMILIES = List.of("abcdefgh", "mn", "pqrs", "uvw", "xyz");

  /** One equation as a name and its value; null for any other. */
  interface Reader {
    Map.@Nullable Entry<String, Answer> assignment(Relation relation);
  }

  /** Null where the answer is not of names, each once and two at least. */
  static @Nullable Assignments of(Answer answer, Reader reader) {
    return switch (answer) {
      case Listed listed -> of(listed.elements(), reader);
      case Relation relation -> ofTuples(relation);
      default -> null;
    };
  }

  private static @Nullable Assignments of(List<Answer> elements, Reader reader) {
    if (elements.isEmpty() || !(elements.getFirst() instanceof Relation)) {
      return null;
    }
    Map<String, Answer> values = new LinkedHashMap<>();
    for (Answer element : elements) {
      Map.Entry<String, Answer> assignment =
          element instanceof Relation relation ? reader.assignment(relation) : null;
      if (assignment == null
          || values.putIfAbsent(assignment.getKey(), assignment.getValue()) != null) {
        return null;
      }
    }
    return values.size() < 2 ? null : inOrder(values);
  }

  /** {@code (x,y) = (6,5)}. */
  private static @Nullable Assignments ofTuples(Relation relation) {
    if (!relation.signs().equals(List.of("="))
        || !(relation.sides().getFirst() instanceof Bracketed names)
        || !(relation.sides().getLast() instanceof Bracketed tuple)
        || names.elements().size() != tuple.elements().size()) {
      return null;
    }
    Map<String, Answer> values = new LinkedHashMap<>();
    for (int i = 0; i < names.elements().size(); i++) {
      Answer name = names.elements().get(i);
      if (!RelationComparison.isName(name)
          || values.putIfAbsent(name.text(), tuple.elements().get(i)) != null) {
        return null;
      }
    }
    return values.size() < 2 ? null : inOrder(values);
  }

  /**
   * {@code p=5, q=2, p=7, q=2} as (5,2), (7,2): names that come again in turns, all of them in each
   * turn. Unchanged where they do not.
   */
  static List<Answer> inTurns(List<Answer> elements, Reader reader) {
    if (elements.isEmpty() || !(elements.getFirst() instanceof Relation)) {
      return elements;
    }
    List<Map.Entry<String, Answer>> assignments = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Answer element : elements) {
      Map.Entry<String, Answer> assignment =
          element instanceof Relation relation ? reader.assignment(relation) : null;
      if (assignment == null) {
        return elements;
      }
      assignments.add(assignment);
      names.add(assignment.getKey());
    }
    int count = names.size();
    if (count < 2 || count == elements.size() || elements.size() % count != 0) {
      return elements;
    }
    List<Answer> tuples = new ArrayList<>();
    for (int start = 0; start < elements.size(); start += count) {
      Map<String, Answer> turn = new LinkedHashMap<>();
      assignments
          .subList(start, start + count)
          .forEach(assignment -> turn.put(assignment.getKey(), assignment.getValue()));
      if (turn.size() != count) {
        return elements;
      }
      tuples.add(inOrder(turn).tuple());
    }
    return tuples;
  }

  private Bracketed tuple() {
    List<Answer> elements = elements();
    String text = String.join(",", elements.stream().map(Answer::text).toList());
    return new Bracketed("(" + text + ")", "(", ")", elements);
  }

  /** The values in the order of a tuple. */
  List<Answer> elements() {
    return List.copyOf(values.values());
  }

  private static Assignments inOrder(Map<String, Answer> values) {
    List<String> names = new ArrayList<>(values.keySet());
    if (names.stream().noneMatch(String::isEmpty) && isFamily(names)) {
      names.sort(Comparator.comparingInt(Assignments::subscript).thenComparing(n -> n));
    }
    Map<String, Answer> ordered = new LinkedHashMap<>();
    names.forEach(name -> ordered.put(name, values.getOrDefault(name, new Answer.Unread(""))));
    return new Assignments(ordered);
  }

  /** Letters of one family, or one letter with numbers as subscripts. */
  private static boolean isFamily(List<String> names) {
    boolean letters =
        FAMILIES.stream()
            .anyMatch(
                family ->
                    names.stream()
                        .allMatch(
                            n -> n.length() == 1 && family.contains(n.toLowerCase(Locale.ROOT))));
    String first = names.getFirst();
    return letters
        || names.stream().allMatch(n -> n.charAt(0) == first.charAt(0) && subscript(n) > 0);
  }

  /** The number of {@code x_2} or {@code x_{12}}; 0 for any other name. */
  private static int subscript(String name) {
    if (name.length() < 3 || name.charAt(1) != '_') {
      return 0;
    }
    String digits = name.substring(2).replace("{", "").replace("}", "");
    boolean number = digits.length() < 6 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    return number && !digits.isEmpty() ? Integer.parseInt(digits) : 0;
  }
}
