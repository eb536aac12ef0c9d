package org.score4j.kernels.cuda;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.score4j.kernels.DType;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.Tensor;

/** Element by element; {@code cast} also from and to double, for the tests that compare with it. */
final class CudaElementwiseKernels implements ElementwiseKernels {
  private static final int THREADS = 256;
  private static final int PER_THREAD = 8;

  private final CudaDevice device;
  private final Map<DType, CudaKernel> fill;
  private final Map<DType, CudaKernel> add;
  private final Map<DType, CudaKernel> scale;
  private final Map<DType, CudaKernel> softCap;
  private final Map<DType, Map<DType, CudaKernel>> cast = new EnumMap<>(DType.class);

  CudaElementwiseKernels(CudaDevice device) {
    this.device = device;
    CudaModule module = device.module("elementwise");
    fill = ofComputingTypes(module, "fill_");
    add = ofComputingTypes(module, "add_");
    scale = ofComputingTypes(module, "scale_");
    softCap = ofComputingTypes(module, "soft_cap_");
    for (DType from : DType.values()) {
      if (from.isFloat()) {
        Map<DType, CudaKernel> toOthers = new EnumMap<>(DType.class);
        for (DType to : DType.values()) {
          if (to.isFloat()) {
            toOthers.put(to, module.kernel("cast_%s_%s".formatted(suffix(from), suffix(to))));
          }
        }
        cast.put(from, toOthers);
      }
    }
  }

  private static Map<DType, CudaKernel> ofComputingTypes(CudaModule module, String prefix) {
    Map<DType, CudaKernel> kernels = new EnumMap<>(DType.class);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      kernels.put(type, module.kernel(prefix + suffix(type)));
    }
    return kernels;
  }

  private static String suffix(DType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public void fill(Tensor x, double value) {
    launch(of(fill, x).pointer(x).f32((float) value), x.elements());
  }

  @Override
  public void add(Tensor out, Tensor a, Tensor b) {
    launch(of(add, out).pointer(out).pointer(a).pointer(b), out.elements());
  }

  @Override
  public void scale(Tensor out, Tensor x, double factor) {
    launch(of(scale, out).pointer(out).pointer(x).f32((float) factor), out.elements());
  }

  @Override
  public void softCap(Tensor out, Tensor x, double cap) {
    launch(of(softCap, out).pointer(out).pointer(x).f32((float) cap), out.elements());
  }

  @Override
  public void cast(Tensor out, Tensor x) {
    Map<DType, CudaKernel> fromX = Objects.requireNonNull(cast.get(x.dtype()));
    launch(of(fromX, out).pointer(out).pointer(x), out.elements());
  }

  private static CudaKernel of(Map<DType, CudaKernel> kernels, Tensor tensor) {
    return Objects.requireNonNull(kernels.get(tensor.dtype()), () -> "no kernel for " + tensor);
  }

  private void launch(CudaKernel kernel, long elements) {
    int blocks = device.loopingBlocks(elements, THREADS * PER_THREAD);
    kernel.i64(elements).launch(blocks, 1, 1, THREADS, 0);
  }
}
