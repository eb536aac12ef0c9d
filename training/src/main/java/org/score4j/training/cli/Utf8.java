package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import org.score4j.training.config.ConfigException;

/** Text that a user gives as bytes; what is no UTF-8 is never replaced by something else. */
final class Utf8 {
  private Utf8() {}

  /**
   * The text.
   *
   * @param what whose bytes they are, for the message
   * @throws ConfigException where they are no UTF-8
   */
  static String text(byte[] bytes, String what) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result =
        UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT)
            .decode(in, out, true);
    if (result.isError()) {
      throw new ConfigException(
          "%s is no UTF-8: byte 0x%02X at offset %d; convert it, such as with iconv -f LATIN1 -t UTF-8"
              .formatted(what, bytes[in.position()], in.position()));
    }
    return out.flip().toString();
  }
}
