package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes safetensors files. The same tensors in the same order give the same bytes: data in the
 * given order without gaps, compact JSON, metadata sorted by key, the header padded with spaces so
 * that the data starts at a multiple of 8.
 */
public final class SafetensorsWriter {
  /** What Hugging Face loaders ask for. */
  public static final Map<String, String> PT_METADATA = Map.of("format", "pt");

  private static final int LENGTH_BYTES = 8;
  private static final int ALIGNMENT = 8;

  private SafetensorsWriter() {}

  /**
   * Writes the file under a temporary name, syncs and renames it; nothing is left under the final
   * name when that fails.
   */
  public static void write(Path file, List<NamedData> tensors) {
    byte[] header = header(PT_METADATA, tensors);
    AtomicFile.write(file, byteSize(header, tensors), out -> writeTo(out, header, tensors));
  }

  /** The bytes of the file, to any channel. */
  static void writeTo(WritableByteChannel out, byte[] header, List<NamedData> tensors)
      throws IOException {
    AtomicFile.writeFully(out, header);
    DataSink.writeAll(out, tensors);
  }

  static long byteSize(byte[] header, List<NamedData> tensors) {
    long size = header.length;
    for (NamedData tensor : tensors) {
      size = Math.addExact(size, tensor.byteSize());
    }
    return size;
  }

  /** Length field, JSON and padding. */
  static byte[] header(Map<String, String> metadata, List<NamedData> tensors) {
    ObjectNode root = StrictJson.MAPPER.createObjectNode();
    ObjectNode strings = root.putObject("__metadata__");
    new TreeMap<>(metadata).forEach(strings::put);
    long offset = 0;
    for (NamedData tensor : tensors) {
      if (root.has(tensor.name())) {
        throw new CheckpointException(
            "two tensors named "
                + CheckpointException.quote(tensor.name())
                + " cannot be written to one file; rename one");
      }
      ObjectNode entry = root.putObject(tensor.name());
      entry.put("dtype", tensor.dtype().name());
      ArrayNode shape = entry.putArray("shape");
      tensor.shape().forEach(shape::add);
      long end = Math.addExact(offset, tensor.byteSize());
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = StrictJson.bytes(root);
    int padded = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (padded > SafetensorsHeaderParser.MAX_HEADER_BYTES
        || tensors.size() > SafetensorsHeaderParser.MAX_TENSORS) {
      throw new CheckpointException(
          "a safetensors header of "
              + padded
              + " bytes for "
              + tensors.size()
              + " tensors would not be readable; write several files");
    }
    byte[] header = new byte[LENGTH_BYTES + padded];
    Arrays.fill(header, (byte) ' ');
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(json);
    return header;
  }
}
