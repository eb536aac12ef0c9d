package org.score4j.training.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.score4j.checkpoints.HfModel;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;

/**
 * Loading a Hugging Face folder beside reading its files once, in turns. Without warm-up: the
 * slowest load is the first one, which a command waits for; the median is what the code can do.
 */
public final class LoadBenchmark {
  private static final int READ_BYTES = 1 << 20;
  private static final long SEED = 1;

  private final Ops ops;

  /** Loads to the device of {@code ops}. */
  public LoadBenchmark(Ops ops) {
    this.ops = ops;
  }

  /**
   * Reading and loading; the rate of loading is the median load by the median read.
   *
   * @param folder of a model
   */
  public List<BenchRow> run(Path folder, int reps) {
    List<Path> files = weightFiles(folder);
    ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
    double[] reading = new double[reps];
    double[] loading = new double[reps];
    long bytes = 0;
    // Once for the page cache.
    read(files, buffer);
    for (int r = 0; r < reps; r++) {
      long start = System.nanoTime();
      bytes = read(files, buffer);
      reading[r] = (System.nanoTime() - start) / 1e9;
      start = System.nanoTime();
      Parameters weights = HfModel.load(ops, folder).weights();
      ops.backend().synchronize();
      loading[r] = (System.nanoTime() - start) / 1e9;
      weights.close();
    }
    String size = "%.1f MB of weights".formatted(bytes / 1e6);
    BenchRow read = BenchRow.of("read files", size, Timing.of(reading), bytes / 1e9, "GB/s");
    BenchRow load = BenchRow.of("load folder", size, Timing.of(loading), 0, "x read");
    return List.of(
        read, load.withRate(load.seconds().median() / Math.max(1e-9, read.seconds().median())));
  }

  /**
   * As above, a plain Llama of a model's sizes with random weights in single precision, in a folder
   * for temporary files.
   */
  public List<BenchRow> run(ModelConfig sizes, int reps) {
    ModelConfig model =
        new ModelConfig(
            sizes.vocabSize(),
            sizes.hiddenSize(),
            sizes.numLayers(),
            sizes.numHeads(),
            sizes.numKvHeads(),
            sizes.headDim(),
            sizes.intermediateSize(),
            sizes.maxPositions(),
            sizes.rmsNormEps(),
            sizes.ropeTheta(),
            null,
            sizes.tieWordEmbeddings(),
            false,
            false);
    try {
      Path temporary = Files.createTempDirectory("score4j-load");
      try {
        Path folder = temporary.resolve("model");
        try (Parameters weights = new Parameters(ops, "weights", model)) {
          new Initializer(0.02, 0.02).initialize(ops, weights, SEED);
          HfModel.save(ops, weights, HfModel.llamaConfig(model), folder, f -> {});
        }
        return run(folder, reps);
      } finally {
        delete(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> weightFiles(Path folder) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.safetensors")) {
      found.forEach(files::add);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--model %s: cannot be listed; give a folder with safetensors files".formatted(folder),
          e);
    }
    Collections.sort(files);
    return files;
  }

  /** The bytes read, of all files. */
  private static long read(List<Path> files, ByteBuffer buffer) {
    long bytes = 0;
    for (Path file : files) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        int n = channel.read(buffer.clear());
        while (n >= 0) {
          bytes += n;
          n = channel.read(buffer.clear());
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return bytes;
  }

  private static void delete(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry)) {
          delete(entry);
        } else {
          Files.delete(entry);
        }
      }
    }
    Files.delete(folder);
  }
}
