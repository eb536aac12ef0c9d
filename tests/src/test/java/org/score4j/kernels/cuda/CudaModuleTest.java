package org.score4j.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.kernels.DType;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;
import org.score4j.tests.cuda.CudaTestDevice;

/** Compiling kernels and keeping them. */
final class CudaModuleTest {
  @TempDir private Path folder;

  private CudaDevice open() {
    return CudaTestDevice.onItsLibraries(
        () -> new CudaDevice(0, DType.F32, new KernelCache(folder)));
  }

  private void fillSomething() {
    try (CudaDevice device = open();
        CudaBuffer buffer = device.newBuffer("test", 4000);
        CudaTransferKernels transfer = new CudaTransferKernels(device)) {
      Tensor x = new Tensor(buffer, 0, DType.F32, Shape.of(1000));
      new CudaElementwiseKernels(device).fill(x, 7);
      float[] values = new float[1000];
      transfer.download(MemorySegment.ofArray(values), x);
      assertThat(values).containsOnly(7);
    }
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> found = files.toList();
      assertThat(found).hasSize(1);
      return found.getFirst();
    }
  }

  @Test
  void aCompiledFamily_isKeptOnceAndReadAgain() throws IOException {
    fillSomething();
    Path file = onlyFile();
    byte[] compiled = Files.readAllBytes(file);
    FileTime written = Files.getLastModifiedTime(file);
    fillSomething();
    assertThat(onlyFile()).isEqualTo(file).hasBinaryContent(compiled);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);
  }

  @Test
  void aDamagedFile_isCompiledAgain() throws IOException {
    fillSomething();
    Path file = onlyFile();
    byte[] whole = Files.readAllBytes(file);
    for (int damage = 0; damage < 3; damage++) {
      byte[] damaged = damage == 2 ? new byte[10] : whole.clone();
      if (damage < 2) {
        damaged[damage == 0 ? 5 : whole.length - 100] ^= 1;
      }
      Files.write(file, damaged);
      fillSomething();
      assertThat(new KernelCache(folder).read(file.getFileName().toString().replace(".kernel", "")))
          .as("damage %d", damage)
          .isPresent();
    }
  }

  @Test
  void keys_followEverythingThatDecidesTheCode() {
    KernelSource source = new KernelSource("a.cu", "text", Map.of("h.cuh", "header"));
    List<String> options = List.of("--gpu-architecture=sm_90");
    String key = new NvrtcProgram(source, options, "12.6").key();
    assertThat(
            Stream.of(
                new NvrtcProgram(source, options, "13.0"),
                new NvrtcProgram(source, List.of("--gpu-architecture=sm_80"), "12.6"),
                new NvrtcProgram(
                    new KernelSource("a.cu", "text2", source.headers()), options, "12.6"),
                new NvrtcProgram(
                    new KernelSource("a.cu", "text", Map.of("h.cuh", "other")), options, "12.6")))
        .extracting(NvrtcProgram::key)
        .doesNotContain(key)
        .doesNotHaveDuplicates();
    assertThat(new NvrtcProgram(source, options, "12.6").key()).isEqualTo(key);
  }

  @Test
  void aSourceThatDoesNotCompile_showsTheCompilersLog() {
    open().close();
    KernelSource broken =
        new KernelSource(
            "broken.cu",
            "extern \"C\" __global__ void f(float* x) { *x = undeclared_name; }",
            Map.of());
    NvrtcProgram program =
        new NvrtcProgram(broken, List.of("--gpu-architecture=sm_90", "--std=c++17"), "12.6");
    assertThatThrownBy(program::compile)
        .hasMessageContaining("cannot compile broken.cu")
        .hasMessageContaining("undeclared_name");
  }

  @Test
  void headers_areFoundByTheirIncludes() {
    assertThat(KernelSource.of("norm").headers())
        .containsOnlyKeys("columns.cuh", "common.cuh", "bf16.cuh");
  }

  @Test
  void scratchMemory_growsWithoutMovingWhatIsThere() {
    try (CudaDevice device = open()) {
      Workspace workspace = new Workspace(device);
      long empty = workspace.mark();
      Tensor first = workspace.allocate(DType.F32, Shape.of(1000));
      Tensor large = workspace.allocate(DType.F32, Shape.of(5_000_000));
      assertThat(CudaBuffer.address(large)).isNotEqualTo(CudaBuffer.address(first));
      long held = workspace.byteSize();
      workspace.release(empty);
      assertThat(CudaBuffer.address(workspace.allocate(DType.F32, Shape.of(10))))
          .isEqualTo(CudaBuffer.address(first));
      assertThat(CudaBuffer.address(workspace.allocate(DType.F32, Shape.of(5_000_000))))
          .isEqualTo(CudaBuffer.address(large));
      assertThat(workspace.byteSize()).isEqualTo(held);
    }
  }
}
