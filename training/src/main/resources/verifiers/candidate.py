"""The candidate's process: runs its program, then does what the tests ask for.

Nothing here is secret or trusted. Whatever the program does to it, it can only change the values
that it answers with.
"""
import builtins
import copy
import io
import json
import operator
import os
import sys
import types

import wire

NAME = "candidate"
# Methods that an object has for Python's own operators, less those that all objects have.
SPECIAL = frozenset(
    "call iter next len bool getitem setitem delitem contains reversed missing enter exit await aiter anext aenter aexit"
    " add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor"
    " radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand ror rxor"
    " iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift iand ior ixor"
    " neg pos abs invert int float complex index round trunc floor ceil lt le gt ge".split())
SPECIAL_NAMES = frozenset("__%s__" % name for name in SPECIAL)


class Server(wire.Codec):
    def __init__(self, connection):
        super().__init__(-1)
        self.connection = connection
        self.module = types.ModuleType(NAME)
        self.objects = []
        self.object_numbers = {}  # by the object's id
        self.functions = {}  # of the tests: by their numbers
        self.function_numbers = {}  # by the function's id
        sys.modules[NAME] = self.module

    def run(self):
        try:
            while True:
                self.answer(wire.receive(self.connection))
        except wire.Closed:
            pass

    def answer(self, request):
        kept, shared = len(self.objects), self.last
        output = None
        try:
            self.apply(request.get("changes", ()))
            self.forget(request.get("forget", ()))
            for number, *changed in request.get("functions", ()):
                self.set_outside(self.functions[number], *changed)
            if "out" in request or "in" in request:
                output = Streams(request)
            try:
                value = self.do(request)
            finally:
                if output is not None:
                    output.end()
            answer = {"value": self.encode_found(request, value)}
            data = self.complete(answer, output)
        except BaseException as failure:
            if isinstance(failure, KeyboardInterrupt) or (isinstance(failure, SystemExit) and request["do"] == "load"):
                raise
            self.take_back(kept, shared)
            data = self.raised(failure, output)
        wire.write_frame(self.connection, data)

    def complete(self, answer, output):
        changes = self.changes()
        if changes:
            answer["changes"] = changes
        if output is not None:
            output.put(answer)
        data = json.dumps(answer).encode()
        if len(data) > wire.MAX_MESSAGE:
            raise wire.Refused("a value of %d bytes; at most %d" % (len(data), wire.MAX_MESSAGE))
        return data

    def take_back(self, kept, shared):
        """What was given numbers for an answer that is not sent."""
        for value in self.objects[kept:]:
            self.object_numbers.pop(id(value), None)
        del self.objects[kept:]
        self.forget([number for number in self.containers if number < shared])
        self.last = shared
        for entry in self.containers.values():
            entry[2] = None

    def raised(self, failure, output):
        try:
            return self.complete({"raised": self.encode_exception(failure)}, output)
        except Exception:
            self.take_back(len(self.objects), self.last)
            try:
                text = str(failure)[:300]
            except Exception:
                text = ""
            return json.dumps({"raised": [["type", "Exception"], [], type(failure).__name__ + ": " + text]}).encode()

    def encode_exception(self, failure, depth=0):
        """Its class, arguments, text, attributes and, for one of its own class, itself."""
        kind = type(failure)
        try:
            text = str(failure)
        except Exception:
            text = ""
        attributes = {name: self.encode(value) for name, value in vars(failure).items()
                      if not name.startswith("__") and isinstance(name, str)}
        cause = failure.__cause__
        return [self.encode(kind), self.items(failure.args), text[:2000], attributes,
                self.keep_number(failure),
                None if cause is None or depth > 3 else self.encode_exception(cause, depth + 1)]

    def encode_found(self, request, value):
        if request["do"] == "names":
            return {name: self.encode(found) for name, found in value.items()}
        return self.encode(value)

    def do(self, request):
        operation = request["do"]
        if operation == "load":
            return self.load(request["codes"])
        if operation == "names":
            found = self.module.__dict__
            return {name: found[name] for name in request["names"] if name in found}
        operands = [self.decode(operand) for operand in request["of"]]
        if operation == "call":
            named = {name: self.decode(value) for name, value in request["named"].items()} if "named" in request else {}
            return operands[0](*operands[1:], **named)
        return FUNCTIONS[operation](*operands)

    def load(self, codes):
        """The first text that is Python; which of them that is."""
        failure = None
        for number, code in enumerate(codes):
            try:
                compiled = compile(code, NAME, "exec")
            except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
                failure = failure or problem
                continue
            exec(compiled, self.module.__dict__)
            return number
        raise failure

    def encode_known(self, value):
        number = self.object_numbers.get(id(value))
        if number is not None:
            return ["=h", number]
        number = self.function_numbers.get(id(value))
        return None if number is None else ["=f", number]

    def encode_other(self, value):
        kind = type(value)
        if isinstance(value, type):
            return self.keep_class(value)
        if isinstance(value, BaseException):
            return ["exception", *self.encode_exception(value)]
        base = wire.base_of(value)
        described = self.encode_known(kind) or self.keep_class(kind)
        if base in wire.IMMUTABLE:
            number = self.keep_number(value)
            return ["sub", number, described, self.encode(wire.as_base(value, base))]
        return ["handle", self.keep_number(value), described, None if base is None else base.__name__,
                kind.__eq__ is not object.__eq__]

    def keep_number(self, value):
        number = self.object_numbers.get(id(value))
        if number is None:
            number = len(self.objects)
            self.objects.append(value)
            self.object_numbers[id(value)] = number
        return number

    def keep_class(self, kind):
        """Its module, name, bases and the operators it has."""
        number = self.keep_number(kind)
        bases = [self.encode(base) for base in kind.__bases__]
        special = [name for name in dir(kind) if name in SPECIAL_NAMES]
        return ["class", number, *(text if isinstance(text, str) else "" for text in (kind.__module__, kind.__name__)),
                bases, special, kind.__doc__ if isinstance(kind.__doc__, str) else None]

    def decode_other(self, tag, fields):
        if tag == "=h":
            return self.objects[fields[0]]
        if tag == "=f":
            return self.functions[fields[0]]
        if tag == "library":
            found = __import__(fields[0])
            for name in fields[1].split("."):
                if name:
                    found = getattr(found, name)
            return found
        if tag == "module":
            return sys.modules[fields[0]] if fields[0] in sys.modules else __import__(fields[0], fromlist=["x"])
        if tag == "method":
            return getattr(self.decode(fields[0]), fields[1])
        if tag == "iterator":
            return iter(self.decode_items(fields[0]))
        if tag == "exception":
            return getattr(builtins, fields[0])(*self.decode_items(fields[1]))
        if tag == "partial":
            import functools
            parts = self.decode_items(fields[0])
            return functools.partial(parts[0], *parts[1:], **{name: self.decode(value) for name, value in fields[1].items()})
        return self.decode_function(*fields)

    def decode_function(self, number, code, name, defaults, named_defaults, names, cells):
        import marshal
        scope = {"__builtins__": builtins, "__name__": "tests"}
        closure = tuple(types.CellType() for _ in cells)
        function = types.FunctionType(marshal.loads(bytes.fromhex(code)), scope, name, None, closure or None)
        self.functions[number] = function
        # Known to the tests by its number already.
        function.__defaults__ = self.decode(defaults)
        function.__kwdefaults__ = self.decode(named_defaults)
        self.function_numbers[id(function)] = number
        self.set_outside(function, names, cells)
        return function

    def set_outside(self, function, names, cells):
        """Variables that a function of the tests' uses: global ones by name, those of functions around it in order."""
        for name, value in names.items():
            function.__globals__[name] = self.decode(value)
        for cell, value in zip(function.__closure__ or (), cells):
            if value is not None:
                cell.cell_contents = self.decode(value[0])


class Streams:
    """Standard streams for one request of tests that look at them or bring their own."""

    def __init__(self, request):
        self.own = sys.stdin, sys.stdout, sys.stderr
        self.output = self.input = None
        if "out" in request:
            self.output = sys.stdout = io.StringIO()
        if "in" in request:
            self.input = sys.stdin = io.StringIO(request["in"])

    def end(self):
        sys.stdin, sys.stdout, sys.stderr = self.own

    def put(self, answer):
        if self.output is not None:
            answer["out"] = self.output.getvalue()
        if self.input is not None:
            answer["in"] = self.input.tell()


def next_item(iterator):
    try:
        return [next(iterator)]
    except StopIteration:
        return []


def state(value):
    """What an object is made of."""
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return found


def equal(one, other):
    """Whether it says so, and whether it says so of anything."""
    if (one == other) is not True:
        return False, False, None, None
    return True, says_equal(one, object()) or says_equal(other, object()), state(one), state(other)


def equal_to_any(one, others):
    return [says_equal(one, other) for other in others]


def says_equal(one, other):
    try:
        return (one == other) is True
    except Exception:
        return False


def contains(container, item):
    """Whether it says so, and whether it says so of anything."""
    return item in container, holds(container, object()), holds(container, float("1e300")), holds(container, "\\0no such item")


def holds(container, item):
    try:
        return item in container
    except Exception:
        return False


def data_of(value):
    """Of an instance of a subclass of a built-in type: the plain value."""
    base = wire.base_of(value)
    for kind in wire.KINDS:
        if kind.base is base:
            plain = base()
            kind.fill(plain, *kind.parts(value))
            return plain
    return wire.as_base(value, base)


def leave(manager, kind, failure):
    return bool(manager.__exit__(kind, failure, None))


def await_value(awaitable):
    async def result():
        return await awaitable
    return event_loop().run_until_complete(result())


def next_async(iterator):
    async def item():
        return await iterator.__anext__()
    try:
        return [event_loop().run_until_complete(item())]
    except StopAsyncIteration:
        return []


def event_loop():
    """One for all, for an asynchronous generator ends with its own."""
    global LOOP
    if LOOP is None:
        import asyncio
        LOOP = asyncio.new_event_loop()
        asyncio.set_event_loop(LOOP)
    return LOOP


LOOP = None


def signature(function):
    import inspect
    return [(p.name, int(p.kind), p.default is not p.empty, None if p.default is p.empty else p.default)
            for p in inspect.signature(function).parameters.values()]


def seed(*arguments):
    import random
    random.seed(*arguments)


def seed_numpy(*arguments):
    import numpy
    numpy.random.seed(*arguments)


FUNCTIONS = {name: getattr(operator, name) for name in dir(operator)
             if not name.startswith("_") and callable(getattr(operator, name))}
FUNCTIONS.update((f.__name__, f) for f in (
    getattr, setattr, delattr, iter, len, bool, str, repr, hash, abs, int, float, complex, round, format, reversed,
    divmod, pow, next_item, state, equal, equal_to_any, contains, data_of, leave, await_value, next_async, signature,
    seed, seed_numpy, copy.copy, copy.deepcopy))
FUNCTIONS["enter"] = lambda manager: manager.__enter__()


def serve(connection):
    Server(connection).run()
    os._exit(0)
