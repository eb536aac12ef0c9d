/**
 * JMH benchmarks, each with a baseline row and the limit it is compared with.
 *
 * <p>Run them on an idle machine; see the profile of the same name.
 */
@NullMarked
package org.score4j.benchmarks;

import org.jspecify.annotations.NullMarked;
