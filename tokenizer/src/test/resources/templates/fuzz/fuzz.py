"""Random small templates and what Jinja2 makes of them: fuzz.jsonl.gz beside it.

Recipe: python3 fuzz.py [COUNT] [SEED]   (6000 and 14; Jinja2 3.1.6 on CPython 3.11, set up by ../real/oracle.py)
What prints an address in memory, or whose outcome differs from one run to the next, is left out.
"""
import copy, gzip, json, os, random, signal, sys, warnings

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../real"))
import jinja2
from oracle import environment, outcome

VALUES = {
    "messages": [
        {"role": "system", "content": "  Be short.\n"},
        {"role": "user", "content": "a😀b e\u0301", "name": "Ann"},
        {"role": "assistant", "content": "false", "tool_calls": None},
        {"role": "user", "content": "\u3000全角\u00a0", "n": 3},
    ],
    "tools": None,
    "text": "Hello, World! don't stop-me now",
    "wide": "\u3000ǆ ß İσς ΑΣ 𝒳\u2028x\x1fy\x85",
    "blank": " \t\n ",
    "empty": "",
    "digits": "12",
    "number": 7,
    "zero": 0,
    "negative": -3,
    "real": 2.5,
    "big": 1e16,
    "yes": True,
    "no": False,
    "items": [3, 1, 2, 10],
    "names": ["b", "A", "c", "a"],
    "mixed": [1, "a", None, True, 2.5, [1], {"k": "v"}],
    "none_list": [],
    "conf": {"b": 2, "a": 1, "C": [1, 2], "items": "x", "get": 5},
    "deep": {"x": {"y": [{"z": "end"}, {"z": 4}]}, "": 0, "1": "one"},
}
NAMES = list(VALUES) + ["missing", "x", "y", "ns"]


class Maker:
    def __init__(self, rng):
        self.r = rng

    def pick(self, *options):
        return self.r.choice(options)

    def literal(self):
        return self.pick(
            "0", "1", "2", "-1", "3", "10", "1.5", "0.1", "1e3", "100000000000000000000", "''", "'a'", "'A b'", "' x '", "\"it's\"",
            "'\\n'", "'\\u00e9\\x41'", "'😀z'", "'1'", "'%s'", "'%05.1f|%-4d|%x'", "'{} {0}'", "'{0:>5}|{1:.2f}'", "true", "false", "none", "[]", "{}",
            "[1, 2, 3]", "['a', 'b']", "(1, 2)", "(1,)", "()", "{'a': 1, 'b': [2]}", "{1: 'i', none: 'n'}", "1_000", "0x1F", "'a' 'b'", "range(3)",
            "range(5, 0, -2)", "'a\\tb\\\\'", "'\\u3000w\\u00a0'")

    def name(self):
        return self.r.choice(NAMES)

    def args(self, *options):
        return self.r.choice(options)

    def filter(self):
        n = self.r
        e = lambda: self.expr(1)
        return self.r.choice([
            lambda: "trim", lambda: "trim('" + self.pick("a", " b", "H!", "ß") + "')", lambda: "upper", lambda: "lower", lambda: "title",
            lambda: "capitalize", lambda: "length", lambda: "count", lambda: "list", lambda: "first", lambda: "last", lambda: "reverse",
            lambda: "reverse | list", lambda: "join", lambda: "join(', ')", lambda: "join('-', attribute='role')", lambda: "sort",
            lambda: "sort(reverse=true)", lambda: "sort(case_sensitive=true)", lambda: "sort(attribute='role')", lambda: "sort(attribute='role,content')",
            lambda: "unique | list", lambda: "unique(attribute='role') | list", lambda: "min", lambda: "max", lambda: "sum", lambda: "sum(start=5)",
            lambda: "map('upper') | list", lambda: "map(attribute='role') | list", lambda: "map(attribute='n', default='-') | join('|')",
            lambda: "map('default', 'd') | list", lambda: "select | list", lambda: "select('string') | list", lambda: "select('gt', 1) | list",
            lambda: "reject('none') | list", lambda: "reject('equalto', 'a') | list", lambda: "rejectattr('name') | list",
            lambda: "selectattr('role', 'equalto', 'user') | list", lambda: "selectattr('role', 'in', ['user']) | map(attribute='content') | list",
            lambda: "selectattr('n', 'defined') | list", lambda: "tojson", lambda: "tojson(indent=2)", lambda: "tojson(ensure_ascii=True)",
            lambda: "tojson(separators=(',', ':'), sort_keys=true)", lambda: "tojson(indent='\\t')", lambda: "default('d')", lambda: "default('d', true)",
            lambda: "default(" + e() + ")", lambda: "d", lambda: "int", lambda: "int(5)", lambda: "int(base=16)", lambda: "float", lambda: "abs",
            lambda: "round", lambda: "round(1)", lambda: "round(1, 'floor')", lambda: "round(method='ceil')", lambda: "string", lambda: "safe",
            lambda: "escape", lambda: "e", lambda: "forceescape", lambda: "replace('a', 'XY')", lambda: "replace('', '-')", lambda: "replace('l', '', 2)",
            lambda: "indent", lambda: "indent(2, true)", lambda: "indent('> ', blank=true)", lambda: "truncate(8)", lambda: "truncate(8, true, '…')",
            lambda: "truncate(9, leeway=0)", lambda: "wordcount", lambda: "center(9)", lambda: "items | list", lambda: "dictsort",
            lambda: "dictsort(true)", lambda: "dictsort(by='value')", lambda: "dictsort(reverse=true)", lambda: "batch(2) | list", lambda: "batch(3, 0) | list",
            lambda: "slice(2) | list", lambda: "slice(3, 'f') | list", lambda: "groupby('role')", lambda: "groupby('role') | map(attribute='grouper') | list",
            lambda: "attr('upper')", lambda: "attr('role')", lambda: "format(1, 'b')", lambda: "format(" + e() + ")", lambda: "urlencode",
            lambda: "filesizeformat", lambda: "xmlattr", lambda: "map('int') | sum", lambda: "map('length') | list", lambda: "map('tojson') | join(' ')",
        ])()

    def test(self):
        e = lambda: self.expr(1)
        return self.r.choice([
            lambda: "defined", lambda: "not defined", lambda: "undefined", lambda: "none", lambda: "not none", lambda: "string", lambda: "mapping",
            lambda: "iterable", lambda: "sequence", lambda: "number", lambda: "integer", lambda: "float", lambda: "boolean", lambda: "true",
            lambda: "false", lambda: "odd", lambda: "even", lambda: "divisibleby(3)", lambda: "divisibleby 2", lambda: "lower", lambda: "upper",
            lambda: "callable", lambda: "escaped", lambda: "eq " + self.name(), lambda: "equalto('a')", lambda: "ne(1)", lambda: "gt(2)", lambda: "lt 3",
            lambda: "in [1, 'a']", lambda: "in(" + e() + ")", lambda: "sameas none", lambda: "sameas(true)", lambda: "filter", lambda: "test",
            lambda: "ge(" + e() + ")", lambda: "le(1)", lambda: "not in ['user', 'b']",
        ])()

    def method(self):
        return self.r.choice([
            "strip()", "lstrip()", "rstrip('\\n')", "strip('H!w')", "split()", "split(' ')", "split('l', 1)", "split(none, 2)", "rsplit(' ', 1)", "rsplit()", "splitlines()",
            "splitlines(true)", "upper()", "lower()", "title()", "capitalize()", "swapcase()", "casefold()", "startswith('H')", "startswith(('a', 'H'))", "endswith('w')",
            "startswith('e', 1)", "find('o')", "find('o', 6)", "rfind('o')", "find('zz')", "index('o')", "count('o')", "count('')", "replace('o', '0')", "replace('o', '0', 1)",
            "join(['x', 'y'])", "join(names)", "join(items)", "center(7)", "center(8, '*')", "ljust(5)", "rjust(4, '0')", "zfill(4)", "isdigit()", "isalpha()", "isalnum()",
            "isspace()", "isupper()", "islower()", "istitle()", "isnumeric()", "isdecimal()", "isidentifier()", "isascii()", "isprintable()", "partition(' ')", "rpartition(' ')", "removeprefix('H')",
            "removesuffix('w')", "expandtabs(4)", "format(1, 'x')", "format(text, number)", "format(a=1)", "items()", "keys()", "values()", "items() | list", "keys() | list",
            "get('a')", "get('zz')", "get('zz', 'd')", "get('role')", "copy()", "index(1)", "index('a')", "count(1)", "append(1)", "pop()", "update({})", "real", "first", "role",
            "content", "x.y", "x.y[0].z", "x['y'][1].z", "a", "C", "get", "n", "__class__", "__class__.x", "_x", "1", "0", "bit_length()", "is_integer()", "nothing()",
        ])

    def subscript(self):
        return self.pick("0", "1", "-1", "5", "'a'", "'role'", "'content'", "1:", ":2", "::-1", "::2", "1:3", "-2:", ":-1", "2:1", "::0", "none", "'upper'",
                         self.name(), "zero", "0:10:3", "3::-2", "'b':", "true", "1.0", "'get'")

    def expr(self, depth):
        r = self.r
        if depth <= 0:
            return self.r.choice([self.literal, self.name, self.name])()
        d = depth - 1
        kind = r.randrange(20)
        if kind < 4:
            return self.expr(d) + " | " + self.filter()
        if kind < 6:
            return "(" + self.expr(d) + ") | " + self.filter()
        if kind < 8:
            return self.primary(d) + "." + self.method()
        if kind < 10:
            # Jinja2 folds a slice of a literal in another way than it evaluates one.
            return (self.name() if r.random() < .7 else "(" + self.name() + " | list)") + "[" + self.subscript() + "]"
        if kind == 10:
            return self.primary(d) + " is " + self.test()
        if kind == 11:
            return "(" + self.expr(d) + " is " + self.test() + ")"
        if kind == 12:
            return self.primary(d) + self.pick(" + ", " - ", " * ", " / ", " // ", " % ", " ~ ", " + ", " ~ ") + self.primary(d)
        if kind == 13 and r.random() < .1:
            return self.primary(d) + " ** " + self.pick("2", "3", "0", "-1", "0.5", "real", "number")
        if kind == 13:
            return self.primary(d) + self.pick(" == ", " != ", " < ", " > ", " <= ", " >= ", " in ", " not in ") + self.primary(d)
        if kind == 14:
            return self.expr(d) + self.pick(" and ", " or ") + self.expr(d)
        if kind == 15:
            return "not " + self.expr(d)
        if kind == 16:
            return self.expr(d) + " if " + self.expr(d) + (" else " + self.expr(d) if r.random() < .8 else "")
        if kind == 17:
            return "[" + ", ".join(self.expr(d) for _ in range(r.randrange(3))) + "]"
        if kind == 18:
            return "-" + self.primary(d)
        return self.pick("range(%d)" % r.randrange(-1, 4), "namespace(a=1)", "dict(a=1, b=" + self.expr(d) + ")", "strftime_now('%d %B %Y')", "1 < 2 < 3", "1 < number > 3",
                         "cycler(1, 2).next()", "joiner('|')()", "dict([('a', 1)])", "{'k': " + self.expr(d) + "}.k", "(" + self.expr(d) + ", " + self.expr(d) + ")")

    def primary(self, depth):
        return self.name() if self.r.random() < .6 else "(" + self.expr(depth) + ")" if depth > 0 and self.r.random() < .5 else self.literal()

    def tag(self, inside):
        return self.pick("{% ", "{%- ", "{% ", "{%+ ", "{%") + inside + self.pick(" %}", " -%}", " %}", " +%}", "%}")

    def out(self, inside):
        return self.pick("{{ ", "{{- ", "{{ ", "{{") + inside + self.pick(" }}", " -}}", " }}")

    def data(self):
        return self.pick("", "", "\n", " ", "a", "  \n", "\n  ", "<b>", "{# c #}", "{#- c -#}", "\n{# c #}\n", "x\n", "\u3000", " \u00a0\n", "\r\n", "{% raw %}\n{{ r }}\n{% endraw %}\n",
                         "{%- raw -%} {% r %} {%- endraw -%} ")

    def target(self):
        return self.pick("x", "y", "x", "x, y", "ns.v", "(x, y)")

    def body(self, depth, loop=False):
        return "".join(self.stmt(depth, loop) for _ in range(self.r.randrange(1, 4)))

    def stmt(self, depth, loop=False):
        r = self.r
        if depth <= 0:
            return self.pick(self.data(), self.out(self.small(loop)), self.out(self.small(loop)))
        d = depth - 1
        kind = r.randrange(15)
        t = self.tag
        if kind < 3:
            return self.data() + self.out(self.small(loop)) + self.data()
        if kind < 5:
            text = t("if " + self.small(loop)) + self.body(d, loop)
            if r.random() < .3:
                text += t("elif " + self.small(loop)) + self.body(d, loop)
            if r.random() < .5:
                text += t("else") + self.body(d, loop)
            return text + t("endif")
        if kind < 8:
            over = self.pick("messages", "items", "names", "conf", "conf.items()", "range(3)", "text[:3]", "none_list", "mixed", "conf | dictsort", "messages[1:]", "missing",
                             "messages | selectattr('role', 'equalto', 'user')", "names | sort", "'a😀'", "number", "none", "x")
            target = "x, y" if "items()" in over or "dictsort" in over else self.pick("x", "m", "y")
            test = " if " + self.pick("x", "x != 'b'", "loop.index", "m.role == 'user'", "y is odd", "true") if r.random() < .25 else ""
            text = t("for " + target + " in " + over + test) + self.body(d, True)
            if r.random() < .25:
                text += t("else") + self.body(d, loop)
            return text + t("endfor")
        if kind == 8:
            return t("set " + self.target() + " = " + self.small(loop))
        if kind == 9:
            return t("set x" + self.pick("", " | upper", " | trim | length")) + self.body(d, loop) + t("endset")
        if kind == 10:
            name = self.pick("f", "g")
            signature = self.pick("()", "(x)", "(x, y=2)", "(x='d')", "(a, x=a)")
            extra = self.pick("", "", "{{ caller() }}", "{{ kwargs }}", "{{ varargs }}", "{{ caller is defined }}")
            call = self.pick("()", "(1)", "('q', 3)", "(x=5)", "(y=1, x=2)", "(1, 2, 3)", "(*items)", "(**{'x': 1})", "(z=1)")
            return t("macro " + name + signature) + self.body(d) + extra + t("endmacro") + self.out(name + call)
        if kind == 11:
            return (t("macro h(x=1)") + "[{{ caller(" + self.pick("", "x", "1, 2") + ") }}]" + t("endmacro")
                    + t("call" + self.pick("", "(x)", "(a, b=3)") + " h" + self.pick("()", "(number)")) + self.body(d) + t("endcall"))
        if kind == 12:
            return t("filter " + self.pick("upper", "trim", "replace('a', 'b')", "indent(2) | upper", "length")) + self.body(d, loop) + t("endfilter")
        if kind == 13:
            return self.pick(t("with x = " + self.small(loop) + self.pick("", ", y = x")) + self.body(d, loop) + t("endwith"),
                             t("generation") + self.body(d) + t("endgeneration"),
                             t("set ns = namespace(v=" + self.small(loop) + ")") + t("for x in items") + t("set ns.v = x") + t("endfor") + self.out("ns.v"))
        if loop:
            jump = t(self.pick("break", "continue"))
            return jump if r.random() < .2 else t("if " + self.small(loop)) + jump + t("endif")
        return self.out(self.small(loop))

    def small(self, loop):
        r = self.r
        if loop and r.random() < .3:
            return self.pick("loop.index", "loop.index0", "loop.first", "loop.last", "loop.length", "loop.revindex", "loop.revindex0", "loop.previtem", "loop.nextitem", "loop.cycle('a', 'b')",
                             "loop.changed(x)", "loop.depth", "loop.nextitem is defined", "loop.previtem.role", "loop.first or loop.last", "loop", "loop.index % 2 == 0", "x.role", "m.content", "m['role']")
        return self.expr(r.randrange(0, 3))

    def template(self):
        r = self.r
        if r.random() < .5:
            return self.out(self.expr(r.randrange(1, 4)))
        return self.body(r.randrange(1, 4))


def time_out(*_):
    raise TimeoutError


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 14
    warnings.simplefilter("ignore")
    maker = Maker(random.Random(seed))
    env = environment()
    rows, seen = [], set()
    signal.signal(signal.SIGALRM, time_out)
    while len(rows) < count:
        template = maker.template()
        if template in seen:
            continue
        seen.add(template)
        signal.alarm(2)
        try:
            result = outcome(lambda **v: env.from_string(template).render(**v), **copy.deepcopy(VALUES))
        except TimeoutError:
            continue
        finally:
            signal.alarm(0)
        if " at 0x" in result.get("text", "") or result.get("raises") in ("MemoryError", "RecursionError", "TimeoutError", "AssertionError"):
            continue
        # Most random templates raise; a quarter of those is enough.
        if len(result.get("text", "")) > 20000 or ("text" not in result and maker.r.random() < 0.75):
            continue
        rows.append({"template": template, **result})
    path = os.path.join(here, "fuzz.jsonl.gz") if len(sys.argv) < 4 else sys.argv[3]
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as out:
        head = {"jinja2": jinja2.__version__, "python": sys.version.split()[0], "seed": seed, "values": VALUES}
        for row in [head] + rows:
            out.write((json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass"))
    kinds = [next(k for k in ("text", "refused", "raises") if k in row) for row in rows]
    print({kind: kinds.count(kind) for kind in sorted(set(kinds))}, os.path.getsize(path), "bytes")


if __name__ == "__main__":
    main()
