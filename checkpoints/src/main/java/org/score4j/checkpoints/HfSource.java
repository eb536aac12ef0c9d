package org.score4j.checkpoints;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a model came from: what a saved one keeps of it.
 *
 * @param config of the model
 * @param folder whose config.json and small files are carried along; null for a model made here
 * @param dtypes stored type of each tensor by its Hugging Face name, in the order of the files;
 *     tensors that are not listed are stored as F32
 */
public record HfSource(HfConfig config, @Nullable Path folder, Map<String, StoredType> dtypes) {
  public HfSource {
    dtypes = Collections.unmodifiableMap(new LinkedHashMap<>(dtypes));
  }

  /** Of a model made here: stored as F32, with a config of our own. */
  public static HfSource made(HfConfig config) {
    return new HfSource(config, null, Map.of());
  }

  static HfSource of(HfConfig config, Path folder, SafetensorsFolder files) {
    Map<String, StoredType> dtypes = new LinkedHashMap<>();
    for (String name : files.names()) {
      dtypes.put(name, files.dtype(name));
    }
    return new HfSource(config, folder, dtypes);
  }
}
