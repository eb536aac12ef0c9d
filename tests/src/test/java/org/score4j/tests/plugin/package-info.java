/**
 * What a jar of somebody else brings along: algorithms found by ServiceLoader.
 *
 * <p>Written against the public types alone.
 */
@NullMarked
package org.score4j.tests.plugin;

import org.jspecify.annotations.NullMarked;
