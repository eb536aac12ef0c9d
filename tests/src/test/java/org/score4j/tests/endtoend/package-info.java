/**
 * Whole runs: their bits, their resumes, the program from outside.
 *
 * <p>Small models; nothing here is timed.
 */
@NullMarked
package org.score4j.tests.endtoend;

import org.jspecify.annotations.NullMarked;
