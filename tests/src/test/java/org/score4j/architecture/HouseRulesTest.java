package org.score4j.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who may import what, over the classes of all modules. Backends may be absent, hence
 * allowEmptyShould.
 */
final class HouseRulesTest {
  private static final List<String> BACKENDS = List.of("reference", "cpu", "cuda", "tornado");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("/jmh_generated/"))
          .importPackages("org.score4j");

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu", "cuda", "tornado"})
  void backend_doesNotImportAnother(String backend) {
    noClasses()
        .that()
        .resideInAPackage(packageOf(backend))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            BACKENDS.stream()
                .filter(other -> !other.equals(backend))
                .map(HouseRulesTest::packageOf)
                .toArray(String[]::new))
        .because("a backend is judged against the others, so it must stand alone")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void vectorApi_isOnlyImportedByCpu() {
    noClasses()
        .that()
        .resideOutsideOfPackages(packageOf("cpu"), "org.score4j.benchmarks..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .because("only the cpu backend, and the measure of its peak, compute with the Vector API")
        .check(CLASSES);
  }

  @Test
  void jcuda_isOnlyImportedByCuda() {
    noClasses()
        .that()
        .resideOutsideOfPackage(packageOf("cuda"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jcuda..")
        .because("everything else must run where there is no GPU")
        .check(CLASSES);
  }

  @Test
  void tornadoVm_isOnlyImportedByTornado() {
    noClasses()
        .that()
        .resideOutsideOfPackage(packageOf("tornado"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("uk.ac.manchester.tornado..")
        .because("everything else must build and run without its SDK")
        .check(CLASSES);
  }

  @Test
  void training_isImportedByNothing() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.score4j.training..", "org.score4j.benchmarks..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.score4j.training..")
        .because("training is the program, the other modules are its libraries")
        .check(CLASSES);
  }

  @Test
  void packagesOfTraining_dependOnEachOtherInOneDirection() {
    slices()
        .matching("org.score4j.training.(*)..")
        .should()
        .beFreeOfCycles()
        .because("each part of the program can then be read, tested and replaced below the next")
        .check(CLASSES);
  }

  @Test
  void classNames_sayWhatTheClassDoes() {
    noClasses()
        .should()
        .haveNameMatching(".*(Manager|Helper|Util|Utils|Impl|Base)")
        .because("such a name says nothing; a helper lives beside its main user")
        .check(CLASSES);
  }

  @Test
  void everyPackage_isNullMarked() {
    Set<String> unmarked =
        CLASSES.stream()
            .map(JavaClass::getPackage)
            .filter(found -> !found.isAnnotatedWith(NullMarked.class))
            .map(JavaPackage::getName)
            .collect(Collectors.toSet());

    assertThat(unmarked).as("packages without @NullMarked in a package-info.java").isEmpty();
  }

  @Test
  void importedClasses_areOfAllModules() {
    assertThat(CLASSES.stream().map(JavaClass::getPackageName))
        .contains(
            "org.score4j.kernels",
            "org.score4j.core",
            "org.score4j.tokenizer",
            "org.score4j.checkpoints",
            "org.score4j.training");
  }

  private static String packageOf(String backend) {
    return "org.score4j.kernels." + backend + "..";
  }
}
