package org.score4j.tokenizer.jinja;

import java.util.Iterator;
import java.util.stream.LongStream;

/** A range of integers. */
record PyRange(long start, long stop, long step) {
  // Jinja2's sandbox has the same.
  static final int MAX_LENGTH = 100_000;

  static PyRange of(long start, long stop, long step) {
    if (step == 0) {
      throw TemplateException.error("range() arg 3 must not be zero");
    }
    double length = Math.ceil(((double) stop - start) / step);
    if (length > MAX_LENGTH) {
      throw TemplateException.error(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
    }
    return new PyRange(start, stop, step);
  }

  int length() {
    return (int) Math.max(0, Math.ceil(((double) stop - start) / step));
  }

  long at(int index) {
    return start + index * step;
  }

  Iterator<Object> iterator() {
    return LongStream.range(0, length()).<Object>mapToObj(i -> at((int) i)).iterator();
  }
}
