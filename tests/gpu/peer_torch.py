#!/usr/bin/env python3
"""Times PyTorch at the shapes of `score4j bench`, for the column beside it: one JSON line per row.

The model is Qwen2.5's (RMSNorm, RoPE, grouped-query attention with biases, SwiGLU, tied head) with random weights, in
bfloat16: projections fused as PyTorch's own fast examples fuse them, scaled_dot_product_attention, fused AdamW, a
preallocated KV cache. Training is forward, backward and the update, at the batch size that is fastest of those that
fit. Decoding is one sampled token per sequence and step, from a cache that already holds --prompt tokens. The rows of
gemm are cuBLAS itself, at the sizes of the rows linear, linearBackwardInput and linearBackwardWeight of the benchmark.

  peer_torch.py                        everything, on the GPU
  peer_torch.py --models 0.5B --rows decode --batches 1,64
  peer_torch.py --compile              with torch.compile
  peer_torch.py --device cpu --tiny    a smoke test without a GPU
"""

import argparse
import gc
import json
import statistics
import sys
import time
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Shape:
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    theta: float = 1e6
    eps: float = 1e-6


MODELS = {
    "0.5B": Shape(896, 24, 14, 2, 64, 4864, 151936),
    "1.5B": Shape(1536, 28, 12, 2, 128, 8960, 151936),
    "3B": Shape(2048, 36, 16, 2, 128, 11008, 151936),
    "tiny": Shape(64, 2, 4, 2, 16, 128, 300),
}

# Tokens of a training pass of `score4j bench`.
GEMM_TOKENS = {"0.5B": 16384, "1.5B": 8192, "3B": 4096, "tiny": 64}


def version():
    """(major, minor) of this PyTorch."""
    return tuple(int(part) for part in torch.__version__.split(".")[:2])


def rms_norm(x, weight, eps):
    """x (..., hidden), weight (hidden)."""
    if hasattr(F, "rms_norm"):
        return F.rms_norm(x, (x.shape[-1],), weight, eps)
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)).to(x.dtype) * weight


def attention(q, k, v, causal=False, mask=None):
    """q (batch, heads, queries, headDim), k and v (batch, kvHeads, keys, headDim)."""
    grouped = q.shape[1] != k.shape[1]
    if grouped and version() >= (2, 5):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=True)
    if grouped:
        k = k.repeat_interleave(q.shape[1] // k.shape[1], dim=1)
        v = v.repeat_interleave(q.shape[1] // v.shape[1], dim=1)
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
    # PyTorch 1 has no fused attention: enough for a smoke test.
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
    if mask is not None:
        scores = scores + mask
    return torch.softmax(scores, -1) @ v


def rotate(x, cos, sin):
    """x (batch, heads, tokens, headDim), cos and sin (tokens, headDim / 2)."""
    low, high = x.chunk(2, -1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), -1)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        width = (shape.heads + 2 * shape.kv_heads) * shape.head_dim
        self.attention_norm = nn.Parameter(torch.ones(shape.hidden))
        self.mlp_norm = nn.Parameter(torch.ones(shape.hidden))
        self.qkv = nn.Linear(shape.hidden, width)
        self.out = nn.Linear(shape.heads * shape.head_dim, shape.hidden, bias=False)
        self.gate_up = nn.Linear(shape.hidden, 2 * shape.intermediate, bias=False)
        self.down = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def split(self, x, cos, sin):
        """q, k, v of x (batch, tokens, hidden), rotated, each (batch, heads, tokens, headDim)."""
        s = self.shape
        heads = self.qkv(rms_norm(x, self.attention_norm, s.eps)).unflatten(-1, (-1, s.head_dim)).transpose(1, 2)
        q, k, v = heads.split((s.heads, s.kv_heads, s.kv_heads), dim=1)
        cos, sin = cos.to(q.dtype), sin.to(q.dtype)
        return rotate(q, cos, sin), rotate(k, cos, sin), v

    def finish(self, x, attended):
        """Output projection and MLP with their residuals; attended (batch, heads, tokens, headDim)."""
        x = x + self.out(attended.transpose(1, 2).flatten(-2))
        gate, up = self.gate_up(rms_norm(x, self.mlp_norm, self.shape.eps)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)

    def forward(self, x, cos, sin):
        q, k, v = self.split(x, cos, sin)
        return self.finish(x, attention(q, k, v, causal=True))


class Model(nn.Module):
    def __init__(self, shape, positions):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocab, shape.hidden)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.hidden))
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.dim() == 2:
                    parameter.normal_(0, 0.02)
        frequencies = shape.theta ** (-torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
        angles = torch.arange(positions).float()[:, None] * frequencies
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def head(self, x):
        return F.linear(rms_norm(x, self.norm, self.shape.eps), self.embedding.weight)

    def loss(self, ids, targets):
        """Mean cross-entropy of ids (batch, tokens) against targets of that shape."""
        x = self.embedding(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin)
        return F.cross_entropy(self.head(x).flatten(0, 1).float(), targets.flatten())

    def step(self, ids, position, caches, visible):
        """The next ids (batch, 1), sampled at temperature 1.

        position (1) is where ids (batch, 1) stand. caches are (k, v) per block, each (batch, kvHeads, maxTokens,
        headDim). visible: how many cached tokens to read where that number is known to the host; None where a captured
        graph must read the whole cache under a mask.
        """
        x = self.embedding(ids)
        cos, sin = self.cos[position], self.sin[position]
        mask = None
        if visible is None:
            hidden = torch.arange(caches[0][0].shape[2], device=ids.device) > position
            mask = torch.zeros_like(hidden, dtype=x.dtype).masked_fill(hidden, float("-inf"))[None, None, None]
        for block, (keys, values) in zip(self.blocks, caches):
            q, k, v = block.split(x, cos, sin)
            keys.index_copy_(2, position, k)
            values.index_copy_(2, position, v)
            # The query heads that share a key head as so many queries of it: nothing is repeated, any kernel will do.
            grouped = q.reshape(q.shape[0], keys.shape[1], -1, q.shape[-1])
            attended = attention(grouped, keys[:, :, :visible], values[:, :, :visible], mask=mask)
            x = block.finish(x, attended.reshape(q.shape))
        probabilities = torch.softmax(self.head(x)[:, -1].float(), -1)
        # The Gumbel trick: multinomial would wait for the GPU.
        noise = torch.empty_like(probabilities).exponential_(1)
        return (probabilities / noise).argmax(-1, keepdim=True)


class Timer:
    """Milliseconds of each call, by CUDA events on a GPU."""

    def __init__(self, device):
        self.cuda = device.type == "cuda"

    def times(self, work, warm_up, repeats):
        for _ in range(warm_up):
            work()
        times = []
        for _ in range(repeats):
            if self.cuda:
                start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                start.record()
                work()
                end.record()
                torch.cuda.synchronize()
                times.append(start.elapsed_time(end))
            else:
                began = time.perf_counter()
                work()
                times.append((time.perf_counter() - began) * 1e3)
        return times


def adamw(parameters, cuda):
    try:
        return torch.optim.AdamW(parameters, lr=1e-6, fused=cuda)
    except TypeError:
        return torch.optim.AdamW(parameters, lr=1e-6)


def train_row(args, name, weights, batch):
    """Milliseconds of a step. weights: bf16, or f32 masters under autocast."""
    model = Model(MODELS[name], args.sequence).to(args.device)
    if weights == "bf16":
        model = model.to(torch.bfloat16)
    loss_of = torch.compile(model.loss) if args.compile else model.loss
    optimizer = adamw(model.parameters(), args.device.type == "cuda")
    ids = torch.randint(model.shape.vocab, (batch, args.sequence + 1), device=args.device)

    def step():
        with torch.autocast(args.device.type, torch.bfloat16, enabled=weights == "f32"):
            loss = loss_of(ids[:, :-1], ids[:, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    times = Timer(args.device).times(step, args.warm_up, args.repeats)
    if not bool(torch.isfinite(step())):
        raise SystemExit(f"peer_torch.py: the loss of {name} is not finite, so its time means nothing")
    return statistics.median(times)


@torch.no_grad()
def decode_row(args, name, batch, mode):
    """Milliseconds of a decoding step. mode: eager or cuda_graph."""
    shape = MODELS[name]
    tokens = args.prompt + args.new
    model = Model(shape, tokens).to(args.device).to(torch.bfloat16)
    size = (batch, shape.kv_heads, tokens, shape.head_dim)
    caches = [
        tuple(torch.randn(size, device=args.device).to(torch.bfloat16) for _ in range(2)) for _ in range(shape.layers)
    ]
    ids = torch.randint(shape.vocab, (batch, 1), device=args.device)
    position = torch.tensor([args.prompt], device=args.device)
    step = torch.compile(model.step) if args.compile else model.step

    def one(visible):
        ids.copy_(step(ids, position, caches, visible))
        position.add_(1)

    if mode == "cuda_graph":
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                step(ids, position, caches, None)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            one(None)

    # A whole response and not a step is timed, so that the host may run ahead of the GPU as it does in use.
    def response():
        position.fill_(args.prompt)
        for i in range(args.new):
            if mode == "cuda_graph":
                graph.replay()
            else:
                one(args.prompt + i + 1)

    return statistics.median(Timer(args.device).times(response, 1, args.responses)) / args.new


def out_of_memory(error):
    return isinstance(error, RuntimeError) and "out of memory" in str(error)


def attempt(args, work):
    """The milliseconds, or None where they do not fit the memory."""
    try:
        return work()
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        return None
    finally:
        gc.collect()
        if args.device.type == "cuda":
            torch.cuda.empty_cache()


def emit(args, **row):
    gpu = torch.cuda.get_device_name() if args.device.type == "cuda" else "cpu"
    print(json.dumps({"peer": "pytorch", "version": torch.__version__, "gpu": gpu, "compile": args.compile, **row}), flush=True)


def train(args, name):
    for weights in args.weights:
        best = None
        for batch in args.train_batches:
            milliseconds = attempt(args, lambda: train_row(args, name, weights, batch))
            if milliseconds is None:
                break
            rate = batch * args.sequence / milliseconds * 1e3
            if best is None or rate > best["tokens_per_second"]:
                best = {"batch": batch, "milliseconds": milliseconds, "tokens_per_second": rate}
        row = {"row": "train", "model": name, "sequence": args.sequence, "weights": weights}
        emit(args, **row, **(best or {"failure": "out of memory"}))


def decode(args, name):
    modes = ["eager"] + (["cuda_graph"] if args.device.type == "cuda" and not args.compile else [])
    for batch in args.batches:
        for mode in modes:
            milliseconds = attempt(args, lambda: decode_row(args, name, batch, mode))
            row = {"row": "decode", "model": name, "batch": batch, "prompt": args.prompt, "new": args.new, "mode": mode}
            if milliseconds is None:
                emit(args, **row, failure="out of memory")
            else:
                emit(args, **row, milliseconds=milliseconds, tokens_per_second=batch / milliseconds * 1e3)


@torch.no_grad()
def gemm(args, name):
    """The three products of the gate and up projection, over the tokens of a training pass."""
    k, n = MODELS[name].hidden, 2 * MODELS[name].intermediate
    tokens = GEMM_TOKENS[name]
    x, w, y = (torch.randn(size, device=args.device).to(torch.bfloat16) for size in ((tokens, k), (k, n), (tokens, n)))
    forms = {
        "linear": lambda: torch.matmul(x, w),
        "linearBackwardInput": lambda: torch.matmul(y, w.t()),
        "linearBackwardWeight": lambda: torch.matmul(x.t(), y),
    }
    for form, work in forms.items():
        milliseconds = statistics.median(Timer(args.device).times(work, args.warm_up, args.repeats))
        rate = 2 * tokens * k * n / milliseconds / 1e6
        emit(args, row="gemm", model=name, what=form, size=[tokens, k, n], milliseconds=milliseconds, gflops=rate)


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", type=torch.device)
    parser.add_argument("--tiny", action="store_true", help="a tiny model and few steps: does it run at all")
    parser.add_argument("--models", default="0.5B,1.5B,3B", help="of " + ", ".join(MODELS))
    parser.add_argument("--rows", default="gemm,train,decode")
    parser.add_argument("--weights", default="bf16,f32", help="in training: bf16, f32 (masters under autocast)")
    parser.add_argument("--sequence", type=int, default=1024, help="tokens of a training sequence")
    parser.add_argument("--train-batches", type=numbers, default=[1, 2, 4, 8, 16, 32], help="tried until memory is full")
    parser.add_argument("--batches", type=numbers, default=[1, 64, 256], help="sequences that are decoded at once")
    parser.add_argument("--prompt", type=int, default=512, help="tokens in the cache before decoding")
    parser.add_argument("--new", type=int, default=128, help="tokens to decode")
    parser.add_argument("--responses", type=int, default=5, help="timed runs of --new tokens")
    parser.add_argument("--warm-up", type=int, default=5, help="training steps before those timed")
    parser.add_argument("--repeats", type=int, default=20, help="timed training steps")
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    args = parser.parse_args()
    args.models, args.rows, args.weights = args.models.split(","), args.rows.split(","), args.weights.split(",")
    if args.tiny:
        args.models, args.sequence, args.train_batches, args.batches = ["tiny"], 32, [1, 2], [1, 3]
        args.prompt, args.new, args.responses, args.warm_up, args.repeats = 8, 4, 2, 1, 2
    if unknown := [name for name in args.models if name not in MODELS]:
        parser.error(f"unknown models {unknown}; use {', '.join(MODELS)}")
    if unknown := [row for row in args.rows if row not in ("gemm", "train", "decode")]:
        parser.error(f"unknown rows {unknown}; use gemm, train, decode")
    if unknown := [weights for weights in args.weights if weights not in ("bf16", "f32")]:
        parser.error(f"unknown weights {unknown}; use bf16, f32")
    if args.device.type == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch sees no GPU; --device cpu --tiny is a smoke test without one")
    if args.device.type == "cpu" and not args.tiny:
        parser.error("on the CPU only --tiny is of use")
    if args.compile and not hasattr(torch, "compile"):
        parser.error(f"PyTorch {torch.__version__} has no torch.compile")
    if args.device.type == "cuda":
        torch.cuda.set_device(args.device.index or 0)
    torch.manual_seed(0)
    for name in args.models:
        if "gemm" in args.rows:
            gemm(args, name)
        if "train" in args.rows:
            train(args, name)
        if "decode" in args.rows:
            decode(args, name)


if __name__ == "__main__":
    sys.exit(main())
