"""Renders every *.jinja beside it for the conversations below, as Hugging Face does: golden.json.

Recipe: /usr/bin/python3 golden.py   (Jinja2 of the system; the version is written into the file)
The templates are ours, in the forms that published models use. Settings as in transformers 4.5x,
utils/chat_template_utils.py: ImmutableSandboxedEnvironment(trim_blocks, lstrip_blocks, loopcontrols), tojson without
escapes of HTML or of characters outside ASCII, raise_exception, strftime_now (here of a fixed day).
"""
import glob, json, os, datetime
import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

U = lambda text: {"role": "user", "content": text}
A = lambda text: {"role": "assistant", "content": text}
S = lambda text: {"role": "system", "content": text}
CONVERSATIONS = {
    "one": [U("What is 2+2?")],
    "two": [U("What is 2+2?"), A("5")],
    "three": [U("  What is\n\n2+2? "), A("It is 5.\n"), U("There might be an error. {{ no }} {% tag %} \"q\" 'a' \\n é😀<b>")],
    "four": [U("a"), A("b"), U("c"), A("<think>\nhm\n</think>\n\nd")],
    "system": [S("Be short. "), U("Hi"), A("Ho"), U("Again")],
    "six": [U("1"), A("2"), U("3"), A("4"), U("5"), A("6")],
    "wrong order": [A("I begin"), U("no")],
    "empty": [U(""), A("")],
}

def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)

def strftime_now(form):
    return datetime.datetime(2025, 3, 9, 14, 5, 7).strftime(form)

def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
env.filters["tojson"] = tojson
env.globals.update(raise_exception=raise_exception, strftime_now=strftime_now)

here = os.path.dirname(os.path.abspath(__file__))
rows = []
for path in sorted(glob.glob(os.path.join(here, "*.jinja"))):
    with open(path, newline="") as f:
        template = env.from_string(f.read())
    for name, messages in CONVERSATIONS.items():
        for prompt in (False, True):
            row = {"template": os.path.basename(path), "conversation": name, "addGenerationPrompt": prompt}
            try:
                row["text"] = template.render(messages=messages, add_generation_prompt=prompt, bos_token="<s>", eos_token="</s>")
            except jinja2.exceptions.TemplateError as e:
                row["refused"] = str(e)
            rows.append(row)
with open(os.path.join(here, "golden.json"), "w") as f:
    json.dump({"recipe": "golden.py", "jinja2": jinja2.__version__, "conversations": CONVERSATIONS, "rows": rows}, f, ensure_ascii=False, indent=1)
    f.write("\n")
