package org.score4j.training.verifiers.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreciseTest {
  private static @Nullable Precise value(String latex) throws UnreadableException {
    Budget budget = new Budget(Duration.ofSeconds(10).toNanos());
    Expression expression =
        new ExpressionParser(LatexLexer.tokens(latex, false).tokens(), budget).parse();
    return new PreciseEvaluator(new ExactEvaluator(Map.of(), budget), budget).value(expression);
  }

  /** By mpmath 1.3.0, {@code mp.dps = 75}, {@code nstr(x, 65)}. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "e^{-100} | 3.7200759760208359629596958038631183373588922923767819671206138767e-44",
        "\\ln 2 | 0.69314718055994530941723212145817656807550013436025525412068000949",
        "\\sin 1 | 0.84147098480789650665250232163029899962256306079837106567275170999",
        "\\cos(10^{-9}) | 0.99999999999999999950000000000000000004166666666666666666527777778",
        "\\tan 15^\\circ | 0.26794919243112270647255365849412763305719474618961937194419302055",
        "\\arctan\\frac12 | 0.46364760900080611621425623146121440202853705428612026381093308872",
        "\\arcsin\\frac13 | 0.33983690945412193709639251339176406638824469033245807143192396249",
        "\\arccos\\frac13 | 1.2309594173407746821349291782479873757103400093550948390555483337",
        "\\sqrt[3]{2} | 1.2599210498948731647672106072782283505702514647015079800819751122",
        "2^{\\sqrt2} | 2.6651441426902251886502972498731398482742113137146594928359795934",
        "\\sinh 1 | 1.1752011936438014568823818505956008151557179813340958702295654130",
        "\\cosh 1 | 1.5430806348152437784779056207570616826015291123658637047374022147",
        "\\tanh 1 | 0.76159415595576488811945828260479359041276859725793655159681050012",
        "\\log 7 | 0.84509804001425683071221625859263619348357239632396540650363495372",
        "e^{\\pi\\sqrt{163}} | 262537412640768743.99999999999925007259719818568887935385633733699",
        "\\sec 1 | 1.8508157176809256179117532413986501934703966550940092988351582779",
        "\\csc 1 | 1.1883951057781212162615994523745510035278298340979626252652536664",
        "\\cot 1 | 0.64209261593433070300641998659426562023027811391817137910116228043",
        "\\sin(10^{15}) | 0.85827279317023583552388639084840664660020340822072970781534177179",
        "\\ln(2^{100}+1) | 69.314718055994530941723212145818445668455234447830937140633283424",
        "\\log_3 7 | 1.7712437491614222600679283070824577180664713345942434793689925773",
        "\\frac{1}{1500!} |"
            + " 2.0781389398582175698827941355426736492757610234073486646828695690e-4115",
        "e^{1000} | 1.9700711140170469938888793522433231253169379853238457899528029914e+434",
        "-\\sqrt[5]{7} | -1.4757731615945520692769166956322441065440936137402035677709041689",
        "\\pi^{10} | 93648.047476083020973716690184919345635998157275514694127052449393"
      })
  void valuesAreThoseOfMpmath(String latex, BigDecimal expected) throws UnreadableException {
    Precise value = Objects.requireNonNull(value(latex));
    BigDecimal ulp = expected.ulp();
    assertThat(value.value().subtract(expected).abs()).isLessThanOrEqualTo(ulp);
    assertThat(value.error()).isLessThan(ulp);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\ln 0",
        "\\ln(-1)",
        "\\sqrt{-2}",
        "\\arcsin 2",
        "\\tan 90^\\circ",
        "\\frac{1}{\\sin\\pi}",
        "\\frac{1}{\\sqrt2\\cdot\\sqrt2-2}",
        "e^{10^9}",
        "e^{-10^9}",
        "\\sin(10^{30})",
        "(10^6)!",
        "2^{\\sqrt2\\cdot10^9}",
        "i",
        "x",
        "\\infty"
      })
  void whatHasNoValueOrTakesLongHasNone(String latex) throws UnreadableException {
    assertThat(value(latex)).isNull();
  }

  @Test
  void identitiesHoldWithinTheErrorAndADifferenceOf50DigitsIsSeen() {
    long seed = Long.getLong("score4j.seed", 71L);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 200; i++) {
      Rational share = Rational.of(random.nextInt(1, 2_000), random.nextInt(1, 700));
      Precise x = Precise.of(share);
      String at = "x = %s, score4j.seed=%d".formatted(share, seed);
      assertSame(at, square(x.sin()).plus(square(x.cos())), Precise.ONE);
      assertSame(at, Objects.requireNonNull(x.ln()).exp(), x);
      assertSame(at, Objects.requireNonNull(x.negate().exp()).ln(), x.negate());
      assertSame(at, square(x.root(2)), x);
      int order = random.nextInt(3, 60);
      assertSame(at, Objects.requireNonNull(x.root(order)).wholePower(order), x);
      Precise angle = x.arctan();
      Precise tangent =
          Objects.requireNonNull(angle.sin()).dividedBy(Objects.requireNonNull(angle.cos()));
      assertSame(at, tangent, x);
      Precise small = Precise.of(Rational.of(random.nextInt(-999, 1_000), 1_000));
      assertSame(at, Objects.requireNonNull(small.arcsin()).sin(), small);
    }
  }

  private static Precise square(@Nullable Precise value) {
    Precise given = Objects.requireNonNull(value);
    return given.times(given);
  }

  private static void assertSame(String at, @Nullable Precise value, Precise expected) {
    Precise given = Objects.requireNonNull(value);
    assertThat(given.compare(expected)).as(at).isEqualTo(Precise.Agreement.SAME);
    BigDecimal step = expected.value().scaleByPowerOfTen(-50);
    Precise moved = new Precise(given.value().add(step), given.error());
    assertThat(moved.compare(expected))
        .as(at)
        .isEqualTo(step.signum() == 0 ? Precise.Agreement.SAME : Precise.Agreement.DIFFERENT);
  }
}
