/**
 * Tensors, the memory they live in, and the families of operations every backend implements.
 *
 * <p>Parameter gradients accumulate ({@code +=}); activation gradients overwrite ({@code =}); each
 * exception says so at its method.
 */
@NullMarked
package org.score4j.kernels;

import org.jspecify.annotations.NullMarked;
