package org.score4j.training.config;

/**
 * One value as it was written.
 *
 * @param text the scalar's text, not yet typed
 * @param origin where it was written, for messages: {@code my.yaml line 7}, {@code command line}
 */
record Setting(String text, String origin) {}
