"""Renders each template of templates.jsonl.gz for the conversations below: recorded.jsonl.gz beside it.

Recipe: python3 record.py   (Jinja2 3.1.6; the version is in the first row)
"""
import gzip, json, os
import jinja2
from oracle import environment, outcome

U = lambda text: {"role": "user", "content": text}
A = lambda text: {"role": "assistant", "content": text}
S = lambda text: {"role": "system", "content": text}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
CONVERSATIONS = {
    "user": [U("What is 2+2?")],
    "system": [S("Be short."), U("Hi")],
    "assistant": [U("What is 2+2?"), A("5")],
    "second question": [U("What is 2+2?"), A("It is 5."), U("There might be an error. Look again.")],
    "many turns": [S("You are kind."), U("1"), A("2"), U("3"), A("4"), U("5"), A("6"), U("7")],
    "thinking": [U("a"), A("<think>\nhm\n</think>\n\nb"), U("c"), A("<think>\nwell\n</think>\n\nd"), U("e")],
    "ends with thinking": [U("a"), A("b"), U("c"), A("<think>\nhm\n</think>\n\nd")],
    "starts with assistant": [A("I begin"), U("no")],
    "two users": [U("a"), U("b"), A("c")],
    "system last": [U("a"), A("b"), S("Be short."), U("c")],
    "empty": [S(""), U(""), A(""), U("")],
    "false": [U("Is 1 > 2?"), A("false"), U("Sure?"), A("False"), U("None")],
    "zero": [U("0"), A("0"), U("0.0")],
    "white space": [S("  s \n"), U(" \n\t "), A("\n\n a \n b\n"), U("  c  \n\n d\n ")],
    "wide spaces": [S("\u3000系统\u00a0"), U("\u3000全角で始まる段落\u3000"), A("\u00a0nbsp\u2003\u202f"), U("\u0085tail\u2028\u2007")],
    "unicode": [S("Sei höflich. 😀"), U("👩\u200d👩\u200d👧 e\u0301 café नमस्ते עברית ß İ ǆ"), A("𝒳 ∈ ℝ 🎉"), U("\ufeffﬁ ö ﷽")],
    "control": [U("red \x1b[31mtext\x1b[0m \x00\x07\x08"), A("form\x0bfeed\x0c\x1c\x1d\x1e\x1f."), U("\r\nline\rend\r\n")],
    "markup": [U("{{ no }} {% tag %} {# c #} <b>&amp;\"q\" 'a' \\n \\ %s {0}"), A("<|im_end|></s>[INST]<think>"), U("</think> ``` $x$")],
}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    env = environment()
    with gzip.open(os.path.join(here, "templates.jsonl.gz"), "rt") as f:
        templates = [json.loads(line) for line in f]
    rows = [{"jinja2": jinja2.__version__, "tokens": TOKENS, "conversations": CONVERSATIONS}]
    for i, template in enumerate(templates):
        outcomes = {}
        render = env.from_string(template["template"]).render
        for name, messages in CONVERSATIONS.items():
            for prompt in (False, True):
                outcomes[name + (", prompt" if prompt else "")] = outcome(
                    render, messages=messages, tools=None, documents=None, add_generation_prompt=prompt, **TOKENS)
        rows.append({"template": i, "outcomes": outcomes})
    with open(os.path.join(here, "recorded.jsonl.gz"), "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as out:
        for row in rows:
            out.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    kinds = [next(iter(o)) for row in rows[1:] for o in row["outcomes"].values()]
    print({kind: kinds.count(kind) for kind in sorted(set(kinds))})


if __name__ == "__main__":
    main()
