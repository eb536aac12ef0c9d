/**
 * Models that read and write text: scoring, continuing and talking, apart from any task.
 *
 * <p>Nothing is learnt here.
 */
@NullMarked
package org.score4j.training.text;

import org.jspecify.annotations.NullMarked;
