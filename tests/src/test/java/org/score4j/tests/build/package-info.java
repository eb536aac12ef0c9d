/** The build itself, on the JDKs that a user's machine may have. */
@NullMarked
package org.score4j.tests.build;

import org.jspecify.annotations.NullMarked;
