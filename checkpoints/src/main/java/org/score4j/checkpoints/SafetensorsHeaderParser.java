package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads and checks the header of a safetensors file: 8 bytes of little-endian length, a JSON object
 * padded with spaces, then the data, which the tensors cover exactly. Nothing is allocated by a
 * length that was not compared with the file size first.
 */
final class SafetensorsHeaderParser {
  /** The bound of the official implementation. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  /**
   * A hundred times the largest published models; keeps a hostile 100 MB header from filling the
   * heap.
   */
  static final int MAX_TENSORS = 250_000;

  private static final int MAX_DIMS = 32;
  private static final int LENGTH_BYTES = 8;
  private static final String AGAIN = "; the file is damaged, download or write it again";

  private final Path file;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, SafetensorsHeader.Entry> entries = new LinkedHashMap<>();

  private SafetensorsHeaderParser(Path file) {
    this.file = file;
  }

  static SafetensorsHeader read(Path file, FileChannel channel, long fileSize) throws IOException {
    return new SafetensorsHeaderParser(file).read(channel, fileSize);
  }

  private SafetensorsHeader read(FileChannel channel, long fileSize) throws IOException {
    if (fileSize < LENGTH_BYTES) {
      throw damaged(
          "has " + fileSize + " bytes, a safetensors file starts with 8 bytes of header length");
    }
    long headerBytes = readLength(channel);
    if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
      throw damaged(
          "header length "
              + Long.toUnsignedString(headerBytes)
              + " is over the bound of "
              + MAX_HEADER_BYTES
              + " bytes");
    }
    long dataStart = LENGTH_BYTES + headerBytes;
    if (dataStart > fileSize) {
      throw damaged(
          "header of " + headerBytes + " bytes is longer than the file of " + fileSize + " bytes");
    }
    try (InputStream bytes = new ChannelSlice(channel, LENGTH_BYTES, dataStart);
        PushbackReader text = new PushbackReader(StrictJson.utf8(bytes), 1)) {
      parse(text);
    } catch (IOException e) {
      throw StrictJson.failure(file + ": header", file, e);
    }
    checkCoverage(fileSize - dataStart);
    return new SafetensorsHeader(
        Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(entries), dataStart);
  }

  private static long readLength(FileChannel channel) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (length.hasRemaining()) {
      if (channel.read(length, length.position()) < 0) {
        throw new IOException("the file was cut while it was read");
      }
    }
    return length.getLong(0);
  }

  private void parse(PushbackReader text) throws IOException {
    // The format allows padding behind the object only; JSON itself would allow it in front as
    // well.
    int first = text.read();
    if (first != '{') {
      throw damaged("header does not start with '{'");
    }
    text.unread(first);
    try (JsonParser json = StrictJson.FACTORY.createParser(text)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        if (name.equals("__metadata__")) {
          parseMetadata(json);
        } else {
          parseEntry(json, name);
        }
      }
      JsonToken behind = json.nextToken();
      if (behind != null) {
        throw damaged("header goes on behind its closing brace");
      }
    }
  }

  private void parseMetadata(JsonParser json) throws IOException {
    expect(json, JsonToken.START_OBJECT, "__metadata__", "an object of strings");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      // Some writers put null where they have nothing to say.
      if (json.currentToken() != JsonToken.VALUE_NULL) {
        expect(json, JsonToken.VALUE_STRING, "__metadata__." + key, "a string");
        metadata.put(key, json.getText());
      }
    }
  }

  private void parseEntry(JsonParser json, String name) throws IOException {
    if (entries.size() == MAX_TENSORS) {
      throw damaged("header lists more than " + MAX_TENSORS + " tensors");
    }
    if (!UTF_8.newEncoder().canEncode(name)) {
      throw damaged(
          "tensor name " + CheckpointException.quote(name) + " holds half a surrogate pair");
    }
    expect(json, JsonToken.START_OBJECT, name, "an object with dtype, shape and data_offsets");
    StoredType dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      switch (key) {
        case "dtype" -> dtype = parseType(json, name);
        case "shape" -> shape = parseLongs(json, name, key);
        case "data_offsets" -> offsets = parseLongs(json, name, key);
        default ->
            throw damaged(
                tensor(name) + " has the unknown field " + CheckpointException.quote(key));
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      throw damaged(tensor(name) + " lacks " + missing(dtype, shape));
    }
    entries.put(name, checkedEntry(name, dtype, shape, offsets));
  }

  private static String missing(@Nullable StoredType dtype, @Nullable List<Long> shape) {
    if (dtype == null) {
      return "dtype";
    }
    return shape == null ? "shape" : "data_offsets";
  }

  private StoredType parseType(JsonParser json, String name) throws IOException {
    expect(json, JsonToken.VALUE_STRING, name + ".dtype", "a string");
    String text = json.getText();
    Optional<StoredType> type = StoredType.byName(text);
    if (type.isEmpty()) {
      throw new CheckpointException(
          file
              + ": "
              + tensor(name)
              + " has dtype "
              + CheckpointException.quote(text)
              + ", readable are "
              + StoredType.names()
              + "; convert the file");
    }
    return type.get();
  }

  private List<Long> parseLongs(JsonParser json, String name, String key) throws IOException {
    expect(json, JsonToken.START_ARRAY, name + "." + key, "an array of whole numbers");
    List<Long> values = new ArrayList<>(4);
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json, JsonToken.VALUE_NUMBER_INT, name + "." + key, "an array of whole numbers");
      if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw damaged(
            tensor(name)
                + ": "
                + key
                + " holds "
                + CheckpointException.quote(json.getText())
                + ", over 64 bits");
      }
      if (values.size() == MAX_DIMS) {
        throw damaged(tensor(name) + ": " + key + " has more than " + MAX_DIMS + " numbers");
      }
      values.add(json.getLongValue());
    }
    return List.copyOf(values);
  }

  private SafetensorsHeader.Entry checkedEntry(
      String name, StoredType dtype, List<Long> shape, List<Long> offsets) {
    if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(1) < offsets.get(0)) {
      throw damaged(
          tensor(name)
              + " has data_offsets "
              + offsets
              + ", two with 0 <= begin <= end are needed");
    }
    long size = Shapes.byteSize(shape, dtype);
    if (size < 0) {
      throw damaged(
          tensor(name)
              + " has shape "
              + Shapes.text(shape)
              + ": a negative dimension or a size over 64 bits");
    }
    long begin = offsets.get(0);
    long end = offsets.get(1);
    if (end - begin != size) {
      throw damaged(
          tensor(name)
              + " of shape "
              + Shapes.text(shape)
              + " and dtype "
              + dtype
              + " needs "
              + size
              + " bytes, its data_offsets "
              + offsets
              + " span "
              + (end - begin));
    }
    return new SafetensorsHeader.Entry(dtype, shape, begin, end);
  }

  /**
   * The official rule: sorted by offset, each tensor begins where the last one ended, and the last
   * one ends with the file.
   */
  private void checkCoverage(long dataBytes) {
    List<Map.Entry<String, SafetensorsHeader.Entry>> sorted = new ArrayList<>(entries.entrySet());
    sorted.sort(
        Comparator.<Map.Entry<String, SafetensorsHeader.Entry>>comparingLong(
                e -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    long covered = 0;
    for (Map.Entry<String, SafetensorsHeader.Entry> next : sorted) {
      SafetensorsHeader.Entry entry = next.getValue();
      if (entry.begin() != covered) {
        String what =
            entry.begin() < covered ? " overlaps another tensor" : " leaves a hole before it";
        throw damaged(
            tensor(next.getKey())
                + what
                + ": it begins at "
                + entry.begin()
                + ", the one before ends at "
                + covered);
      }
      covered = entry.end();
      if (covered > dataBytes) {
        throw damaged(
            tensor(next.getKey())
                + " ends at byte "
                + covered
                + " of the data, the file holds "
                + dataBytes
                + ": it is truncated");
      }
    }
    if (covered != dataBytes) {
      throw damaged("the tensors cover " + covered + " of " + dataBytes + " data bytes");
    }
  }

  private void expect(JsonParser json, JsonToken token, String where, String what)
      throws IOException {
    if (json.currentToken() != token) {
      throw damaged("header: " + CheckpointException.quote(where) + " is not " + what);
    }
  }

  private CheckpointException damaged(String what) {
    return new CheckpointException(file + ": " + what + AGAIN);
  }

  private static String tensor(String name) {
    return "tensor " + CheckpointException.quote(name);
  }

  /** Bytes position to end of the channel; leaves the channel open and its position alone. */
  private static final class ChannelSlice extends InputStream {
    private final FileChannel channel;
    private final long end;
    private long position;

    ChannelSlice(FileChannel channel, long position, long end) {
      this.channel = channel;
      this.position = position;
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (position == end) {
        return -1;
      }
      int count =
          channel.read(
              ByteBuffer.wrap(target, offset, (int) Math.min(length, end - position)), position);
      if (count > 0) {
        position += count;
      }
      return count;
    }
  }
}
