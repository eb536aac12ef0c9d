package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Precision;
import org.score4j.kernels.cuda.CudaReport;

/** {@link Backends}: names, refusals, and the one line of {@code auto}. */
class BackendsTest {
  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void aName_opensTheBackendOfThatName(String name) {
    try (Backend backend = Backends.open(name, 1)) {
      assertThat(backend.name()).isEqualTo(name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda:", "cuda:x", "tornado:", "CPU", ""})
  void anUnknownName_isRefusedWithTheKnownOnes(String name) {
    assertThatThrownBy(() -> Backends.open(name, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("device '" + name + "' is unknown")
        .hasMessageContaining("cpu, cuda, cuda:1, tornado, tornado:1, reference or auto");
  }

  @Test
  void noThreads_areRefused() {
    assertThatThrownBy(() -> Backends.open("cpu", 0)).hasMessageContaining("threads is 0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void bf16_isRefusedByBackendsThatDoNotComputeInIt(String name) {
    assertThatThrownBy(() -> Backends.open(name, 1, Precision.BF16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("device " + name + " does not compute in bf16")
        .hasMessageContaining("--device cuda");
  }

  @Test
  void anUnknownPrecision_isRefusedWithTheKnownOnes() {
    assertThat(Precision.byName("bf16")).isEqualTo(Precision.BF16);
    assertThatThrownBy(() -> Precision.byName("fp8"))
        .hasMessage("precision 'fp8' is unknown; use auto, f32, tf32 or bf16");
  }

  @Test
  void anExplicitName_isKeptWithoutAWord() {
    List<String> lines = new ArrayList<>();
    assertThat(Backends.choose("reference", () -> report("no driver"), lines::add))
        .isEqualTo("reference");
    assertThat(lines).isEmpty();
  }

  @Test
  void auto_takesTheGpuWhereThereIsOne_elseTheCpuAndSaysWhy() {
    List<String> lines = new ArrayList<>();
    assertThat(Backends.choose("auto", () -> report(), lines::add)).isEqualTo("cuda");
    assertThat(Backends.choose("auto", () -> report("no driver", "no cuBLAS"), lines::add))
        .isEqualTo("cpu");
    assertThat(lines)
        .containsExactly(
            "device=cuda reason=\"auto: a GPU is there\"",
            "device=cpu reason=\"auto: no GPU, no driver\"");
  }

  private static CudaReport report(String... faults) {
    CudaReport.Device gpu = new CudaReport.Device(0, "a GPU", "9.0", 1 << 30, 1 << 29, List.of());
    return new CudaReport("a driver", List.of(gpu), List.of(), "", List.of(faults));
  }
}
