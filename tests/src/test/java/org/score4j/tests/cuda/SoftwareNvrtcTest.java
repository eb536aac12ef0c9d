package org.score4j.tests.cuda;

import static jcuda.driver.JCudaDriver.cuFuncGetAttribute;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jcuda.CudaException;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.nvrtcResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compilation on the software device: options, headers, messages, the cache, damaged modules. */
final class SoftwareNvrtcTest {
  private static final List<String> ARCHITECTURE = List.of("-arch=sm_90");
  private static final String SCALE =
      """
      #include "scale.cuh"
      extern "C" __global__ void scale(float* x) { x[threadIdx.x] = scaled(x[threadIdx.x]); }
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
      session.close();
    }
  }

  @Test
  void headersInMemoryAndDefinitions_areUsed() {
    var compiled =
        DriverSession.nvrtc(
            "scale.cu",
            SCALE,
            Map.of("scale.cuh", "__device__ inline float scaled(float x) { return FACTOR * x; }\n"),
            List.of("-arch=sm_90", "-DFACTOR=3", "--std=c++17", "--fmad=false"));
    assertThat(compiled.log()).isEmpty();
    CUmodule module = new CUmodule();
    cuModuleLoadData(module, compiled.cubin());
    CUfunction scale = new CUfunction();
    JCudaDriver.cuModuleGetFunction(scale, module, "scale");
    CUdeviceptr x = DriverSession.floats(1, 2);

    DriverSession.run(scale, 1, 2, 0, x);

    assertThat(DriverSession.readFloats(x, 2)).containsExactly(3, 6);
    assertThatThrownBy(() -> JCudaDriver.cuModuleGetFunction(scale, module, "absent"))
        .hasMessage("CUDA_ERROR_NOT_FOUND");
  }

  @Test
  void errors_nameFileAndLine() {
    var compiled =
        DriverSession.nvrtc(
            "scale.cu",
            SCALE,
            Map.of("scale.cuh", "\n\n__device__ float scaled(float x) { return unknown * x; }\n"),
            ARCHITECTURE);
    assertThat(compiled.result()).isEqualTo(nvrtcResult.NVRTC_ERROR_COMPILATION);
    assertThat(compiled.cubin()).isEmpty();
    assertThat(compiled.log()).contains("scale.cuh:3:", "error: 'unknown' was not declared");

    assertThat(
            DriverSession.nvrtc(
                    "main.cu",
                    """
                    extern "C" __global__ void sum(float* x) {
                      __shared__ float a[4],
                          b[4];
                      a[0] = b[0] = x[0];
                      x[0] = a[0] + c;
                    }
                    """,
                    Map.of(),
                    ARCHITECTURE)
                .log())
        .contains("main.cu:5:", "error: 'c' was not declared");
    assertThat(
            DriverSession.nvrtc(
                    "main.cu", "// one\n__shared__ float s[4];\n", Map.of(), ARCHITECTURE)
                .log())
        .contains("main.cu:2: error: __shared__ outside of a function");
  }

  @Test
  void unknownOption_isRefused() {
    var compiled =
        DriverSession.nvrtc("a.cu", "", Map.of(), List.of("-arch=sm_90", "--no-such-option"));
    assertThat(compiled.result()).isEqualTo(nvrtcResult.NVRTC_ERROR_INVALID_OPTION);
    assertThat(compiled.log()).contains("--no-such-option");
  }

  @Test
  void virtualArchitecture_hasNoCubin() {
    var compiled = DriverSession.nvrtc("a.cu", "", Map.of(), List.of("-arch=compute_90"));
    assertThat(compiled.result()).isEqualTo(nvrtcResult.NVRTC_SUCCESS);
    assertThat(compiled.cubin()).isEmpty();
  }

  @Test
  void damagedModule_isRefused() {
    byte[] cubin = DriverSession.nvrtc("a.cu", "", Map.of(), ARCHITECTURE).cubin();
    cubin[cubin.length / 2] ^= 1;
    assertThatThrownBy(() -> cuModuleLoadData(new CUmodule(), cubin))
        .isInstanceOf(CudaException.class)
        .hasMessage("CUDA_ERROR_INVALID_IMAGE");
    assertThatThrownBy(() -> cuModuleLoadData(new CUmodule(), new byte[4096]))
        .hasMessage("CUDA_ERROR_INVALID_IMAGE");
  }

  /** A program's own cache of compiled kernels may hold some from before the device changed. */
  @Test
  void moduleOfAnotherVersionOfTheDevice_isRefused() {
    byte[] cubin = DriverSession.nvrtc("a.cu", "", Map.of(), ARCHITECTURE).cubin();
    cubin[8] ^= 1; // the number of the build, behind 8 bytes of magic
    assertThatThrownBy(() -> cuModuleLoadData(new CUmodule(), cubin))
        .hasMessage("CUDA_ERROR_INVALID_IMAGE");
    assertThat(SoftwareDevice.lastFault()).contains("another version of this device");
  }

  @Test
  void names_thatNvrtcDoesNotKnow_areUnknownHereToo() {
    for (String line : List.of("uint32_t x;", "std::size_t x;", "float x = INFINITY;")) {
      assertThat(DriverSession.nvrtc("a.cu", line, Map.of(), ARCHITECTURE).result())
          .as(line)
          .isEqualTo(nvrtcResult.NVRTC_ERROR_COMPILATION);
    }
  }

  @Test
  void sharedMemory_ofAllForms_isTheBlocks() {
    CUfunction kernel =
        DriverSession.kernel(
            """
            template <int N>
            __device__ int turned(int v) {
              __shared__ int values[N];
              values[threadIdx.x] = v;
              __syncthreads();
              int result = values[N - 1 - threadIdx.x];
              __syncthreads();
              return result;
            }
            struct Pair { int a, b; };
            extern "C" __global__ void mix(int* out) {
              __shared__ __align__(16) int first[4][2], second; // two at once
              __shared__ Pair pair;
              extern __shared__ __align__(16) unsigned char bytes[];
              int* dynamic = reinterpret_cast<int*>(bytes);
              int t = threadIdx.x;
              first[t / 2][t % 2] = t;
              dynamic[t] = 10 * t;
              if (t == 0) { second = 100; pair.a = 1000; pair.b = 10000; }
              __syncthreads();
              out[t] = first[3 - t / 2][1 - t % 2] + dynamic[7 - t] + second + pair.a + pair.b
                  + turned<8>(t) * 100000;
            }
            """,
            "mix");
    CUdeviceptr out = DriverSession.allocate(32);

    DriverSession.run(kernel, 1, 8, 32, out);

    int[] expected = new int[8];
    for (int t = 0; t < 8; t++) {
      expected[t] = (7 - t) + 10 * (7 - t) + 11_100 + (7 - t) * 100_000;
    }
    assertThat(DriverSession.readInts(out, 8)).containsExactly(expected);
    int[] bytes = new int[1];
    cuFuncGetAttribute(bytes, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, kernel);
    // 4 * 2 + 1 ints padded to 16 bytes, a pair, 8 ints; each in units of 16 bytes.
    assertThat(bytes[0]).isEqualTo(48 + 16 + 32);
  }

  @Test
  void secondCompilation_isReadFromTheCache(@TempDir Path cache) throws IOException {
    Path usual = SoftwareDevice.kernelCache();
    SoftwareDevice.configure("CACHE", cache.toString());
    try {
      String source = "extern \"C\" __global__ void nothing(int* x) { int* unused; }\n";
      byte[] first = DriverSession.nvrtc("a.cu", source, Map.of(), ARCHITECTURE).cubin();
      List<Path> files = list(cache);
      assertThat(files).hasSize(2); // the library and its messages; nothing temporary
      var before = Files.getLastModifiedTime(files.get(0));

      assertThat(DriverSession.nvrtc("a.cu", source, Map.of(), ARCHITECTURE).cubin())
          .isEqualTo(first);

      assertThat(list(cache)).isEqualTo(files);
      assertThat(Files.getLastModifiedTime(files.get(0))).isEqualTo(before);
      DriverSession.nvrtc("a.cu", source, Map.of(), List.of("-arch=sm_90", "-DOTHER"));
      assertThat(list(cache)).hasSize(4);
    } finally {
      SoftwareDevice.configure("CACHE", usual.toString());
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
