"""Values between the candidate's process and that of the tests: plain data, as JSON.

What arrives from a candidate is data whatever it sent, for only data is ever made of it. Anything
else, such as an object of its own class, stays there, and a number for it is sent: a Handle.
"""
import builtins
import collections
import json
import marshal
import os
import re
import sys
import types

MAX_MESSAGE = 8 << 20
MAX_DIGITS = 5000
LONG_NUMBER = re.compile("(?<![0-9])[0-9]{%d}" % MAX_DIGITS)
# Fewer digits than MAX_DIGITS.
PLAIN_BITS = 1 << 14
TYPES = {t.__name__: t for t in (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)}

sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000))
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


class Closed(Exception):
    """The other side is gone."""


class Refused(Exception):
    """What cannot be sent."""


def read_exactly(descriptor, count):
    parts = []
    while count:
        try:
            part = os.read(descriptor, min(count, 1 << 20))
        except ConnectionError:
            part = b""  # gone without having read what was sent to it
        if not part:
            raise Closed()
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_frame(descriptor, limit=1 << 30):
    length = int.from_bytes(read_exactly(descriptor, 4), "big")
    if length > limit:
        raise Refused("a message of %d bytes; at most %d" % (length, limit))
    return read_exactly(descriptor, length)


def write_frame(descriptor, data):
    data = len(data).to_bytes(4, "big") + data
    while data:
        data = data[os.write(descriptor, data):]


def send(descriptor, message):
    data = json.dumps(message).encode()
    if len(data) > MAX_MESSAGE:
        raise Refused("a value of %d bytes; at most %d" % (len(data), MAX_MESSAGE))
    try:
        write_frame(descriptor, data)
    except OSError:
        raise Closed() from None


def receive(descriptor):
    text = read_frame(descriptor, MAX_MESSAGE).decode()
    # A long run of digits is a text's, or it is forged: reading such a number takes minutes.
    return json.loads(text, parse_int=plain_int) if LONG_NUMBER.search(text) else json.loads(text)


def plain_int(digits):
    if len(digits) > MAX_DIGITS:
        raise Refused("a number of %d digits" % len(digits))
    return int(digits)


def encode(value, other):
    """other: encodes what is no plain data."""
    kind = type(value)
    if kind is int:
        # Decimal digits take time that grows with their square.
        return value if value.bit_length() <= PLAIN_BITS else ["i", hex(value)]
    if value is None or kind in (bool, float, str):
        return value
    many = lambda items: [encode(item, other) for item in items]
    if kind is list:
        return ["l", many(value)]
    if kind is tuple:
        return ["t", many(value)]
    if kind is dict:
        return ["d", many(value.keys()), many(value.values())]
    if kind is set or kind is frozenset:
        return ["s" if kind is set else "f", many(value)]
    if kind is bytes:
        return ["b", value.hex()]
    if kind is complex:
        return ["c", value.real, value.imag]
    if kind is range:
        return ["r", value.start, value.stop, value.step]
    if kind is collections.deque:
        return ["q", many(value)]
    library = kind.__module__, kind.__name__
    if library == ("decimal", "Decimal"):
        return ["D", str(value)]
    if library == ("fractions", "Fraction"):
        return ["F", value.numerator, value.denominator]
    if library == ("datetime", "date"):
        return ["date", [value.year, value.month, value.day]]
    if library == ("datetime", "datetime") and value.tzinfo is None:
        return ["datetime", list(value.timetuple()[:6]) + [value.microsecond]]
    if library == ("datetime", "timedelta"):
        return ["timedelta", [value.days, value.seconds, value.microseconds]]
    if kind is type and TYPES.get(value.__name__) is value:
        return ["type", value.__name__]
    # Subclasses equal their bases, as Counter does dict and a named tuple does tuple.
    for base, tag in ((dict, "d"), (list, "l"), (tuple, "t"), (set, "s"), (frozenset, "f")):
        if isinstance(value, base):
            if base is dict:
                return ["d", many(dict.keys(value)), many(dict.values(value))]
            return [tag, many(base.__iter__(value))]
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return encode(base.__str__(value) if base is str else base(value), other)
    return other(value)


def decode(data, other):
    """other: decodes what is no plain data, given its tag and its fields."""
    if not isinstance(data, list):
        return data
    tag, fields = data[0], data[1:]
    many = lambda items: [decode(item, other) for item in items]
    if tag == "l":
        return many(fields[0])
    if tag == "t":
        return tuple(many(fields[0]))
    if tag == "d":
        return dict(zip(many(fields[0]), many(fields[1])))
    if tag == "s":
        return set(many(fields[0]))
    if tag == "f":
        return frozenset(many(fields[0]))
    if tag == "i":
        return int(fields[0], 16)
    if tag == "b":
        return bytes.fromhex(fields[0])
    if tag == "c":
        return complex(float(fields[0]), float(fields[1]))
    if tag == "r":
        return range(*(int(field) for field in fields))
    if tag == "q":
        return collections.deque(many(fields[0]))
    if tag == "D":
        import decimal
        return decimal.Decimal(str(fields[0]))
    if tag == "F":
        import fractions
        return fractions.Fraction(int(fields[0]), int(fields[1]))
    if tag in ("date", "datetime", "timedelta"):
        import datetime
        return getattr(datetime, tag)(*(int(field) for field in fields[0]))
    if tag == "type":
        return TYPES[fields[0]]
    return other(tag, fields)


def encode_function(function):
    """Of the tests, for the candidate: never the other way."""
    if isinstance(function, types.BuiltinFunctionType) and getattr(builtins, function.__name__, None) is function:
        return ["builtin", function.__name__]
    if isinstance(function, types.FunctionType) and function.__closure__ is None:
        return ["function", marshal.dumps(function.__code__).hex(), function.__name__]
    raise Refused("an argument of type %s, which cannot be handed to a candidate" % type(function).__name__)
