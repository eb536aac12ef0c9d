/**
 * What every backend must do: one suite per op family, run against the reference backend.
 *
 * <p>A new backend adds one class like {@code ReferenceConformanceTest}; the suites stay as they
 * are.
 */
@NullMarked
package org.score4j.tests.conformance;

import org.jspecify.annotations.NullMarked;
