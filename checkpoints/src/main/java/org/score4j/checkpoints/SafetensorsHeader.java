package org.score4j.checkpoints;

import java.util.List;
import java.util.Map;

/**
 * A safetensors header that passed every check.
 *
 * @param metadata the {@code __metadata__} strings, in the order of the file
 * @param entries the tensors by name, in the order of the file
 * @param dataStart offset of the first data byte in the file
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, Entry> entries, long dataStart) {

  /** Bytes begin (inclusive) to end (exclusive) of the data, counted from dataStart. */
  record Entry(StoredType dtype, List<Long> shape, long begin, long end) {}
}
