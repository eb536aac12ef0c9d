package org.score4j.core.generation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.score4j.core.model.DeviceBatch;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Keys and values of many sequences in pages of {@link AttentionKernels#PAGE_TOKENS} tokens. Pages
 * are reference-counted: a fork shares all of them and copies a page only when it writes into one
 * that others hold too. Owns its memory; for one thread.
 */
public final class KvCache implements AutoCloseable {
  private static final int PAGE = AttentionKernels.PAGE_TOKENS;

  /** One sequence's pages. Created and changed by the cache alone. */
  public static final class Sequence {
    private int[] pages = new int[4];
    private int length;

    private Sequence() {}

    /** Tokens written so far. */
    public int length() {
      return length;
    }

    int numPages() {
      return (length + PAGE - 1) / PAGE;
    }

    int page(int index) {
      return pages[index];
    }
  }

  private final Ops ops;
  private final DeviceArena arena;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final int[] holders;
  private final int[] free;
  private int numFree;
  private int[] copyFrom = new int[16];
  private int[] copyTo = new int[16];
  private int numCopies;

  /** Allocates {@code numPages} pages per layer. */
  public KvCache(Ops ops, ModelConfig config, int numPages) {
    this.ops = ops;
    int padding = ops.backend().replays() ? 1 : 0;
    Shape shape = Shape.of(numPages + padding, PAGE * config.heads().kvWidth());
    this.arena =
        ops.newArena(
            "kv cache", 2L * config.numLayers() * DeviceArena.footprint(ops.floatType(), shape));
    for (int l = 0; l < config.numLayers(); l++) {
      keys.add(arena.allocate(ops.floatType(), shape));
      values.add(arena.allocate(ops.floatType(), shape));
    }
    holders = new int[numPages];
    free = new int[numPages];
    for (int p = 0; p < numPages; p++) {
      free[p] = numPages - 1 - p;
    }
    numFree = numPages;
  }

  /**
   * The way of new tokens through this cache: appended first, then seen by themselves and all later
   * ones.
   *
   * @param ops to compute with
   * @param slots (T) I32, where each token goes
   * @param pageTables (numSequences, maxPages) I32
   * @param rowSequence (T) I32, row of {@code pageTables} of each token
   * @param rowLength (T) I32, keys each token sees
   */
  Transformer.AttentionPath path(
      Ops ops,
      Tensor slots,
      Tensor pageTables,
      Tensor rowSequence,
      Tensor rowLength,
      ModelConfig config) {
    return (layer, out, logSumExp, qkv) -> {
      AttentionShape heads = config.headsOf(layer);
      ops.appendKv(keys.get(layer), values.get(layer), qkv, slots, heads);
      ops.pagedAttention(
          out, qkv, keys.get(layer), values.get(layer), pageTables, rowSequence, rowLength, heads);
    };
  }

  /** Bytes of a page's keys and values in all layers. */
  long pageBytes() {
    Tensor layer = keys.getFirst();
    return 2L * keys.size() * layer.shape().rowElements() * layer.dtype().byteSize();
  }

  /** The slot of a page's first token. */
  static int firstSlot(int page) {
    return page * PAGE;
  }

  /** Pages that hold {@code tokens} tokens. */
  public static int pagesFor(int tokens) {
    return (tokens + PAGE - 1) / PAGE;
  }

  /** A page behind all others, for rows that only pad a pass; there where passes are replayed. */
  int paddingPage() {
    return holders.length;
  }

  /** Pages nobody holds. */
  public int freePages() {
    return numFree;
  }

  /** Pages in all. */
  public int numPages() {
    return holders.length;
  }

  /** An empty sequence. */
  public Sequence newSequence() {
    return new Sequence();
  }

  /** A second sequence with the same content; no memory moves. */
  public Sequence fork(Sequence of) {
    Sequence copy = new Sequence();
    copy.pages = Arrays.copyOf(of.pages, of.pages.length);
    copy.length = of.length;
    for (int i = 0; i < of.numPages(); i++) {
      holders[of.pages[i]]++;
    }
    return copy;
  }

  /** Gives a sequence's pages back. */
  public void release(Sequence sequence) {
    for (int i = 0; i < sequence.numPages(); i++) {
      int page = sequence.pages[i];
      if (--holders[page] == 0) {
        free[numFree++] = page;
      }
    }
    sequence.length = 0;
  }

  /**
   * Makes room for {@code tokens} more tokens and writes their slots.
   *
   * @param slots receives {@code page·PAGE_TOKENS + offset} per token
   * @param from first index written in {@code slots}
   */
  void extend(Sequence sequence, int tokens, int[] slots, int from) {
    for (int i = 0; i < tokens; i++) {
      int position = sequence.length;
      int index = position / PAGE;
      if (position % PAGE == 0) {
        if (index == sequence.pages.length) {
          sequence.pages = Arrays.copyOf(sequence.pages, 2 * index);
        }
        sequence.pages[index] = take();
      } else if (holders[sequence.pages[index]] > 1) {
        int own = take();
        queueCopy(sequence.pages[index], own);
        holders[sequence.pages[index]]--;
        sequence.pages[index] = own;
      }
      slots[from + i] = sequence.pages[index] * PAGE + position % PAGE;
      sequence.length++;
    }
  }

  private int take() {
    if (numFree == 0) {
      throw new IllegalStateException(
          "kv cache: all %d pages of %d tokens are in use; raise generation.kvPages or lower generation.maxSequences"
              .formatted(holders.length, PAGE));
    }
    int page = free[--numFree];
    holders[page] = 1;
    return page;
  }

  private void queueCopy(int from, int to) {
    if (numCopies == copyFrom.length) {
      copyFrom = Arrays.copyOf(copyFrom, 2 * numCopies);
      copyTo = Arrays.copyOf(copyTo, 2 * numCopies);
    }
    copyFrom[numCopies] = from;
    copyTo[numCopies++] = to;
  }

  /** Carries out the page copies that forks have made necessary since the last call. */
  void flushCopies(DeviceArena scratch) {
    if (numCopies == 0) {
      return;
    }
    Tensor from = DeviceBatch.upload(ops, scratch, Arrays.copyOf(copyFrom, numCopies), 1);
    Tensor to = DeviceBatch.upload(ops, scratch, Arrays.copyOf(copyTo, numCopies), 1);
    for (int l = 0; l < keys.size(); l++) {
      ops.copyPages(keys.get(l), values.get(l), from, to);
    }
    numCopies = 0;
  }

  /** Forgets copies that a failed pass has left undone. */
  void discardCopies() {
    numCopies = 0;
  }

  Tensor keys(int layer) {
    return keys.get(layer);
  }

  Tensor values(int layer) {
    return values.get(layer);
  }

  @Override
  public void close() {
    arena.close();
  }
}
