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
  @ValueSource(strings = {"cuda", "tornado", "CPU", ""})
  void anUnknownName_isRefusedWithTheKnownOnes(String name) {
    assertThatThrownBy(() -> Backends.open(name, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("device '" + name + "' is unknown")
        .hasMessageContaining("cpu, reference or auto");
  }

  @Test
  void noThreads_areRefused() {
    assertThatThrownBy(() -> Backends.open("cpu", 0)).hasMessageContaining("threads is 0");
  }

  @Test
  void auto_choosesOnceAndSaysWhy_anExplicitNameSaysNothing() {
    List<String> lines = new ArrayList<>();
    assertThat(Backends.choose("reference", lines::add)).isEqualTo("reference");
    assertThat(lines).isEmpty();
    assertThat(Backends.choose("auto", lines::add)).isEqualTo("cpu");
    assertThat(lines).singleElement().asString().contains("device=cpu", "reason=");
  }
}
