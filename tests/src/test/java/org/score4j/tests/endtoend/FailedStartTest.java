package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DeviceException;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.TrainingRun;
import org.score4j.training.settings.ConfigException;

/** A run that cannot start gives everything on the device back. */
class FailedStartTest {
  @TempDir private Path folder;

  /** The memory of a device that is full from a certain allocation on. */
  private static final class Filling {
    private final int most;
    private final List<String> granted = new ArrayList<>();
    private String refused = "";

    Filling(int most) {
      this.most = most;
    }

    Backend of(Backend backend) {
      return (Backend)
          Proxy.newProxyInstance(
              Backend.class.getClassLoader(),
              new Class<?>[] {Backend.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("newBuffer")) {
                  String purpose = (String) arguments[0];
                  if (granted.size() == most) {
                    refused = purpose;
                    throw new DeviceException("no memory for " + purpose, null);
                  }
                  granted.add(purpose);
                }
                try {
                  return method.invoke(backend, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, 0", "cpu, 2", "cuda, 0", "cuda, 2"})
  void memoryThatRunsOutAnywhere_isGivenBack(String device, int rank) throws IOException {
    RunConfig config =
        TinyTextModel.config(
            folder, TinyTextModel.make(folder), "lora.rank", Integer.toString(rank));
    List<String> refused = new ArrayList<>();
    try (Backend backend =
        device.equals("cuda") ? CudaTestDevice.open(Precision.BF16) : Backends.open("cpu", 1)) {
      boolean started = false;
      while (!started) {
        Filling memory = new Filling(refused.size());
        Ops ops = new Ops(memory.of(backend));
        try (TrainingRun run = start(config, ops)) {
          started = run.resumePoint().isEmpty();
        } catch (DeviceException e) {
          assertThat(e).hasMessageContaining(memory.refused).hasNoSuppressedExceptions();
          refused.add(memory.refused);
        }
        assertThat(ops.arenas()).as("after %s", memory.granted).isEmpty();
      }
    }
    List<String> wanted = new ArrayList<>(List.of("weights"));
    if (rank > 0) {
      wanted.add("adapters");
    }
    if (device.equals("cuda")) {
      wanted.add("master weights");
    }
    wanted.addAll(List.of("gradients", "rotary tables"));
    if (rank > 0) {
      wanted.add("adapter tables");
    }
    wanted.addAll(List.of("kv cache", "activations"));
    assertThat(refused).containsExactlyElementsOf(wanted);
  }

  private TrainingRun start(RunConfig config, Ops ops) throws IOException {
    Path path = Files.createDirectories(folder.resolve("run"));
    return new TrainingRun(config, path, "hash", ops, new RunListener() {}, () -> false);
  }

  @Test
  void whatDoesNotFit_isGivenBack() throws IOException {
    Path model = TinyTextModel.make(folder);
    RunConfig config = TinyTextModel.config(folder, model, "task.text.maxNewTokens", "40");
    try (Backend backend = Backends.open("cpu", 1)) {
      Ops ops = new Ops(backend);
      assertThatThrownBy(() -> start(config, ops))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("max_position_embeddings 64");
      assertThat(ops.arenas()).isEmpty();
    }
  }
}
