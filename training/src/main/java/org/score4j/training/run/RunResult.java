package org.score4j.training.run;

import java.nio.file.Path;
import java.util.Map;
import org.score4j.training.evaluation.AttemptMetrics;

/**
 * What a run has to show.
 *
 * @param models Hugging Face folder of the model after each phase, in order
 * @param greedy evaluation of each on all held-out problems, greedy decoding
 * @param sampled the same with sampling; empty where it is switched off
 * @param weightsSha256 of the final weights
 * @param sampledTokens tokens drawn in training
 * @param logprobMismatches sampled tokens whose log-prob in the training pass differed in any bit
 * @param seconds of training and evaluation, earlier parts of a resumed run included
 * @param stopped whether the run was interrupted and can be resumed
 */
public record RunResult(
    Map<String, Path> models,
    Map<String, AttemptMetrics> greedy,
    Map<String, AttemptMetrics> sampled,
    String weightsSha256,
    long sampledTokens,
    long logprobMismatches,
    double seconds,
    boolean stopped) {}
