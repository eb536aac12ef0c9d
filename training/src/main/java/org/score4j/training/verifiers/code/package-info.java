/**
 * Judging programs by their tests, in processes that are cut off from everything.
 *
 * <p>A pool of warm workers (Python, in {@code resources/verifiers}) starts a candidate per job.
 * Its tests run in another process, which asks the candidate for values and compares them itself:
 * what a candidate exits with, prints, patches or writes to any descriptor cannot become a pass.
 *
 * <p>A candidate's own doing is always a verdict, wrong, and never an error: a limit that it or a
 * value of its reaches, a connection that it breaks, a compiler that does not finish with it. An
 * error is what the machine did, such as giving no processor, or the tests by themselves.
 */
@NullMarked
package org.score4j.training.verifiers.code;

import org.jspecify.annotations.NullMarked;
