package org.score4j.training.tasks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgramMutationsTest {
  @Test
  void oneOperatorOrConstantIsAnother() {
    assertThat(ProgramMutations.of("return a + 1")).containsExactly("return a - 1", "return a + 2");
    assertThat(ProgramMutations.of("if x <= y and not True: z //= w"))
        .containsExactly(
            "if x < y and not True: z //= w",
            "if x <= y or not True: z //= w",
            "if x <= y and not False: z //= w",
            "if x <= y and not True: z *= w");
  }

  @Test
  void whatIsNoOperationStaysAsItIs() {
    assertThat(ProgramMutations.of("import re # 1 + 2\nfrom a import b\n")).isEmpty();
    assertThat(ProgramMutations.of("'1 + 2'; \"a\\\"1+1\"; '''1\n+1'''; f(*a, **b)")).isEmpty();
    assertThat(ProgramMutations.of("def f(x) -> int: return -x")).isEmpty();
    assertThat(ProgramMutations.of("x1 = 0x1F")).isEmpty();
  }
}
