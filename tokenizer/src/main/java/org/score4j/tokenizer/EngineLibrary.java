package org.score4j.tokenizer;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * The native Hugging Face engine within DJL's jar. Loading it unpacks the library once into the
 * cache folder and never touches the network.
 */
final class EngineLibrary {
  // Without these the engine would cut texts at 512 tokens and pad what is shorter.
  private static final Map<String, String> WHOLE_TEXTS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

  private EngineLibrary() {}

  /** The tokenizer a tokenizer.json describes. */
  static ai.djl.huggingface.tokenizers.HuggingFaceTokenizer open(JsonFile json) {
    stayOffline();
    try {
      return ai.djl.huggingface.tokenizers.HuggingFaceTokenizer.newInstance(
          new ByteArrayInputStream(json.text().getBytes(StandardCharsets.UTF_8)), WHOLE_TEXTS);
    } catch (IOException | RuntimeException e) {
      throw new TokenizerException(
          "%s is not a tokenizer the Hugging Face engine can read: %s; copy it again from where the model was saved"
              .formatted(json.file(), e.getMessage()),
          e);
    } catch (LinkageError e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new TokenizerException(
          "cannot load the Hugging Face tokenizer engine into %s: %s; it is for Linux (x86-64, arm64), macOS (arm64) and Windows (x86-64) and needs a cache folder that can be written (XDG_CACHE_HOME)"
              .formatted(cacheFolder(), cause),
          e);
    }
  }

  /** DJL reads these when its classes load; what the user has set stays. */
  private static void stayOffline() {
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("OPT_OUT_TRACKING", "true");
    setIfAbsent("ENGINE_CACHE_DIR", cacheFolder().toString());
  }

  private static void setIfAbsent(String key, String value) {
    if (System.getProperty(key) == null && System.getenv(key) == null) {
      System.setProperty(key, value);
    }
  }

  /** Beside what the cuda backend keeps; DJL makes a folder {@code tokenizers} in it. */
  private static Path cacheFolder() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path caches =
        xdg == null || xdg.isEmpty()
            ? Path.of(System.getProperty("user.home", "."), ".cache")
            : Path.of(xdg);
    return caches.resolve("score4j");
  }
}
