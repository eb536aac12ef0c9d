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
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.FrozenWeights;
import org.score4j.kernels.Ops;

/**
 * Continuous batching. Every pass takes whatever tokens are waiting, be they prompts, instructions
 * of a later turn or the token drawn last, up to {@code maxRows}; a prompt is computed once and
 * forked for its samples; a conversation that ends frees its place at once. Where a processor's
 * caches matter, no more conversations run at once than they hold. What is drawn does not depend on
 * who shares the batch: randomness is keyed per response and, on backends that promise it, so are
 * the bits.
 */
public final class Generator {
  /** So many conversations share the reading of the weights, whatever the size of the cache. */
  private static final int WORTHWHILE_SEQUENCES = 64;

  private final Transformer model;
  private final KvCache cache;
  private final DeviceArena arena;
  private final int maxRows;
  private final int maxSequences;
  private final long cachedPages;
  private final SamplingPass pass;
  private long sampledTokens;

  /**
   * A generator over {@code model}, replaying passes where the backend does.
   *
   * @param cache for keys and values
   * @param arena for activations, used from its current mark and released after each pass
   * @param maxRows most tokens in a pass
   * @param maxSequences most conversations at once
   */
  public Generator(
      Transformer model, KvCache cache, DeviceArena arena, int maxRows, int maxSequences) {
    this(model, cache, arena, maxRows, maxSequences, true);
  }

  /**
   * A generator over {@code model}.
   *
   * @param cache for keys and values
   * @param arena for activations, used from its current mark and released after each pass
   * @param maxRows most tokens in a pass
   * @param maxSequences most conversations at once
   * @param replay whether passes that draw one token for each conversation are recorded and
   *     replayed, on backends that do; changes no token
   */
  public Generator(
      Transformer model,
      KvCache cache,
      DeviceArena arena,
      int maxRows,
      int maxSequences,
      boolean replay) {
    if (maxRows < 1 || maxSequences < 1) {
      throw new IllegalArgumentException(
          "generation: maxRows is %d and maxSequences %d, both must be at least 1"
              .formatted(maxRows, maxSequences));
    }
    this.model = model;
    this.cache = cache;
    this.arena = arena;
    this.maxRows = maxRows;
    this.maxSequences = maxSequences;
    this.cachedPages = model.ops().backend().cacheBytes() / cache.pageBytes();
    this.pass = new SamplingPass(model, cache, arena, Math.min(maxRows, maxSequences), replay);
  }

  /** State of one {@link #run}. */
  private static final class Session {
    final List<List<List<Response>>> results = new ArrayList<>();
    final ArrayDeque<Group> waiting = new ArrayDeque<>();
    final Set<KvCache.Sequence> live = Collections.newSetFromMap(new IdentityHashMap<>());
    List<SamplingPass.Feed> feeds = new ArrayList<>();
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
    return run(weights, requests, temperature, Truncation.NONE);
  }

  /**
   * Samples all requests from the most probable tokens.
   *
   * @param temperature 0 for greedy decoding
   * @param truncation which tokens may be drawn
   * @return for each request, for each sample, the responses of its turns in order
   */
  public List<List<List<Response>>> run(
      Parameters weights,
      List<GenerationRequest> requests,
      double temperature,
      Truncation truncation) {
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
    try (FrozenWeights _ = model.ops().backend().freeze(weights.tensors())) {
      while (!session.waiting.isEmpty() || !session.feeds.isEmpty()) {
        admit(session);
        onePass(weights, session, temperature, truncation);
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
      int conversations = session.conversations + request.numSamples();
      int pages = session.reservedPages + group.reservedPages();
      if (conversations > maxSequences
          || pages > cache.numPages()
          || (conversations > WORTHWHILE_SEQUENCES && pages > cachedPages)) {
        return;
      }
      session.waiting.remove();
      session.conversations = conversations;
      session.reservedPages = pages;
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
      session.feeds.add(new SamplingPass.Feed(sequence, request.promptIds(), samples));
    }
  }

  /** One pass over the waiting tokens that fit. */
  private void onePass(
      Parameters weights, Session session, double temperature, Truncation truncation) {
    List<SamplingPass.Feed> taken = new ArrayList<>();
    List<SamplingPass.Feed> left = new ArrayList<>();
    int rows = 0;
    for (SamplingPass.Feed feed : session.feeds) {
      if (rows < maxRows) {
        taken.add(feed);
        rows += Math.min(feed.pending.length - feed.fed, maxRows - rows);
      } else {
        left.add(feed);
      }
    }
    long mark = arena.mark();
    SamplingPass.Draws draws;
    try {
      draws = pass.compute(weights, taken, rows, temperature, truncation);
    } finally {
      arena.release(mark);
    }
    List<SamplingPass.Feed> next = new ArrayList<>();
    int drawn = 0;
    for (SamplingPass.Feed feed : taken) {
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
          next.add(new SamplingPass.Feed(sequence, pending, List.of(reader)));
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
    StopRule.Finish finish = c.turn.stop().finish(id, c.drawn, c.watch);
    if (finish == null) {
      return new int[] {id};
    }
    c.responses.add(
        new Response(
            c.turn.givenIds(),
            c.turn.replacesLast(),
            Arrays.copyOf(c.ids, c.drawn),
            Arrays.copyOf(c.logProbs, c.drawn),
            finish));
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
    // The id drawn last has not been fed yet.
    int[] given = next.givenIds();
    int first = next.replacesLast() ? 0 : 1;
    int[] pending = new int[first + given.length];
    pending[0] = id;
    System.arraycopy(given, 0, pending, first, given.length);
    return pending;
  }

  /**
   * What a pass needs beyond {@link #activationBytes} where tokens are excluded.
   *
   * @param config of the model
   * @param maxSequences most conversations at once
   */
  public static long truncationBytes(ModelConfig config, int maxSequences, Ops ops) {
    // Passes that are replayed are padded, to less than twice their rows.
    return (2L * maxSequences * config.vocabSize() + 1) * ops.floatType().byteSize()
        + 2L * DeviceArena.ALIGNMENT_BYTES;
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
    long pass = HeadPass.scoringBytes(config, maxRows, maxSequences, ops);
    int lanes = ops.backend().lanes().size();
    long inLanes = lanes == 0 ? 0 : SamplingLanes.bytes(config, maxSequences, lanes, ops);
    return Math.max(pass, inLanes)
        + indices * DType.I32.byteSize()
        + 10L * DeviceArena.ALIGNMENT_BYTES;
  }
}
