package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A linear layer and its gradients on raw addresses, dense rows, split over the pool: forward and
 * input gradient by blocks of rows, or of columns when there are few rows; the weight gradient by
 * rectangles of the output, never over the tokens. So no bit depends on the number of threads, and
 * those of a row not on the rows around it.
 */
final class CpuLinear {
  private static final VectorSpecies<Float> SPECIES = SgemmTiles.SPECIES;
  private static final int W = SgemmTiles.W;

  /** Multiply-adds that are worth another thread: some ten microseconds. */
  private static final long MIN_WORK = 1 << 18;

  /** Multiply-adds that take as long as copying a number into a panel. */
  private static final int COPY_WORK = 8;

  private CpuLinear() {}

  /**
   * {@code out = x · weight + bias}; the bias is added after the product's chain.
   *
   * @param frozen where copies of the weight may lie
   * @param out address of (tokens, outputs)
   * @param x address of (tokens, inputs)
   * @param weight (inputs, outputs)
   * @param bias address of (outputs), or 0 for none
   */
  static void forward(
      CpuThreadPool pool,
      CpuFrozenWeights frozen,
      long out,
      long x,
      WeightAddress weight,
      long bias,
      int tokens,
      int inputs,
      int outputs) {
    FrozenPanels panels =
        tokens <= CpuSgemm.THIN_ROWS ? null : frozen.panels(pool, weight, inputs, outputs);
    int columnUnit = panels == null ? CpuSgemm.PANEL : panels.width();
    Split split = Split.of(pool, tokens, outputs, inputs, CpuSgemm.EVEN_ROWS, columnUnit);
    pool.run(
        split.count(),
        (task, thread) -> {
          int i = split.row(task);
          int m = split.rows(task);
          int j = split.column(task);
          int n = split.columns(task);
          long c = at(out, i, outputs, j);
          long a = at(x, i, inputs, 0);
          if (panels != null) {
            float[] s = pool.floats(thread, SgemmPacked.blockFloats(m, inputs));
            SgemmPacked.product(s, panels, c, outputs, a, inputs, j, n, m, outputs, inputs);
          } else {
            SgemmScratch s = SgemmScratch.of(pool, thread, m, n, inputs);
            WeightAddress b = weight.at(0, outputs, j);
            CpuSgemm.nn(s, c, outputs, a, inputs, b, outputs, m, n, inputs, false);
          }
          if (bias != 0) {
            addBias(c, outputs, at(bias, 0, 0, j), m, n);
          }
        });
  }

  /**
   * {@code dX = dOut · weightᵀ}.
   *
   * @param dX address of (tokens, inputs)
   * @param dOut address of (tokens, outputs)
   * @param weight (inputs, outputs)
   */
  static void backwardInput(
      CpuThreadPool pool,
      long dX,
      long dOut,
      WeightAddress weight,
      int tokens,
      int inputs,
      int outputs) {
    Split split = Split.of(pool, tokens, inputs, outputs, CpuSgemm.EVEN_ROWS, CpuSgemm.PANEL);
    pool.run(
        split.count(),
        (task, thread) -> {
          int i = split.row(task);
          int m = split.rows(task);
          int j = split.column(task);
          int n = split.columns(task);
          SgemmScratch s = SgemmScratch.of(pool, thread, m, n, outputs);
          CpuSgemm.nt(
              s,
              at(dX, i, inputs, j),
              inputs,
              at(dOut, i, outputs, 0),
              outputs,
              weight.at(j, outputs, 0),
              outputs,
              m,
              n,
              outputs,
              false);
        });
  }

  /**
   * {@code dWeight += xᵀ · dOut}, {@code dBias += Σ_t dOut[t]}, both one chain over the tokens in
   * their order that starts from the old value.
   *
   * @param dWeight address of (inputs, outputs)
   * @param dBias address of (outputs), or 0 for none
   * @param x address of (tokens, inputs)
   * @param dOut address of (tokens, outputs)
   */
  static void backwardWeight(
      CpuThreadPool pool,
      long dWeight,
      long dBias,
      long x,
      long dOut,
      int tokens,
      int inputs,
      int outputs) {
    Split split = Split.of(pool, inputs, outputs, tokens, CpuSgemm.ROWS, CpuSgemm.PANEL);
    int products = split.count();
    pool.run(
        dBias == 0 ? products : products + 1,
        (task, thread) -> {
          if (task == products) {
            addColumns(dBias, dOut, tokens, outputs);
            return;
          }
          int i = split.row(task);
          int m = split.rows(task);
          int j = split.column(task);
          int n = split.columns(task);
          SgemmScratch s = SgemmScratch.of(pool, thread, m, n, tokens);
          CpuSgemm.tn(
              s,
              at(dWeight, i, outputs, j),
              outputs,
              at(x, 0, 0, i),
              inputs,
              at(dOut, 0, 0, j),
              outputs,
              m,
              n,
              tokens,
              true);
        });
  }

  private static void addBias(long c, int ldc, long bias, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      long row = c + (long) r * ldc * Float.BYTES;
      int j = 0;
      for (; j <= columns - W; j += W) {
        long offset = (long) j * Float.BYTES;
        load(row + offset)
            .add(load(bias + offset))
            .intoMemorySegment(HostMemory.ALL, row + offset, HostMemory.ORDER);
      }
      for (; j < columns; j++) {
        long offset = (long) j * Float.BYTES;
        HostMemory.setFloat(
            row + offset, HostMemory.getFloat(row + offset) + HostMemory.getFloat(bias + offset));
      }
    }
  }

  private static void addColumns(long sum, long rows, int tokens, int columns) {
    for (int t = 0; t < tokens; t++) {
      addBias(sum, columns, rows + (long) t * columns * Float.BYTES, 1, columns);
    }
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, HostMemory.ALL, address, HostMemory.ORDER);
  }

  private static long at(long base, int row, int ld, int column) {
    return base + Float.BYTES * ((long) row * ld + column);
  }

  /**
   * How an output of (m, n) is cut: in {@code count} pieces of {@code grain} rows, or of columns.
   */
  private record Split(int m, int n, int grain, boolean byRows, int count) {
    static Split of(CpuThreadPool pool, int m, int n, int k, int rowUnit, int columnUnit) {
      long work = Math.max(1, (long) m * n * k / MIN_WORK);
      int parts = (int) Math.min(pool.numThreads(), work);
      if (parts == 1) {
        return new Split(m, n, m, true, 1);
      }
      int rowUnits = Math.ceilDiv(m, rowUnit);
      int columnUnits = Math.ceilDiv(n, columnUnit);
      int rows = Math.ceilDiv(rowUnits, parts) * rowUnit;
      int columns = Math.ceilDiv(columnUnits, parts) * columnUnit;
      boolean byRows = work(rows, n) <= work((long) rowUnits * rowUnit, columns);
      int grain = byRows ? rows : columns;
      return new Split(m, n, grain, byRows, Math.ceilDiv(byRows ? m : n, grain));
    }

    /** Of a piece, per unit of depth: multiply-adds, and A and B copied or read from afar. */
    private static long work(long rows, long columns) {
      return rows * columns + COPY_WORK * (rows + columns);
    }

    int row(int task) {
      return byRows ? task * grain : 0;
    }

    int rows(int task) {
      return byRows ? Math.min(grain, m - task * grain) : m;
    }

    int column(int task) {
      return byRows ? 0 : task * grain;
    }

    int columns(int task) {
      return byRows ? n : Math.min(grain, n - task * grain);
    }
  }
}
