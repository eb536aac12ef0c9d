package org.score4j.core.model;

import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** Memory of the tensors of {@link Parameters}, padding included. */
final class ParameterBytes {
  /** Elements that tensors are padded to a multiple of: aligned even in the narrowest type. */
  static final int ROW = DeviceArena.ALIGNMENT_BYTES / DType.BF16.byteSize();

  private ParameterBytes() {}

  static long paddedElements(Shape shape) {
    return (shape.elements() + ROW - 1) / ROW * ROW;
  }

  static long footprint(DType type, Shape shape) {
    return paddedElements(shape) * type.byteSize();
  }

  /** All tensors that lie between two places of an arena and have a type in common. */
  static Tensor flat(DeviceArena arena, DType type, long from, long to) {
    // Two dimensions, for there can be more elements than an int counts.
    Shape shape = Shape.of(Math.toIntExact((to - from) / ((long) ROW * type.byteSize())), ROW);
    return arena.view(from, type, shape);
  }

  /**
   * Of a whole model.
   *
   * @param type of its matrices
   * @param vectors type of its norms and biases
   */
  static long of(ModelConfig config, DType type, DType vectors) {
    int d = config.hiddenSize();
    long matrices =
        (config.tieWordEmbeddings() ? 1 : 2) * footprint(type, Shape.of(config.vocabSize(), d));
    long layer =
        footprint(type, Shape.of(d, config.heads().qkvWidth()))
            + footprint(type, Shape.of(config.heads().queryWidth(), d))
            + footprint(type, Shape.of(d, 2 * config.intermediateSize()))
            + footprint(type, Shape.of(config.intermediateSize(), d))
            + (config.postNorms() ? 4 : 2) * footprint(vectors, Shape.of(d))
            + footprint(vectors, Shape.of(config.heads().qkvWidth()))
            + 2 * footprint(vectors, Shape.of(config.headDim()));
    return matrices + config.numLayers() * layer + footprint(vectors, Shape.of(d));
  }

  /** Of the adapters of all layers. */
  static long ofAdapters(ModelConfig config, LoraConfig lora, DType type) {
    long layer = 0;
    for (LoraTarget target : lora.targets()) {
      layer +=
          footprint(type, Shape.of(target.inputs(config), lora.rank()))
              + footprint(type, Shape.of(lora.rank(), target.outputs(config)));
    }
    return config.numLayers() * layer;
  }
}
