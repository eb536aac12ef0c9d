"""The tests' process: the only one that decides. The candidate's program never runs here."""
import builtins
import gc
import json
import os
import socket
import sys
import time

import client
import faults
import handles
import wire

# Of CPU time: no memory to speak of is filled faster.
BUSY_SECONDS = 0.05
# Modules that a program imports and its tests then use.
LIBRARY = "cmath collections copy datetime decimal fractions functools heapq itertools math operator random re string sys".split()
# Further ones that values and exceptions are of: loaded before there is a candidate.
VALUES = "array ast dataclasses dis ipaddress inspect json marshal pathlib types uuid".split()
# Their tests are run by programs of their own.
FRAMEWORKS = "pytest nose hypothesis".split()

WAITING, OWN_TEXT, WITH_VALUES = client.WAITING, client.OWN_TEXT, client.WITH_VALUES
AT_FAULT = {WAITING: "lost", OWN_TEXT: "error", WITH_VALUES: "fail"}


class Broken(Exception):
    """The tests cannot be run, or they test nothing."""


def judge(job, candidate):
    """The reason why the candidate fails, or None."""
    try:
        candidate.load(job["codes"])
    except wire.Closed:
        return "the program ended while it was loaded"
    except (Exception, SystemExit, client.Failed) as failure:
        return "loading the program: " + describe(failure)
    candidate.stage[0] = OWN_TEXT
    scope = {"__name__": "tests"}
    tests = candidate.tests = faults.Tests(job["prelude"], job["tests"])
    exec(tests.prelude, scope)
    free = sorted(set().union(*map(tests.names_of, tests.codes)) - set(scope) - set(vars(builtins)) - set(job["entries"]))
    # Only the entries come from the candidate, or it would bring its own abs and all.
    wanted = job["entries"] or [name for name in free if name not in LIBRARY]
    scope.update((name, __import__(name)) for name in free if name in LIBRARY and name not in wanted)
    tests.begin(wanted, scope)
    candidate.calls = 0
    try:
        found = candidate.names(wanted)
        for name in wanted:
            if name in found:
                scope[name] = found[name]
                if isinstance(found[name], handles.Mirror):
                    type.__setattr__(found[name], "_declared", True)
        for name in job["entries"]:
            if name not in found:
                return "the program does not define " + name
    except wire.Closed:
        return "the program ended before the tests"
    except client.Failed as failure:
        return "its names: " + describe(failure)
    values = [name for name in found if not handles.is_remote(found[name]) and not isinstance(found[name], type)]
    if not values:
        # Nothing to go on for ever over until a test calls it.
        candidate.stage[0] = OWN_TEXT
    candidate.calls = 0
    for i, test in enumerate(tests.codes):
        label = "test %d of %d" % (i + 1, len(tests.codes))
        reason = run_test(test, scope, label, tests, candidate)
        if candidate.unsupported is not None:
            raise Broken("%s: %s" % (label, candidate.unsupported))
        if reason is None and candidate.failed is not None:
            reason = "%s raised %s" % (label, describe(candidate.failed))
        if reason is not None:
            if candidate.calls == 0 and candidate.items_taken == 0 and not tests.uses(values):
                raise Broken("%s, before the program was asked for anything" % reason)
            return reason
    if candidate.calls == 0 and candidate.items_taken == 0 and not tests.uses(values):
        raise Broken("they never call the program: it could be any")
    return None


def run_test(test, scope, label, tests, candidate):
    """The reason why it fails, or None."""
    try:
        exec(test, scope)
    except wire.Closed:
        return label + ": the program ended"
    except client.Failed as failure:
        return "%s raised %s" % (label, describe(failure))
    except client.Unsupported:
        return None
    except AssertionError as failure:
        return "%s failed: %s" % (label, (str(failure) or tests.line(failure))[:300])
    except BaseException as failure:
        if not candidate.is_candidates(failure):
            if isinstance(failure, (SystemExit, KeyboardInterrupt)):
                raise
            if tests.is_theirs(failure):
                raise Broken("%s: %s" % (label, describe(failure)))
        return "%s raised %s" % (label, describe(failure))
    return None


def describe(failure):
    text = str(failure)
    if not isinstance(failure, (Broken, client.Failed)):
        text = "%s: %s" % (type(failure).__name__, text)
    return text[:300]


def run(job, connection, stage):
    candidate = client.Client(connection, stage)
    try:
        reason = judge(job, candidate)
    finally:
        candidate.close()
    passed = reason is None
    return {
        "outcome": "pass" if passed else "fail",
        "reason": "passed %d tests" % len(job["tests"]) if passed else reason,
        "ended": not passed and "the program ended" in reason}


def serve(jobs, connections, verdicts, stage):
    """One job for every connection that arrives. stage: one byte, which the worker reads."""
    for name in LIBRARY + VALUES:
        __import__(name)
    for name in FRAMEWORKS:
        sys.modules[name] = None
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
