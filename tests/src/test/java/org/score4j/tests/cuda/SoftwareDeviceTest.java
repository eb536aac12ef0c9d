package org.score4j.tests.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import jcuda.CudaException;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels on the software device: what they compute, and what the device catches. */
final class SoftwareDeviceTest {
  private static final String ROW_SUM =
      """
      extern "C" __global__ void __launch_bounds__(1024) row_sum(float* out, const float* x, int width) {
        __shared__ float partial[32];
        float sum = 0;
        for (int i = threadIdx.x; i < width; i += blockDim.x) sum += x[(long long)blockIdx.x * width + i];
        for (int o = 16; o > 0; o >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, o);
        if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
        __syncthreads();
        if (threadIdx.x == 0) {
          float total = 0;
          for (unsigned w = 0; w < blockDim.x / 32; w++) total += partial[w];
          out[blockIdx.x] = total;
        }
      }
      """;

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
      SoftwareDevice.configure("THREADS", "1");
      SoftwareDevice.configure("MEMORY_MIB", "4096");
      session.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "32, forward, 1",
    "256, forward, 1",
    "1024, forward, 1",
    "256, reversed, 1",
    "128, forward, 3"
  })
  void rowSum_isExact(int threads, String order, String osThreads) {
    SoftwareDevice.configure("ORDER", order);
    SoftwareDevice.configure("THREADS", osThreads);
    int rows = 37;
    int width = 1000;
    float[] x = new float[rows * width];
    float[] expected = new float[rows];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 7;
      expected[i / width] += x[i];
    }
    CUdeviceptr out = DriverSession.allocate(rows * 4L);

    DriverSession.run(
        DriverSession.kernel(ROW_SUM, "row_sum"),
        rows,
        threads,
        0,
        out,
        DriverSession.floats(x),
        width);

    assertThat(DriverSession.readFloats(out, rows)).containsExactly(expected);
  }

  @Test
  void threeDimensionalIndices_areCounted() {
    CUfunction kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void mark(int* out) {
              int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
              int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
              out[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 1000 + thread;
            }
            """,
            "mark");
    CUdeviceptr out = DriverSession.allocate(24 * 30 * 4L);

    cuLaunchKernel(kernel, 2, 3, 4, 5, 3, 2, 0, null, DriverSession.arguments(out), null);

    int[] marks = DriverSession.readInts(out, 24 * 30);
    for (int i = 0; i < marks.length; i++) {
      assertThat(marks[i]).isEqualTo(i / 30 * 1000 + i % 30);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"forward", "reversed"})
  void missingBarrier_showsInOneOfTheOrders(String order) {
    String source =
        """
        extern "C" __global__ void shift(int* out) {
          __shared__ int values[64];
          values[threadIdx.x] = threadIdx.x;
          BARRIER
          out[threadIdx.x] = threadIdx.x == 0 ? 0 : values[threadIdx.x - 1] + 1;
        }
        """;
    SoftwareDevice.configure("ORDER", order);
    CUdeviceptr out = DriverSession.allocate(64 * 4L);
    int[] right = IntStream.range(0, 64).toArray();

    DriverSession.run(
        DriverSession.kernel(source.replace("BARRIER", "__syncthreads();"), "shift"),
        1,
        64,
        0,
        out);
    assertThat(DriverSession.readInts(out, 64)).containsExactly(right);

    DriverSession.run(DriverSession.kernel(source.replace("BARRIER", ""), "shift"), 1, 64, 0, out);
    assertThat(Arrays.equals(DriverSession.readInts(out, 64), right))
        .isEqualTo(order.equals("forward"));
  }

  @Test
  void writePastTheEnd_namesKernelThreadAndAllocation() {
    assertFaults(
        """
        extern "C" __global__ void stray(float* out) { out[blockIdx.x * 64 + threadIdx.x] = 1; }
        """,
        "stray",
        3,
        64,
        DriverSession.allocate(128 * 4L),
        "kernel stray, block (2,0,0), thread (0,0,0) writes to",
        "0 bytes past the end of device allocation",
        "(512 bytes at");
  }

  @Test
  void readPastTheEnd_isFound() {
    assertFaults(
        """
        extern "C" __global__ void stray(float* out) { out[0] = out[64 + threadIdx.x]; }
        """,
        "stray",
        1,
        1,
        DriverSession.allocate(64 * 4L),
        "reads from",
        "0 bytes past the end of");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 60})
  void writeIntoTheMargin_isFoundAfterTheLaunch(int index) {
    assertFaults(
        """
        extern "C" __global__ void stray(float* out) { out[INDEX] = 1; }
        """
            .replace("INDEX", Integer.toString(index)),
        "stray",
        1,
        1,
        DriverSession.allocate(60 * 4L),
        "kernel stray",
        "writes outside of device allocation");
  }

  @Test
  void freedMemory_isNoArgument() {
    CUdeviceptr freed = DriverSession.allocate(256);
    cuMemFree(freed);
    assertFaults(
        "extern \"C\" __global__ void use(float* out) { out[0] = 1; }",
        "use",
        1,
        1,
        freed,
        "kernel use, argument 0",
        "inside of the freed device allocation");
  }

  @Test
  void threadThatExitsBeforeABarrier_isReported() {
    assertFaults(
        """
        extern "C" __global__ void leave(float* out) {
          if (threadIdx.x == 5) return;
          __syncthreads();
          out[threadIdx.x] = 1;
        }
        """,
        "leave",
        1,
        64,
        DriverSession.allocate(256),
        "kernel leave, block (0,0,0), thread (0,0,0) and 62 more wait at __syncthreads",
        "thread (5,0,0) has exited");
  }

  @Test
  void laneThatExitsBeforeAShuffle_isReported() {
    assertFaults(
        """
        extern "C" __global__ void leave(float* out) {
          if (threadIdx.x == 40) return;
          out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, out[threadIdx.x], 1);
        }
        """,
        "leave",
        1,
        64,
        DriverSession.allocate(256),
        "thread (32,0,0) and 30 more wait at __shfl_xor_sync",
        "thread (40,0,0) has exited");
  }

  @Test
  void lanesInDifferentCollectives_areReported() {
    assertFaults(
        """
        extern "C" __global__ void part(int* out) {
          if (threadIdx.x < 16) out[0] = __ballot_sync(0xffffffffu, 1);
          else out[1] = __shfl_sync(0xffffffffu, 1, 0);
        }
        """,
        "part",
        1,
        32,
        DriverSession.allocate(256),
        "thread (16,0,0) calls __shfl_sync where lane 0 of its warp calls __ballot_sync");
  }

  @Test
  void exhaustedStack_isReported() {
    assertFaults(
        """
        __device__ int dive(int n, volatile int* p) {
          volatile int big[1024];
          big[n % 1024] = p[0];
          return n == 0 ? big[0] : dive(n - 1, p) + big[n % 1024];
        }
        extern "C" __global__ void deep(int* out) { out[0] = dive(1000, out); }
        """,
        "deep", 1, 1, DriverSession.allocate(256), "kernel deep", "beyond its stack");
  }

  private static void assertFaults(
      String source, String name, int grid, int block, CUdeviceptr out, String... sentence) {
    CUfunction kernel = DriverSession.kernel(source, name);
    assertThatThrownBy(() -> DriverSession.run(kernel, grid, block, 0, out))
        .isInstanceOf(CudaException.class)
        .hasMessageMatching("CUDA_ERROR_(ILLEGAL_ADDRESS|LAUNCH_FAILED)");
    assertThat(SoftwareDevice.lastFault()).contains(sentence);
    // As on the hardware, nothing works after a fault.
    assertThatThrownBy(() -> cuCtxSynchronize()).isInstanceOf(CudaException.class);
    assertThatThrownBy(() -> DriverSession.allocate(16)).isInstanceOf(CudaException.class);
  }

  @Test
  void memoryNobodyWrote_isNaN() {
    CUfunction kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void copy(float* out, const float* x, int n) {
              __shared__ float fixed[32];
              extern __shared__ float dynamic[];
              int i = threadIdx.x;
              out[i] = x[i];
              out[32 + i] = fixed[i];
              out[64 + i] = dynamic[i];
              fixed[i] = dynamic[i] = 1;
            }
            """,
            "copy");
    CUdeviceptr out = DriverSession.allocate(96 * 4L);
    // Blocks one after the other: the second must not see the first one's shared memory.
    DriverSession.run(kernel, 2, 32, 128, out, DriverSession.allocate(128), 32);

    assertThat(DriverSession.readFloats(out, 96)).containsOnly(Float.NaN);
  }

  @Test
  void memoryOfLargeArenas_isNaNToo() {
    CUdeviceptr arena = DriverSession.allocate(1L << 30);
    assertThat(DriverSession.readInts(arena.withByteOffset((1L << 30) - 4), 1))
        .containsExactly(0x7fff7fff);
    assertThat(DriverSession.readInts(arena.withByteOffset(123_456_788), 1))
        .containsExactly(0x7fff7fff);
    cuMemsetD32(arena, 7, 1000);
    assertThat(DriverSession.readInts(arena.withByteOffset(3996), 2))
        .containsExactly(7, 0x7fff7fff);
  }

  @Test
  void sharedArrayOverrun_isFound() {
    assertFaults(
        """
        extern "C" __global__ void overrun(float* out) {
          __shared__ float tile[32];
          tile[threadIdx.x + 1] = 1;
          out[threadIdx.x] = tile[threadIdx.x + 1];
        }
        """,
        "overrun",
        1,
        32,
        DriverSession.allocate(256),
        "kernel overrun, block (0,0,0) writes outside of __shared__ tile");
  }

  @Test
  void memory_runsOutAsConfigured() {
    SoftwareDevice.configure("MEMORY_MIB", "64");
    CUdeviceptr most = DriverSession.allocate(60L << 20);
    assertThatThrownBy(() -> DriverSession.allocate(8L << 20))
        .isInstanceOf(CudaException.class)
        .hasMessage("CUDA_ERROR_OUT_OF_MEMORY");
    long[] free = new long[1];
    long[] total = new long[1];
    cuMemGetInfo(free, total);
    assertThat(total[0]).isEqualTo(64L << 20);
    assertThat(free[0]).isEqualTo(4L << 20);

    cuMemFree(most);

    DriverSession.allocate(64L << 20);
  }

  @Test
  void launchesOutsideOfTheLimits_areRefused() {
    CUfunction kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void __launch_bounds__(2 * 64) small(float* out) {
              extern __shared__ float4 tile[];
              tile[threadIdx.x] = make_float4(0, 0, 0, 0);
            }
            """,
            "small");
    CUdeviceptr out = DriverSession.allocate(16);
    assertThatThrownBy(() -> DriverSession.run(kernel, 1, 129, 129 * 16, out))
        .hasMessage("CUDA_ERROR_INVALID_VALUE");
    assertThat(SoftwareDevice.lastFault()).contains("its __launch_bounds__ says 128");
    assertThatThrownBy(() -> DriverSession.run(kernel, 1, 128, 50_000, out))
        .hasMessage("CUDA_ERROR_INVALID_VALUE");
    assertThat(SoftwareDevice.lastFault()).contains("MAX_DYNAMIC_SHARED_SIZE_BYTES");
    assertThatThrownBy(() -> DriverSession.run(kernel, 0, 128, 2048, out))
        .hasMessage("CUDA_ERROR_INVALID_VALUE");

    cuFuncSetAttribute(
        kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100_000);
    DriverSession.run(kernel, 1, 128, 100_000, out);
  }
}
