package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A training state on disk: named tensors in {@code state.safetensors} and {@code state.json} with
 * the caller's header object and the size and SHA-256 of every file, itself included. It is written
 * as a whole or not at all, and reading checks every byte.
 *
 * <pre>
 * run/ckpt-000050/state.json          {"sha256": of the content below, "content": {format, version, meta, files}}
 *                 state.safetensors
 *     ckpt-000100/…
 * </pre>
 */
public final class CheckpointFolder implements AutoCloseable {
  static final String MANIFEST = "state.json";
  static final String TENSORS = "state.safetensors";

  private static final Pattern NAME = Pattern.compile("ckpt-(\\d{6,18})");

  private final Path folder;
  private final JsonNode meta;
  private final FileHash tensorsHash;
  private final SafetensorsFile tensors;

  private CheckpointFolder(
      Path folder, JsonNode meta, FileHash tensorsHash, SafetensorsFile tensors) {
    this.folder = folder;
    this.meta = meta;
    this.tensorsHash = tensorsHash;
    this.tensors = tensors;
  }

  /** The folder name of the state after that many steps: ckpt-000050. */
  public static String nameOf(long step) {
    return String.format("ckpt-%06d", step);
  }

  /** The step in a folder's name; empty for a folder that is no checkpoint by its name. */
  public static OptionalLong stepOf(Path folder) {
    Matcher name = NAME.matcher(String.valueOf(folder.getFileName()));
    return name.matches() ? OptionalLong.of(Long.parseLong(name.group(1))) : OptionalLong.empty();
  }

  /**
   * Writes a checkpoint, replacing one of that name. The tensors' providers are called once, in
   * order.
   *
   * @param meta any JSON object: step, schedule, run seed, data position, hash of the config
   * @return the hash of the tensors, see {@link #tensorsHash}
   */
  public static FileHash write(Path folder, ObjectNode meta, List<NamedData> tensors) {
    byte[] header = SafetensorsWriter.header(SafetensorsWriter.PT_METADATA, tensors);
    long bytes = SafetensorsWriter.byteSize(header, tensors);
    FileHash[] written = new FileHash[1];
    AtomicFolder.write(
        folder,
        bytes,
        temporary -> {
          written[0] =
              StateManifest.writeFile(
                  temporary.resolve(TENSORS),
                  out -> SafetensorsWriter.writeTo(out, header, tensors));
          Files.write(
              temporary.resolve(MANIFEST), new StateManifest(meta, List.of(written[0])).toJson());
        });
    return written[0];
  }

  /** The hash that the file of these tensors would have; nothing is written. */
  public static FileHash hashOf(List<NamedData> tensors) {
    byte[] header = SafetensorsWriter.header(SafetensorsWriter.PT_METADATA, tensors);
    try {
      return StateManifest.hashOf(TENSORS, out -> SafetensorsWriter.writeTo(out, header, tensors));
    } catch (IOException e) {
      throw new IllegalStateException("nothing is written", e);
    }
  }

  /**
   * Opens a checkpoint after checking the size and the hash of all its files; close it to end its
   * tensors' views.
   */
  public static CheckpointFolder read(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          "no checkpoint " + folder + ": no such folder; " + choose(folder));
    }
    try {
      StateManifest manifest = StateManifest.read(folder.resolve(MANIFEST));
      manifest.verify(folder);
      FileHash listed =
          manifest.files().stream()
              .filter(file -> file.name().equals(TENSORS))
              .findFirst()
              .orElseThrow(
                  () ->
                      new CheckpointException(
                          folder.resolve(MANIFEST) + ": does not list " + TENSORS));
      return new CheckpointFolder(
          folder, manifest.meta(), listed, SafetensorsFile.open(folder.resolve(TENSORS)));
    } catch (CheckpointException e) {
      throw new CheckpointException(
          "checkpoint " + folder + " is damaged: " + e.getMessage() + "; " + remedy(folder), e);
    }
  }

  private static String choose(Path folder) {
    Path run = folder.toAbsolutePath().getParent();
    List<Path> present = run != null && Files.isDirectory(run) ? list(run) : List.of();
    return present.isEmpty()
        ? "there is no checkpoint beside it either, check the path"
        : "the newest one beside it is " + present.getFirst().getFileName();
  }

  private static String remedy(Path folder) {
    Path run = folder.toAbsolutePath().getParent();
    OptionalLong step = stepOf(folder);
    if (run == null || step.isEmpty()) {
      return "delete this folder and use another checkpoint";
    }
    return list(run).stream()
        .filter(other -> stepOf(other).orElseThrow() < step.getAsLong())
        .findFirst()
        .map(
            older ->
                "delete this folder and resume again: the run then goes on from the one before, "
                    + older.getFileName())
        .orElse(
            "there is no older checkpoint beside it: delete this folder and start the run again");
  }

  /**
   * The checkpoints of a run folder by their names, newest first. Whether they are intact only
   * {@link #read} tells.
   */
  public static List<Path> list(Path runFolder) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(runFolder)) {
      for (Path entry : entries) {
        if (stepOf(entry).isPresent() && Files.isDirectory(entry)) {
          found.add(entry);
        }
      }
    } catch (IOException e) {
      throw IoFailures.reading(runFolder, e);
    }
    found.sort(Comparator.comparingLong((Path entry) -> stepOf(entry).orElseThrow()).reversed());
    return List.copyOf(found);
  }

  /** Deletes all but the newest checkpoints. */
  public static void prune(Path runFolder, int keepLast) {
    if (keepLast < 1) {
      throw new CheckpointException(
          "cannot keep the last "
              + keepLast
              + " checkpoints of "
              + runFolder
              + "; keep at least 1");
    }
    list(runFolder).stream().skip(keepLast).forEach(AtomicFolder::delete);
  }

  public Path path() {
    return folder;
  }

  /** The caller's header object, as it was written. */
  public JsonNode meta() {
    return meta;
  }

  public SafetensorsFile tensors() {
    return tensors;
  }

  /** Size and hash of the file of tensors: equal names, types, shapes and values, equal hashes. */
  public FileHash tensorsHash() {
    return tensorsHash;
  }

  @Override
  public void close() {
    tensors.close();
  }
}
