"""The candidate's process: runs its program, then does what the tests ask for.

Nothing here is secret or trusted. Whatever the program does to it, it can only change the values
that it answers with.
"""
import builtins
import json
import marshal
import os
import sys
import types

import wire

NAME = "candidate"


class Server:
    def __init__(self, connection):
        self.connection = connection
        self.module = types.ModuleType(NAME)
        self.objects = []
        sys.modules[NAME] = self.module

    def run(self):
        try:
            while True:
                self.answer(wire.receive(self.connection))
        except wire.Closed:
            pass

    def answer(self, request):
        try:
            result = {"value": self.do(request)}
            data = json.dumps(result).encode()
            if len(data) > wire.MAX_MESSAGE:
                raise wire.Refused("a value of %d bytes; at most %d" % (len(data), wire.MAX_MESSAGE))
        except BaseException as failure:
            if isinstance(failure, (SystemExit, KeyboardInterrupt)):
                raise
            try:
                text = str(failure)[:300]
            except Exception:
                text = ""
            data = json.dumps({"raised": [type(failure).__name__, text]}).encode()
        wire.write_frame(self.connection, data)

    def do(self, request):
        operation = request["do"]
        if operation == "load":
            code = compile(request["code"], NAME, "exec")
            exec(code, self.module.__dict__)
            return None
        if operation == "names":
            found = self.module.__dict__
            return {name: self.encode(found[name]) for name in request["names"] if name in found}
        target = self.decode(request["object"])
        arguments = [self.decode(argument) for argument in request.get("arguments", ())]
        if operation == "call":
            named = {name: self.decode(value) for name, value in request["named"].items()}
            return self.encode(target(*arguments, **named))
        if operation == "getattr":
            return self.encode(getattr(target, request["name"]))
        if operation == "setattr":
            return setattr(target, request["name"], arguments[0])
        if operation == "next":
            try:
                return ["l", [self.encode(next(target))]]
            except StopIteration:
                return ["l", []]
        simple = {"iter": iter, "len": len, "bool": bool, "str": str,
                  "getitem": lambda o, i: o[i], "contains": lambda o, i: i in o}
        return self.encode(simple[operation](target, *arguments))

    def encode(self, value):
        return wire.encode(value, self.keep)

    def keep(self, value):
        self.objects.append(value)
        return ["handle", len(self.objects) - 1]

    def decode(self, data):
        return wire.decode(data, self.decode_other)

    def decode_other(self, tag, fields):
        if tag == "handle":
            return self.objects[fields[0]]
        if tag == "builtin":
            return getattr(builtins, fields[0])
        return types.FunctionType(
            marshal.loads(bytes.fromhex(fields[0])), self.module.__dict__, fields[1])


def serve(connection):
    Server(connection).run()
    os._exit(0)
