/**
 * Judging programs by their tests, in processes that are cut off from everything.
 *
 * <p>A pool of warm workers (Python, in {@code resources/verifiers}) starts a candidate per job.
 * Its tests run in another process, which asks the candidate for values and compares them itself:
 * what a candidate exits with, prints, patches or writes to any descriptor cannot become a pass.
 */
@NullMarked
package org.score4j.training.verifiers.code;

import org.jspecify.annotations.NullMarked;
