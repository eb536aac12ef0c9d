package org.score4j.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TornadoSdkTest {
  @TempDir private Path home;

  private TornadoSdk sdk(String name, String argfile) throws IOException {
    Files.writeString(home.resolve(name), argfile);
    return TornadoSdk.find(Map.of(TornadoSdk.HOME, home.toString())::get).orElseThrow();
  }

  @Test
  void commandLinesThatNameTheDevice_wantIt() {
    assertThat(TornadoSdk.wanted("demo", "--device", "tornado")).isTrue();
    assertThat(TornadoSdk.wanted("demo", "--device=tornado:12")).isTrue();
    assertThat(TornadoSdk.wanted("bench", "--beside=cpu,tornado")).isTrue();
    assertThat(TornadoSdk.wanted("generate", "a tornado came", "--device=cpu")).isFalse();
    assertThat(TornadoSdk.wanted("demo", "--device=tornadoes")).isFalse();
  }

  @Test
  void flags_areTheArgfiles_withoutCommentsAndTheCurrentFolder() throws IOException {
    TornadoSdk sdk =
        sdk(
            "tornado-argfile",
            """
            # === settings ===
            -XX:+EnableJVMCI
            -XX:+UseParallelGC

            -Dname="with blank"
            --module-path .:/sdk/share/java/tornado
            --add-modules ALL-SYSTEM,tornado.runtime
            """);
    assertThat(sdk.flags(List.of("-Xmx1g")))
        .containsExactly(
            "-XX:+EnableJVMCI",
            "-XX:+UseParallelGC",
            "-Dname=with blank",
            "--module-path",
            "/sdk/share/java/tornado",
            "--add-modules",
            "ALL-SYSTEM,tornado.runtime");
  }

  @Test
  void theCallersCollector_replacesTheArgfiles() throws IOException {
    TornadoSdk sdk = sdk("tornado-argfile", "-XX:+EnableJVMCI\n-XX:+UseParallelGC\n");
    assertThat(sdk.flags(List.of("-XX:+UseSerialGC"))).containsExactly("-XX:+EnableJVMCI");
  }

  @Test
  void aTemplate_isFilledInWithTheFolder() throws IOException {
    TornadoSdk sdk = sdk("tornado-argfile.template", "-Djava.library.path=${TORNADOVM_HOME}/lib\n");
    assertThat(sdk.flags(List.of())).containsExactly("-Djava.library.path=" + home + "/lib");
  }

  @Test
  void aFolderWithoutArgfile_isNoSdk() {
    assertThat(TornadoSdk.find(Map.of(TornadoSdk.HOME, home.toString())::get)).isEmpty();
    assertThat(TornadoSdk.find(name -> null)).isEmpty();
  }

  @Test
  void launcherScript_passesTheArgfile() throws IOException {
    assertThat(Files.readString(Path.of("..", "bin", "score4j")))
        .contains("@$TORNADOVM_HOME/tornado-argfile");
  }
}
