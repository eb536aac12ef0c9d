package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The saved tokenizer.json, read by the Hugging Face engine itself (its native library is in DJL's
 * jar).
 */
class HuggingFaceEngineTest {
  private static final WordLevelTokenizer OURS =
      WordLevelTokenizer.ofCharacters("0123456789+-*=R", "<unk>");

  @TempDir private static Path folder;

  @BeforeAll
  static void keepTheEngineOffTheNetworkAndOutOfTheHomeFolder() throws IOException {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ENGINE_CACHE_DIR", folder.resolve("cache").toString());
    OURS.writeTo(folder);
  }

  @Test
  void theEngineReadsOurFileAndAgreesOnEveryText() throws IOException {
    long seed = 20240919;
    Random random = new Random(seed);
    String[] pieces = {
      "0", "7", "+", "-", "*", "=", "R", "<unk>", "<", "x", " ", "\n", "\n\n", "\r", "é", "😀",
      "\u0000"
    };
    try (HuggingFaceTokenizer engine =
        HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"), Map.of())) {
      assertThat(engine.encode("7+5*8-4=", false, false).getIds())
          .containsExactly(7, 10, 5, 12, 8, 11, 4, 13);
      for (int trial = 0; trial < 300; trial++) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i >= 0; i--) {
          text.append(pieces[random.nextInt(pieces.length)]);
        }
        long[] expected = engine.encode(text.toString(), true, false).getIds();
        int[] ids = OURS.encode(text.toString());
        String what = "seed %d, trial %d, text \"%s\"".formatted(seed, trial, text);
        assertThat(Arrays.stream(ids).asLongStream().toArray()).as(what).isEqualTo(expected);
        assertThat(OURS.decode(ids)).as(what).isEqualTo(engine.decode(expected, false));
      }
    }
  }
}
