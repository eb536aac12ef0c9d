package org.score4j.checkpoints;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The files of a model folder that decide what is computed with it: configs, weights, adapters. A
 * licence or a README beside them may change.
 */
public final class ModelFiles {
  private static final String EXTENSION = ".safetensors";

  private ModelFiles() {}

  /**
   * Those that are there, sorted by name, followed by those of the base where the folder holds
   * adapters.
   *
   * @param alsoRead names of further files that are read, such as a tokenizer's
   */
  public static List<Path> of(Path folder, List<String> alsoRead) {
    List<Path> files = new ArrayList<>(own(folder, alsoRead));
    if (AdapterFolder.isIn(folder)) {
      Path base = AdapterFolder.base(folder);
      if (!AdapterFolder.isIn(base)) {
        files.addAll(own(base, alsoRead));
      }
    }
    return files;
  }

  private static List<Path> own(Path folder, List<String> alsoRead) {
    TreeSet<String> names = new TreeSet<>(alsoRead);
    names.add(HfConfig.FILE);
    names.add(AdapterConfig.FILE);
    names.add(AdapterFolder.WEIGHTS);
    names.add("generation_config.json");
    if (Files.exists(folder.resolve(SafetensorsFolder.SINGLE_FILE))) {
      names.add(SafetensorsFolder.SINGLE_FILE);
    } else {
      names.add(SafetensorsFolder.INDEX_FILE);
      names.addAll(shards(folder));
    }
    return names.stream().map(folder::resolve).filter(Files::isRegularFile).toList();
  }

  private static List<String> shards(Path folder) {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*" + EXTENSION)) {
        entries.forEach(entry -> names.add(entry.getFileName().toString()));
      } catch (IOException e) {
        throw IoFailures.reading(folder, e);
      }
    }
    return names;
  }
}
