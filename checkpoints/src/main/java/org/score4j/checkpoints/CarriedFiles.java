package org.score4j.checkpoints;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The small files of a model folder that go with the model wherever it is saved: tokenizer, chat
 * template, generation config, licence and the like. Never weights, never anything of another place
 * that a link points to: a hostile folder must not get a file of its reader published. Links of the
 * Hugging Face cache, from a snapshot to its own blobs, are followed and become files.
 */
final class CarriedFiles {
  /** The largest tokenizers have 35 MB. */
  private static final long MAX_BYTES = 64_000_000;

  private static final Set<String> WEIGHTS =
      Set.of(
          "safetensors",
          "bin",
          "pt",
          "pth",
          "ckpt",
          "pkl",
          "pickle",
          "h5",
          "msgpack",
          "gguf",
          "ggml",
          "onnx",
          "onnx_data",
          "npz",
          "npy",
          "ot",
          "tflite",
          "mlmodel");

  private CarriedFiles() {}

  /** The files, sorted by name; config.json is not among them. */
  static List<Path> of(Path folder) throws IOException {
    Path real = folder.toRealPath();
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> isCarried(real, file)).sorted().toList();
    }
  }

  private static boolean isCarried(Path realFolder, Path file) {
    String name = file.getFileName().toString();
    String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    if (name.startsWith(".")
        || name.equals(HfConfig.FILE)
        || name.equals("adapter_config.json")
        || name.endsWith(".index.json")
        || WEIGHTS.contains(extension)) {
      return false;
    }
    try {
      return Files.isRegularFile(file)
          && Files.size(file) <= MAX_BYTES
          && isOwn(realFolder, file.toRealPath());
    } catch (IOException e) {
      // A link to nowhere belongs to nobody.
      return false;
    }
  }

  private static boolean isOwn(Path realFolder, Path realFile) {
    if (realFile.startsWith(realFolder)) {
      return true;
    }
    Path snapshots = realFolder.getParent();
    return snapshots != null
        && snapshots.endsWith("snapshots")
        && realFile.startsWith(snapshots.resolveSibling("blobs"));
  }

  static void copy(Path from, Path to) throws IOException {
    for (Path file : of(from)) {
      // As bytes and not as a link: what is saved depends on no other folder.
      Files.copy(file.toRealPath(), to.resolve(file.getFileName().toString()));
    }
  }
}
