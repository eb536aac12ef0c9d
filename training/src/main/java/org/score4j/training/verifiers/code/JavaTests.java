package org.score4j.training.verifiers.code;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/**
 * What a Java program is judged by; a problem's reference is this as JSON. The calls are run beside
 * the program, the values compared where it never is.
 *
 * @param calls what is asked and what it must give
 */
public record JavaTests(List<Call> calls) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One question.
   *
   * @param call a Java expression, such as {@code Solution.add(2, 3)}
   * @param expected its value as text: {@code String.valueOf}, of arrays {@code
   *     Arrays.deepToString}
   */
  public record Call(String call, String expected) {}

  /** Refuses to judge without tests. */
  public JavaTests {
    calls = List.copyOf(calls);
    if (calls.isEmpty()) {
      throw new IllegalArgumentException(
          "java tests: there is none; a program that nothing tests would always pass");
    }
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
  public static JavaTests fromJson(String reference) {
    try {
      return JSON.readValue(reference, JavaTests.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "java tests: the reference is no JSON of calls with call and expected: "
              + e.getOriginalMessage(),
          e);
    }
  }
}
