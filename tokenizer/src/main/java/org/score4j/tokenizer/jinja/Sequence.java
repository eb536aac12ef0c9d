package org.score4j.tokenizer.jinja;

import java.util.List;

/** A list or a tuple. */
sealed interface Sequence permits PyList, PyTuple {
  List<Object> items();
}
