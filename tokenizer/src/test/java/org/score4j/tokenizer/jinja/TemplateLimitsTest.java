package org.score4j.tokenizer.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that would take all time or memory end with one line; large conversations do not. */
class TemplateLimitsTest {
  private static final long MEGABYTE = 1_000_000;

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Steps.
        "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{%"
            + " endfor %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{{ range(100000) | sum }}{% endfor %}",
        "{% for a in range(100000) %}{% if range(100000) | list == range(100000) | list %}{% endif"
            + " %}{% endfor %}",
        "{% set s = 'ab' * 4000000 %}{% for a in range(100000) %}{{ s.find('c') }}{% endfor %}",
        "{% set s = ' ' * 8000000 %}{% for a in range(100000) %}{{ s | trim }}{% endfor %}",
        "{% set s = 'ab' * 4000000 %}{% for a in range(100000) %}{{ s[7000000] }}{% endfor %}",
        "{% macro f(n) %}{{ f(n - 1) if n > 0 }}{{ f(n - 1) if n > 0 }}{% endmacro %}{{ f(60) }}",
        "{{ range(100000) | map('string') | sort | unique | list | map('length') | sum }}"
            + "{% for a in range(100000) %}{{ range(100000) | sort | length }}{% endfor %}",
        // Texts and output.
        "{% set ns = namespace(s='ab') %}{% for a in range(40) %}{% set ns.s = ns.s + ns.s %}{%"
            + " endfor %}{{ ns.s | length }}",
        "{% for a in range(100000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ 'x' * 10 ** 12 }}",
        "{{ ('x' * 10000000) | replace('x', 'y' * 10000000) | length }}",
        "{{ 'x'.center(10 ** 10) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1.5 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'x' | indent(999999999, true) }}",
        "{{ [1] | tojson(indent=999999999) }}",
        "{{ '\\t'.expandtabs(999999999) * 20 }}",
        "{{ range(100000) | join('x' * 1000) | length }}",
        "{{ strftime_now('%999999Y' * 20) }}",
        // Numbers.
        "{{ 10 ** 10000000 }}",
        "{% set ns = namespace(n=10) %}{% for a in range(60) %}{% set ns.n = ns.n * ns.n %}{%"
            + " endfor %}{{ ns.n }}",
        // Lists, dicts and what refers to long texts.
        "{{ ([0] * 1000000000) | length }}",
        "{% set ns = namespace(l=[0]) %}{% for a in range(40) %}{% set ns.l = ns.l + ns.l %}{%"
            + " endfor %}{{ ns.l | length }}",
        "{{ range(1000) | map('string') | map('center', 8000000) | list | length }}",
        "{% set ns = namespace(l=[]) %}{% set s = 'ab' * 2000000 %}{% for a in range(1000) %}{%"
            + " set ns.l = ns.l + [s ~ a] %}{% endfor %}{{ ns.l | length }}",
        "{% set ns = namespace(l=[]) %}{% set s = 'ab' * 2000000 %}{% for a in range(1000) %}{%"
            + " set t = s ~ a %}{% macro m() %}{{ t }}{% endmacro %}{% set ns.l = ns.l + [m] %}{%"
            + " endfor %}{{ ns.l | length }}",
        "{% set ns = namespace(l=[]) %}{% set s = 'ab' * 2000000 %}{% for a in range(1000) %}{%"
            + " set ns.l = ns.l + [(s ~ a) | map('upper')] %}{% endfor %}{{ ns.l | length }}",
        "{% set ns = namespace(d={}) %}{% set s = 'ab' * 2000000 %}{% for a in range(1000) %}{%"
            + " set ns.d = {'before': ns.d, 'text': s ~ a} %}{% endfor %}{{ ns.d | length }}",
        "{% macro f(n, s) %}{{ f(n + 1, s ~ 'x') }}{% endmacro %}{{ f(0, 'ab' * 7000000) }}",
        // Depth.
        "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
        "{% set ns = namespace(l=[]) %}{% for a in range(100000) %}{% set ns.l = [ns.l] %}{% endfor"
            + " %}{{ ns.l }}",
        "{% set ns = namespace(l=[]) %}{% for a in range(100000) %}{% set ns.l = [ns.l] %}{% endfor"
            + " %}{{ ns.l | tojson }}",
        "{% set ns = namespace(l=[], m=[]) %}{% for a in range(100000) %}{% set ns.l = [ns.l] %}{%"
            + " set ns.m = [ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
        "{% set ns = namespace(l=(1,)) %}{% for a in range(100000) %}{% set ns.l = (ns.l,) %}{%"
            + " endfor %}{{ {ns.l: 1} | length }}",
        "{% set ns = namespace() %}{% set ns.ns = ns %}{{ ns }}",
        "{% set ns = namespace(l=(1,)) %}{% for a in range(60) %}{% set ns.l = (ns.l, ns.l) %}{%"
            + " endfor %}{{ ns.l | string | length }}",
        "{% for a in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
      })
  void whatWouldTakeAllTimeOrMemoryEndsWithOneLine(String source) {
    long begin = System.nanoTime();
    assertThatThrownBy(() -> render(source, Map.of()))
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(TemplateException.Kind.LIMIT);
              assertThat(e.line()).isEqualTo(1);
              assertThat(e.reason()).doesNotContain("\n");
            });
    // A few seconds on an idle machine; the build runs beside others.
    assertThat((System.nanoTime() - begin) / 1e9).isLessThan(120);
  }

  @Test
  void sourcesThatNestWithoutEndAreRefused() {
    for (String open : List.of("(", "[", "-", "not ", "{1:", "a[", "f(", "1 if 1 else ", "a.b(")) {
      String source = "{{ " + open.repeat(200_000);
      assertThatThrownBy(() -> Template.parse(source))
          .as(open)
          .isInstanceOf(TemplateException.class);
    }
    assertThatThrownBy(() -> Template.parse("{% if 1 %}".repeat(100_000)))
        .isInstanceOf(TemplateException.class);
    for (String more : List.of("+1", "~a", ".a", "[0]", " and a", "|trim", " is a and a", "()")) {
      String source = "{{ a" + more.repeat(200_000) + " }}";
      // Chains may be rendered or refused; what must not happen is an error of the JVM.
      Throwable thrown = catchThrowable(() -> render(source, Map.of("a", 1)));
      if (thrown != null) {
        assertThat(thrown).as(more).isInstanceOf(TemplateException.class);
      }
    }
  }

  @Test
  void tenThousandTurnsAndAMegabyteOfTextAreRendered() {
    String source =
        "{% set ns = namespace(last=0, all='') %}{% for m in messages[::-1] %}{% if m.role =="
            + " 'user' and not ns.last %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}{%"
            + " for m in messages %}{% set content = m.content | trim %}{% if loop.index0 >"
            + " messages | length - ns.last or not loop.last %}{% set ns.all = ns.all +"
            + " content %}{{ '<|' ~ m['role'] ~ '|>' + content.split('</think>')[-1].lstrip('\\n')"
            + " }}{% endif %}{% set rest = messages[loop.index:] %}{% endfor %}{{ ns.all | length"
            + " }}";
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      messages.add(
          Map.of(
              "role",
              i % 2 == 0 ? "user" : "assistant",
              "content",
              "<think>x</think>" + i + "é".repeat(100)));
    }
    String text = render(source, Map.of("messages", messages));
    assertThat(text.length()).isGreaterThan(1_000_000);
    assertThat(render("{{ m | trim | upper }}", Map.of("m", "ß".repeat(5_000_000))))
        .hasSize(10_000_000);
  }

  @Test
  void aMacroMayCallItselfAsDeepAsInPython() {
    String source =
        "{% macro f(n) %}{% if n > 0 %}{{ n % 10 }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(150)"
            + " | length }}";
    assertThat(render(source, Map.of())).isEqualTo("150");
  }

  @Test
  void memoryOfWhatATemplateMayHoldIsWithinTheLimit() {
    // 30 texts of 8 MB and more: refused by what they take, not by the heap.
    String source =
        "{% set ns = namespace(l=[]) %}{% set s = '\\u4e00' * 15000000 %}{% for a in range(1000)"
            + " %}{% set ns.l = ns.l + [s[:14000000] ~ a] %}{% endfor %}";
    long before = used();
    assertThatThrownBy(() -> render(source, Map.of()))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("MB");
    assertThat(used() - before).isLessThan(800 * MEGABYTE);
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    System.gc();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static String render(String source, Map<String, ?> values) {
    return Template.parse(source).render(values, () -> 0, Limits.DEFAULT);
  }
}
