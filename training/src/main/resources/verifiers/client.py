"""The tests' side of the border: asks the candidate, and hands the tests what it answers."""
import builtins
import functools
import io
import random
import sys
import types

import handles
import wire

MAX_CALLS = 200_000
MAX_ITEMS = 2_000_000
MAX_ITERATOR = 100_000
MANY_FUNCTIONS = 20
# How far the tests are, for the worker to say whose fault it is when they do not come to an end.
WAITING, OWN_TEXT, WITH_VALUES = range(3)
BUILTINS = builtins.input, builtins.print, builtins.open
SEED = random.seed
ITERATORS = (types.GeneratorType, map, filter, zip, enumerate, reversed, *(
    type(iter(value)) for value in ([], (), "", "\xe9", b"", range(0), range(1 << 70), {}, {}.values(), {}.items(), set(), bytearray())))


class Failed(BaseException):
    """A test failed for a reason of the candidate's. No Exception: a test may expect one."""


class Unsupported(BaseException):
    """The tests ask for what cannot be told across the border."""


class Reference:
    """The number of an object, to ask for it."""

    def __init__(self, number):
        self.number = number


class Client(wire.Codec):
    """One program's. `tests` says what of the tests an exception comes from: see faults."""

    def __init__(self, connection, stage):
        super().__init__(1)
        self.connection = connection
        self.stage = stage
        self.tests = None
        self.calls = self.items_taken = 0
        self.objects = {}  # by number
        self.object_numbers = {}  # of exceptions and coroutines, by the object's id
        self.functions = []  # of the tests: by their numbers
        self.function_numbers = {}  # by the function's id
        self.raised = []
        self.failed = self.unsupported = None
        self.changed = self.dead = self.outside = ()
        self.watched = {}  # functions of the tests' that were sent, with the variables they use, by number
        self.streams = sys.stdin, sys.stdout
        random.seed = self.seed

    def close(self):
        sys.stdin, sys.stdout = self.streams
        random.seed = SEED

    def load(self, codes):
        return self.ask({"do": "load", "codes": codes})

    def names(self, names):
        """Those that the program defines, with their values."""
        return self.ask({"do": "names", "names": names}, named=True)

    def call(self, *operands, **named):
        request = {"do": "call", "of": self.sent(operands)}
        if named:
            request["named"] = {name: self.encode(value) for name, value in named.items()}
        self.count_call()
        by_function = not isinstance(operands[0], handles.Mirror) and handles.is_remote(operands[0])
        name = handles.remote(operands[0]).name if by_function else ""
        found = self.ask(request, may_stop=name in ("next", "__next__", "send", "throw"))
        if by_function and not name and handles.is_remote(found):
            # Whoever made it: it stands for an answer now.
            handles.remote(found).made = False
        return found

    def on(self, function, *operands):
        """What a function of the candidate's process gives, see there."""
        self.count_call()
        return self.ask({"do": function, "of": self.sent(operands)})

    def next_item(self, iterator):
        """A list of the next item, or of none."""
        self.items_taken += 1
        if self.items_taken > MAX_ITEMS:
            raise self.failure("more than %d items of iterators" % MAX_ITEMS)
        return self.ask({"do": "next_item", "of": self.sent([iterator])})

    def attribute(self, handle, name):
        known = handles.remote(handle)
        if name == "__signature__":
            return handles.signature(self.on("signature", handle))
        if not handles.declared(handle):
            if known.base is not None and hasattr(known.base, name):
                return getattr(handles.data(handle), name)
            if name in handles.COMPARING and not hasattr(type(handle), "_real"):
                raise self.failure("'%s' of an object of its own, class %s" % (name, type(handle).__name__))
        found = self.on("getattr", handle, name)
        if handles.is_remote(found) and isinstance(found, handles.Handle):
            handles.remote(found).name = name
        return found

    def count_call(self):
        self.calls += 1
        if self.calls > MAX_CALLS:
            text = "more than %d calls of the program" % MAX_CALLS
            raise self.failure(text) if self.tests.loops_over_answers(sys._getframe()) else self.refusal(text)

    def sent(self, operands):
        self.changed, self.dead = self.changes(), []
        # Nothing but this knows them any more: two references are from here.
        for number, entry in list(self.containers.items()):
            if sys.getrefcount(entry[0]) <= 2:
                self.forget((number,))
                self.dead.append(number)
            entry = None
        try:
            self.outside = self.changed_outside() if self.watched else ()
            return [self.encode(operand) for operand in operands]
        except (wire.Refused, RecursionError) as refused:
            raise self.refusal(str(refused)) from None

    def ask(self, request, named=False, may_stop=False):
        if self.changed:
            request["changes"] = self.changed
        if self.dead:
            request["forget"] = self.dead
        if self.outside:
            request["functions"] = self.outside
        self.changed = self.dead = self.outside = ()
        if (builtins.input, builtins.print, builtins.open) != BUILTINS:
            raise self.refusal("the tests replace input, print or open, which a program in another process does not see")
        streams = sys.stdin is not self.streams[0] or sys.stdout is not self.streams[1]
        if streams:
            self.send_streams(request)
        try:
            wire.send(self.connection, request)
        except wire.Refused as refused:
            # Of long values that the candidate gave, it may be.
            raise self.failure(str(refused)) if self.stage[0] == WITH_VALUES else self.refusal(str(refused))
        self.stage[0] = WITH_VALUES
        try:
            answer = wire.receive(self.connection)
            if streams:
                self.receive_streams(request, answer)
            self.apply(answer.get("changes", ()))
            if "raised" not in answer:
                value = answer["value"]
                if not named:
                    return self.decode(value)
                if type(value) is not dict:
                    raise wire.Refused("names that are none")
                return {name: self.decode(value[name]) for name in value}
            raised = self.decode_exception(*answer["raised"])
        except wire.Refused as failure:
            raise self.failure("an answer that is no value: %s" % failure) from None
        except Exception as failure:
            raise self.failure("an answer that is no value: %s: %s" % (type(failure).__name__, failure)) from None
        raise self.let_pass(raised, request["do"] != "call" or may_stop) from raised.__cause__

    def send_streams(self, request):
        if sys.stdout is not self.streams[1]:
            request["out"] = True
        if sys.stdin is not self.streams[0]:
            if not isinstance(sys.stdin, io.StringIO):
                raise self.refusal("standard input of type %s, which cannot be handed to a program" % type(sys.stdin).__name__)
            self.read_from = sys.stdin.tell()
            request["in"] = sys.stdin.read()

    def receive_streams(self, request, answer):
        if "out" in request and "out" in answer:
            sys.stdout.write(str(answer["out"]))
        if "in" in request:
            sys.stdin.seek(self.read_from + max(0, min(int(answer.get("in", 0)), len(request["in"]))))

    def let_pass(self, raised, may_stop):
        """An exception of the candidate's, for the tests to catch."""
        self.raised.append(raised)
        if isinstance(raised, (StopIteration, StopAsyncIteration)) and not may_stop or not isinstance(raised, (Exception, SystemExit)):
            # The one would end a loop of the tests' in silence, the other is not meant to be caught.
            return self.failure("%s: %s" % (type(raised).__name__, raised))
        return raised

    def is_candidates(self, failure):
        return any(failure is raised for raised in self.raised)

    def is_raised_by_tests(self, failure):
        return not self.is_candidates(failure) and self.tests.is_raised(failure)

    def failure(self, text):
        """To raise. The tests may catch it, but not undo it."""
        self.failed = self.failed or Failed(text)
        return self.failed

    def refusal(self, text):
        """To raise. The tests may catch it, but not undo it."""
        self.unsupported = self.unsupported or Unsupported(text)
        return self.unsupported

    def seed(self, *arguments, **named):
        SEED(*arguments, **named)
        self.ask({"do": "seed", "of": self.sent([*arguments, *named.values()])})

    def encode_known(self, value):
        if handles.is_remote(value):
            return ["=h", handles.remote(value).number]
        if isinstance(value, handles.Mirror):
            return ["=h", value._number]
        number = self.function_numbers.get(id(value))
        if number is not None:
            return ["=f", number]
        number = value.number if isinstance(value, Reference) else self.object_numbers.get(id(value))
        return None if number is None else ["=h", number]

    def encode_other(self, value):
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        if type(value) is functools.partial:
            return ["partial", self.items([value.func, *value.args]),
                    {name: self.encode(named) for name, named in value.keywords.items()}]
        path = library_path(value)
        if path is not None:
            return ["library", *path]
        if isinstance(value, (types.BuiltinMethodType, types.MethodType, types.MethodWrapperType)):
            if not isinstance(value.__self__, types.ModuleType):
                return ["method", self.encode(value.__self__), value.__name__]
        if isinstance(value, types.FunctionType):
            return self.encode_function(value)
        if isinstance(value, ITERATORS):
            return ["iterator", self.items(self.rest_of(value))]
        if isinstance(value, BaseException) and type(value).__module__ == "builtins":
            return ["exception", type(value).__name__, self.items(value.args)]
        kind = value if isinstance(value, type) else type(value)
        base = wire.base_of(value)
        if base is None or kind.__module__ in ("tests", "prelude"):
            raise wire.Refused("an argument of type %s, which cannot be handed to a program" % kind.__name__)
        for shared in wire.KINDS:
            if shared.base is base:
                return self.share(value, shared)
        return self.encode(wire.as_base(value, base))

    @staticmethod
    def rest_of(iterator):
        found = []
        for item in iterator:
            found.append(item)
            if len(found) > MAX_ITERATOR:
                raise wire.Refused("an argument that is an iterator of more than %d items" % MAX_ITERATOR)
        return found

    def encode_function(self, function):
        """Its code, and what of the tests' it uses. It runs there: of the tests' it can change containers alone."""
        import marshal
        code = function.__code__
        number = len(self.functions)
        self.functions.append(function)
        self.function_numbers[id(function)] = number
        written = self.tests.written_outside(code)
        if written:
            raise wire.Refused("a function that sets %s of the tests', which cannot be handed to a program" % ", ".join(sorted(written)))
        names, cells = self.outside_of(function)
        self.watched[number] = function, names, cells
        return ["function", number, marshal.dumps(code).hex(), function.__name__, self.encode(function.__defaults__),
                self.encode(function.__kwdefaults__), {name: self.encode(names[name]) for name in names},
                [cell and [self.encode(cell[0])] for cell in cells]]

    def outside_of(self, function):
        """Values of the global variables and, in lists of one, of the cells that it uses and that are set."""
        scope = function.__globals__
        names = {name: scope[name] for name in sorted(self.tests.names_of(function.__code__))
                 if name in scope and name != "__builtins__"}
        cells = []
        for cell in function.__closure__ or ():
            try:
                cells.append([cell.cell_contents])
            except ValueError:
                cells.append(None)  # not set yet
        return names, cells

    def changed_outside(self):
        """Of functions that were sent: their numbers and the variables that are set to something else now."""
        found = []
        for number, (function, names, cells) in list(self.watched.items()):
            now, now_cells = self.outside_of(function)
            if now.keys() != names.keys() or any(now[name] is not names[name] for name in now) or any(
                    (one and one[0]) is not (other and other[0]) for one, other in zip(cells, now_cells)):
                self.watched[number] = function, now, now_cells
                found.append([number, {name: self.encode(now[name]) for name in now},
                              [cell and [self.encode(cell[0])] for cell in now_cells]])
            elif sys.getrefcount(function) <= 5 and len(self.watched) > MANY_FUNCTIONS:
                del self.watched[number]
        return found

    def decode_other(self, tag, fields):
        if tag == "=h":
            return self.objects[fields[0]]
        if tag == "=f":
            return self.functions[fields[0]]
        if tag == "exception":
            return self.decode_exception(*fields)
        decoders = {"handle": self.decode_handle, "class": self.decode_class, "sub": self.decode_sub}
        if tag not in decoders:
            raise wire.Refused("a tag of no meaning")
        number = fields[0]
        if type(number) is not int or number in self.objects:
            raise wire.Refused("a number that is taken")
        return decoders[tag](*fields)

    def decode_class(self, number, module, name, bases, special, doc):
        bases = [self.decode(base) for base in bases]
        real = handles.library_class(str(module), str(name))
        if real is not None and issubclass(real, BaseException):
            made = real
        else:
            made = handles.new_class(self, number, str(module), str(name), bases, special, doc)
        self.objects[number] = made
        return made

    def decode_handle(self, number, kind, base, compares):
        kind = self.decode(kind)
        if getattr(kind, "_real", None) is types.CoroutineType:
            made = self.local_coroutine(number)
            self.object_numbers[id(made)] = number
        else:
            if not (isinstance(kind, handles.Mirror) and issubclass(kind, handles.Handle)):
                raise wire.Refused("an object of no class")
            made = object.__new__(kind)
            base = next((shared.base for shared in wire.KINDS if shared.base.__name__ == base), None)
            object.__getattribute__(made, "__dict__")["_remote"] = handles.Remote(self, number, base, compares is True)
        self.objects[number] = made
        return made

    async def local_coroutine(self, number):
        return self.on("await_value", Reference(number))

    def decode_sub(self, number, kind, value):
        kind, value = self.decode(kind), self.decode(value)
        if not (isinstance(kind, handles.Mirror) and issubclass(kind, type(value)) and type(value) in wire.IMMUTABLE):
            raise wire.Refused("an object of no class")
        made = type(value).__new__(kind, value)
        made.__dict__["_remote"] = handles.Remote(self, number)
        self.objects[number] = made
        return made

    def decode_exception(self, kind, arguments, text, attributes, number, cause):
        if number in self.objects:
            return self.objects[number]
        kind, arguments = self.decode(kind), self.decode_items(arguments)
        if not issubclass(kind, BaseException) or type(number) is not int:
            raise wire.Refused("an exception of no class")
        made = kind.__new__(kind, *arguments)
        try:
            # Those of the language set attributes there, the library's have them in their dictionaries.
            if kind.__module__ == "builtins":
                made.__init__(*arguments)
        except Exception:
            pass
        made.args = tuple(arguments)
        if isinstance(kind, handles.Mirror):
            made.__dict__["_remote"] = handles.Remote(self, number)
            handles.remote(made).name = str(text)
        for name in attributes:
            made.__dict__[name] = self.decode(attributes[name])
        if cause is not None:
            made.__cause__ = self.decode_exception(*cause)
        self.object_numbers[id(made)] = number
        self.objects[number] = made
        return made


def library_path(value):
    """Module and name, of a function or a class of the library's; None of others."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(value, (types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType)):
        module = value.__objclass__.__module__
    if not isinstance(module, str) or not isinstance(name, str) or module in ("tests", "prelude", "client", "handles"):
        return None
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name) if found is value else None
