package org.score4j.training.tasks;

/**
 * The arithmetic itself, on token ids. A prompt is {@code d o d o d … =}, worked from left to right
 * with the last digit kept at every step; its response is the final answer, then the running
 * results before it: {@code 7+5*8-4=} gives {@code 226}.
 *
 * <p>The id of a digit is its value. The order of ids is that of the PyTorch prototype.
 */
final class ChainArithmetic {
  static final String CHARACTERS = "0123456789+-*=R";
  static final int PLUS = 10;
  static final int MINUS = 11;
  static final int TIMES = 12;
  static final int EQUALS = 13;
  static final int REVISE = 14;
  static final int BASE = 10;
  private static final int BITS_PER_TOKEN = 4;
  // A prompt without its '=' must fit a long in code().
  static final int MAX_OPERATIONS = 7;
  // + and - take 1 to 9, * takes 2 to 9.
  private static final long CHOICES_PER_STEP = 9 + 9 + 8;

  private final int operations;
  private final double productProbability;

  ChainArithmetic(int operations, double productProbability) {
    this.operations = operations;
    this.productProbability = productProbability;
  }

  int promptLength() {
    return 2 * operations + 2;
  }

  int responseLength() {
    return operations;
  }

  /** How many problems there are. */
  long count() {
    long count = BASE;
    for (int i = 0; i < operations; i++) {
      count *= CHOICES_PER_STEP;
    }
    return count;
  }

  /**
   * The problem at counters (c0, c1, c2): first operand 0–9; each operation a product with the
   * given probability, else + or -; operand 1–9, 2–9 for *.
   */
  int[] draw(long key, int c0, int c1, int c2) {
    int[] words = Draws.words(key, c0, c1, c2, 1 + 2 * operations);
    int[] prompt = new int[promptLength()];
    prompt[0] = Draws.below(words[0], BASE);
    double half = (1 - productProbability) / 2;
    for (int i = 0; i < operations; i++) {
      int word = words[1 + 2 * i];
      int operation =
          Draws.happens(word, half) ? PLUS : Draws.happens(word, 2 * half) ? MINUS : TIMES;
      prompt[1 + 2 * i] = operation;
      prompt[2 + 2 * i] =
          operation == TIMES
              ? 2 + Draws.below(words[2 + 2 * i], 8)
              : 1 + Draws.below(words[2 + 2 * i], 9);
    }
    prompt[prompt.length - 1] = EQUALS;
    return prompt;
  }

  /** The right response: the answer, then the running results of all steps but the last. */
  int[] solve(int[] prompt) {
    int[] response = new int[operations];
    int value = prompt[0];
    for (int i = 0; i < operations; i++) {
      value = step(value, prompt[1 + 2 * i], prompt[2 + 2 * i]);
      response[i + 1 < operations ? i + 1 : 0] = value;
    }
    return response;
  }

  static int step(int value, int operation, int operand) {
    int result =
        switch (operation) {
          case PLUS -> value + operand;
          case MINUS -> value - operand;
          case TIMES -> value * operand;
          default ->
              throw new IllegalArgumentException(
                  "chain arithmetic: token %d is no operation".formatted(operation));
        };
    return Math.floorMod(result, BASE);
  }

  int lastOperation(int[] prompt) {
    return prompt[prompt.length - 3];
  }

  /**
   * The final answer with the last step misread: + as -, - and * as +. It may be right by chance.
   */
  int slippedAnswer(int[] prompt, int[] solution) {
    int before = operations > 1 ? solution[operations - 1] : prompt[0];
    return step(before, lastOperation(prompt) == PLUS ? MINUS : PLUS, prompt[prompt.length - 2]);
  }

  /** A number that no other problem of this length has. */
  static long code(int[] prompt) {
    long code = 0;
    for (int i = 0; i < prompt.length - 1; i++) {
      code = (code << BITS_PER_TOKEN) | prompt[i];
    }
    return code;
  }
}
