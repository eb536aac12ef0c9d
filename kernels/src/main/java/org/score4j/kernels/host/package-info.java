/**
 * Memory of the backends that compute on the host.
 *
 * <p>Shared by {@code reference} and {@code cpu}, which never see each other.
 */
@NullMarked
package org.score4j.kernels.host;

import org.jspecify.annotations.NullMarked;
