package org.score4j.tests.conformance;

import static org.score4j.kernels.AttentionKernels.PAGE_TOKENS;
import static org.score4j.tests.conformance.Conformance.outputNamed;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Tensor;

/**
 * {@link AttentionKernels} over the paged cache. All pages start as NaN: whatever reads a key that
 * nobody wrote shows.
 *
 * <p>A sequence of {@code length} tokens lies in pages drawn in random order; page 0 belongs to
 * nobody and fills unused table entries.
 */
interface PagedAttentionKernelsTest extends Conformance {
  List<Integer> LENGTHS = List.of(1, 2, 15, 16, 17, 31, 33, 64, 100);

  /** Heads as wide as those of language models, in groups small and large. */
  List<AttentionShape> WIDE_LAYOUTS =
      List.of(
          new AttentionShape(14, 2, 64),
          new AttentionShape(18, 1, 64),
          new AttentionShape(3, 3, 128),
          new AttentionShape(2, 1, 130),
          new AttentionShape(14, 2, 64, 0.125, 2, 20),
          new AttentionShape(18, 1, 64, 0.1, 0, 3),
          new AttentionShape(3, 3, 128, 0.12, 2, 0),
          new AttentionShape(2, 1, 130, 0.1, 2, 40));

  @Test
  default void pagedAttention_agreesWithReference() {
    for (AttentionShape heads : AttentionKernelsTest.LAYOUTS) {
      for (int length : LENGTHS) {
        assertAgrees(
            "paged attention %s over %d".formatted(heads, length),
            AttentionKernelsTest.ROUNDINGS,
            AttentionKernelsTest::storedRoundings,
            bench -> prefill(bench, heads, length, length));
      }
    }
  }

  /** As for packed attention, the last letter of a name decides where tensors start. */
  @Test
  default void pagedAttention_ofWideHeads_agreesWithReferenceAtEveryAlignment() {
    for (AttentionShape heads : WIDE_LAYOUTS) {
      // Caps and windows change nothing about how rows are read.
      int places = heads.isCappedOrWindowed() ? 1 : 4;
      for (char place = 'a'; place < 'a' + places; place++) {
        assertAgrees(
            "wide paged attention %s %s".formatted(heads, place),
            AttentionKernelsTest.ROUNDINGS,
            AttentionKernelsTest::storedRoundings,
            bench -> prefill(bench, heads, 70, 33));
      }
    }
  }

  /**
   * Rows of a few sequences side by side, as when prompts are read, and one of each, as in
   * decoding.
   */
  @Test
  default void rowsOfSeveralSequences_eachSeeTheirOwn() {
    for (AttentionShape heads : WIDE_LAYOUTS) {
      for (int[] sequences : new int[][] {{0, 0, 0, 1, 1, 2, 2, 2, 2, 0, 1, 1}, {1, 2, 0}}) {
        assertAgrees(
            "rows of sequences %s %s".formatted(heads, Arrays.toString(sequences)),
            AttentionKernelsTest.ROUNDINGS,
            AttentionKernelsTest::storedRoundings,
            bench -> rowsOfSequences(bench, heads, sequences));
      }
    }
  }

  @Test
  default void prefill_decode_andPackedAttention_haveTheSameBits() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (AttentionShape heads : AttentionKernelsTest.LAYOUTS) {
        for (int length : LENGTHS) {
          String what = "paged attention %s over %d".formatted(heads, length);
          Map<String, double[]> packed =
              Conformance.run(backend, what, bench -> packed(bench, heads, length));
          for (int chunk : new int[] {1, 5, 16, length}) {
            Map<String, double[]> paged =
                Conformance.run(backend, what, bench -> prefill(bench, heads, length, chunk));
            Conformance.assertSameBits(
                "%s by %d".formatted(what, chunk),
                outputNamed(paged, "out"),
                outputNamed(packed, "out"));
          }
        }
      }
    }
  }

  /**
   * K forks of a prompt decode side by side: full pages shared, the page they write into copied.
   */
  @Test
  default void forksDecodingTogether_haveTheBitsOfSharedPrefixSegments() {
    assumeBitExact();
    SplittableRandom random = Conformance.random("forks");
    try (Backend backend = open(2)) {
      for (AttentionShape heads : AttentionKernelsTest.LAYOUTS) {
        int prompt = Conformance.size(random);
        int[] lengths = {1 + random.nextInt(20), 1 + random.nextInt(20), 1 + random.nextInt(20)};
        String what = "forks %s of %d".formatted(heads, prompt);
        Packing packing = Packing.fork(prompt, lengths);
        Map<String, double[]> expected =
            Conformance.run(
                backend,
                what,
                bench -> {
                  Tensor qkv = bench.input("qkv", packing.tokens(), heads.qkvWidth());
                  Tensor lse = bench.stateScratch(packing.tokens(), heads.numHeads());
                  Tensor out = bench.output("out", packing.tokens(), heads.queryWidth());
                  bench.ops().attention(out, lse, qkv, packing.segments(bench), heads);
                });
        Map<String, double[]> actual =
            Conformance.run(backend, what, bench -> decodeForks(bench, heads, packing));
        Conformance.assertSameBits(what, outputNamed(actual, "out"), outputNamed(expected, "out"));
      }
    }
  }

  @Test
  default void keysBeyondARowsLength_doNotMatter() {
    AttentionShape heads = new AttentionShape(4, 2, 8);
    int length = 50;
    assertAgrees(
        "paged attention with later keys present",
        AttentionKernelsTest.ROUNDINGS,
        AttentionKernelsTest::storedRoundings,
        bench -> {
          Cache cache = new Cache(bench, heads, 10);
          Tensor qkv = bench.input("qkv", length, heads.qkvWidth());
          int[][] tables = {{3, 7, 1, 9, 0, 0}};
          cache.append(qkv, IntStream.range(0, length).map(j -> slot(tables[0], j)).toArray());
          int[] rowLength = IntStream.range(0, length).map(t -> 1 + t * 7 % length).toArray();
          Tensor out = bench.output("out", length, heads.queryWidth());
          cache.attend(out, qkv, tables, new int[length], rowLength);
        });
  }

  @Test
  default void pagedAttention_hasTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    for (AttentionShape heads : AttentionKernelsTest.LAYOUTS) {
      assertSameBitsAtAllThreadCounts(
          "paged attention " + heads, bench -> prefill(bench, heads, 100, 33));
    }
  }

  private static void packed(Bench bench, AttentionShape heads, int length) {
    Tensor qkv = bench.input("qkv", length, heads.qkvWidth());
    Tensor lse = bench.stateScratch(length, heads.numHeads());
    Tensor out = bench.output("out", length, heads.queryWidth());
    bench.ops().attention(out, lse, qkv, Packing.of(length).segments(bench), heads);
  }

  /** One sequence, {@code chunk} tokens at a time. */
  private static void prefill(Bench bench, AttentionShape heads, int length, int chunk) {
    int pages = (length + PAGE_TOKENS - 1) / PAGE_TOKENS;
    Cache cache = new Cache(bench, heads, pages + 3);
    Tensor qkv = bench.input("qkv", length, heads.qkvWidth());
    Tensor out = bench.output("out", length, heads.queryWidth());
    // Backwards, so that neighbours in the sequence are no neighbours in memory.
    int[] table = new int[pages + 2];
    for (int p = 0; p < pages; p++) {
      table[p] = pages + 2 - p;
    }
    for (int from = 0; from < length; from += chunk) {
      int to = Math.min(length, from + chunk);
      cache.append(
          qkv.rows(from, to), IntStream.range(from, to).map(j -> slot(table, j)).toArray());
      // Two rows of page tables, the first of them unused.
      int[] sequence = IntStream.range(from, to).map(t -> 1).toArray();
      int[] rowLength = IntStream.range(from, to).map(t -> t + 1).toArray();
      int[][] tables = {new int[table.length], table};
      cache.attend(out.rows(from, to), qkv.rows(from, to), tables, sequence, rowLength);
    }
  }

  /** Three sequences of 90 tokens; the rows of each see ever more of them. */
  private static void rowsOfSequences(Bench bench, AttentionShape heads, int[] sequences) {
    int length = 90;
    int pages = (length + PAGE_TOKENS - 1) / PAGE_TOKENS;
    Cache cache = new Cache(bench, heads, 1 + 3 * pages);
    int[][] tables = new int[3][pages];
    for (int s = 0; s < 3; s++) {
      for (int p = 0; p < pages; p++) {
        tables[s][p] = 1 + 3 * p + s;
      }
      int[] table = tables[s];
      cache.append(
          bench.input("keys" + s, length, heads.qkvWidth()),
          IntStream.range(0, length).map(j -> slot(table, j)).toArray());
    }
    int rows = sequences.length;
    int[] rowLength = IntStream.range(0, rows).map(t -> 1 + t * 41 % length).toArray();
    Tensor out = bench.output("out", rows, heads.queryWidth());
    Tensor qkv = bench.input("qkv", rows, heads.qkvWidth());
    cache.attend(out, qkv, tables, sequences, rowLength);
  }

  private static void decodeForks(Bench bench, AttentionShape heads, Packing packing) {
    int prompt = packing.rows().getFirst()[1];
    int forks = packing.rows().size() - 1;
    int maxPages = (prompt + 40) / PAGE_TOKENS + 1;
    Cache cache = new Cache(bench, heads, 1 + maxPages * (forks + 1));
    Tensor qkv = bench.input("qkv", packing.tokens(), heads.qkvWidth());
    Tensor out = bench.output("out", packing.tokens(), heads.queryWidth());
    int[] promptTable = IntStream.range(0, maxPages).map(p -> 1 + p).toArray();
    cache.append(
        qkv.rows(0, prompt), IntStream.range(0, prompt).map(j -> slot(promptTable, j)).toArray());
    int[] lengths = IntStream.rangeClosed(1, prompt).toArray();
    cache.attend(
        out.rows(0, prompt),
        qkv.rows(0, prompt),
        new int[][] {promptTable},
        new int[prompt],
        lengths);
    int fullPages = prompt / PAGE_TOKENS;
    int[][] tables = new int[forks][];
    for (int f = 0; f < forks; f++) {
      int own = 1 + maxPages * (f + 1);
      tables[f] = IntStream.range(0, maxPages).map(p -> p < fullPages ? 1 + p : own + p).toArray();
    }
    if (prompt % PAGE_TOKENS != 0) {
      int[] to = IntStream.range(0, forks).map(f -> tables[f][fullPages]).toArray();
      cache.copy(IntStream.range(0, forks).map(f -> promptTable[fullPages]).toArray(), to);
    }
    // All forks that still have a token to decode, one token each; rows of a step are gathered, as
    // in generation.
    for (int step = 0; step < 20; step++) {
      int s = step;
      int[] alive =
          IntStream.range(0, forks).filter(f -> s < packing.rows().get(f + 1)[1]).toArray();
      if (alive.length == 0) {
        break;
      }
      int[] tokens = IntStream.of(alive).map(f -> packing.rows().get(f + 1)[0] + s).toArray();
      Tensor rows = bench.scratch(alive.length, heads.qkvWidth());
      bench.ops().gatherRows(rows, qkv, bench.ints(tokens, tokens.length));
      cache.append(rows, IntStream.of(alive).map(f -> slot(tables[f], prompt + s)).toArray());
      Tensor outs = bench.scratch(alive.length, heads.queryWidth());
      int[] keys = IntStream.of(alive).map(f -> prompt + s + 1).toArray();
      cache.attend(outs, rows, tables, alive, keys);
      for (int i = 0; i < tokens.length; i++) {
        bench.ops().scale(out.rows(tokens[i], tokens[i] + 1), outs.rows(i, i + 1), 1);
      }
    }
  }

  private static int slot(int[] table, int index) {
    return table[index / PAGE_TOKENS] * PAGE_TOKENS + index % PAGE_TOKENS;
  }

  /** The pages of one layer, full of NaN. */
  final class Cache {
    private final Bench bench;
    private final AttentionShape heads;
    private final Tensor kPages;
    private final Tensor vPages;

    Cache(Bench bench, AttentionShape heads, int pages) {
      this.bench = bench;
      this.heads = heads;
      this.kPages = bench.scratch(pages, PAGE_TOKENS * heads.kvWidth());
      this.vPages = bench.scratch(pages, PAGE_TOKENS * heads.kvWidth());
    }

    void append(Tensor qkv, int[] slots) {
      bench.ops().appendKv(kPages, vPages, qkv, bench.ints(slots, slots.length), heads);
    }

    void copy(int[] from, int[] to) {
      Tensor sources = bench.ints(from, from.length);
      bench.ops().copyPages(kPages, vPages, sources, bench.ints(to, to.length));
    }

    void attend(Tensor out, Tensor qkv, int[][] tables, int[] sequence, int[] length) {
      int columns = tables[0].length;
      int[] flat =
          IntStream.range(0, tables.length * columns)
              .map(i -> tables[i / columns][i % columns])
              .toArray();
      bench
          .ops()
          .pagedAttention(
              out,
              qkv,
              kPages,
              vPages,
              bench.ints(flat, tables.length, columns),
              bench.ints(sequence, sequence.length),
              bench.ints(length, length.length),
              heads);
    }
  }
}
