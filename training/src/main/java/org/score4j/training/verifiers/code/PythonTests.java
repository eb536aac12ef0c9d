package org.score4j.training.verifiers.code;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a Python program is judged by; a problem's reference is this as JSON.
 *
 * @param before trusted text put in front of the candidate, such as HumanEval's prompt; may be
 *     empty
 * @param prelude trusted text that is run before the tests, in their process; may be empty
 * @param tests statements that raise an exception when the program is wrong
 * @param entries the names the tests take from the candidate. Any other name is the prelude's or a
 *     builtin, whatever the candidate defines. Empty: every name that is neither
 */
public record PythonTests(String before, String prelude, List<String> tests, List<String> entries) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Refuses to judge without tests. */
  public PythonTests {
    tests = List.copyOf(tests);
    entries = List.copyOf(entries);
    if (tests.isEmpty()) {
      throw new IllegalArgumentException(
          "python tests: there is none; a program that nothing tests would always pass");
    }
  }

  /** Names that a program may be asked for: the entries, or every word of the tests. */
  Collection<String> names() {
    if (!entries.isEmpty()) {
      return entries;
    }
    Set<String> words = new TreeSet<>();
    tests.forEach(test -> words.addAll(ProgramLanguage.PYTHON.words(test)));
    return words;
  }

  /** As a problem's reference. */
  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write tests as JSON", e);
    }
  }

  /**
   * From a problem's reference.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static PythonTests fromJson(String reference) {
    try {
      return JSON.readValue(reference, PythonTests.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "python tests: the reference is no JSON of before, prelude, tests and entries: "
              + e.getOriginalMessage(),
          e);
    }
  }
}
