package org.score4j.training.run;

/**
 * One problem with both attempts, as text for people.
 *
 * @param problem the prompt
 * @param first first attempt
 * @param second second attempt; empty in single-turn training
 * @param firstReason the verifier's reason for the first attempt
 * @param secondReason the verifier's reason for the second attempt
 * @param firstCorrect whether the first attempt is right
 * @param secondCorrect whether the second attempt is right
 */
public record AttemptPair(
    String problem,
    String first,
    String second,
    String firstReason,
    String secondReason,
    boolean firstCorrect,
    boolean secondCorrect) {}
