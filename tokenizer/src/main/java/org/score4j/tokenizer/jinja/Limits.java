package org.score4j.tokenizer.jinja;

/**
 * What one rendering may use. The same template and conversation reach a limit on every machine.
 *
 * @param steps evaluated expressions, statements and elements; long texts count one for every 64
 *     characters when they are copied, and for every 8 when they are searched or changed
 * @param chars characters of one text and of the output
 * @param words memory that values in variables, lists and buffers take, in words of 8 bytes
 * @param depth nested evaluations, macro calls and values
 */
public record Limits(long steps, int chars, long words, int depth) {
  /**
   * Room for 10,000 turns and texts of several megabytes: about ten seconds, half a gigabyte, and a
   * macro that calls itself 200 times.
   */
  public static final Limits DEFAULT = new Limits(150_000_000, 16_000_000, 64_000_000, 2_000);
}
