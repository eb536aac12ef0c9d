package org.score4j.training.config;

import org.score4j.training.settings.Ranges;

/**
 * Limits of sampling; those of size change memory and speed, never what is sampled.
 *
 * @param maxSequences most conversations at once
 * @param maxRows most tokens in one pass
 * @param kvPages pages of the KV cache, 16 tokens each; 0 for as many as maxSequences conversations
 *     can fill
 * @param graphs whether passes that draw a token for each conversation are recorded as CUDA graphs
 *     and replayed; changes speed alone, and on other devices nothing
 * @param maxLogProbDifference nats by which the log-prob of a sampled token may differ between
 *     sampling and training before the run stops; the CPU's never differ
 */
public record GenerationConfig(
    int maxSequences, int maxRows, int kvPages, boolean graphs, double maxLogProbDifference) {
  /** Refuses limits with which nothing could be sampled. */
  public GenerationConfig {
    Ranges.atLeast("generation.maxSequences", maxSequences, 1);
    Ranges.atLeast("generation.maxRows", maxRows, 1);
    Ranges.atLeast("generation.kvPages", kvPages, 0);
    Ranges.positive("generation.maxLogProbDifference", maxLogProbDifference);
  }
}
