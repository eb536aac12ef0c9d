#!/usr/bin/env python3
"""Checks score4j against the programs it exchanges files with: transformers, peft, tokenizers.

  interop.py models FOLDER...     original and re-saved folders (as they are, sharded, BF16, F16), both ways
  interop.py adapters BASE        an adapter of PEFT's read by score4j; merge against merge_and_unload
  interop.py adapter FOLDER       an adapter folder that score4j has trained, read by PEFT

FOLDERs have an expected.json as in the tests' fixtures (`adapter`: rows are random). Every line printed is one comparison;
the exit code is the number of those that failed. Needs torch, transformers, peft; the jar built; SCORE4J_JAVA or JAVA_HOME
a JDK 25. Work files go to a temporary folder.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[2]
JAR = ROOT / "training/target/score4j.jar"
# As in fixtures/README.md.
TOLERANCE = 1e-4
failures = 0


def report(what, value, limit, note=""):
    global failures
    good = value <= limit
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {what}: {value:.2e} (limit {limit:.0e}) {note}", flush=True)


def score4j(*args):
    done = subprocess.run([ROOT / "bin/score4j", *map(str, args)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"score4j {args}: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def our_log_probs(folder, ids, work):
    rows = work / "rows.json"
    rows.write_text(json.dumps({"ids": ids}))
    scored = json.loads(score4j("logprob", "--device=cpu", "--model", folder, "--file", rows, "--json"))
    return torch.tensor([row["logprobs"] for row in scored["rows"]], dtype=torch.float64)


def our_greedy(folder, prompt, new):
    text = score4j("generate", "--device=cpu", "--model", folder, "--ids", ",".join(map(str, prompt)), "--greedy", "--new",
                   new, "--json")
    return json.loads(text)["ids"]


def load(folder, dtype, attention="eager"):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=attention)
    model.eval()
    return model


def log_probs(model, ids):
    ids = torch.tensor(ids)
    with torch.no_grad():
        logits = model(ids).logits.double()
    return torch.log_softmax(logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]


def greedy(model, prompt, new):
    """Through transformers' cache, token by token, past any end token as in expected.json."""
    ids, cache, drawn = torch.tensor([prompt]), None, []
    with torch.no_grad():
        for _ in range(new):
            out = model(ids, past_key_values=cache, use_cache=True)
            cache, ids = out.past_key_values, out.logits[:, -1:].argmax(-1)
            drawn.append(ids.item())
    return drawn


def difference(a, b):
    return (a - b).abs().max().item()


def as_stored(model, folder):
    """Gemma's factor of embeddings as transformers has it in the weights' own type, for a model loaded wider."""
    config = json.loads((folder / "config.json").read_text())
    stored = getattr(torch, config.get("torch_dtype") or config.get("dtype") or "float32")
    scaled = model.get_input_embeddings()
    if hasattr(scaled, "embed_scale"):
        scaled.embed_scale = scaled.embed_scale.to(stored).to(torch.float32)
        return ""
    return "" if not config["model_type"].startswith("gemma") else "(no embed_scale to set)"


def check_model(name, folder, expected, work, exact=True):
    """transformers against score4j on one folder, and both against expected.json where weights are exact."""
    ids = expected["ids"]
    ours = our_log_probs(folder, ids, work)
    our_ids = our_greedy(folder, expected["greedy_prompt"], len(expected["greedy"]))
    # PyTorch's own attention knows no soft cap, and transformers leaves it out there without a word, though it is the default.
    capped = json.loads((folder / "config.json").read_text()).get("attn_logit_softcapping")
    for attention in ("eager",) if capped else ("eager", "sdpa"):
        model = load(folder, torch.float32, attention)
        note = as_stored(model, folder)
        theirs = log_probs(model, ids)
        report(f"{name}, {attention}: log-probs of transformers and score4j", difference(theirs, ours), TOLERANCE, note)
        if exact:
            wanted = torch.tensor(expected["logprobs"], dtype=torch.float64)
            report(f"{name}, {attention}: log-probs of transformers and expected.json", difference(theirs, wanted), TOLERANCE)
        wrong = sum(a != b for a, b in zip(greedy(model, expected["greedy_prompt"], len(our_ids)), our_ids))
        report(f"{name}, {attention}: greedy ids of transformers and score4j that differ", wrong, 0)
    if exact:
        report(f"{name}: greedy ids of score4j and expected.json that differ",
               sum(a != b for a, b in zip(our_ids, expected["greedy"])), 0)


def models(folders):
    for folder in map(pathlib.Path, folders):
        expected = json.loads((folder / "expected.json").read_text())
        with tempfile.TemporaryDirectory() as temporary:
            work = pathlib.Path(temporary)
            check_model(folder.name, folder, expected, work)
            for dtype, shard in (("source", 1 << 40), ("source", 60_000), ("BF16", 1 << 40), ("F16", 60_000)):
                saved = work / f"{dtype}-{shard}"
                java = os.environ.get("SCORE4J_JAVA") or os.environ["JAVA_HOME"]
                subprocess.run([f"{java}/bin/java", "--add-modules=jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED", "-cp", JAR, ROOT / "tests/golden/Resave.java", folder,
                                saved, dtype, str(shard)], check=True, stderr=subprocess.DEVNULL)
                files = len(list(saved.glob("*.safetensors")))
                check_model(f"{folder.name} saved as {dtype} in {files} files", saved, expected, work, dtype == "source")
            # The other way: as transformers saves it today.
            again = work / "again"
            load(folder, "auto").save_pretrained(again)
            model = load(again, torch.float32)
            as_stored(model, again)
            report(f"{folder.name} saved by transformers: log-probs",
                   difference(log_probs(model, expected["ids"]), our_log_probs(again, expected["ids"], work)), TOLERANCE)


def adapters(base):
    import peft
    base = pathlib.Path(base).resolve()
    expected = json.loads((base / "expected.json").read_text())
    for targets in ("q_proj,v_proj", "all-linear"):
        with tempfile.TemporaryDirectory() as temporary:
            work = pathlib.Path(temporary)
            subprocess.run([sys.executable, ROOT / "tests/golden/adapters.py", base, work / "adapter", targets], check=True)
            path = work / "adapter/adapter_config.json"
            config = json.loads(path.read_text())
            config["base_model_name_or_path"] = str(base)
            path.write_text(json.dumps(config))
            check_adapter(f"{base.name} {targets} by PEFT", work / "adapter", expected["ids"], work, peft)


def check_adapter(name, folder, ids, work, peft):
    base = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    plain = load(base, torch.float32)
    as_stored(plain, pathlib.Path(base))
    without = log_probs(plain, ids)
    model = peft.PeftModel.from_pretrained(plain, folder)
    model.eval()
    theirs = log_probs(model, ids)
    ours = our_log_probs(folder, ids, work)
    report(f"{name}: log-probs of PEFT and score4j", difference(theirs, ours), TOLERANCE,
           f"(the adapter moves them by up to {difference(theirs, without):.3f})")
    merged = work / "merged"
    score4j("merge", "--model", folder, "--out", merged, "--dtype", "f32")
    whole = load(merged, torch.float32)
    as_stored(whole, merged)
    ours_merged = whole.state_dict()
    theirs_merged = model.merge_and_unload().state_dict()
    assert ours_merged.keys() == theirs_merged.keys(), ours_merged.keys() ^ theirs_merged.keys()
    worst = max((ours_merged[key] - theirs_merged[key]).abs().max().item() / theirs_merged[key].abs().max().item()
                for key in theirs_merged)
    report(f"{name}: merge and merge_and_unload, relative to the tensor's largest", worst, 2e-7)
    # Not with those of the adapter: Gemma's factor of embeddings is rounded to the type of the folder, which is another now.
    report(f"{name}: log-probs of merged", difference(our_log_probs(merged, ids, work), log_probs(whole, ids)), TOLERANCE)


def adapter(folder):
    import peft
    folder = pathlib.Path(folder).resolve()
    base = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    config = json.loads((pathlib.Path(base) / "config.json").read_text())
    rng = random.Random(7)
    length = min(120, config["max_position_embeddings"])
    ids = [[rng.randrange(config["vocab_size"]) for _ in range(length)] for _ in range(3)]
    with tempfile.TemporaryDirectory() as temporary:
        check_adapter(f"{folder.name} by score4j", folder, ids, pathlib.Path(temporary), peft)


if __name__ == "__main__":
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    what, *rest = sys.argv[1:]
    if what == "models":
        models(rest)
    else:
        {"adapters": adapters, "adapter": adapter}[what](*rest)
    print(failures, "failed;", "torch", torch.__version__, "transformers", transformers.__version__)
    sys.exit(min(failures, 100))
