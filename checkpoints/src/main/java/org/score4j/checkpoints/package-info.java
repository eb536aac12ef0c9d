/**
 * Weights and training state on disk: safetensors, Hugging Face folders, resumable runs.
 *
 * <p>Files are written to a temporary name, synced and renamed, and verified when read.
 */
@NullMarked
package org.score4j.checkpoints;

import org.jspecify.annotations.NullMarked;
