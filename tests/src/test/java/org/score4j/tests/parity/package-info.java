/**
 * Hugging Face folders in and out, and agreement with an independent implementation.
 *
 * <p>See {@code fixtures/README.md} for what was computed how.
 */
@NullMarked
package org.score4j.tests.parity;

import org.jspecify.annotations.NullMarked;
