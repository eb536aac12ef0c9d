/**
 * The software CUDA device, and JCuda driven on it directly.
 *
 * <p>What the device must find is tested here; the cuda backend on it is tested by the conformance
 * suite.
 */
@NullMarked
package org.score4j.tests.cuda;

import org.jspecify.annotations.NullMarked;
