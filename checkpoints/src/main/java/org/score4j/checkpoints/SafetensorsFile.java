package org.score4j.checkpoints;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

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

  private SafetensorsFile(Path file, SafetensorsHeader header, Arena arena, MemorySegment data) {
    this.file = file;
    this.header = header;
    this.arena = arena;
    this.data = data;
  }

  public static SafetensorsFile open(Path file) {
    try {
      if (!Files.exists(file)) {
        throw new NoSuchFileException(file.toString());
      }
      // Opening a pipe would wait for its writer, a folder opens and fails at the first read.
      if (!Files.isRegularFile(file)) {
        throw new CheckpointException("cannot read " + file + ": it is not a file; check the path");
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        long size = channel.size();
        SafetensorsHeader header = SafetensorsHeaderParser.read(file, channel, size);
        return map(file, channel, header, size);
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
      return new SafetensorsFile(file, header, arena, data);
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
    return new StoredTensor(
        file,
        name,
        entry.dtype(),
        entry.shape(),
        data.asSlice(entry.begin(), entry.end() - entry.begin()));
  }

  @Override
  public void close() {
    arena.close();
  }
}
