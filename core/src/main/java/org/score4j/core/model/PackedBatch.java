package org.score4j.core.model;

import java.util.Arrays;
import org.score4j.kernels.AttentionKernels;

/**
 * Sequences laid end to end, without padding, and what is predicted from them. Host arrays;
 * immutable by convention once built.
 *
 * <p>A prediction n reads the final hidden state of row {@code readRows[headRows[n]]} and asks for
 * the log-probability of {@code targets[n]}. Several predictions may read one row: the K samples of
 * a prompt all continue its last token. From the last block's attention on, only the rows in {@code
 * readRows} are computed.
 */
public final class PackedBatch {
  private final int[] ids;
  private final int[] positions;
  private final int[] segments;
  private final int[] readRows;
  private final int[] headRows;
  private final int[] targets;

  private PackedBatch(
      int[] ids, int[] positions, int[] segments, int[] readRows, int[] headRows, int[] targets) {
    this.ids = ids;
    this.positions = positions;
    this.segments = segments;
    this.readRows = readRows;
    this.headRows = headRows;
    this.targets = targets;
  }

  /** Token ids (T). */
  public int[] ids() {
    return ids;
  }

  /** Positions from the start of each sequence, shared prefix included (T). */
  public int[] positions() {
    return positions;
  }

  /** Rows of {@link AttentionKernels}' segment table, flat (numSegments · 4). */
  public int[] segments() {
    return segments;
  }

  /** Token rows whose final hidden state something reads, ascending, each once (R). */
  public int[] readRows() {
    return readRows;
  }

  /** Index into {@link #readRows()} of each prediction (N). */
  public int[] headRows() {
    return headRows;
  }

  /** Predicted token of each prediction (N). */
  public int[] targets() {
    return targets;
  }

  /** T. */
  public int numTokens() {
    return ids.length;
  }

  /** Number of sequences, shared prefixes counted once each. */
  public int numSegments() {
    return segments.length / 4;
  }

  /** R. */
  public int numReadRows() {
    return readRows.length;
  }

  /** N. */
  public int numPredictions() {
    return targets.length;
  }

  /** Whether prediction n reads row n, so that nothing has to be gathered. */
  boolean headRowsAreIdentity() {
    if (headRows.length != readRows.length) {
      return false;
    }
    for (int n = 0; n < headRows.length; n++) {
      if (headRows[n] != n) {
        return false;
      }
    }
    return true;
  }

  /** Collects sequences, then {@link #build()}s the batch. */
  public static final class Builder {
    private int[] ids = new int[1024];
    private int[] positions = new int[1024];
    private int[] segments = new int[256];
    private int[] readAt = new int[256];
    private int[] targets = new int[256];
    private int numTokens;
    private int numSegments;
    private int numPredictions;
    private int prefixStart;
    private int prefixLength;

    /**
     * Appends a sequence with no prefix.
     *
     * @return index of its first token row
     */
    public int addSequence(int[] tokens, int length) {
      prefixStart = numTokens;
      prefixLength = length;
      return append(tokens, length, 0, 0);
    }

    /**
     * Appends a continuation of the latest sequence added by {@link #addSequence}.
     *
     * @return index of its first token row
     */
    public int addContinuation(int[] tokens, int length) {
      if (numSegments == 0) {
        throw new IllegalStateException("packed batch: a continuation needs a sequence before it");
      }
      return append(tokens, length, prefixStart, prefixLength);
    }

    /** Token row of the last token of the latest sequence added by {@link #addSequence}. */
    public int lastPrefixRow() {
      return prefixStart + prefixLength - 1;
    }

    /** Asks for the log-probability of {@code target} after token row {@code row}. */
    public void predict(int row, int target) {
      if (row < 0 || row >= numTokens) {
        throw new IllegalArgumentException(
            "packed batch: row %d is outside 0..%d".formatted(row, numTokens - 1));
      }
      readAt = grown(readAt, numPredictions + 1);
      targets = grown(targets, numPredictions + 1);
      readAt[numPredictions] = row;
      targets[numPredictions++] = target;
    }

    /** Tokens so far. */
    public int numTokens() {
      return numTokens;
    }

    /** Predictions so far. */
    public int numPredictions() {
      return numPredictions;
    }

    private int append(int[] tokens, int length, int from, int before) {
      if (length < 1) {
        throw new IllegalArgumentException(
            "packed batch: a sequence of " + length + " tokens; at least one is needed");
      }
      int start = numTokens;
      ids = grown(ids, start + length);
      positions = grown(positions, start + length);
      System.arraycopy(tokens, 0, ids, start, length);
      for (int i = 0; i < length; i++) {
        positions[start + i] = before + i;
      }
      segments = grown(segments, 4 * (numSegments + 1));
      segments[4 * numSegments] = start;
      segments[4 * numSegments + 1] = length;
      segments[4 * numSegments + 2] = from;
      segments[4 * numSegments + 3] = before;
      numSegments++;
      numTokens += length;
      return start;
    }

    /** The batch; this builder must not be used again. */
    public PackedBatch build() {
      int[] sorted = Arrays.copyOf(readAt, numPredictions);
      Arrays.sort(sorted);
      int unique = 0;
      for (int n = 0; n < sorted.length; n++) {
        if (n == 0 || sorted[n] != sorted[n - 1]) {
          sorted[unique++] = sorted[n];
        }
      }
      int[] readRows = Arrays.copyOf(sorted, unique);
      int[] headRows = new int[numPredictions];
      for (int n = 0; n < numPredictions; n++) {
        headRows[n] = Arrays.binarySearch(readRows, readAt[n]);
      }
      return new PackedBatch(
          Arrays.copyOf(ids, numTokens),
          Arrays.copyOf(positions, numTokens),
          Arrays.copyOf(segments, 4 * numSegments),
          readRows,
          headRows,
          Arrays.copyOf(targets, numPredictions));
    }

    private static int[] grown(int[] array, int needed) {
      return needed <= array.length
          ? array
          : Arrays.copyOf(array, Math.max(needed, 2 * array.length));
    }
  }
}
