package org.score4j.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;
import java.util.Optional;

/**
 * SentencePiece's table of replacements, as a tokenizer.json has it: the size in bytes of a
 * double-array trie, the trie, and the replacements, each with a zero byte behind it. The engine
 * follows its indices unchecked and panics where one leads out of it, so all that can be reached is
 * visited here.
 */
final class PrecompiledCharsmap {
  private PrecompiledCharsmap() {}

  /** What is wrong with it; empty for nothing. */
  static Optional<String> defect(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return Optional.of("is no base64");
    }
    if (bytes.length < Integer.BYTES) {
      return Optional.of("is shorter than the size at its beginning");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int trieBytes = in.getInt();
    if (trieBytes < 4 || trieBytes % 4 != 0 || trieBytes > in.remaining()) {
      return Optional.of(
          "names a trie of %d bytes and has %d".formatted(trieBytes, in.remaining()));
    }
    int[] units = new int[trieBytes / 4];
    in.asIntBuffer().get(units);
    byte[] texts = new byte[in.remaining() - trieBytes];
    in.position(in.position() + trieBytes).get(texts);
    try {
      UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
    } catch (CharacterCodingException e) {
      return Optional.of("has replacements that are not UTF-8");
    }
    return reachable(units, texts);
  }

  private static Optional<String> reachable(int[] units, byte[] texts) {
    // A place is what the label of the next byte is added to.
    BitSet seen = new BitSet();
    Deque<Integer> places = new ArrayDeque<>();
    places.push(offset(units[0]));
    while (!places.isEmpty()) {
      int place = places.pop();
      for (int label = 1; label < 256; label++) {
        int at = place ^ label;
        if (at >= units.length) {
          return Optional.of("has a trie that leads out of itself");
        }
        int unit = units[at];
        if ((unit & 0x800000FF) != label) {
          continue;
        }
        int next = at ^ offset(unit);
        if (next >= units.length) {
          return Optional.of("has a trie that leads out of itself");
        }
        if (((unit >>> 8) & 1) == 1) {
          int text = units[next] & Integer.MAX_VALUE;
          boolean begins = text < texts.length && (texts[text] & 0xC0) != 0x80;
          if (!begins) {
            return Optional.of("has a trie that leads out of its replacements");
          }
        }
        if (!seen.get(next)) {
          seen.set(next);
          places.push(next);
        }
      }
    }
    return Optional.empty();
  }

  private static int offset(int unit) {
    return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
  }
}
