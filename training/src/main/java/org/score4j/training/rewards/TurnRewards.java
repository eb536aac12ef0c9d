package org.score4j.training.rewards;

/**
 * The reward of each turn. Only y1's tokens are multiplied by the first and only y2's by the
 * second: there is no discounting and no sum across turns (appendix A.4).
 *
 * @param turn1 the reward of the first attempt; 0 for all samples when it gets no policy gradient
 * @param turn2 the reward of the second attempt; 0 for all samples when it gets no policy gradient
 */
public record TurnRewards(double turn1, double turn2) {}
