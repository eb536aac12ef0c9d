package org.score4j.kernels.cpu;

import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/** A reader of the (numSegments, 4) table of packed attention. */
final class PackedSegments {
  private final long table;
  private final int count;

  PackedSegments(Tensor segments) {
    table = HostBuffer.address(segments);
    count = segments.dim0();
  }

  int count() {
    return count;
  }

  /** First token. */
  int start(int s) {
    return HostMemory.getInt(table + 16L * s);
  }

  /** Own tokens. */
  int length(int s) {
    return HostMemory.getInt(table + 16L * s + 4);
  }

  /** First token of the prefix. */
  int prefixStart(int s) {
    return HostMemory.getInt(table + 16L * s + 8);
  }

  /** Tokens of the prefix, 0 for none. */
  int prefixLength(int s) {
    return HostMemory.getInt(table + 16L * s + 12);
  }

  /**
   * Packs {@code own} tokens behind the prefix into rows of one head, whose first float lies {@code
   * headOffset} floats into a token.
   */
  void pack(float[] to, int at, int s, int own, long qkv, AttentionShape heads, int headOffset) {
    long stride = 4L * heads.qkvWidth();
    long from = qkv + 4L * headOffset;
    int prefix = prefixLength(s);
    int e = heads.headDim();
    int ownAt = at + prefix * AttentionTile.padded(e);
    AttentionTile.pack(to, at, from + prefixStart(s) * stride, stride, prefix, e);
    AttentionTile.pack(to, ownAt, from + start(s) * stride, stride, own, e);
  }

  /** The opposite of {@link #pack}: rows back into the tokens, prefix included. */
  void unpack(
      float[] from, int at, int s, int own, long qkv, AttentionShape heads, int headOffset) {
    long stride = 4L * heads.qkvWidth();
    long to = qkv + 4L * headOffset;
    int prefix = prefixLength(s);
    int e = heads.headDim();
    int ownAt = at + prefix * AttentionTile.padded(e);
    AttentionTile.unpack(to + prefixStart(s) * stride, stride, from, at, prefix, e);
    AttentionTile.unpack(to + start(s) * stride, stride, from, ownAt, own, e);
  }

  /** Where the key of a key/value head begins in a token, in floats. */
  static int keyOffset(int kvHead, AttentionShape heads) {
    return heads.queryWidth() + kvHead * heads.headDim();
  }

  /** As {@link #keyOffset}, for values. */
  static int valueOffset(int kvHead, AttentionShape heads) {
    return keyOffset(kvHead, heads) + heads.kvWidth();
  }
}
