package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;

/** Writes a model folder: weights in one file or in shards with an index, and what goes with it. */
final class HfSaver {
  private HfSaver() {}

  static void save(
      Ops ops,
      Parameters weights,
      HfSource source,
      SaveOptions options,
      Path folder,
      HfModel.Sidecars sidecars) {
    List<NamedData> tensors = tensors(ops, weights, source, options);
    long bytes = tensors.stream().mapToLong(NamedData::byteSize).sum();
    AtomicFolder.write(
        folder,
        bytes,
        temporary -> {
          Path from = source.folder();
          if (from == null) {
            ownConfig(source.config(), options.dtype()).write(temporary);
          } else {
            boolean untied =
                !source.config().tieWordEmbeddings() && HfConfig.read(from).tieWordEmbeddings();
            writeConfig(
                from.resolve(HfConfig.FILE), temporary, changedDtype(source, options), untied);
            CarriedFiles.copy(from, temporary);
          }
          writeWeights(temporary, tensors, options.maxShardBytes());
          sidecars.writeTo(temporary);
        });
  }

  /** In the source's order; what it does not know follows in ours. */
  private static List<NamedData> tensors(
      Ops ops, Parameters weights, HfSource source, SaveOptions options) {
    Map<String, WeightNames.Entry> entries = new LinkedHashMap<>();
    for (WeightNames.Entry entry : WeightNames.of(weights)) {
      entries.put(entry.name(), entry);
    }
    List<String> names =
        new ArrayList<>(source.dtypes().keySet().stream().filter(entries::containsKey).toList());
    entries.keySet().stream().filter(n -> !source.dtypes().containsKey(n)).forEach(names::add);
    List<NamedData> tensors = new ArrayList<>();
    for (String name : names) {
      WeightNames.Entry entry = Objects.requireNonNull(entries.get(name));
      tensors.add(
          new NamedData(
              name,
              dtype(source, options, name),
              entry.shape(),
              sink -> WeightTransfer.read(ops, entry, sink::putFloats)));
    }
    return tensors;
  }

  private static StoredType dtype(HfSource source, SaveOptions options, String name) {
    if (options.dtype() != null) {
      return options.dtype();
    }
    StoredType dtype = source.dtypes().getOrDefault(name, StoredType.F32);
    // Double precision was rounded when it was read.
    return dtype == StoredType.F64 ? StoredType.F32 : dtype;
  }

  /** The type that the config must name from now on; null where the source's stays true. */
  private static @Nullable StoredType changedDtype(HfSource source, SaveOptions options) {
    if (options.dtype() != null) {
      return options.dtype();
    }
    return source.dtypes().containsValue(StoredType.F64) ? StoredType.F32 : null;
  }

  private static HfConfig ownConfig(HfConfig config, @Nullable StoredType dtype) {
    return config.withDtype(dtype == null ? StoredType.F32 : dtype);
  }

  private static void writeConfig(Path from, Path to, @Nullable StoredType dtype, boolean untied)
      throws IOException {
    String json = Files.readString(from);
    if (dtype != null) {
      json = ConfigText.withDtype(from, json, dtype);
    }
    if (untied) {
      json = ConfigText.untied(from, json);
    }
    Files.writeString(to.resolve(HfConfig.FILE), json);
  }

  private static void writeWeights(Path folder, List<NamedData> tensors, long maxShardBytes) {
    List<List<NamedData>> shards = shards(tensors, maxShardBytes);
    if (shards.size() == 1) {
      SafetensorsWriter.write(folder.resolve(SafetensorsFolder.SINGLE_FILE), shards.getFirst());
      return;
    }
    Map<String, String> fileOf = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String file = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      SafetensorsWriter.write(folder.resolve(file), shards.get(i));
      shards.get(i).forEach(tensor -> fileOf.put(tensor.name(), file));
    }
    ObjectNode index = StrictJson.MAPPER.createObjectNode();
    index
        .putObject("metadata")
        .put("total_size", tensors.stream().mapToLong(NamedData::byteSize).sum());
    ObjectNode map = index.putObject("weight_map");
    fileOf.forEach(map::put);
    byte[] json = StrictJson.prettyBytes(index);
    AtomicFile.write(
        folder.resolve(SafetensorsFolder.INDEX_FILE),
        json.length,
        out -> AtomicFile.writeFully(out, json));
  }

  /** In order, each as full as it gets; a tensor that is larger than a shard has one to itself. */
  private static List<List<NamedData>> shards(List<NamedData> tensors, long maxShardBytes) {
    List<List<NamedData>> shards = new ArrayList<>();
    long room = 0;
    for (NamedData tensor : tensors) {
      if (shards.isEmpty() || tensor.byteSize() > room) {
        shards.add(new ArrayList<>());
        room = maxShardBytes;
      }
      shards.getLast().add(tensor);
      room -= tensor.byteSize();
    }
    return shards;
  }
}
