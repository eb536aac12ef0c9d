package org.score4j.checkpoints;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A safetensors file, mapped into memory: tensors are views of the mapping and no weight is copied
 * to the heap. Opening checks the whole header; a file that opens has tensors that cover its data
 * exactly. Any thread may read; closing ends every view.
 */
public final class SafetensorsFile implements AutoCloseable {
  private final Path file;
  private final SafetensorsHeader header;
  private final Arena arena;
  private final MemorySegment data;
  private final FileChannel channel;

  private SafetensorsFile(
      Path file, FileChannel channel, SafetensorsHeader header, Arena arena, MemorySegment data) {
    this.file = file;
    this.channel = channel;
    this.header = header;
    this.arena = arena;
    this.data = data;
  }

  public static SafetensorsFile open(Path file) {
    try {
      RegularFiles.require(file);
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        long size = channel.size();
        SafetensorsHeader header = SafetensorsHeaderParser.read(file, channel, size);
        return map(file, channel, header, size);
      } catch (IOException | RuntimeException | Error e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw IoFailures.reading(file, e);
    }
  }

  private static SafetensorsFile map(
      Path file, FileChannel channel, SafetensorsHeader header, long size) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment data =
          channel.map(
              FileChannel.MapMode.READ_ONLY, header.dataStart(), size - header.dataStart(), arena);
      return new SafetensorsFile(file, channel, header, arena, data);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  public Path path() {
    return file;
  }

  /** The {@code __metadata__} strings. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** All tensor names, in the order of the header. */
  public List<String> names() {
    return List.copyOf(header.entries().keySet());
  }

  public boolean contains(String name) {
    return header.entries().containsKey(name);
  }

  public StoredTensor tensor(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    return new StoredTensor(
        file,
        name,
        entry.dtype(),
        entry.shape(),
        data.asSlice(entry.begin(), entry.end() - entry.begin()));
  }

  /**
   * Some values of a tensor as a vector, in a mapping of their own: closing the arena gives the
   * pages back, where the views of {@link #tensor} hold what was read until the file is closed.
   */
  StoredTensor mapped(String name, long from, long count, Arena owner) {
    SafetensorsHeader.Entry entry = entry(name);
    int width = entry.dtype().byteWidth();
    Objects.checkFromIndexSize(from, count, (entry.end() - entry.begin()) / width);
    try {
      MemorySegment part =
          channel.map(
              FileChannel.MapMode.READ_ONLY,
              header.dataStart() + entry.begin() + from * width,
              count * width,
              owner);
      return new StoredTensor(file, name, entry.dtype(), List.of(count), part);
    } catch (IOException e) {
      throw IoFailures.reading(file, e);
    }
  }

  private SafetensorsHeader.Entry entry(String name) {
    SafetensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new CheckpointException(
          file
              + ": holds no tensor "
              + CheckpointException.quote(name)
              + " among its "
              + header.entries().size()
              + "; the file belongs to another model or is incomplete, use the folder the config"
              + " came from");
    }
    return entry;
  }

  @Override
  public void close() {
    arena.close();
    try {
      channel.close();
    } catch (IOException e) {
      throw IoFailures.reading(file, e);
    }
  }
}
