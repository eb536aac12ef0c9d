package org.score4j.training.config;

/**
 * Limits of sampling; they change memory and speed, never what is sampled.
 *
 * @param maxSequences most conversations at once
 * @param maxRows most tokens in one pass
 * @param kvPages pages of the KV cache, 16 tokens each; 0 for as many as maxSequences conversations
 *     can fill
 */
public record GenerationConfig(int maxSequences, int maxRows, int kvPages) {
  /** Refuses limits with which nothing could be sampled. */
  public GenerationConfig {
    Ranges.atLeast("generation.maxSequences", maxSequences, 1);
    Ranges.atLeast("generation.maxRows", maxRows, 1);
    Ranges.atLeast("generation.kvPages", kvPages, 0);
  }
}
