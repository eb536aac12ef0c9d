package org.score4j.kernels.tornado;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;

/** Matrix products of row-major matrices, of which either may be read transposed. */
final class TornadoGemm {
  private final TornadoKernel tiled;
  private final TornadoKernel thin;

  TornadoGemm(TornadoPlan plan) {
    tiled = plan.kernel("gemm", MatmulCode::gemm);
    thin = plan.kernel("thinGemm", MatmulCode::thinGemm);
  }

  /** {@code c = factor · a·b + bias}. */
  void multiply(
      Tensor c,
      boolean transposeA,
      Tensor a,
      boolean transposeB,
      Tensor b,
      double factor,
      @Nullable Tensor bias) {
    launch(c, transposeA, a, transposeB, b, factor, bias, false);
  }

  /** {@code c += a·b}. */
  void accumulate(Tensor c, boolean transposeA, Tensor a, boolean transposeB, Tensor b) {
    launch(c, transposeA, a, transposeB, b, 1, null, true);
  }

  private void launch(
      Tensor c,
      boolean transposeA,
      Tensor a,
      boolean transposeB,
      Tensor b,
      double factor,
      @Nullable Tensor bias,
      boolean accumulate) {
    int aWidth = Math.toIntExact(a.shape().rowElements());
    int bWidth = Math.toIntExact(b.shape().rowElements());
    int rows = transposeA ? aWidth : a.dim0();
    int depth = transposeA ? a.dim0() : aWidth;
    int columns = transposeB ? b.dim0() : bWidth;
    boolean few = rows <= MatmulCode.THIN_ROWS;
    int tileRows = few ? MatmulCode.THIN_ROWS : MatmulCode.TILE;
    int tilesInRow = Math.ceilDiv(columns, MatmulCode.TILE);
    (few ? thin : tiled)
        .floats(c)
        .floats(a)
        .i32(transposeA ? 1 : aWidth)
        .i32(transposeA ? aWidth : 1)
        .floats(b)
        .i32(transposeB ? 1 : bWidth)
        .i32(transposeB ? bWidth : 1)
        .i32(rows)
        .i32(columns)
        .i32(depth)
        .floats(bias)
        .i32(accumulate ? 1 : 0)
        .i32(tilesInRow)
        .f32(factor)
        .launch((long) Math.ceilDiv(rows, tileRows) * tilesInRow, MatmulCode.THREADS);
  }
}
