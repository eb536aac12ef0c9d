"""Jinja2 as Hugging Face transformers configures it for chat templates (utils/chat_template_utils.py), with a fixed clock."""
import datetime, json
import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2025, 3, 9, 14, 5, 7)


class Refusal(jinja2.exceptions.TemplateError):
    pass


class Generation(Extension):
    """{% generation %}: prints its body, which Jinja2 calls as a macro."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_print"), [], [], body).set_lineno(line)

    def _print(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise Refusal(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def outcome(render, **values):
    """{"text": …}, {"refused": message} where the template raises, {"raises": type} where Jinja2 or Python do."""
    try:
        return {"text": render(**values)}
    except Refusal as e:
        return {"refused": str(e)}
    except Exception as e:
        return {"raises": type(e).__name__}
