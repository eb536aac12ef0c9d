package org.score4j.checkpoints;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The small files of a model folder that go with the model wherever it is saved: tokenizer, chat
 * template, generation config, licence and the like. Never weights, never anything of another place
 * that a link points to: a hostile folder must not get a file of its reader published. Links of the
 * Hugging Face cache, from a snapshot to its own blobs, are followed and become files.
 *
 * <p>A subfolder, such as {@code additional_chat_templates}, goes along as a whole or not at all:
 * where it is small and holds no model of its own, and is not the one that is saved into.
 */
final class CarriedFiles {
  /** Of a file at the top, and of all files of a subfolder. The largest tokenizers have 35 MB. */
  private static final long MAX_BYTES = 64_000_000;

  /** Files and folders in a subfolder; one with more is data that somebody keeps there. */
  private static final int MAX_ENTRIES = 100;

  /** A file in a folder in a subfolder is at level three. */
  private static final int MAX_LEVELS = 3;

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

  static void copy(Path from, Path to) throws IOException {
    for (Path file : of(from, to)) {
      Path target = to.resolve(from.relativize(file).toString());
      Files.createDirectories(Objects.requireNonNull(target.getParent()));
      // As bytes and not as a link: what is saved depends on no other folder.
      Files.copy(file.toRealPath(), target);
    }
  }

  /** The files, sorted by path; config.json is not among them. */
  private static List<Path> of(Path folder, Path to) throws IOException {
    Path real = folder.toRealPath();
    Path realTarget = to.toRealPath();
    List<Path> entries;
    try (Stream<Path> listed = Files.list(folder)) {
      entries = listed.filter(entry -> !isHidden(entry)).sorted().toList();
    }
    List<Path> carried = new ArrayList<>();
    for (Path entry : entries) {
      if (!Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
        if (!isOfWeights(entry) && isOwnFile(real, entry) && Files.size(entry) <= MAX_BYTES) {
          carried.add(entry);
        }
      } else if (!realTarget.startsWith(entry.toRealPath())) {
        carried.addAll(Subfolder.files(real, entry));
      }
    }
    return carried;
  }

  private static boolean isHidden(Path entry) {
    return entry.getFileName().toString().startsWith(".");
  }

  /** Whether it is a model's weights, or describes them. */
  private static boolean isOfWeights(Path file) {
    String name = file.getFileName().toString();
    String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return name.equals(HfConfig.FILE)
        || name.equals("adapter_config.json")
        || name.endsWith(".index.json")
        || WEIGHTS.contains(extension);
  }

  /** Whether it is a file, and lies in the folder or in its cache. */
  private static boolean isOwnFile(Path realFolder, Path file) {
    try {
      return Files.isRegularFile(file) && isOwn(realFolder, file.toRealPath());
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

  /** Collects a subfolder's files, and stops at the first sign that it stays behind. */
  private static final class Subfolder extends SimpleFileVisitor<Path> {
    private final Path realFolder;
    private final Path subfolder;
    private final List<Path> carried = new ArrayList<>();
    private int entries;
    private long bytes;
    private boolean staysBehind;

    private Subfolder(Path realFolder, Path subfolder) {
      this.realFolder = realFolder;
      this.subfolder = subfolder;
    }

    static List<Path> files(Path realFolder, Path subfolder) throws IOException {
      Subfolder visitor = new Subfolder(realFolder, subfolder);
      // Links to folders are not followed.
      Files.walkFileTree(subfolder, visitor);
      return visitor.staysBehind ? List.of() : visitor.carried.stream().sorted().toList();
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : counted(folder);
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      FileVisitResult result = isOfWeights(file) ? staysBehind() : counted(file);
      if (result == FileVisitResult.CONTINUE && !isHidden(file) && isOwnFile(realFolder, file)) {
        carried.add(file);
        bytes += Files.size(file);
        return bytes > MAX_BYTES ? staysBehind() : FileVisitResult.CONTINUE;
      }
      return result;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      return staysBehind();
    }

    private FileVisitResult counted(Path entry) {
      int level = 1 + subfolder.relativize(entry).getNameCount();
      return ++entries > MAX_ENTRIES || level > MAX_LEVELS
          ? staysBehind()
          : FileVisitResult.CONTINUE;
    }

    private FileVisitResult staysBehind() {
      staysBehind = true;
      return FileVisitResult.TERMINATE;
    }
  }
}
