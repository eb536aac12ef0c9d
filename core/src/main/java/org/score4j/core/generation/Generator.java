package org.score4j.core.generation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.score4j.core.generation.Conversation.Group;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.GenerationRequest.Turn;
import org.score4j.core.model.DeviceBatch;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Continuous batching. Every pass takes whatever tokens are waiting, be they prompts, instructions
 * of a later turn or the token drawn last, up to {@code maxRows}; a prompt is computed once and
 * forked for its samples; a conversation that ends frees its place at once. What is drawn does not
 * depend on who shares the batch: randomness is keyed per response and, on backends that promise
 * it, so are the bits.
 */
public final class Generator {
  private final Transformer model;
  private final Ops ops;
  private final KvCache cache;
  private final DeviceArena arena;
  private final int maxRows;
  private final int maxSequences;
  private long sampledTokens;

  /**
   * A generator over {@code model}.
   *
   * @param cache for keys and values
   * @param arena for activations, used from its current mark and released after each pass
   * @param maxRows most tokens in a pass
   * @param maxSequences most conversations at once
   */
  public Generator(
      Transformer model, KvCache cache, DeviceArena arena, int maxRows, int maxSequences) {
    if (maxRows < 1 || maxSequences < 1) {
      throw new IllegalArgumentException(
          "generation: maxRows is %d and maxSequences %d, both must be at least 1"
              .formatted(maxRows, maxSequences));
    }
    this.model = model;
    this.ops = model.ops();
    this.cache = cache;
    this.arena = arena;
    this.maxRows = maxRows;
    this.maxSequences = maxSequences;
  }

  /** Tokens waiting to be fed into one cached sequence, and who draws from the last of them. */
  private static final class Feed {
    final KvCache.Sequence sequence;
    final int[] pending;
    final List<Conversation> readers;
    int fed;

    Feed(KvCache.Sequence sequence, int[] pending, List<Conversation> readers) {
      this.sequence = sequence;
      this.pending = pending;
      this.readers = readers;
    }
  }

  /** State of one {@link #run}. */
  private static final class Session {
    final List<List<List<Response>>> results = new ArrayList<>();
    final ArrayDeque<Group> waiting = new ArrayDeque<>();
    final Set<KvCache.Sequence> live = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Feed> feeds = new ArrayList<>();
    int conversations;
    int reservedPages;
  }

  /**
   * Samples all requests.
   *
   * @param temperature 0 for greedy decoding
   * @return for each request, for each sample, the responses of its turns in order
   */
  public List<List<List<Response>>> run(
      Parameters weights, List<GenerationRequest> requests, double temperature) {
    Session session = new Session();
    for (int i = 0; i < requests.size(); i++) {
      GenerationRequest request = requests.get(i);
      int pages =
          KvCache.pagesFor(request.promptIds().length)
              + request.numSamples() * KvCache.pagesFor(request.maxTokens());
      if (pages > cache.numPages() || request.numSamples() > maxSequences) {
        throw new IllegalArgumentException(
            "generation: a prompt with %d samples of up to %d tokens needs %d pages and %d places, there are %d and %d; raise generation.kvPages and generation.maxSequences"
                .formatted(
                    request.numSamples(),
                    request.maxTokens(),
                    pages,
                    request.numSamples(),
                    cache.numPages(),
                    maxSequences));
      }
      if (request.maxTokens() > model.config().maxPositions()) {
        throw new IllegalArgumentException(
            "generation: a conversation of up to %d tokens is beyond the model's %d positions; shorten the prompt or lower maxNewTokens"
                .formatted(request.maxTokens(), model.config().maxPositions()));
      }
      session.waiting.add(new Group(request, i, pages, new int[] {request.numSamples()}));
      List<List<Response>> perSample = new ArrayList<>();
      for (int k = 0; k < request.numSamples(); k++) {
        perSample.add(List.of());
      }
      session.results.add(perSample);
    }
    try {
      while (!session.waiting.isEmpty() || !session.feeds.isEmpty()) {
        admit(session);
        pass(weights, session, temperature);
      }
    } finally {
      // Empty unless something failed on the way.
      cache.discardCopies();
      session.live.forEach(cache::release);
    }
    return session.results;
  }

  /** Tokens drawn since this generator was made. */
  public long sampledTokens() {
    return sampledTokens;
  }

  /**
   * Runs a sequence through the cache and over packed segments and compares the layers. Only
   * between runs, when no conversation holds pages.
   */
  public PathComparison compare(Parameters weights, int[] ids) {
    return PathComparison.of(model, weights, cache, arena, ids);
  }

  private void admit(Session session) {
    while (!session.waiting.isEmpty()) {
      Group group = session.waiting.peek();
      GenerationRequest request = group.request();
      if (session.conversations + request.numSamples() > maxSequences
          || session.reservedPages + group.reservedPages() > cache.numPages()) {
        return;
      }
      session.waiting.remove();
      session.conversations += request.numSamples();
      session.reservedPages += group.reservedPages();
      List<Conversation> samples = new ArrayList<>();
      for (int k = 0; k < request.numSamples(); k++) {
        Turn first = request.plan().next(k, List.of());
        if (first == null) {
          throw new IllegalArgumentException(
              "generation: the plan of request " + group.index() + " has no first turn");
        }
        samples.add(new Conversation(group, k, first));
      }
      KvCache.Sequence sequence = cache.newSequence();
      session.live.add(sequence);
      session.feeds.add(new Feed(sequence, request.promptIds(), samples));
    }
  }

  /** One pass over the waiting tokens that fit. */
  private void pass(Parameters weights, Session session, double temperature) {
    List<Feed> taken = new ArrayList<>();
    List<Feed> left = new ArrayList<>();
    int rows = 0;
    for (Feed feed : session.feeds) {
      if (rows < maxRows) {
        taken.add(feed);
        rows += Math.min(feed.pending.length - feed.fed, maxRows - rows);
      } else {
        left.add(feed);
      }
    }
    long mark = arena.mark();
    Draws draws;
    try {
      draws = compute(weights, taken, rows, temperature);
    } finally {
      arena.release(mark);
    }
    List<Feed> next = new ArrayList<>();
    int drawn = 0;
    for (Feed feed : taken) {
      if (feed.fed < feed.pending.length) {
        next.add(feed);
        continue;
      }
      for (Conversation reader : feed.readers) {
        // The last reader takes the sequence over, the others fork it.
        boolean last = reader == feed.readers.getLast();
        KvCache.Sequence sequence = last ? feed.sequence : cache.fork(feed.sequence);
        session.live.add(sequence);
        int[] pending = advance(reader, draws.ids()[drawn], draws.logProbs()[drawn], session);
        drawn++;
        if (pending.length == 0) {
          cache.release(sequence);
          session.live.remove(sequence);
        } else {
          next.add(new Feed(sequence, pending, List.of(reader)));
        }
      }
    }
    sampledTokens += drawn;
    next.addAll(left);
    session.feeds = next;
  }

  /** Records a drawn token; returns what the conversation feeds next, nothing when it is over. */
  private static int[] advance(Conversation c, int id, float logProb, Session session) {
    c.ids[c.drawn] = id;
    c.logProbs[c.drawn] = logProb;
    c.drawn++;
    c.length++;
    StopRule stop = c.turn.stop();
    if (!stop.isOver(id, c.drawn)) {
      return new int[] {id};
    }
    c.responses.add(
        new Response(
            c.turn.givenIds(),
            Arrays.copyOf(c.ids, c.drawn),
            Arrays.copyOf(c.logProbs, c.drawn),
            stop.finish(id)));
    Turn next = c.group.request().plan().next(c.sample, List.copyOf(c.responses));
    if (next == null) {
      session.results.get(c.group.index()).set(c.sample, List.copyOf(c.responses));
      session.conversations--;
      if (--c.group.alive()[0] == 0) {
        session.reservedPages -= c.group.reservedPages();
      }
      return new int[0];
    }
    c.start(next);
    int[] pending = new int[next.givenIds().length + 1];
    pending[0] = id;
    System.arraycopy(next.givenIds(), 0, pending, 1, next.givenIds().length);
    return pending;
  }

  private record Draws(int[] ids, float[] logProbs) {}

  /** Feeds tokens, then draws one token for every reader whose feed is exhausted. */
  private Draws compute(Parameters weights, List<Feed> feeds, int rows, double temperature) {
    int[] ids = new int[rows];
    int[] positions = new int[rows];
    int[] slots = new int[rows];
    int[] rowSequence = new int[rows];
    int[] rowLength = new int[rows];
    IntList readRows = new IntList();
    IntList headRows = new IntList();
    IntList randomness = new IntList();
    int row = 0;
    int maxPages = 1;
    for (int f = 0; f < feeds.size(); f++) {
      Feed feed = feeds.get(f);
      int count = Math.min(feed.pending.length - feed.fed, rows - row);
      int position = feed.sequence.length();
      cache.extend(feed.sequence, count, slots, row);
      maxPages = Math.max(maxPages, feed.sequence.numPages());
      for (int i = 0; i < count; i++, row++) {
        ids[row] = feed.pending[feed.fed++];
        positions[row] = position + i;
        rowSequence[row] = f;
        rowLength[row] = position + i + 1;
      }
      if (feed.fed == feed.pending.length) {
        for (Conversation reader : feed.readers) {
          headRows.add(readRows.size());
          randomness.add((int) reader.turn.key());
          randomness.add((int) (reader.turn.key() >>> 32));
          randomness.add(reader.drawn);
        }
        readRows.add(row - 1);
      }
    }
    cache.flushCopies(arena);
    int[] tables = new int[feeds.size() * maxPages];
    for (int f = 0; f < feeds.size(); f++) {
      KvCache.Sequence sequence = feeds.get(f).sequence;
      for (int p = 0; p < sequence.numPages(); p++) {
        tables[f * maxPages + p] = sequence.page(p);
      }
    }
    DeviceBatch batch =
        new DeviceBatch(
            DeviceBatch.upload(ops, arena, ids, 1),
            DeviceBatch.upload(ops, arena, positions, 1),
            null,
            DeviceBatch.upload(ops, arena, readRows.toArray(), 1),
            DeviceBatch.upload(ops, arena, headRows.toArray(), 1),
            null);
    Tensor deviceSlots = DeviceBatch.upload(ops, arena, slots, 1);
    Tensor pageTables =
        DeviceBatch.upload(ops, arena, tables, maxPages).reshape(Shape.of(feeds.size(), maxPages));
    Tensor sequences = DeviceBatch.upload(ops, arena, rowSequence, 1);
    Tensor lengths = DeviceBatch.upload(ops, arena, rowLength, 1);
    Transformer.AttentionPath path =
        cache.path(deviceSlots, pageTables, sequences, lengths, model.config().heads());
    Tensor hidden = model.forward(weights, batch, path, arena, false).hidden();
    if (headRows.size() == 0) {
      return new Draws(new int[0], new float[0]);
    }
    return draw(weights, batch, hidden, randomness, headRows.size(), temperature);
  }

  private Draws draw(
      Parameters weights,
      DeviceBatch batch,
      Tensor hidden,
      IntList randomness,
      int n,
      double temperature) {
    Tensor read = hidden;
    if (batch.headRows() != null && n != hidden.dim0()) {
      read = arena.allocate(ops.floatType(), Shape.of(n, hidden.dim1()));
      ops.gatherRows(read, hidden, batch.headRows());
    }
    Tensor drawnIds = arena.allocate(DType.I32, Shape.of(n));
    Tensor logProbs = arena.allocate(ops.stateType(), Shape.of(n));
    Tensor keys = DeviceBatch.upload(ops, arena, randomness.toArray(), 3);
    ops.sample(drawnIds, logProbs, read, weights.lmHead(), keys, temperature);
    return new Draws(ops.downloadInts(drawnIds), ops.downloadFloats(logProbs));
  }

  /**
   * Upper bound of the arena memory one pass needs.
   *
   * @param config of the model
   * @param maxRows most tokens in a pass
   * @param maxSequences most conversations at once
   * @param ops whose types decide the bytes of a number
   */
  public static long activationBytes(ModelConfig config, int maxRows, int maxSequences, Ops ops) {
    long pages = KvCache.pagesFor(config.maxPositions());
    // Slots, sequences and lengths; page tables; ids, randomness and page copies.
    long indices = maxRows * (3L + pages) + maxSequences * 6L;
    return HeadPass.activationBytes(config, maxRows, maxSequences, Recompute.NONE, ops)
        + indices * DType.I32.byteSize()
        + 10L * DeviceArena.ALIGNMENT_BYTES;
  }

  /** A growing array of ints. */
  private static final class IntList {
    private int[] values = new int[64];
    private int size;

    void add(int value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
    }

    int size() {
      return size;
    }

    int[] toArray() {
      return Arrays.copyOf(values, size);
    }
  }
}
