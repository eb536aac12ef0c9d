package org.score4j.core.model;

import org.score4j.kernels.Tensor;

/**
 * One adapter, or its gradients or moments.
 *
 * @param a (K, r), stored in files as (r, K)
 * @param b (r, N), stored in files as (N, r)
 */
public record LowRank(Tensor a, Tensor b) {}
