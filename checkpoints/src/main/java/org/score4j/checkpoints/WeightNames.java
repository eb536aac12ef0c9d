package org.score4j.checkpoints;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Tensor;

/**
 * Where each Hugging Face tensor lies in a {@link Parameters}. The one table to extend for another
 * family.
 */
final class WeightNames {
  /**
   * One Hugging Face tensor.
   *
   * @param name as in the safetensors file
   * @param tensor that holds it
   * @param rows outermost dimension in the file: outputs of a projection
   * @param columns second dimension in the file, 0 for a vector
   * @param firstColumn where it starts within a row of {@code tensor}: query, key and value
   *     projections share one, gate and up too
   * @param transposed whether {@code tensor} is (in, out) where the file is (out, in)
   */
  record Entry(
      String name, Tensor tensor, int rows, int columns, int firstColumn, boolean transposed) {
    List<Long> shape() {
      return columns == 0 ? List.of((long) rows) : List.of((long) rows, (long) columns);
    }

    long elements() {
      return (long) rows * Math.max(1, columns);
    }
  }

  private WeightNames() {}

  /** All tensors in the order Hugging Face writes them. */
  static List<Entry> of(Parameters p) {
    ModelConfig m = p.config();
    int d = m.hiddenSize();
    int q = m.heads().queryWidth();
    int kv = m.heads().kvWidth();
    int f = m.intermediateSize();
    List<Entry> entries = new ArrayList<>();
    entries.add(
        new Entry("model.embed_tokens.weight", p.embedTokens(), m.vocabSize(), d, 0, false));
    for (int l = 0; l < m.numLayers(); l++) {
      Parameters.Layer layer = p.layer(l);
      String prefix = "model.layers." + l + ".";
      vector(entries, prefix + "input_layernorm.weight", layer.inputNorm());
      String attention = prefix + "self_attn.";
      int[] widths = {q, kv, kv};
      String[] names = {"q_proj", "k_proj", "v_proj"};
      int column = 0;
      for (int i = 0; i < names.length; i++) {
        entries.add(
            new Entry(
                attention + names[i] + ".weight", layer.qkvProj(), widths[i], d, column, true));
        if (layer.qkvBias() != null) {
          entries.add(
              new Entry(
                  attention + names[i] + ".bias", layer.qkvBias(), widths[i], 0, column, false));
        }
        column += widths[i];
      }
      vector(entries, attention + "q_norm.weight", layer.qNorm());
      vector(entries, attention + "k_norm.weight", layer.kNorm());
      entries.add(new Entry(attention + "o_proj.weight", layer.oProj(), d, q, 0, true));
      boolean postNorms = layer.attentionOutNorm() != null;
      vector(entries, prefix + "post_attention_layernorm.weight", layer.attentionOutNorm());
      vector(
          entries,
          prefix + (postNorms ? "pre_feedforward" : "post_attention") + "_layernorm.weight",
          layer.postAttentionNorm());
      entries.add(new Entry(prefix + "mlp.gate_proj.weight", layer.gateUpProj(), f, d, 0, true));
      entries.add(new Entry(prefix + "mlp.up_proj.weight", layer.gateUpProj(), f, d, f, true));
      entries.add(new Entry(prefix + "mlp.down_proj.weight", layer.downProj(), d, f, 0, true));
      vector(entries, prefix + "post_feedforward_layernorm.weight", layer.feedForwardOutNorm());
    }
    vector(entries, "model.norm.weight", p.norm());
    if (!m.tieWordEmbeddings()) {
      entries.add(new Entry("lm_head.weight", p.lmHead(), m.vocabSize(), d, 0, false));
    }
    return entries;
  }

  private static void vector(List<Entry> entries, String name, @Nullable Tensor tensor) {
    if (tensor != null) {
      entries.add(new Entry(name, tensor, tensor.dim0(), 0, 0, false));
    }
  }

  /** Whether a tensor in a file carries nothing the model needs: tables that are recomputed. */
  static boolean isRecomputed(String name) {
    return name.endsWith("rotary_emb.inv_freq");
  }
}
