package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The weights of a model folder: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} names. Opening checks that index and shards list the same tensors,
 * each once.
 */
public final class SafetensorsFolder implements AutoCloseable {
  public static final String SINGLE_FILE = "model.safetensors";
  public static final String INDEX_FILE = "model.safetensors.index.json";

  private static final long MAX_INDEX_BYTES = SafetensorsHeaderParser.MAX_HEADER_BYTES;
  private static final String AGAIN = "; download or write the folder again";

  private final Path folder;
  private final List<SafetensorsFile> shards;
  private final Map<String, SafetensorsFile> byTensor;

  private SafetensorsFolder(
      Path folder, List<SafetensorsFile> shards, Map<String, SafetensorsFile> byTensor) {
    this.folder = folder;
    this.shards = List.copyOf(shards);
    this.byTensor = Collections.unmodifiableMap(byTensor);
  }

  public static SafetensorsFolder open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          "cannot read model folder " + folder + ": no such folder; check the path");
    }
    Path single = folder.resolve(SINGLE_FILE);
    Path index = folder.resolve(INDEX_FILE);
    if (!Files.exists(single) && !Files.exists(index)) {
      throw new CheckpointException(
          folder
              + ": has neither "
              + SINGLE_FILE
              + " nor "
              + INDEX_FILE
              + "; convert the weights to safetensors or check the path");
    }
    List<SafetensorsFile> opened = new ArrayList<>();
    try {
      // As Hugging Face does: the single file wins.
      if (Files.exists(single)) {
        opened.add(SafetensorsFile.open(single));
        return new SafetensorsFolder(folder, opened, tensorsOf(opened));
      }
      Map<String, String> weightMap = readIndex(index);
      for (String shard : new TreeSet<>(weightMap.values())) {
        opened.add(openShard(index, folder, shard));
      }
      Map<String, SafetensorsFile> byTensor = tensorsOf(opened);
      checkAgainstIndex(index, weightMap, byTensor);
      return new SafetensorsFolder(folder, opened, byTensor);
    } catch (RuntimeException | Error e) {
      opened.forEach(SafetensorsFile::close);
      throw e;
    }
  }

  /** One file, whatever its name. */
  static SafetensorsFolder openFile(Path file) {
    List<SafetensorsFile> opened = List.of(SafetensorsFile.open(file));
    Path folder = file.toAbsolutePath().getParent();
    return new SafetensorsFolder(folder == null ? file : folder, opened, tensorsOf(opened));
  }

  private static Map<String, String> readIndex(Path index) {
    ObjectNode root = StrictJson.readObject(index, MAX_INDEX_BYTES);
    if (!(root.path("weight_map") instanceof ObjectNode map)) {
      throw new CheckpointException(index + ": has no object \"weight_map\"" + AGAIN);
    }
    Map<String, String> weightMap = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      if (!entry.getValue().isTextual()) {
        throw new CheckpointException(
            index
                + ": weight_map of tensor "
                + CheckpointException.quote(entry.getKey())
                + " is not a file name"
                + AGAIN);
      }
      weightMap.put(entry.getKey(), entry.getValue().textValue());
    }
    return weightMap;
  }

  private static SafetensorsFile openShard(Path index, Path folder, String shard) {
    Path file = folder.resolve(plainName(index, shard));
    if (!Files.exists(file)) {
      throw new CheckpointException(
          index
              + ": names the shard "
              + CheckpointException.quote(shard)
              + ", which is not in the folder; download the missing file");
    }
    return SafetensorsFile.open(file);
  }

  /**
   * A shard is a plain file name. Links are followed: the Hugging Face cache is made of links that
   * leave the folder.
   */
  private static String plainName(Path index, String shard) {
    boolean plain =
        !shard.isEmpty()
            && !shard.contains("/")
            && !shard.contains("\\")
            && !shard.equals(".")
            && !shard.equals("..");
    try {
      if (plain && Path.of(shard).getNameCount() == 1 && !Path.of(shard).isAbsolute()) {
        return shard;
      }
    } catch (InvalidPathException e) {
      throw new CheckpointException(
          index
              + ": the shard name "
              + CheckpointException.quote(shard)
              + " is no file name"
              + AGAIN,
          e);
    }
    throw new CheckpointException(
        index
            + ": the shard name "
            + CheckpointException.quote(shard)
            + " is a path, only files of the folder itself are read; do not trust this folder");
  }

  private static Map<String, SafetensorsFile> tensorsOf(List<SafetensorsFile> shards) {
    Map<String, SafetensorsFile> byTensor = new LinkedHashMap<>();
    for (SafetensorsFile shard : shards) {
      for (String name : shard.names()) {
        SafetensorsFile earlier = byTensor.putIfAbsent(name, shard);
        if (earlier != null) {
          throw new CheckpointException(
              shard.path()
                  + ": tensor "
                  + CheckpointException.quote(name)
                  + " is stored in "
                  + earlier.path().getFileName()
                  + " as well"
                  + AGAIN);
        }
      }
    }
    return byTensor;
  }

  private static void checkAgainstIndex(
      Path index, Map<String, String> weightMap, Map<String, SafetensorsFile> byTensor) {
    weightMap.forEach(
        (name, shard) -> {
          SafetensorsFile file = byTensor.get(name);
          if (file == null || !file.path().endsWith(shard)) {
            throw new CheckpointException(
                index
                    + ": promises tensor "
                    + CheckpointException.quote(name)
                    + " in "
                    + CheckpointException.quote(shard)
                    + ", which does not hold it"
                    + AGAIN);
          }
        });
    Set<String> unlisted = new LinkedHashSet<>(byTensor.keySet());
    unlisted.removeAll(weightMap.keySet());
    if (!unlisted.isEmpty()) {
      throw new CheckpointException(
          index
              + ": does not list tensor "
              + CheckpointException.quote(unlisted.iterator().next())
              + ", which a shard holds"
              + AGAIN);
    }
  }

  /** All tensor names, shard by shard in the order of their file names. */
  public List<String> names() {
    return List.copyOf(byTensor.keySet());
  }

  public boolean contains(String name) {
    return byTensor.containsKey(name);
  }

  public StoredTensor tensor(String name) {
    return shard(name).tensor(name);
  }

  StoredType dtype(String name) {
    return tensor(name).dtype();
  }

  /** {@link SafetensorsFile#mapped}. */
  StoredTensor mapped(String name, long from, long count, Arena owner) {
    return shard(name).mapped(name, from, count, owner);
  }

  private SafetensorsFile shard(String name) {
    SafetensorsFile shard = byTensor.get(name);
    if (shard == null) {
      throw new CheckpointException(
          folder
              + ": holds no tensor "
              + CheckpointException.quote(name)
              + " among its "
              + byTensor.size()
              + "; the weights do not belong to this config or are incomplete, download the folder"
              + " again");
    }
    return shard;
  }

  @Override
  public void close() {
    shards.forEach(SafetensorsFile::close);
  }
}
