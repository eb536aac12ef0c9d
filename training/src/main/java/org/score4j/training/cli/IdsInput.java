package org.score4j.training.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.score4j.training.settings.ConfigException;

/** Token ids as a user gives them. */
final class IdsInput {
  private IdsInput() {}

  /** From {@code 1,2,3}. */
  static int[] parse(String list) {
    String[] parts = list.strip().split("\\s*,\\s*", -1);
    int[] ids = new int[parts.length];
    for (int i = 0; i < ids.length; i++) {
      try {
        ids[i] = Integer.parseInt(parts[i]);
      } catch (NumberFormatException e) {
        throw new ConfigException(
            "--ids has \"%s\"; give whole numbers with commas between them, such as 1,2,3"
                .formatted(parts[i]));
      }
    }
    return ids;
  }

  /** From a file of {@code {"ids": [[1, 2], [3, 4]]}}. */
  static List<int[]> read(Path file) {
    JsonNode rows;
    try {
      rows = new JsonMapper().readTree(Files.readString(file)).path("ids");
    } catch (JsonProcessingException e) {
      throw new ConfigException("%s is no JSON: %s".formatted(file, e.getOriginalMessage()));
    } catch (IOException e) {
      throw PromptInput.unreadable(file.toString(), e);
    }
    List<int[]> all = new ArrayList<>();
    for (JsonNode row : rows) {
      int[] ids = new int[row.size()];
      for (int i = 0; i < ids.length; i++) {
        if (!row.get(i).isIntegralNumber() || !row.get(i).canConvertToInt()) {
          throw new ConfigException(
              "%s: row %d has %s where an id is expected".formatted(file, all.size(), row.get(i)));
        }
        ids[i] = row.get(i).intValue();
      }
      all.add(ids);
    }
    if (all.isEmpty()) {
      throw new ConfigException("%s has no rows; it must hold {\"ids\": [[…], …]}".formatted(file));
    }
    return all;
  }
}
