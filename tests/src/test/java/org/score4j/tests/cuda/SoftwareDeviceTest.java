package org.score4j.tests.cuda;

import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jcuda.CudaException;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels on the software device: what they compute, what memory holds, and the limits. */
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

  /** Prints the device's name; the main class of a process of its own. */
  static final class PrintName {
    private PrintName() {}

    public static void main(String[] arguments) {
      CUdevice device = new CUdevice();
      cuInit(0);
      cuDeviceGet(device, 0);
      byte[] name = new byte[64];
      cuDeviceGetName(name, name.length, device);
      System.out.println(new String(name, StandardCharsets.UTF_8).trim());
    }
  }

  @Test
  void childProcess_runsOnTheDeviceByItsEnvironment(@TempDir Path folder) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                PrintName.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out").toFile());
    builder.environment().putAll(SoftwareDevice.environment());

    assertThat(builder.start().waitFor()).isEqualTo(0);

    assertThat(folder.resolve("out")).content().contains("Software CUDA device");
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
