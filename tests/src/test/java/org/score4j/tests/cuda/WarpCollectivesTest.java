package org.score4j.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every warp collective and atomic that kernels may use, against its definition in CUDA's guide.
 */
final class WarpCollectivesTest {
  private static final int POISON = 0x7fff7fff;

  private DriverSession session;

  @BeforeEach
  void open() {
    SoftwareDevice.assumeLoaded();
    session = new DriverSession();
  }

  @AfterEach
  void close() {
    if (session != null) {
      SoftwareDevice.configure("ORDER", "forward");
      session.close();
    }
  }

  /**
   * @param expression of {@code t}, the thread, and {@code v = 10 t + 1}
   * @param expected by lane, for the lane's own v; a shuffle moves v
   */
  record Collective(String expression, IntUnaryOperator expected) {
    /** Of its kernel. */
    String name() {
      return "collect_" + Integer.toHexString(expression.hashCode());
    }

    @Override
    public String toString() {
      return expression;
    }
  }

  static Stream<Collective> collectives() {
    String full = "0xffffffffu";
    return Stream.of(
        new Collective("__shfl_sync(" + full + ", v, 5)", lane -> 51),
        new Collective("__shfl_sync(" + full + ", v, t + 3)", lane -> (lane + 3) % 32 * 10 + 1),
        new Collective("__shfl_sync(" + full + ", v, 9, 8)", lane -> (lane / 8 * 8 + 1) * 10 + 1),
        new Collective("__shfl_xor_sync(" + full + ", v, 16)", lane -> (lane ^ 16) * 10 + 1),
        new Collective(
            // A partner in a later group keeps its own value, one in an earlier group is read.
            "__shfl_xor_sync(" + full + ", v, 8, 8)",
            lane -> ((lane & 8) != 0 ? lane ^ 8 : lane) * 10 + 1),
        new Collective(
            "__shfl_up_sync(" + full + ", v, 3)", lane -> (lane < 3 ? lane : lane - 3) * 10 + 1),
        new Collective(
            "__shfl_up_sync(" + full + ", v, 3, 16)",
            lane -> (lane % 16 < 3 ? lane : lane - 3) * 10 + 1),
        new Collective(
            "__shfl_down_sync(" + full + ", v, 3)",
            lane -> (lane + 3 > 31 ? lane : lane + 3) * 10 + 1),
        new Collective(
            "__shfl_down_sync(" + full + ", v, 3, 4)",
            lane -> (lane % 4 + 3 > 3 ? lane : lane + 3) * 10 + 1),
        new Collective(
            "(int)__shfl_xor_sync(" + full + ", (float)v, 1)", lane -> (lane ^ 1) * 10 + 1),
        new Collective(
            "(int)__shfl_xor_sync(" + full + ", (unsigned)v, 1)", lane -> (lane ^ 1) * 10 + 1),
        new Collective(
            "(int)(__shfl_xor_sync(" + full + ", (long long)v << 33, 1) >> 33)",
            lane -> (lane ^ 1) * 10 + 1),
        new Collective(
            "(int)__shfl_down_sync(" + full + ", (double)v, 1)",
            lane -> (lane == 31 ? lane : lane + 1) * 10 + 1),
        new Collective("__ballot_sync(" + full + ", t % 3 == 0)", lane -> 0x49249249),
        new Collective("__any_sync(" + full + ", t % 32 == 7)", lane -> 1),
        new Collective("__any_sync(" + full + ", 0)", lane -> 0),
        new Collective("__all_sync(" + full + ", t < 100)", lane -> 1),
        new Collective("__all_sync(" + full + ", t % 32 != 7)", lane -> 0),
        new Collective(
            // Two halves of a warp at different collectives at once, and votes see only the mask's
            // lanes.
            "t % 32 < 16 ? __shfl_xor_sync(0xffffu, v, 1)"
                + " : (int)__ballot_sync(0xffff0000u, t % 2)",
            lane -> lane < 16 ? (lane ^ 1) * 10 + 1 : 0xaaaa0000));
  }

  /** One kernel per collective in one source: a compilation takes longer than all of them run. */
  private static String source() {
    StringBuilder source = new StringBuilder();
    collectives()
        .forEach(
            collective ->
                source.append(
                    """
                    extern "C" __global__ void NAME(int* out) {
                      int t = threadIdx.x % 32, v = 10 * t + 1;
                      out[threadIdx.x] = EXPRESSION;
                    }
                    """
                        .replace("NAME", collective.name())
                        .replace("EXPRESSION", collective.expression())));
    return source.toString();
  }

  @ParameterizedTest
  @MethodSource("collectives")
  void collective_isAsDefined(Collective collective) {
    var kernel = DriverSession.kernel(source(), collective.name());
    for (String order : List.of("forward", "reversed")) {
      SoftwareDevice.configure("ORDER", order);
      CUdeviceptr out = DriverSession.allocate(96 * 4L);
      DriverSession.run(kernel, 1, 96, 0, out);
      assertThat(DriverSession.readInts(out, 96))
          .as(order)
          .containsExactly(
              IntStream.range(0, 96).map(t -> collective.expected().applyAsInt(t % 32)).toArray());
    }
  }

  @Test
  void manyCollectivesInARow_keepTheirValuesApart() {
    // Fast lanes are a meeting ahead of slow ones; masks change from step to step, more than 32 in
    // all.
    var kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void walk(int* out) {
              int lane = threadIdx.x, sum = 0;
              for (int step = 0; step < 200; step++) {
                unsigned others = (2654435761u * (step + 1)) | 1u;
                bool inside = others >> lane & 1;
                unsigned mask = inside ? others : ~others;
                int source = __ffs(mask) - 1;
                sum = sum * 31 + __shfl_sync(mask, step * 100 + lane, source);
                sum += __shfl_xor_sync(0xffffffffu, lane, step % 32);
              }
              out[lane] = sum;
            }
            """,
            "walk");
    int[] expected = new int[32];
    for (int lane = 0; lane < 32; lane++) {
      for (int step = 0; step < 200; step++) {
        int others = (int) 2654435761L * (step + 1) | 1;
        int mask = (others >> lane & 1) != 0 ? others : ~others;
        expected[lane] = expected[lane] * 31 + step * 100 + Integer.numberOfTrailingZeros(mask);
        expected[lane] += lane ^ (step % 32);
      }
    }
    for (String order : List.of("forward", "reversed")) {
      SoftwareDevice.configure("ORDER", order);
      CUdeviceptr out = DriverSession.allocate(128);
      DriverSession.run(kernel, 1, 32, 0, out);
      assertThat(DriverSession.readInts(out, 32)).as(order).containsExactly(expected);
    }
  }

  @Test
  void partialLastWarp_meetsAmongItsOwnLanes() {
    var kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void collect(int* out) {
              int lane = threadIdx.x % 32;
              out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, lane, 4);
              out[40 + threadIdx.x] = __ballot_sync(0xffffffffu, 1);
              __syncthreads();
              __syncwarp();
            }
            """,
            "collect");
    CUdeviceptr out = DriverSession.allocate(80 * 4L);

    DriverSession.run(kernel, 1, 38, 0, out);

    int[] values = DriverSession.readInts(out, 80);
    // Lanes 36 and 37 are the last; their partners in 32 and 33 exist, those of 34 and 35 do not.
    assertThat(Arrays.copyOfRange(values, 32, 38)).containsExactly(4, 5, POISON, POISON, 0, 1);
    assertThat(values[40]).isEqualTo(-1);
    assertThat(values[40 + 32]).isEqualTo(0x3f);
  }

  @ParameterizedTest
  @ValueSource(strings = {"forward", "reversed"})
  void missingSyncwarp_showsInOneOfTheOrders(String order) {
    String source =
        """
        extern "C" __global__ void shift(int* out) {
          __shared__ int values[32];
          values[threadIdx.x] = threadIdx.x;
          BARRIER
          out[threadIdx.x] = threadIdx.x == 0 ? 0 : values[threadIdx.x - 1] + 1;
        }
        """;
    SoftwareDevice.configure("ORDER", order);
    int[] right = IntStream.range(0, 32).toArray();
    CUdeviceptr out = DriverSession.allocate(128);

    DriverSession.run(
        DriverSession.kernel(source.replace("BARRIER", "__syncwarp();"), "shift"), 1, 32, 0, out);
    assertThat(DriverSession.readInts(out, 32)).containsExactly(right);

    DriverSession.run(DriverSession.kernel(source.replace("BARRIER", ""), "shift"), 1, 32, 0, out);
    assertThat(Arrays.equals(DriverSession.readInts(out, 32), right))
        .isEqualTo(order.equals("forward"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void atomics_loseNothing(String osThreads) {
    SoftwareDevice.configure("THREADS", osThreads);
    var kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void count(int* out, float* sum) {
              int i = blockIdx.x * blockDim.x + threadIdx.x;
              atomicAdd(&out[0], i);
              atomicMax(&out[1], i);
              atomicMin(&out[2], i);
              atomicAdd((unsigned*)&out[3], 1u);
              if (atomicCAS(&out[4], 0, i + 1) == 0) atomicExch(&out[5], i);
              atomicAdd(sum, 1.0f);
            }
            """,
            "count");
    CUdeviceptr out = DriverSession.ints(0, -1, 1 << 30, 0, 0, -1);
    CUdeviceptr sum = DriverSession.floats(0);

    DriverSession.run(kernel, 50, 64, 0, out, sum);
    SoftwareDevice.configure("THREADS", "1");

    int[] values = DriverSession.readInts(out, 6);
    assertThat(Arrays.copyOf(values, 4)).containsExactly(3200 * 3199 / 2, 3199, 0, 3200);
    assertThat(values[5]).isEqualTo(values[4] - 1);
    assertThat(DriverSession.readFloats(sum, 1)).containsExactly(3200);
  }
}
