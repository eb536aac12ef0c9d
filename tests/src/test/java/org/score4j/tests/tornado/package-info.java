/**
 * The tornado backend: which device its tests run on, and what only it has.
 *
 * <p>These tests run where TORNADOVM_HOME names TornadoVM's SDK, in a JVM of their own.
 */
@NullMarked
package org.score4j.tests.tornado;

import org.jspecify.annotations.NullMarked;
