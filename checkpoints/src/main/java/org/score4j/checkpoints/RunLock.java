package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A run folder belongs to one process at a time. The operating system's lock on {@code run.lock}
 * counts, not the file: the lock of a dead process is gone, whatever file it left.
 */
public final class RunLock implements AutoCloseable {
  static final String FILE = "run.lock";

  // Static and mutable against the house rule: closing any channel of a file drops the POSIX locks
  // that the whole process holds on it, so
  // a second attempt from inside this process must be seen before it opens the file.
  private static final Set<Path> HELD_BY_THIS_PROCESS = ConcurrentHashMap.newKeySet();

  // Behind the text, because Windows locks forbid others to read what they cover.
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private final Path realFile;
  private final FileChannel channel;

  private RunLock(Path realFile, FileChannel channel) {
    this.realFile = realFile;
    this.channel = channel;
  }

  /** Takes the folder, which must exist, and cleans what a killed process left in it. */
  public static RunLock acquire(Path runFolder) {
    try {
      Path realFolder = runFolder.toRealPath();
      Path realFile = realFolder.resolve(FILE);
      if (!HELD_BY_THIS_PROCESS.add(realFile)) {
        throw inUse(runFolder, "this process, " + ProcessHandle.current().pid());
      }
      @Nullable FileChannel channel = null;
      try {
        channel =
            FileChannel.open(
                realFile,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
        if (lock == null) {
          throw inUse(runFolder, "process " + readOwner(channel));
        }
        writeOwner(channel);
        Temporaries.clean(realFolder);
        return new RunLock(realFile, channel);
      } catch (IOException | RuntimeException e) {
        if (channel != null) {
          channel.close();
        }
        HELD_BY_THIS_PROCESS.remove(realFile);
        throw e;
      }
    } catch (IOException e) {
      throw new CheckpointException(
          "cannot lock run folder "
              + runFolder
              + ": "
              + IoFailures.reason(e)
              + "; the folder must exist, be writable and lie on a file system with locks",
          e);
    }
  }

  private static CheckpointException inUse(Path runFolder, String owner) {
    return new CheckpointException(
        "run folder "
            + runFolder
            + " is in use by "
            + owner
            + "; wait until it ends, stop it, or use another run folder");
  }

  private static String readOwner(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(20);
    channel.read(text, 0);
    String pid = new String(text.array(), 0, text.position(), UTF_8).strip();
    return pid.matches("\\d+") ? pid : "(number unknown)";
  }

  private static void writeOwner(FileChannel channel) throws IOException {
    channel.truncate(0);
    channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(UTF_8)), 0);
  }

  /**
   * Frees the folder. The file stays: deleting it would let two later processes lock two different
   * files of that name.
   */
  @Override
  public void close() {
    try (channel) {
      channel.truncate(0);
    } catch (IOException e) {
      throw new CheckpointException(
          "cannot release "
              + realFile
              + ": "
              + IoFailures.reason(e)
              + "; it is free once this process ends",
          e);
    } finally {
      HELD_BY_THIS_PROCESS.remove(realFile);
    }
  }
}
