/**
 * The transformer, generation and the optimiser as a whole, on every backend.
 *
 * <p>What must be equal bit for bit, what must agree with differences, and what memory it may take.
 */
@NullMarked
package org.score4j.tests.core;

import org.jspecify.annotations.NullMarked;
