package org.score4j.checkpoints;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;

/**
 * Fills tensors from files on all threads of the backend, in pieces that each thread takes in turn:
 * whatever a model's size, a load holds the pages of the tensors that are being transposed, one or
 * two, and some megabytes a thread besides the weights themselves.
 */
final class WeightLoader implements AutoCloseable {
  private static final int PIECE = 1 << 20;

  /** Smaller tensors are not worth a mapping of their own. */
  private static final long SMALL_BYTES = 1 << 18;

  /**
   * The entries that share a tensor, and their place in the order in which damage is reported.
   *
   * @param orders of the entries
   */
  private record Parts(Tensor tensor, List<WeightNames.Entry> entries, List<Integer> orders) {}

  /** What a thread does at a time. */
  @FunctionalInterface
  private interface Piece {
    void load(TileReader reader, PieceWriter writer);
  }

  private final Ops ops;
  private final SafetensorsFolder files;
  private final List<WeightNames.Entry> entries;
  private final boolean parallel;
  private final List<Piece> pieces = new ArrayList<>();
  private final List<Mapped> mappings = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  // The first entry known to be damaged: later ones need no look any more.
  private final AtomicInteger damaged = new AtomicInteger(Integer.MAX_VALUE);

  /** entries: whose types and shapes have been checked. */
  WeightLoader(Ops ops, SafetensorsFolder files, List<WeightNames.Entry> entries) {
    this.ops = ops;
    this.files = files;
    this.entries = entries;
    Map<Tensor, Parts> byTensor = new LinkedHashMap<>();
    for (int i = 0; i < entries.size(); i++) {
      WeightNames.Entry entry = entries.get(i);
      Parts parts =
          byTensor.computeIfAbsent(
              entry.tensor(), t -> new Parts(t, new ArrayList<>(), new ArrayList<>()));
      parts.entries().add(entry);
      parts.orders().add(i);
    }
    byTensor.values().forEach(this::plan);
    parallel = pieces.size() > 1 && !ops.backend().lanes().isEmpty();
  }

  private void plan(Parts parts) {
    if (parts.entries().getFirst().transposed()) {
      int inputs = parts.tensor().dim0();
      int rows = rows(parts.tensor());
      Mapped mapped = new Mapped(parts, Math.ceilDiv(inputs, rows));
      mappings.add(mapped);
      for (int first = 0; first < inputs; first += rows) {
        int from = first;
        int to = Math.min(inputs, first + rows);
        pieces.add((reader, writer) -> loadRows(mapped, from, to, reader, writer));
      }
      return;
    }
    for (int i = 0; i < parts.entries().size(); i++) {
      WeightNames.Entry entry = parts.entries().get(i);
      int order = parts.orders().get(i);
      for (long first = 0; first < entry.elements(); first += PIECE) {
        long from = first;
        int n = (int) Math.min(PIECE, entry.elements() - first);
        pieces.add((reader, writer) -> loadFlat(entry, order, from, n, reader, writer));
      }
    }
  }

  /** Rows of a tensor that make a piece: fewer where they are collected for an upload. */
  private int rows(Tensor tensor) {
    int most =
        PieceWriter.isDirect(ops, tensor) ? TileReader.SIDE : Math.max(1, PIECE / tensor.dim1());
    return Math.min(TileReader.SIDE, most);
  }

  /** Loads everything; of several damaged tensors the first one is reported. */
  void run() {
    List<Backend> lanes = ops.backend().lanes();
    if (parallel) {
      ops.backend().runInLanes(lane -> work(new Ops(lanes.get(lane))));
    } else {
      work(ops);
    }
    if (damaged.get() < entries.size()) {
      throw damage(entries.get(damaged.get()));
    }
  }

  private void work(Ops own) {
    TileReader reader = new TileReader();
    PieceWriter writer = new PieceWriter(own);
    int index = next.getAndIncrement();
    while (index < pieces.size()) {
      pieces.get(index).load(reader, writer);
      index = next.getAndIncrement();
    }
  }

  private void loadFlat(
      WeightNames.Entry entry, int order, long from, int n, TileReader reader, PieceWriter writer) {
    if (order > damaged.get()) {
      return;
    }
    Tensor piece = WeightTransfer.flat(entry.tensor(), entry.firstColumn() + from, n);
    MemorySegment values = writer.begin(piece);
    // Unmapped at once: pages that were read are not held while the rest is.
    try (Arena arena = Arena.ofConfined()) {
      boolean small = isSmall(entry);
      StoredTensor stored =
          small ? files.tensor(entry.name()) : files.mapped(entry.name(), from, n, arena);
      int step = TileReader.SIDE * TileReader.SIDE;
      for (int done = 0; done < n; done += step) {
        int count = Math.min(step, n - done);
        reader.read(stored, (small ? from : 0) + done, count);
        check(reader, count, order);
        writer.write(values, piece.dtype(), done, reader.bits(), 0, count);
      }
    }
    writer.end(piece, values);
  }

  private void loadRows(Mapped mapped, int from, int to, TileReader reader, PieceWriter writer) {
    Parts parts = mapped.parts;
    Tensor piece = parts.tensor().rows(from, to);
    int width = piece.dim1();
    MemorySegment values = writer.begin(piece);
    List<StoredTensor> stored = mapped.open();
    int columns = to - from;
    for (int p = 0; p < stored.size(); p++) {
      WeightNames.Entry entry = parts.entries().get(p);
      int order = parts.orders().get(p);
      for (int r = 0; r < entry.rows() && order <= damaged.get(); r += TileReader.SIDE) {
        int rows = Math.min(TileReader.SIDE, entry.rows() - r);
        long first = (long) r * entry.columns() + from;
        reader.readTransposed(stored.get(p), first, entry.columns(), rows, columns);
        check(reader, rows * columns, order);
        for (int c = 0; c < columns; c++) {
          long at = (long) c * width + entry.firstColumn() + r;
          writer.write(values, piece.dtype(), at, reader.bits(), c * rows, rows);
        }
      }
    }
    mapped.release();
    writer.end(piece, values);
  }

  private void check(TileReader reader, int count, int order) {
    if (!reader.isFinite(count)) {
      damaged.accumulateAndGet(order, Math::min);
    }
  }

  private CheckpointException damage(WeightNames.Entry entry) {
    StoredTensor stored = files.tensor(entry.name());
    String index =
        stored.firstNonFinite().stream()
            .mapToObj(i -> " at index " + i)
            .findFirst()
            .orElse(" too large for single precision");
    return new CheckpointException(
        stored.file()
            + ": tensor "
            + entry.name()
            + " has a value that is no number"
            + index
            + "; the weights are damaged");
  }

  private boolean isSmall(WeightNames.Entry entry) {
    return files.tensor(entry.name()).data().byteSize() <= SMALL_BYTES;
  }

  /** Unmaps what an error left mapped. */
  @Override
  public void close() {
    mappings.forEach(Mapped::close);
  }

  /** The parts of a tensor, mapped from its first piece to its last. */
  private final class Mapped implements AutoCloseable {
    private final Parts parts;
    private final AtomicInteger left;
    private final List<StoredTensor> stored = new ArrayList<>();
    private final List<Arena> arenas = new ArrayList<>();

    Mapped(Parts parts, int pieces) {
      this.parts = parts;
      this.left = new AtomicInteger(pieces);
    }

    synchronized List<StoredTensor> open() {
      if (stored.isEmpty()) {
        for (WeightNames.Entry entry : parts.entries()) {
          stored.add(isSmall(entry) ? files.tensor(entry.name()) : map(entry));
        }
      }
      return stored;
    }

    private StoredTensor map(WeightNames.Entry entry) {
      Arena arena = parallel ? Arena.ofShared() : Arena.ofConfined();
      arenas.add(arena);
      return files.mapped(entry.name(), 0, entry.elements(), arena);
    }

    void release() {
      if (left.decrementAndGet() == 0) {
        close();
      }
    }

    @Override
    public synchronized void close() {
      arenas.forEach(Arena::close);
      arenas.clear();
    }
  }
}
