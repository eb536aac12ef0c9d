#!/usr/bin/env python3
"""Golden adapters made by PEFT: a folder as PEFT saves it, and expected.json with what transformers makes of it.

  adapters.py BASE OUT TARGETS [--rank 4] [--alpha 8] [--seed 7]      TARGETS: q_proj,v_proj or all-linear

BASE is a model folder with an expected.json, whose rows are scored. B is random: what PEFT starts with, zero, would
change nothing. The folder of the base is left out of adapter_config.json; its name is put there.

Needs torch, transformers and peft. Single precision, eager attention, one thread.
"""
import argparse
import json
import os
import sys

import peft
import torch
import transformers


def log_probs(model, ids):
    """(rows, length) -> (rows, length - 1)"""
    ids = torch.tensor(ids)
    with torch.no_grad():
        logits = model(ids).logits.double()
    return torch.log_softmax(logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("base")
    a.add_argument("out")
    a.add_argument("targets")
    a.add_argument("--rank", type=int, default=4)
    a.add_argument("--alpha", type=float, default=8)
    a.add_argument("--seed", type=int, default=7)
    o = a.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(o.seed)
    base = transformers.AutoModelForCausalLM.from_pretrained(
        o.base, dtype=torch.float32, attn_implementation="eager")
    targets = o.targets if o.targets == "all-linear" else o.targets.split(",")
    alpha = int(o.alpha) if o.alpha == int(o.alpha) else o.alpha
    model = peft.get_peft_model(
        base, peft.LoraConfig(r=o.rank, lora_alpha=alpha, target_modules=targets, task_type="CAUSAL_LM"))
    generator = torch.Generator().manual_seed(o.seed)
    for name, weight in sorted(model.named_parameters()):
        if ".lora_" in name:
            weight.data = torch.randn(weight.shape, generator=generator) * 0.1
    model.eval()
    model.save_pretrained(o.out)
    os.remove(f"{o.out}/README.md")
    with open(f"{o.base}/expected.json") as file:
        ids = json.load(file)["ids"]
    adapted = log_probs(model, ids)
    with model.disable_adapter():
        moved = (log_probs(model, ids) - adapted).abs().max().item()
    name = os.path.basename(os.path.normpath(o.base))
    path = f"{o.out}/adapter_config.json"
    with open(path) as file:
        config = json.load(file)
    config["base_model_name_or_path"] = name
    with open(path, "w") as file:
        json.dump(config, file, indent=2, sort_keys=True)
    made = (f"tests/golden/adapters.py {name} {o.targets} --rank {o.rank} --alpha {o.alpha} --seed {o.seed}, "
            f"Python {sys.version.split()[0]}, torch {torch.__version__}, transformers {transformers.__version__}, "
            f"peft {peft.__version__}")
    with open(f"{o.out}/expected.json", "w") as file:
        json.dump({"made": made, "ids": ids, "logprobs": adapted.tolist()}, file)
    print(o.out, "log-probs move by up to", moved)


if __name__ == "__main__":
    main()
