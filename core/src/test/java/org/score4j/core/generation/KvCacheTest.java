package org.score4j.core.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.score4j.core.model.ModelConfig;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.Ops;
import org.score4j.kernels.reference.ReferenceBackend;

class KvCacheTest {
  private static final int PAGE = AttentionKernels.PAGE_TOKENS;
  private static final ModelConfig MODEL =
      new ModelConfig(8, 4, 1, 2, 1, 2, 4, 256, 1e-5, 1e4, null, false, false, false);

  private final KvCache cache = new KvCache(new Ops(new ReferenceBackend()), MODEL, 4);

  @AfterEach
  void close() {
    cache.close();
  }

  @Test
  void sequence_takesAPageWhenItsTokensNeedOne() {
    KvCache.Sequence sequence = cache.newSequence();
    assertThat(cache.freePages()).isEqualTo(4);
    extend(sequence, PAGE);
    assertThat(cache.freePages()).isEqualTo(3);
    int[] slots = extend(sequence, 1);
    assertThat(cache.freePages()).isEqualTo(2);
    assertThat(slots[0]).isEqualTo(sequence.page(1) * PAGE);
    assertThat(sequence.length()).isEqualTo(PAGE + 1);
    cache.release(sequence);
    assertThat(cache.freePages()).isEqualTo(4);
  }

  @Test
  void fork_sharesPagesUntilOneSideWritesIntoAPartlyFilledOne() {
    KvCache.Sequence first = cache.newSequence();
    extend(first, PAGE + 3);
    KvCache.Sequence second = cache.fork(first);
    assertThat(cache.freePages()).isEqualTo(2);
    int[] copied = extend(second, 1);
    assertThat(second.page(0)).isEqualTo(first.page(0));
    assertThat(second.page(1)).isNotEqualTo(first.page(1));
    assertThat(copied[0]).isEqualTo(second.page(1) * PAGE + 3);
    int shared = first.page(1);
    int[] inPlace = extend(first, 1);
    assertThat(inPlace[0]).as("the last holder needs no copy").isEqualTo(shared * PAGE + 3);
    cache.release(first);
    assertThat(cache.freePages()).as("the full page is still shared").isEqualTo(2);
    cache.release(second);
    assertThat(cache.freePages()).isEqualTo(4);
  }

  @Test
  void fullPages_areNeverCopied() {
    KvCache.Sequence first = cache.newSequence();
    extend(first, PAGE);
    KvCache.Sequence second = cache.fork(first);
    extend(second, 1);
    assertThat(second.page(0)).isEqualTo(first.page(0));
    assertThat(cache.freePages()).isEqualTo(2);
  }

  @Test
  void exhaustion_saysHowManyPagesThereAreAndLosesNone() {
    KvCache.Sequence sequence = cache.newSequence();
    assertThatThrownBy(() -> extend(sequence, 4 * PAGE + 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("all 4 pages of 16 tokens are in use", "generation.kvPages");
    assertThat(cache.freePages()).isZero();
    cache.release(sequence);
    assertThat(cache.freePages()).isEqualTo(4);
  }

  private int[] extend(KvCache.Sequence sequence, int tokens) {
    int[] slots = new int[tokens];
    cache.extend(sequence, tokens, slots, 0);
    return slots;
  }
}
