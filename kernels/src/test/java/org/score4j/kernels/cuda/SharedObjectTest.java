package org.score4j.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import jcuda.LibUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SharedObjectTest {
  private static final String CALLER =
      "int foo_version(void); int call(void) { return 100 + foo_version(); }";
  private static final Path READELF = Path.of("/usr/bin/readelf");

  @TempDir private Path folder;

  /** libcaller.so, linked with libfoo.so.12, whose symbol version is given. */
  private Path caller(String version, String source) throws IOException, InterruptedException {
    ToyLibraries.assumeGcc();
    Path foo = build("libfoo.so.12", version, 12);
    return ToyLibraries.build(folder, "libcaller.so", "", source, foo);
  }

  private Path build(String name, String version, int result)
      throws IOException, InterruptedException {
    String source = "int foo_version(void) { return %d; }".formatted(result);
    return ToyLibraries.build(folder, name, version, source);
  }

  private static SharedObject read(Path file) throws IOException {
    return new SharedObject(file.getFileName().toString(), Files.readAllBytes(file));
  }

  private static byte[] native12(String stem) throws IOException {
    try (InputStream in =
        LibUtils.class.getResourceAsStream("/lib/lib%s-12.6.0-linux-x86_64.so".formatted(stem))) {
      assertThat(in).isNotNull();
      return in.readAllBytes();
    }
  }

  @Test
  @SuppressWarnings("restricted") // Loading what was patched is the test.
  void libraryPointedAtAnotherVersion_callsThatOne() throws Throwable {
    Path caller = caller("libfoo.so.12", CALLER);
    Path foo13 = build("libfoo.so.13", "libfoo.so.13", 13);
    // The linker would find it in no folder; only the patched name can reach the one loaded below.
    Files.delete(folder.resolve("libfoo.so.12"));
    Path patched = folder.resolve("libpatched.so");
    Files.write(patched, read(caller).withNeeded("libfoo.so.12", "libfoo.so.13"));
    try (Arena arena = Arena.ofConfined()) {
      assertThatIllegalArgumentException()
          .as("the library as it was")
          .isThrownBy(() -> SymbolLookup.libraryLookup(caller, arena));
      SymbolLookup foo = SymbolLookup.libraryLookup(foo13, arena);
      assertThat(foo.find("foo_version")).isPresent();
      SymbolLookup lookup = SymbolLookup.libraryLookup(patched, arena);
      int answer =
          (int)
              Linker.nativeLinker()
                  .downcallHandle(
                      lookup.findOrThrow("call"), FunctionDescriptor.of(ValueLayout.JAVA_INT))
                  .invokeExact();
      assertThat(answer).isEqualTo(113);
    }
    assertThat(read(patched).needed()).contains("libfoo.so.13").doesNotContain("libfoo.so.12");
  }

  @ParameterizedTest
  @CsvSource({"JNvrtc, libnvrtc", "JCublas2, libcublas"})
  void nativesOfJCuda_changeInNameVersionAndHashOnly(String stem, String library) throws Exception {
    byte[] before = native12(stem);
    SharedObject native12 = new SharedObject(stem, before);
    byte[] after = native12.withNeeded(library + ".so.12", library + ".so.13");

    assertThat(native12.needed()).contains(library + ".so.12");
    SharedObject native13 = new SharedObject(stem, after);
    assertThat(native13.needed())
        .isEqualTo(
            native12.needed().stream()
                .map(name -> name.equals(library + ".so.12") ? library + ".so.13" : name)
                .toList());
    // One digit of the string (or of two) and the last byte of the hash.
    int differences = 0;
    for (int i = 0; i < before.length; i++) {
      differences += before[i] == after[i] ? 0 : 1;
    }
    assertThat(differences).isBetween(2, 3);
    // And back.
    assertThat(native13.withNeeded(library + ".so.13", library + ".so.12")).isEqualTo(before);

    assumeTrue(Files.isExecutable(READELF), "needs readelf to judge; install binutils");
    Path file = Files.write(folder.resolve("native.so"), after);
    String seen =
        ToyLibraries.output(List.of(READELF.toString(), "--wide", "-d", "-V", file.toString()));
    assertThat(seen)
        .contains("Shared library: [%s.so.13]".formatted(library))
        .containsPattern("Version: 1  File: %s.so.13  Cnt: 1".formatted(library))
        .containsPattern("Name: %s.so.13  Flags: none".formatted(library))
        .doesNotContain(library + ".so.12")
        .doesNotContain("<corrupt");
  }

  @Test
  void driverNative_needsNoVersionOfCuda() throws IOException {
    assertThat(new SharedObject("JCudaDriver", native12("JCudaDriver")).needed())
        .contains("libcuda.so.1")
        .noneMatch(name -> name.endsWith(".12"));
  }

  @Test
  void libraryWithoutVersions_isRefused() throws Exception {
    Path caller = caller("", CALLER);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(caller).withNeeded("libfoo.so.12", "libfoo.so.13"))
        .withMessageContaining("libcaller.so names libfoo.so.12 0 times as a file with versions");
  }

  @Test
  void versionOfAnotherName_isRefused() throws Exception {
    Path caller = caller("FOO_1.0", CALLER);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(caller).withNeeded("libfoo.so.12", "libfoo.so.13"))
        .withMessageContaining("takes version FOO_1.0")
        .withMessageContaining("from libfoo.so.12, not the version of that name");
  }

  @Test
  void stringSharedWithASymbol_isRefused() throws Exception {
    // The linker keeps "so.12" as the ending of "libfoo.so.12".
    Path caller = caller("libfoo.so.12", CALLER + " int other __asm__(\"so.12\") = 1;");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(caller).withNeeded("libfoo.so.12", "libfoo.so.13"))
        .withMessageContaining("uses the name libfoo.so.12 also for 'so.12'");
  }

  @Test
  void nameOfAnotherLength_isRefused() throws IOException {
    SharedObject nvrtc = new SharedObject("JNvrtc", native12("JNvrtc"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> nvrtc.withNeeded("libnvrtc.so.12", "libnvrtc.so.130"))
        .withMessageContaining("not as long");
  }

  @Test
  void whatIsNoLibrary_isRefused() throws IOException {
    assertThatThrownBy(() -> new SharedObject("x.so", new byte[100]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("x.so is no shared library for Linux x86-64");
    Path with32Bits = ToyLibraries.header(folder.resolve("a/lib32.so"), false);
    Path with64Bits = ToyLibraries.header(folder.resolve("a/lib64.so"), true);
    assertThat(SharedObject.isOne(with32Bits)).isFalse();
    assertThat(SharedObject.isOne(with64Bits)).isTrue();
    assertThat(SharedObject.isOne(folder)).isFalse();
    assertThat(SharedObject.isOne(folder.resolve("nothing"))).isFalse();
  }

  @Test
  void damagedLibraries_areRefusedAndNothingWorse() throws IOException {
    byte[] whole = native12("JNvrtc");
    long seed = Long.getLong("score4j.seed", System.nanoTime());
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 600; i++) {
      byte[] damaged =
          i % 4 == 0 ? Arrays.copyOf(whole, 64 + random.nextInt(whole.length - 64)) : whole.clone();
      // Half of them where the headers are, for most bytes are code that nobody reads.
      int reach = i % 2 == 0 ? Math.min(4096, damaged.length) : damaged.length;
      damaged[random.nextInt(reach)] ^= (byte) (1 << random.nextInt(8));
      int sections = damaged.length - 64 - random.nextInt(Math.min(2048, damaged.length - 64));
      damaged[sections] = (byte) random.nextInt(256);
      Throwable failure =
          catchThrowable(
              () ->
                  new SharedObject("damaged.so", damaged)
                      .withNeeded("libnvrtc.so.12", "libnvrtc.so.13"));
      if (failure != null) {
        assertThat(failure)
            .as("seed %d, case %d", seed, i)
            .isExactlyInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("damaged.so ");
        refused++;
      }
    }
    assertThat(refused).as("refused, seed %d", seed).isGreaterThan(150);
  }
}
