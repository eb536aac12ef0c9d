/**
 * Text to token ids and back, read from and written to Hugging Face's tokenizer.json.
 *
 * <p>Knows nothing of models or tensors.
 */
@NullMarked
package org.score4j.tokenizer;

import org.jspecify.annotations.NullMarked;
