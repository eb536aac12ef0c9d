package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * What a checkpoint holds: the caller's header object, and name, size and SHA-256 of each file.
 *
 * @param meta the caller's header object
 */
record StateManifest(JsonNode meta, List<FileHash> files) {
  private static final String FORMAT = "score4j-checkpoint";
  private static final int VERSION = 1;
  private static final long MAX_BYTES = 64_000_000;

  /** Writes a new file and hashes what goes by, so that it need not be read again. */
  static FileHash writeFile(Path file, AtomicFile.Content content) throws IOException {
    MessageDigest digest = FileHash.newDigest();
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      content.writeTo(new HashedChannel(out, digest));
      return new FileHash(file.getFileName().toString(), out.size(), FileHash.hex(digest));
    }
  }

  /** The hash of what a file would hold. */
  static FileHash hashOf(String name, AtomicFile.Content content) throws IOException {
    MessageDigest digest = FileHash.newDigest();
    long[] bytes = new long[1];
    content.writeTo(new HashedChannel(new Nowhere(bytes), digest));
    return new FileHash(name, bytes[0], FileHash.hex(digest));
  }

  byte[] toJson() throws IOException {
    ObjectNode content = StrictJson.MAPPER.createObjectNode();
    content.put("format", FORMAT).put("version", VERSION).set("meta", meta);
    ArrayNode list = content.putArray("files");
    for (FileHash file : files) {
      list.addObject()
          .put("name", file.name())
          .put("bytes", file.bytes())
          .put("sha256", file.sha256());
    }
    // Hashed after one round trip through text, because a decimal or float node does not come back
    // as the same node.
    JsonNode asRead = StrictJson.MAPPER.readTree(StrictJson.bytes(content));
    ObjectNode root = StrictJson.MAPPER.createObjectNode();
    root.put("sha256", hashOf(asRead)).set("content", asRead);
    return StrictJson.prettyBytes(root);
  }

  static StateManifest read(Path file) {
    ObjectNode root = StrictJson.readObject(file, MAX_BYTES);
    JsonNode content = root.path("content");
    if (root.size() != 2 || !content.isObject() || !root.path("sha256").isTextual()) {
      throw new CheckpointException(file + ": is not {\"sha256\": …, \"content\": {…}}");
    }
    String expected = root.path("sha256").textValue();
    String actual = hashOf(content);
    if (!actual.equals(expected)) {
      throw new CheckpointException(
          file
              + ": its content has SHA-256 "
              + actual
              + ", it says "
              + CheckpointException.quote(expected));
    }
    if (!content.path("format").asText().equals(FORMAT)
        || content.path("version").asInt() != VERSION) {
      throw new CheckpointException(
          file
              + ": is "
              + CheckpointException.quote(content.path("format").asText())
              + " version "
              + content.path("version").asInt()
              + ", this program reads "
              + FORMAT
              + " version "
              + VERSION);
    }
    List<FileHash> files = new ArrayList<>();
    for (JsonNode entry : content.path("files")) {
      files.add(
          new FileHash(
              entry.path("name").asText(),
              entry.path("bytes").asLong(-1),
              entry.path("sha256").asText()));
    }
    return new StateManifest(content.path("meta"), List.copyOf(files));
  }

  /** Checks presence, size and hash of every file. */
  void verify(Path folder) {
    for (FileHash entry : files) {
      // Names come from a file: only one that lies in the folder itself is opened.
      if (entry.name().contains("/")
          || entry.name().contains("\\")
          || entry.name().equals("..")
          || entry.name().indexOf('\0') >= 0) {
        throw new CheckpointException(
            folder
                + ": lists the path "
                + CheckpointException.quote(entry.name())
                + ", not a file of its own");
      }
      Path file = folder.resolve(entry.name());
      try {
        if (!Files.isRegularFile(file)) {
          throw new CheckpointException(file + " is missing");
        }
        long bytes = Files.size(file);
        if (bytes != entry.bytes()) {
          String how = bytes < entry.bytes() ? "it is truncated" : "it was written to afterwards";
          throw new CheckpointException(
              file + ": has " + bytes + " bytes, " + entry.bytes() + " were written: " + how);
        }
        String actual = FileHash.of(entry.name(), file).sha256();
        if (!actual.equals(entry.sha256())) {
          throw new CheckpointException(
              file
                  + ": has SHA-256 "
                  + actual
                  + ", "
                  + entry.sha256()
                  + " was written: bytes have changed");
        }
      } catch (IOException e) {
        throw IoFailures.reading(file, e);
      }
    }
  }

  private static String hashOf(JsonNode content) {
    MessageDigest digest = FileHash.newDigest();
    digest.update(StrictJson.bytes(content));
    return FileHash.hex(digest);
  }

  /** Passes bytes on and hashes those that were taken. */
  private record HashedChannel(WritableByteChannel out, MessageDigest digest)
      implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      ByteBuffer given = bytes.duplicate();
      int taken = out.write(bytes);
      digest.update(given.limit(given.position() + taken));
      return taken;
    }

    @Override
    public boolean isOpen() {
      return out.isOpen();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }

  /** Counts bytes and drops them. */
  private record Nowhere(long[] count) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) {
      int taken = bytes.remaining();
      bytes.position(bytes.limit());
      count[0] += taken;
      return taken;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
