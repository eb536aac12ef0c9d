#!/usr/bin/python3
"""Golden checkpoints of model families, by a plain PyTorch model that shares nothing with the project.

Makes a Hugging Face style folder with random weights, and expected.json with what the model makes of them in
float64: token log-probabilities, mean loss, gradient norm of each tensor, greedy continuation.

  families.py OUT FAMILY [--seed 7]      FAMILY: smollm2 mistral mistral_window gemma2 gemma3

Needs python3-torch and python3-numpy. Semantics are those of Hugging Face's modelling code for Llama, Mistral,
Gemma 2 and Gemma 3 (text), eager attention. Sizes are small, windows shorter than the rows, caps low enough to bend.
"""
import argparse
import json
import math
import os
import struct
import sys

import numpy
import torch
import torch.nn.functional as F

LENGTH, ROWS, PROMPT, GREEDY = 130, 3, 8, 24


def config(family):
    c = dict(vocab_size=151, hidden_size=32, intermediate_size=72, num_hidden_layers=4, num_attention_heads=4,
             num_key_value_heads=2, head_dim=16, rms_norm_eps=1e-6, max_position_embeddings=256, bos_token_id=2,
             eos_token_id=1, initializer_range=0.02, attention_dropout=0.0, torch_dtype="float32", use_cache=True)
    if family == "smollm2":
        c.update(model_type="llama", architectures=["LlamaForCausalLM"], num_attention_heads=3, num_key_value_heads=1,
                 hidden_size=48, rms_norm_eps=1e-5, rope_theta=100000, rope_scaling=None, rope_interleaved=False,
                 hidden_act="silu", attention_bias=False, mlp_bias=False, is_llama_config=True, pretraining_tp=1,
                 tie_word_embeddings=True, torch_dtype="bfloat16")
        del c["head_dim"]
    elif family in ("mistral", "mistral_window"):
        c.update(model_type="mistral", architectures=["MistralForCausalLM"], rms_norm_eps=1e-5, rope_theta=1000000.0,
                 hidden_act="silu", tie_word_embeddings=False,
                 sliding_window=9 if family == "mistral_window" else None)
    elif family == "gemma2":
        # As published: no tie_word_embeddings and no layer_types.
        c.update(model_type="gemma2", architectures=["Gemma2ForCausalLM"], rope_theta=10000.0, attention_bias=False,
                 hidden_act="gelu_pytorch_tanh", hidden_activation="gelu_pytorch_tanh", cache_implementation="hybrid",
                 query_pre_attn_scalar=24, sliding_window=12, attn_logit_softcapping=3.0, final_logit_softcapping=5.0)
    elif family == "gemma3":
        c.update(model_type="gemma3_text", architectures=["Gemma3ForCausalLM"], rope_theta=1000000.0,
                 rope_scaling=dict(factor=8.0, rope_type="linear"), rope_local_base_freq=10000.0, attention_bias=False,
                 hidden_activation="gelu_pytorch_tanh", cache_implementation="hybrid", query_pre_attn_scalar=20,
                 sliding_window=20, sliding_window_pattern=3, attn_logit_softcapping=None,
                 final_logit_softcapping=None, torch_dtype="bfloat16")
    else:
        sys.exit("FAMILY is one of smollm2, mistral, mistral_window, gemma2, gemma3")
    return c


class Model:
    def __init__(self, c, w):
        self.c, self.w = c, w
        self.gemma = c["model_type"].startswith("gemma")
        self.head_dim = c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]

    def window(self, layer):
        """Keys that a query of the layer sees, itself included; None for all."""
        kind = self.c["model_type"]
        if kind == "mistral":
            return self.c["sliding_window"]
        if kind == "gemma2":
            return self.c["sliding_window"] if layer % 2 == 0 else None
        if kind == "gemma3_text":
            return self.c["sliding_window"] if (layer + 1) % self.c["sliding_window_pattern"] else None
        return None

    def rope(self, layer, length):
        """cos and sin, (length, head_dim)."""
        c = self.c
        local = c["model_type"] == "gemma3_text" and self.window(layer)
        theta = c["rope_local_base_freq"] if local else c["rope_theta"]
        frequency = theta ** -(torch.arange(0, self.head_dim, 2, dtype=torch.float64) / self.head_dim)
        if c.get("rope_scaling") and not local:
            assert c["rope_scaling"]["rope_type"] == "linear"
            frequency = frequency / c["rope_scaling"]["factor"]
        angle = torch.outer(torch.arange(length, dtype=torch.float64), frequency)
        angle = torch.cat((angle, angle), -1)
        return angle.cos(), angle.sin()

    def norm(self, x, name):
        weight = self.w[name]
        x = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.c["rms_norm_eps"])
        return x * (1.0 + weight) if self.gemma else x * weight

    def attention(self, x, layer):
        c, prefix = self.c, f"model.layers.{layer}.self_attn."
        rows, length, _ = x.shape
        heads, groups = c["num_attention_heads"], c["num_attention_heads"] // c["num_key_value_heads"]
        q, k, v = [F.linear(x, self.w[prefix + n + "_proj.weight"]).view(rows, length, -1, self.head_dim) for n in "qkv"]
        if c["model_type"] == "gemma3_text":
            q, k = self.norm(q, prefix + "q_norm.weight"), self.norm(k, prefix + "k_norm.weight")
        q, k, v = [t.transpose(1, 2) for t in (q, k, v)]
        cos, sin = self.rope(layer, length)

        def rotate(t):
            first, second = t.chunk(2, -1)
            return t * cos + torch.cat((-second, first), -1) * sin

        q, k = rotate(q), rotate(k)
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        score = q @ k.transpose(-1, -2) * c.get("query_pre_attn_scalar", self.head_dim) ** -0.5
        cap = c.get("attn_logit_softcapping")
        if cap:
            score = cap * torch.tanh(score / cap)
        behind = torch.arange(length)[:, None] - torch.arange(length)[None, :]
        visible = behind >= 0
        if self.window(layer):
            visible &= behind < self.window(layer)
        score = score.masked_fill(~visible, -math.inf)
        out = (torch.softmax(score, -1) @ v).transpose(1, 2).reshape(rows, length, heads * self.head_dim)
        return F.linear(out, self.w[prefix + "o_proj.weight"])

    def feed_forward(self, x, layer):
        gate, up, down = [self.w[f"model.layers.{layer}.mlp.{n}_proj.weight"] for n in ("gate", "up", "down")]
        z = F.linear(x, gate)
        if self.gemma:
            z = 0.5 * z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z ** 3)))
        else:
            z = z * torch.sigmoid(z)
        return F.linear(z * F.linear(x, up), down)

    def logits(self, ids):
        """(rows, length) -> (rows, length, vocabulary)"""
        c = self.c
        x = self.w["model.embed_tokens.weight"][ids]
        if self.gemma:
            # A tensor of the weights' type in Hugging Face's code.
            x = x * torch.tensor(c["hidden_size"] ** 0.5, dtype=getattr(torch, c["torch_dtype"])).double()
        for layer in range(c["num_hidden_layers"]):
            p = f"model.layers.{layer}."
            out = self.attention(self.norm(x, p + "input_layernorm.weight"), layer)
            if self.gemma:
                x = x + self.norm(out, p + "post_attention_layernorm.weight")
                out = self.feed_forward(self.norm(x, p + "pre_feedforward_layernorm.weight"), layer)
                x = x + self.norm(out, p + "post_feedforward_layernorm.weight")
            else:
                x = x + out
                x = x + self.feed_forward(self.norm(x, p + "post_attention_layernorm.weight"), layer)
        x = self.norm(x, "model.norm.weight")
        logits = F.linear(x, self.w.get("lm_head.weight", self.w["model.embed_tokens.weight"]))
        cap = c.get("final_logit_softcapping")
        return cap * torch.tanh(logits / cap) if cap else logits


def shapes(c):
    d, f, v = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    e = c.get("head_dim") or d // c["num_attention_heads"]
    q, kv = c["num_attention_heads"] * e, c["num_key_value_heads"] * e
    s = {"model.embed_tokens.weight": (v, d)}
    for layer in range(c["num_hidden_layers"]):
        p = f"model.layers.{layer}."
        s[p + "input_layernorm.weight"] = (d,)
        for n, width in (("q", q), ("k", kv), ("v", kv)):
            s[p + f"self_attn.{n}_proj.weight"] = (width, d)
        if c["model_type"] == "gemma3_text":
            s[p + "self_attn.q_norm.weight"] = s[p + "self_attn.k_norm.weight"] = (e,)
        s[p + "self_attn.o_proj.weight"] = (d, q)
        s[p + "post_attention_layernorm.weight"] = (d,)
        if c["model_type"].startswith("gemma"):
            s[p + "pre_feedforward_layernorm.weight"] = (d,)
        s[p + "mlp.gate_proj.weight"] = s[p + "mlp.up_proj.weight"] = (f, d)
        s[p + "mlp.down_proj.weight"] = (d, f)
        if c["model_type"].startswith("gemma"):
            s[p + "post_feedforward_layernorm.weight"] = (d,)
    s["model.norm.weight"] = (d,)
    if not c.get("tie_word_embeddings", c["model_type"].startswith("gemma")):
        s["lm_head.weight"] = (v, d)
    return s


def weights(c, seed):
    generator = torch.Generator().manual_seed(seed)
    gemma = c["model_type"].startswith("gemma")
    w = {}
    for name, shape in shapes(c).items():
        x = torch.randn(shape, generator=generator)
        if name.endswith("norm.weight"):
            # Gemma's are distances from 1; its final norm is larger, as in the published models.
            x = 0.3 * x + ((5 if name == "model.norm.weight" else 0) if gemma else 1)
        elif "embed" in name or "head" in name:
            # Small enough for Gemma, which scales embeddings, that the most probable token is not the last one again.
            x = x * (0.07 if gemma else 0.3)
        else:
            x = x * (0.25 if gemma else 0.15)
        w[name] = x.to(getattr(torch, c["torch_dtype"])).float()
    return w


def save(out, c, w):
    os.makedirs(out, exist_ok=True)
    with open(f"{out}/config.json", "w") as file:
        json.dump(c, file, indent=1)
    head, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    half = c["torch_dtype"] == "bfloat16"
    for name, x in w.items():
        blob = (x.bfloat16().view(torch.int16) if half else x).contiguous().numpy().tobytes()
        head[name] = {"dtype": "BF16" if half else "F32", "shape": list(x.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{out}/model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def expected(c, w, seed):
    ids = torch.randint(3, c["vocab_size"], (ROWS, LENGTH), generator=torch.Generator().manual_seed(seed + 1))
    model = Model(c, {name: x.double().requires_grad_(True) for name, x in w.items()})
    log_probs = F.log_softmax(model.logits(ids)[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]
    loss = -log_probs.mean()
    loss.backward()
    greedy = ids[:1, :PROMPT]
    with torch.no_grad():
        for _ in range(GREEDY):
            greedy = torch.cat((greedy, model.logits(greedy)[:, -1:].argmax(-1)), 1)
    return {"ids": ids.tolist(), "logprobs": log_probs.tolist(), "loss": loss.item(),
            "grad_norms": {name: x.grad.norm().item() for name, x in model.w.items()},
            "greedy_prompt": greedy[0, :PROMPT].tolist(), "greedy": greedy[0, PROMPT:].tolist()}


if __name__ == "__main__":
    # The order of sums depends on the threads.
    torch.set_num_threads(1)
    a = argparse.ArgumentParser()
    a.add_argument("out")
    a.add_argument("family")
    a.add_argument("--seed", type=int, default=7)
    o = a.parse_args()
    c = config(o.family)
    w = weights(c, o.seed)
    save(o.out, c, w)
    e = expected(c, w, o.seed)
    e["made"] = (f"tests/golden/families.py {o.family} --seed {o.seed}, Python {sys.version.split()[0]}, "
                 f"torch {torch.__version__}, numpy {numpy.__version__}")
    with open(f"{o.out}/expected.json", "w") as file:
        json.dump(e, file)
    # How much each peculiarity matters: the loss without it.
    for key in ("sliding_window", "attn_logit_softcapping", "final_logit_softcapping", "rope_scaling",
                "rope_local_base_freq", "query_pre_attn_scalar"):
        if c.get(key):
            other = dict(c)
            other[key] = {"rope_local_base_freq": c["rope_theta"], "query_pre_attn_scalar": 16}.get(key)
            print(f"{o.family}: loss {e['loss']:.6f}, without {key} {expected(other, w, o.seed)['loss']:.6f}")
    print(o.out, e["loss"], len(set(e["greedy"])), "different greedy ids")
