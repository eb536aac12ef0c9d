package org.score4j.training.text;

/**
 * One response.
 *
 * @param ids as they were drawn, the one that ended it included
 * @param text of the ids, without the token that ended it; empty where there is no tokenizer
 * @param truncated whether it was cut at its most tokens
 */
public record Completion(int[] ids, String text, boolean truncated) {}
