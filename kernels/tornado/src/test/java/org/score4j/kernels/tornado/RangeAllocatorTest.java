package org.score4j.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class RangeAllocatorTest {
  @Test
  void whatIsTaken_isFreeAgainInOnePiece_whateverTheOrderOfReturn() {
    for (int[] order : new int[][] {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {2, 1, 0}, {1, 2, 0}}) {
      RangeAllocator ranges = new RangeAllocator(5, 35);
      int[] starts = new int[3];
      for (int i = 0; i < starts.length; i++) {
        starts[i] = ranges.take(10).orElseThrow();
      }
      assertThat(ranges.take(1)).isEmpty();
      for (int i : order) {
        ranges.give(starts[i], 10);
      }
      assertThat(ranges.take(30)).isEqualTo(OptionalInt.of(5));
    }
  }

  @Test
  void aPart_canBeGivenBack() {
    RangeAllocator ranges = new RangeAllocator(0, 10);
    assertThat(ranges.take(10)).isEqualTo(OptionalInt.of(0));
    ranges.give(4, 3);
    assertThat(ranges.freeElements()).isEqualTo(3);
    assertThat(ranges.take(4)).isEmpty();
    assertThat(ranges.take(3)).isEqualTo(OptionalInt.of(4));
  }

  @Test
  void tenThousandRandomCalls_neverHandOutAnElementTwice() {
    SplittableRandom random = new SplittableRandom(7);
    RangeAllocator ranges = new RangeAllocator(0, 1000);
    boolean[] taken = new boolean[1000];
    List<int[]> held = new ArrayList<>();
    for (int call = 0; call < 10_000; call++) {
      if (random.nextBoolean() || held.isEmpty()) {
        int length = random.nextInt(60);
        ranges
            .take(length)
            .ifPresent(
                start -> {
                  for (int i = start; i < start + length; i++) {
                    assertThat(taken[i]).as("element %d", i).isFalse();
                    taken[i] = true;
                  }
                  held.add(new int[] {start, length});
                });
      } else {
        int[] range = held.remove(random.nextInt(held.size()));
        ranges.give(range[0], range[1]);
        for (int i = range[0]; i < range[0] + range[1]; i++) {
          taken[i] = false;
        }
      }
      long free = 0;
      for (boolean used : taken) {
        free += used ? 0 : 1;
      }
      assertThat(ranges.freeElements()).isEqualTo(free);
    }
  }
}
