/**
 * Every backward of the reference backend against central differences of its forward, in double.
 *
 * <p>The other backends are compared with the reference backend by the conformance suites.
 */
@NullMarked
package org.score4j.tests.gradients;

import org.jspecify.annotations.NullMarked;
