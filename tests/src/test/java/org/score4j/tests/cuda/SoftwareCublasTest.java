package org.score4j.tests.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasGemmEx_new;
import static jcuda.jcublas.JCublas2.cublasGemmStridedBatchedEx_new;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSgemm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** cuBLAS's matrix products on the software device, against a double loop. */
final class SoftwareCublasTest {
  private static final Pointer ONE = Pointer.to(new float[] {1});
  private static final Pointer ZERO = Pointer.to(new float[] {0});

  private DriverSession session;
  private final cublasHandle handle = new cublasHandle();

  @BeforeEach
  void open() {
    SoftwareDevice.assumeLoaded();
    session = new DriverSession();
    // A backend opened by an earlier test has turned them on, for the whole process.
    JCublas2.setExceptionsEnabled(false);
    cublasCreate(handle);
  }

  @AfterEach
  void close() {
    if (session != null) {
      cublasDestroy(handle);
      session.close();
    }
  }

  /** A column-major product, sizes m, n, k. */
  record Product(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      int inputs,
      int output,
      float alpha,
      float beta) {}

  static Stream<Product> products() {
    List<Product> all = new ArrayList<>();
    int[][] sizes = {{1, 1, 1}, {5, 3, 7}, {16, 6, 32}, {33, 17, 40}, {4, 70, 1}, {100, 1, 65}};
    int[][] types = {
      {cudaDataType.CUDA_R_32F, cudaDataType.CUDA_R_32F},
      {cudaDataType.CUDA_R_16BF, cudaDataType.CUDA_R_32F},
      {cudaDataType.CUDA_R_16BF, cudaDataType.CUDA_R_16BF}
    };
    for (int[] size : sizes) {
      for (int[] type : types) {
        for (int transposes = 0; transposes < 4; transposes++) {
          for (float beta : new float[] {0, 1, -0.5f}) {
            all.add(
                new Product(
                    (transposes & 1) != 0,
                    (transposes & 2) != 0,
                    size[0],
                    size[1],
                    size[2],
                    type[0],
                    type[1],
                    beta == 0 ? 1 : 0.75f,
                    beta));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("products")
  void gemmEx_equalsADoubleLoop(Product p) {
    Random random = new Random(7);
    Matrix a =
        new Matrix(
            p.transposeA() ? p.k() : p.m(), p.transposeA() ? p.m() : p.k(), 3, p.inputs(), random);
    Matrix b =
        new Matrix(
            p.transposeB() ? p.n() : p.k(), p.transposeB() ? p.k() : p.n(), 2, p.inputs(), random);
    Matrix c = new Matrix(p.m(), p.n(), 5, p.output(), random);
    if (p.beta() == 0) {
      Arrays.fill(c.values, Float.NaN); // not read then
    }

    CUdeviceptr out = c.upload();
    int status =
        cublasGemmEx_new(
            handle,
            p.transposeA() ? 1 : 0,
            p.transposeB() ? 1 : 0,
            p.m(),
            p.n(),
            p.k(),
            Pointer.to(new float[] {p.alpha()}),
            a.upload(),
            a.type,
            a.leading,
            b.upload(),
            b.type,
            b.leading,
            Pointer.to(new float[] {p.beta()}),
            out,
            c.type,
            c.leading,
            cublasComputeType.CUBLAS_COMPUTE_32F,
            -1);

    assertThat(status).isEqualTo(cublasStatus.CUBLAS_STATUS_SUCCESS);
    float[] result = c.download(out);
    // Sums of k products of numbers up to 1 in float; a bf16 output is rounded to 8 bits once.
    double tolerance = p.output() == cudaDataType.CUDA_R_32F ? 1e-7 * (p.k() + 4) : 1.0 / 256;
    for (int j = 0; j < p.n(); j++) {
      for (int i = 0; i < p.m(); i++) {
        double sum = 0;
        for (int l = 0; l < p.k(); l++) {
          sum +=
              (double) (p.transposeA() ? a.at(l, i) : a.at(i, l))
                  * (p.transposeB() ? b.at(j, l) : b.at(l, j));
        }
        double expected = p.alpha() * sum + (p.beta() == 0 ? 0 : p.beta() * c.at(i, j));
        double bound = tolerance * Math.max(1, Math.abs(expected));
        assertThat((double) result[j * c.leading + i])
            .isBetween(expected - bound, expected + bound);
      }
    }
    // Rows between m and the leading dimension belong to somebody else.
    for (int i = p.m(); i < c.leading; i++) {
      // As bits: NaN is equal to NaN.
      assertThat(Float.floatToIntBits(result[i])).isEqualTo(Float.floatToIntBits(c.values[i]));
    }
  }

  @Test
  void stridedBatches_areIndependent_andAStrideOf0Repeats() {
    float[] a = {1, 2, 3, 4, 5, 6, 7, 8};
    CUdeviceptr out = DriverSession.allocate(8 * 4);
    int status =
        cublasGemmStridedBatchedEx_new(
            handle,
            0,
            0,
            2,
            2,
            2,
            ONE,
            DriverSession.floats(a),
            cudaDataType.CUDA_R_32F,
            2,
            4,
            DriverSession.floats(0, 1, 1, 0),
            cudaDataType.CUDA_R_32F,
            2,
            0,
            ZERO,
            out,
            cudaDataType.CUDA_R_32F,
            2,
            4,
            2,
            cublasComputeType.CUBLAS_COMPUTE_32F,
            -1);
    assertThat(status).isEqualTo(cublasStatus.CUBLAS_STATUS_SUCCESS);
    // Times the exchange matrix: columns change places.
    assertThat(DriverSession.readFloats(out, 8)).containsExactly(3, 4, 1, 2, 7, 8, 5, 6);
  }

  @Test
  void tf32_roundsInputsOnlyWhereAskedFor() {
    CUdeviceptr a = DriverSession.floats(1 + 0x1p-12f);
    CUdeviceptr out = DriverSession.allocate(4);
    cublasSgemm(handle, 0, 0, 1, 1, 1, ONE, a, 1, DriverSession.floats(1), 1, ZERO, out, 1);
    assertThat(DriverSession.readFloats(out, 1)).containsExactly(1 + 0x1p-12f);
    cublasSetMathMode(handle, cublasMath.CUBLAS_TF32_TENSOR_OP_MATH);
    cublasSgemm(handle, 0, 0, 1, 1, 1, ONE, a, 1, DriverSession.floats(1), 1, ZERO, out, 1);
    assertThat(DriverSession.readFloats(out, 1)).containsExactly(1);
  }

  @Test
  void productInACapture_runsAtReplay() {
    CUstream stream = new CUstream();
    JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING);
    cublasSetStream(handle, new cudaStream_t(stream));
    CUdeviceptr a = DriverSession.floats(2);
    CUdeviceptr out = DriverSession.floats(0);
    CUgraph graph = new CUgraph();
    JCudaDriver.cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL);
    cublasSgemm(handle, 0, 0, 1, 1, 1, ONE, a, 1, a, 1, ONE, out, 1);
    JCudaDriver.cuStreamEndCapture(stream, graph);
    assertThat(DriverSession.readFloats(out, 1)).containsExactly(0);
    CUgraphExec executable = new CUgraphExec();
    JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    for (int i = 1; i <= 3; i++) {
      JCudaDriver.cuGraphLaunch(executable, stream);
      assertThat(DriverSession.readFloats(out, 1)).containsExactly(4 * i);
    }
  }

  @Test
  void operandsOutsideOfMemory_andWrongLeadingDimensions_areRefused() {
    CUdeviceptr small = DriverSession.floats(1, 2, 3);
    CUdeviceptr out = DriverSession.allocate(16);
    assertThat(cublasSgemm(handle, 0, 0, 2, 2, 2, ONE, small, 1, small, 2, ZERO, out, 2))
        .isEqualTo(cublasStatus.CUBLAS_STATUS_INVALID_VALUE);
    assertThat(cublasSgemm(handle, 0, 0, 2, 2, 2, ONE, small, 2, small, 2, ZERO, out, 2))
        .isEqualTo(cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED);
    assertThat(SoftwareDevice.lastFault()).contains("gemm: A of 16 bytes at");
  }

  /** Column-major, with rows of somebody else between the columns. */
  private static final class Matrix {
    final int leading;
    final int type;
    final float[] values;

    Matrix(int rows, int columns, int extra, int type, Random random) {
      this.leading = rows + extra;
      this.type = type;
      values = new float[leading * columns];
      for (int i = 0; i < values.length; i++) {
        float value = random.nextFloat() * 2 - 1;
        // Values that the type can hold: the product is then the only thing that rounds.
        values[i] = type == cudaDataType.CUDA_R_32F ? value : fromBf16(toBf16(value));
      }
    }

    float at(int row, int column) {
      return values[column * leading + row];
    }

    CUdeviceptr upload() {
      if (type == cudaDataType.CUDA_R_32F) {
        return DriverSession.floats(values);
      }
      short[] bits = new short[values.length];
      for (int i = 0; i < bits.length; i++) {
        bits[i] = toBf16(values[i]);
      }
      CUdeviceptr pointer = DriverSession.allocate(bits.length * 2L);
      cuMemcpyHtoD(pointer, Pointer.to(bits), bits.length * 2L);
      return pointer;
    }

    float[] download(CUdeviceptr pointer) {
      if (type == cudaDataType.CUDA_R_32F) {
        return DriverSession.readFloats(pointer, values.length);
      }
      short[] bits = new short[values.length];
      cuMemcpyDtoH(Pointer.to(bits), pointer, bits.length * 2L);
      float[] result = new float[bits.length];
      for (int i = 0; i < bits.length; i++) {
        result[i] = fromBf16(bits[i]);
      }
      return result;
    }

    private static short toBf16(float value) {
      int bits = Float.floatToRawIntBits(value);
      return (short) (bits >> 16);
    }

    private static float fromBf16(short bits) {
      return Float.intBitsToFloat(bits << 16);
    }
  }
}
