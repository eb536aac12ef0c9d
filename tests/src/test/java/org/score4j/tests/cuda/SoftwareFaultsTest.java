package org.score4j.tests.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import jcuda.CudaException;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Faulty kernels: the software device says what they do, where, and to what. */
final class SoftwareFaultsTest {
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
  void sharedArrayOverrun_namesTheLine() {
    assertFaults(
        """
        extern "C" __global__ void overrun(float* out) {
          __shared__ float tile[32];
          tile[threadIdx.x + 1] = 1;
          out[threadIdx.x] = tile[threadIdx.x];
        }
        """,
        "overrun",
        1,
        32,
        DriverSession.allocate(256),
        "kernel overrun, block (0,0,0), thread (31,0,0), test.cu:3: index 32 is outside of 'float"
            + " [32]'");
  }

  @ParameterizedTest
  @CsvSource({
    "__shared__ float tile[32], tile",
    "extern __shared__ float tile[], dynamic shared memory"
  })
  void sharedOverrunThroughAPointer_isFoundAfterTheBlock(String declaration, String name) {
    CUfunction kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void overrun(float* out) {
              DECLARATION;
              float* p = tile;
              p[INDEX] = 1;
              out[threadIdx.x] = p[INDEX];
            }
            """
                .replace("DECLARATION", declaration)
                .replace("INDEX", declaration.startsWith("extern") ? "-1" : "32"),
            "overrun");
    CUdeviceptr out = DriverSession.allocate(256);
    assertThatThrownBy(() -> DriverSession.run(kernel, 1, 32, 128, out))
        .hasMessage("CUDA_ERROR_ILLEGAL_ADDRESS");
    assertThat(SoftwareDevice.lastFault())
        .contains("kernel overrun, block (0,0,0) writes outside of __shared__ " + name);
  }

  @Test
  void misalignedVector_namesTheLine() {
    CUfunction kernel =
        DriverSession.kernel(
            """
            extern "C" __global__ void load(float* x) {
              float4 v = *reinterpret_cast<float4*>(x + 1);
              x[0] = v.x;
            }
            """,
            "load");
    CUdeviceptr x = DriverSession.allocate(256);
    assertThatThrownBy(() -> DriverSession.run(kernel, 1, 1, 0, x))
        .hasMessage("CUDA_ERROR_MISALIGNED_ADDRESS");
    assertThat(SoftwareDevice.lastFault())
        .contains("test.cu:2: access to 'const struct float4' at", "which is no multiple of 16");
  }
}
