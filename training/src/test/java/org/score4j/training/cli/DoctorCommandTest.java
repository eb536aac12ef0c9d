package org.score4j.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.cuda.CudaReport;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.Evaluated;
import org.score4j.training.run.RunFolder;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.text.TextModel;

final class DoctorCommandTest {
  private static final CudaReport NOTHING =
      new CudaReport(
          "",
          List.of(),
          List.of(),
          "",
          List.of("no libcuda.so.1; install the driver", "no libnvrtc.so.12; install CUDA"));
  private static final CudaReport TWO_GPUS =
      new CudaReport(
          "580.1, for CUDA up to 13.0",
          List.of(
              new CudaReport.Device(0, "H100", "9.0", 80L << 30, 79L << 30, List.of()),
              new CudaReport.Device(1, "T4", "7.5", 16L << 30, 1L << 30, List.of("cuda:1 is old"))),
          List.of("libcublas 13, /x/libcublas.so.13", "libnvrtc 13, /x/libnvrtc.so.13"),
          "JCuda's, pointed at CUDA 13",
          List.of());

  private final Screen screen = new Screen();
  private final StringWriter stdout = new StringWriter();

  private static final TornadoReport NO_TORNADO =
      new TornadoReport(List.of(), "TORNADOVM_HOME is not set; install its SDK");
  private static final TornadoReport TWO_DEVICES =
      new TornadoReport(List.of("OPENCL a GPU", "OPENCL a CPU"), "");

  /** Knows of the devices and nothing else. */
  private record OnlyDevices(CudaReport cuda, TornadoReport tornado) implements Engine {
    @Override
    public void check(Execution execution) {
      throw new UnsupportedOperationException("the doctor opens backends itself");
    }

    @Override
    public RunResult train(
        RunFolder folder,
        boolean resume,
        Execution execution,
        RunListener listener,
        BooleanSupplier stopRequested) {
      throw new UnsupportedOperationException("the doctor does not train");
    }

    @Override
    public Evaluated evaluate(
        RunConfig config, Path model, int problems, double temperature, Execution execution) {
      throw new UnsupportedOperationException("the doctor does not evaluate");
    }

    @Override
    public List<String> generate(
        RunConfig config,
        Path model,
        String prompt,
        int turns,
        double temperature,
        Execution execution) {
      throw new UnsupportedOperationException("the doctor does not generate");
    }

    @Override
    public void withModel(Path model, Execution execution, Consumer<TextModel> use) {
      throw new UnsupportedOperationException("the doctor opens no model");
    }
  }

  private int doctor(CudaReport cuda, String... options) {
    return doctor(new OnlyDevices(cuda, NO_TORNADO), options);
  }

  private int doctor(Engine engine, String... options) {
    stdout.getBuffer().setLength(0);
    String[] args = new String[options.length + 1];
    args[0] = "doctor";
    System.arraycopy(options, 0, args, 1, options.length);
    Terminal plain = new Terminal(screen.out(), false, false, 80);
    return Score4j.execute(engine, plain, new PrintWriter(stdout), args);
  }

  private List<String> linesOfCuda() {
    return stdout.toString().lines().filter(line -> line.contains("cuda")).toList();
  }

  @Test
  void machineWithoutGpu_canTrain_andSaysSoInOneLine() throws IOException {
    assertThat(doctor(NOTHING)).isZero();
    assertThat(linesOfCuda())
        .containsExactly(
            "– cuda               not on this machine, which only --device cuda needs: no"
                + " libcuda.so.1; install the driver");
    assertThat(stdout.toString()).endsWith("Training can run here.\n");
    assertThat(doctor(NOTHING, "--json")).isZero();
    JsonNode document = new ObjectMapper().readTree(stdout.toString());
    assertThat(document.path("can_train").asBoolean()).isTrue();
    assertThat(document.path("java").path("ok").asBoolean()).isTrue();
    assertThat(document.path("programs").path("found").asText())
        .containsAnyOf("system calls filtered by seccomp", "cannot be judged");
    assertThat(document.path("device reference").path("found").asText()).contains("double");
    assertThat(document.path("cuda").path("ok").asBoolean(true)).isFalse();
    assertThat(document.path("cuda").path("needed").asBoolean(true)).isFalse();
  }

  @Test
  void machineWithoutGpu_cannotTrainOnOne_andSaysAllThatIsMissing() {
    assertThat(doctor(NOTHING, "--device=cuda")).isEqualTo(1);
    assertThat(stdout.toString())
        .contains(
            """
            ✗ cuda               no libcuda.so.1; install the driver
                                 no libnvrtc.so.12; install CUDA
            """)
        .endsWith("Training cannot run here yet; see the lines with ✗.\n");
  }

  @Test
  void gpu_isShownWithItsLibraries() {
    assertThat(doctor(TWO_GPUS, "--device=cuda")).isZero();
    assertThat(stdout.toString())
        .contains(
            """
            ✓ cuda driver        580.1, for CUDA up to 13.0
            ✓ cuda:0             H100, compute capability 9.0, 81920 MiB of memory, 80896 MiB free
            – cuda:1             T4, compute capability 7.5, 16384 MiB of memory, 1024 MiB free
                                 cuda:1 is old
            ✓ cuda libraries     libcublas 13, /x/libcublas.so.13
                                 libnvrtc 13, /x/libnvrtc.so.13
            ✓ cuda natives       JCuda's, pointed at CUDA 13
            ✓ cuda               cuda:0 can be used
            """);
  }

  @Test
  void chosenGpu_decidesWhetherTrainingCanRun() {
    assertThat(doctor(TWO_GPUS, "--device=cuda:0")).isZero();
    assertThat(doctor(TWO_GPUS, "--device=cuda:1")).isEqualTo(1);
    assertThat(linesOfCuda()).contains("✗ cuda               cuda:1 is old");
    assertThat(doctor(TWO_GPUS, "--device=cuda:2")).isEqualTo(1);
    assertThat(stdout.toString()).contains("there is no cuda:2, the driver shows 2 GPUs");
    assertThat(doctor(TWO_GPUS, "--device=cpu")).isZero();
  }

  @Test
  void unknownDevice_isRefused() {
    assertThat(doctor(TWO_GPUS, "--device=gpu")).isEqualTo(1);
    assertThat(screen.raw())
        .startsWith("score4j: error: device 'gpu' is unknown; use cpu, reference, cuda, cuda:N");
  }

  private List<String> linesOfTornado() {
    return stdout.toString().lines().filter(line -> line.startsWith("tornado", 2)).toList();
  }

  @Test
  void withoutTornadoVm_oneCalmLineSaysWhatToInstall_andAskingForItFails() {
    assertThat(doctor(NOTHING)).isZero();
    assertThat(linesOfTornado())
        .containsExactly(
            "– tornado            not on this machine, which only --device tornado needs:"
                + " TORNADOVM_HOME is not set; install its SDK");
    assertThat(doctor(NOTHING, "--device=tornado")).isEqualTo(1);
    assertThat(linesOfTornado())
        .containsExactly("✗ tornado            TORNADOVM_HOME is not set; install its SDK");
  }

  @Test
  void devicesOfTornadoVm_areListedByTheirNumbers_andTheChosenOneMustExist() {
    Engine engine = new OnlyDevices(NOTHING, TWO_DEVICES);
    assertThat(doctor(engine)).isZero();
    assertThat(linesOfTornado())
        .containsExactly("✓ tornado:0          OPENCL a GPU", "✓ tornado:1          OPENCL a CPU");
    assertThat(doctor(engine, "--device=tornado:1")).isZero();
    assertThat(linesOfTornado()).contains("✓ tornado            tornado:1 can be used");
    assertThat(doctor(engine, "--device=tornado:2")).isEqualTo(1);
    assertThat(linesOfTornado())
        .contains("✗ tornado            there is no tornado:2; use one of the 2 above");
  }
}
