package org.score4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CpuLinearTest {
  private static final int[][] SHAPES = {
    // tokens, inputs, outputs
    {1, 64, 192},
    {3, 5, 7},
    {67, 33, 130},
    {500, 64, 64},
    {257, 160, 64},
    {2, 700, 500},
  };

  private final CpuThreadPool memory = new CpuThreadPool(1);

  @AfterEach
  void close() {
    memory.close();
  }

  @Test
  void everyElementIsOneChain_atAnyNumberOfThreads() {
    for (int[] shape : SHAPES) {
      for (int threads : new int[] {1, 2, 5}) {
        try (CpuThreadPool pool = new CpuThreadPool(threads)) {
          check(pool, shape[0], shape[1], shape[2], 17L * threads + shape[0]);
        }
      }
    }
  }

  private void check(CpuThreadPool pool, int tokens, int inputs, int outputs, long seed) {
    Random random = new Random(seed);
    float[] x = random(random, tokens * inputs);
    float[] weight = random(random, inputs * outputs);
    float[] bias = random(random, outputs);
    float[] dOut = random(random, tokens * outputs);
    float[] dWeight = random(random, inputs * outputs);
    float[] dBias = random(random, outputs);
    float[] out = new float[tokens * outputs];
    float[] dX = new float[tokens * inputs];

    long xAt =
        memory.scratch(
            0, 4L * (x.length * 2 + weight.length * 2 + bias.length * 2 + out.length * 2));
    long weightAt = put(xAt, x);
    long biasAt = put(weightAt, weight);
    long dOutAt = put(biasAt, bias);
    long dWeightAt = put(dOutAt, dOut);
    long dBiasAt = put(dWeightAt, dWeight);
    long outAt = put(dBiasAt, dBias);
    long dXAt = put(outAt, out);
    WeightAddress w = WeightAddress.single(weightAt);
    CpuLinear.forward(pool, new CpuFrozenWeights(), outAt, xAt, w, biasAt, tokens, inputs, outputs);
    CpuLinear.backwardInput(pool, dXAt, dOutAt, w, tokens, inputs, outputs);
    CpuLinear.backwardWeight(pool, dWeightAt, dBiasAt, xAt, dOutAt, tokens, inputs, outputs);

    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < outputs; j++) {
        float sum = 0;
        for (int i = 0; i < inputs; i++) {
          sum = Math.fma(x[t * inputs + i], weight[i * outputs + j], sum);
        }
        out[t * outputs + j] = sum + bias[j];
      }
      for (int i = 0; i < inputs; i++) {
        float sum = 0;
        for (int j = 0; j < outputs; j++) {
          sum = Math.fma(dOut[t * outputs + j], weight[i * outputs + j], sum);
        }
        dX[t * inputs + i] = sum;
      }
    }
    for (int j = 0; j < outputs; j++) {
      for (int i = 0; i < inputs; i++) {
        for (int t = 0; t < tokens; t++) {
          dWeight[i * outputs + j] =
              Math.fma(x[t * inputs + i], dOut[t * outputs + j], dWeight[i * outputs + j]);
        }
      }
      for (int t = 0; t < tokens; t++) {
        dBias[j] += dOut[t * outputs + j];
      }
    }
    String what =
        "tokens=%d inputs=%d outputs=%d threads=%d seed=%d"
            .formatted(tokens, inputs, outputs, pool.numThreads(), seed);
    assertThat(get(outAt, out.length)).as("out %s", what).isEqualTo(out);
    assertThat(get(dXAt, dX.length)).as("dX %s", what).isEqualTo(dX);
    assertThat(get(dWeightAt, dWeight.length)).as("dWeight %s", what).isEqualTo(dWeight);
    assertThat(get(dBiasAt, dBias.length)).as("dBias %s", what).isEqualTo(dBias);
  }

  private static float[] random(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return values;
  }

  /** Writes the values and returns the address behind them. */
  private static long put(long address, float[] values) {
    for (int i = 0; i < values.length; i++) {
      HostMemory.setFloat(address + 4L * i, values[i]);
    }
    return address + 4L * values.length;
  }

  private static float[] get(long address, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = HostMemory.getFloat(address + 4L * i);
    }
    return values;
  }
}
