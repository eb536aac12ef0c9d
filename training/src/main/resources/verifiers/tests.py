"""The tests' process: the only one that decides. The candidate's program never runs here."""
import builtins
import gc
import json
import os
import socket
import sys
import time

import wire

MAX_REQUESTS = 200_000
# Of CPU time: no memory to speak of is filled faster.
BUSY_SECONDS = 0.05
# Modules that a program imports and its tests then use.
LIBRARY = "cmath collections copy datetime decimal fractions functools heapq itertools math operator random re string sys".split()


# How far the tests are, for the worker to say whose fault it is when they do not come to an end.
WAITING, OWN_TEXT, WITH_VALUES = range(3)
AT_FAULT = {WAITING: "lost", OWN_TEXT: "error", WITH_VALUES: "fail"}


class Failed(Exception):
    """A test failed for a reason of the candidate's."""


class Client:
    def __init__(self, connection, stage):
        self.connection = connection
        self.stage = stage
        self.sent = 0

    def ask(self, **request):
        self.sent += 1
        if self.sent > MAX_REQUESTS:
            raise Failed("more than %d calls" % MAX_REQUESTS)
        wire.send(self.connection, request)
        self.stage[0] = WITH_VALUES
        answer = wire.receive(self.connection)
        if "raised" in answer:
            name, text = str(answer["raised"][0]), str(answer["raised"][1])
            raise exception(name, text)
        return answer["value"]

    def encode(self, value):
        return wire.encode(value, self.encode_other)

    def encode_other(self, value):
        if isinstance(value, Handle):
            return ["handle", object.__getattribute__(value, "_number")]
        return wire.encode_function(value)

    def decode(self, data):
        return wire.decode(data, self.decode_other)

    def decode_other(self, tag, fields):
        if tag == "handle":
            return Handle(self, int(fields[0]))
        raise Failed("an answer that is no value")

    def on(self, handle, operation, *arguments, **more):
        return self.decode(self.ask(
            do=operation, object=self.encode(handle),
            arguments=[self.encode(argument) for argument in arguments], **more))


def exception(name, text):
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(text)
        except Exception:
            pass  # some need more arguments
    return Failed("%s: %s" % (name, text))


class Handle:
    """An object that stays with the candidate. It equals itself alone, whatever the candidate says."""

    def __init__(self, client, number):
        object.__setattr__(self, "_client", client)
        object.__setattr__(self, "_number", number)

    def _do(self, operation, *arguments, **more):
        return object.__getattribute__(self, "_client").on(self, operation, *arguments, **more)

    def __call__(self, *arguments, **named):
        client = object.__getattribute__(self, "_client")
        return self._do(
            "call", *arguments, named={name: client.encode(value) for name, value in named.items()})

    def __getattr__(self, name):
        return self._do("getattr", name=name)

    def __setattr__(self, name, value):
        self._do("setattr", value, name=name)

    def __iter__(self):
        iterator = self._do("iter")
        while True:
            item = iterator._do("next") if isinstance(iterator, Handle) else None
            if not isinstance(item, list) or not item:
                return
            yield item[0]

    def __len__(self):
        return int(self._do("len"))

    def __bool__(self):
        return self._do("bool") is True

    def __str__(self):
        return str(self._do("str"))

    def __getitem__(self, index):
        return self._do("getitem", index)

    def __contains__(self, item):
        return self._do("contains", item) is True

    def __eq__(self, other):
        return isinstance(other, Handle) and (
            object.__getattribute__(self, "_number") == object.__getattribute__(other, "_number"))

    def __hash__(self):
        return hash(object.__getattribute__(self, "_number"))


def names_of(code):
    names = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names |= names_of(constant)
    return names


def judge(job, client):
    """The reason why the candidate fails, or None."""
    try:
        client.ask(do="load", code=job["code"])
    except wire.Closed:
        return "the program ended while it was loaded"
    except Exception as failure:
        return "loading the program: " + describe(failure)
    client.stage[0] = OWN_TEXT
    scope = {"__name__": "tests"}
    exec(compile(job["prelude"], "prelude", "exec"), scope)
    tests = [compile(test, "test %d" % (i + 1), "exec") for i, test in enumerate(job["tests"])]
    free = sorted(set().union(*map(names_of, tests)) - set(scope) - set(vars(builtins)) - set(job["entries"]))
    # Only the entries come from the candidate, or it would bring its own abs and all.
    wanted = job["entries"] or [name for name in free if name not in LIBRARY]
    scope.update((name, __import__(name)) for name in free if name in LIBRARY and name not in wanted)
    try:
        found = client.ask(do="names", names=wanted)
        if not isinstance(found, dict):
            return "an answer that is no value"
        for name in wanted:
            if name in found:
                scope[name] = client.decode(found[name])
        for name in job["entries"]:
            if name not in found:
                return "the program does not define " + name
    except wire.Closed:
        return "the program ended before the tests"
    except Exception as failure:
        return "its names: " + describe(failure)
    if all(isinstance(scope.get(name), Handle) for name in wanted):
        # Nothing to go on for ever over until a test calls it.
        client.stage[0] = OWN_TEXT
    for i, test in enumerate(tests):
        label = "test %d of %d" % (i + 1, len(tests))
        try:
            exec(test, scope)
        except wire.Closed:
            return label + ": the program ended"
        except AssertionError as failure:
            return "%s failed: %s" % (label, (str(failure) or line_of(failure, job["tests"][i]))[:300])
        except Exception as failure:
            return "%s raised %s" % (label, describe(failure))
    return None


def line_of(failure, test):
    """The line of the test that failed, which may be inside a function of the test's."""
    trace, number = failure.__traceback__, 1
    while trace:
        if trace.tb_frame.f_code.co_filename.startswith("test "):
            number = trace.tb_lineno
        trace = trace.tb_next
    return test.splitlines()[number - 1].strip()


def describe(failure):
    text = str(failure) if isinstance(failure, Failed) else "%s: %s" % (type(failure).__name__, failure)
    return text[:300]


def run(job, connection, stage):
    reason = judge(job, Client(connection, stage))
    passed = reason is None
    return {
        "outcome": "pass" if passed else "fail",
        "reason": "passed %d tests" % len(job["tests"]) if passed else reason,
        "ended": not passed and "the program ended" in reason}


def serve(jobs, connections, verdicts, stage):
    """One job for every connection that arrives. stage: one byte, which the worker reads."""
    for name in LIBRARY:
        __import__(name)
    wire.write_frame(verdicts, b"{}")
    while True:
        before = time.process_time()
        stage[0] = WAITING
        data, ancillary = connections.recvmsg(1, socket.CMSG_SPACE(4))[:2]
        if not data:
            return
        connection = int.from_bytes(ancillary[0][2][:4], sys.byteorder)
        job = json.loads(wire.read_frame(jobs))
        stage[0] = OWN_TEXT
        try:
            verdict = run(job, connection, stage)
        except Exception as failure:
            # Of the tests themselves: a candidate's failures are verdicts.
            verdict = {"outcome": "error", "reason": "the tests: " + describe(failure)}
        os.close(connection)
        wire.write_frame(verdicts, json.dumps(verdict).encode())
        if time.process_time() - before > BUSY_SECONDS:
            # What a program made large must not be in the way of the next one's values.
            gc.collect()
