package org.score4j.core.generation;

import java.util.ArrayList;
import java.util.List;
import org.score4j.core.model.DeviceBatch;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;

/**
 * A decoding pass cut by its rows into one part for each thread, where the backend has lanes: the
 * threads meet once a pass instead of twice an operation. Only for models whose weights the caches
 * hold, as each lane reads them all.
 */
final class SamplingLanes {
  /** Rows that make up for a lane's reading of the weights. */
  private static final int MIN_ROWS = 12;

  private final Backend backend;
  private final List<Transformer> models = new ArrayList<>();

  /** Lanes for {@code model}; none where they would be slower. */
  SamplingLanes(Transformer model) {
    backend = model.ops().backend();
    if (Parameters.byteSize(model.config(), model.ops().floatType()) <= backend.cacheBytes()) {
      backend.lanes().forEach(lane -> models.add(model.on(new Ops(lane))));
    }
  }

  /** A pass of rows that each draw a token. */
  record Rows(
      Tensor ids,
      Tensor positions,
      Tensor slots,
      Tensor pageTables,
      Tensor sequences,
      Tensor lengths,
      Tensor keys) {}

  /** Whether {@code rows} rows are enough, and the memory too. Adapters have no lanes. */
  boolean suit(int rows, Parameters weights, DeviceArena arena) {
    int lanes = models.size();
    return lanes > 0
        && weights.lora().isEmpty()
        && rows >= lanes * MIN_ROWS
        && bytes(models.getFirst().config(), rows, lanes, models.getFirst().ops())
            <= arena.freeBytes();
  }

  /** What {@code lanes} lanes need for {@code rows} rows. */
  static long bytes(ModelConfig config, int rows, int lanes, Ops ops) {
    return lanes * laneBytes(config, grain(rows, lanes), ops);
  }

  /** Rows of a lane: an even number suits the tiles of a product. */
  private static int grain(int rows, int lanes) {
    return Math.ceilDiv(Math.ceilDiv(rows, lanes), 2) * 2;
  }

  private static long laneBytes(ModelConfig config, int rows, Ops ops) {
    return DeviceArena.align(HeadPass.scoringBytes(config, rows, rows, ops));
  }

  /**
   * Feeds every row and draws a token from it.
   *
   * @param ids (rows) result
   * @param logProbs (rows) result
   */
  void draw(
      Tensor ids,
      Tensor logProbs,
      Parameters weights,
      KvCache cache,
      Rows rows,
      DeviceArena arena,
      double temperature) {
    int total = ids.dim0();
    int grain = grain(total, models.size());
    List<DeviceArena> parts = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      parts.add(arena.part(laneBytes(models.get(i).config(), grain, models.get(i).ops())));
    }
    backend.runInLanes(
        lane -> {
          Transformer model = models.get(lane);
          int from = Math.min(total, lane * grain);
          int to = Math.min(total, from + grain);
          if (from == to) {
            return;
          }
          DeviceBatch batch =
              new DeviceBatch(
                  rows.ids.rows(from, to), rows.positions.rows(from, to), null, null, null, null);
          Transformer.AttentionPath path =
              cache.path(
                  model.ops(),
                  rows.slots.rows(from, to),
                  rows.pageTables,
                  rows.sequences.rows(from, to),
                  rows.lengths.rows(from, to),
                  model.config());
          Tensor hidden = model.forward(weights, batch, path, parts.get(lane), false).hidden();
          model
              .ops()
              .sample(
                  ids.rows(from, to),
                  logProbs.rows(from, to),
                  hidden,
                  weights.lmHead(),
                  rows.keys.rows(from, to),
                  temperature,
                  model.config().finalSoftCap());
        });
  }
}
