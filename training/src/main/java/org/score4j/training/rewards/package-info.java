/**
 * From verdicts to rewards per turn and from rewards to advantages: pure functions, no state.
 *
 * <p>Source: SCoRe, arXiv 2409.12917, equations 3 and 4 and appendix A.4.
 */
@NullMarked
package org.score4j.training.rewards;

import org.jspecify.annotations.NullMarked;
