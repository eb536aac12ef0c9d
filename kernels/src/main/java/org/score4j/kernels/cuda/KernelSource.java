package org.score4j.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code .cu} file and the headers it includes, directly or not, from the jar.
 *
 * @param name file name
 * @param text of the file
 * @param headers text by file name
 */
record KernelSource(String name, String text, Map<String, String> headers) {
  private static final Pattern INCLUDE =
      Pattern.compile("^\\s*#\\s*include\\s*\"([^\"]+)\"", Pattern.MULTILINE);

  static KernelSource of(String family) {
    String text = read(family + ".cu");
    Map<String, String> headers = new LinkedHashMap<>();
    collect(text, headers);
    return new KernelSource(family + ".cu", text, headers);
  }

  private static void collect(String text, Map<String, String> headers) {
    Matcher include = INCLUDE.matcher(text);
    while (include.find()) {
      String header = include.group(1);
      if (!headers.containsKey(header)) {
        String content = read(header);
        headers.put(header, content);
        collect(content, headers);
      }
    }
  }

  private static String read(String file) {
    try (InputStream in = KernelSource.class.getResourceAsStream("/cuda/" + file)) {
      if (in == null) {
        throw new IllegalStateException("cuda: the jar has no resource cuda/" + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cuda: cannot read resource cuda/" + file, e);
    }
  }
}
