package org.score4j.kernels;

/**
 * Memory of a device that has its own.
 *
 * @param freeBytes that nobody uses, other programs included
 * @param totalBytes of the device
 */
public record DeviceMemory(long freeBytes, long totalBytes) {}
