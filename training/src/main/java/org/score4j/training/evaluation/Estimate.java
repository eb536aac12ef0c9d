package org.score4j.training.evaluation;

/**
 * A figure and its 95% confidence interval, all in the same unit.
 *
 * @param value the figure
 * @param low lower end of the interval
 * @param high upper end of the interval
 */
public record Estimate(double value, double low, double high) {}
