/**
 * The trainer as a whole, against what can be computed exactly.
 *
 * <p>Small models on the reference backend, and real runs on the cpu backend.
 */
@NullMarked
package org.score4j.tests.training;

import org.jspecify.annotations.NullMarked;
