"""Values between the candidate's process and that of the tests: plain data, as JSON.

What arrives from a candidate is data whatever it sent, for only data is ever made of it. Anything
else, such as an object of its own class, stays there, and a number for it is sent: see handles.

Lists, dictionaries and other containers that can be changed are one object on both sides: each is
sent once, with a number; after that only the number is, and what has been changed in it.
"""
import builtins
import collections
import json
import operator
import os
import re
import sys

MAX_MESSAGE = 8 << 20
MAX_DIGITS = 5000
LONG_NUMBER = re.compile("(?<![0-9])[0-9]{%d}" % MAX_DIGITS)
# Fewer digits than MAX_DIGITS.
PLAIN_BITS = 1 << 14
PLAIN_LIMIT = 1 << PLAIN_BITS
# Of more elements a change is found by comparing values, which is faster than comparing identities.
MANY = 10_000
TYPES = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and kind.__name__ == name}
PLAIN = {bool, int, float, str, type(None)}
IMMUTABLE = (bool, int, float, complex, str, bytes, tuple, frozenset)

sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000))
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


class Closed(BaseException):
    """The other side is gone. No Exception: a test that expects one must not take it for one."""


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


class Kind:
    """A type of containers that can be changed."""

    def __init__(self, tag, base, parts, fill, make=None):
        self.tag = tag
        self.base = base
        self.parts = parts  # what it consists of, as lists
        self.fill = fill
        self.make = make or (lambda codec, fields: base())

    def snapshot(self, value):
        return self.parts(value)

    def unchanged(self, value, snapshot):
        return all(map(same_items, self.parts(value), snapshot))


def same_items(items, others):
    if len(items) != len(others):
        return False
    return items == others if len(items) > MANY else all(map(operator.is_, items, others))


def fill_list(value, items):
    list.__setitem__(value, slice(None), items)


def fill_dict(value, keys, values):
    dict.clear(value)
    for key, item in zip(keys, values):
        dict.__setitem__(value, key, item)


def fill_set(value, items):
    set.clear(value)
    set.update(value, items)


def fill_deque(value, items):
    collections.deque.clear(value)
    collections.deque.extend(value, items)


def fill_bytearray(value, items):
    value[:] = bytes(items)


def parts_of_list(value):
    return [list(list.__iter__(value))]


def parts_of_dict(value):
    return [list(dict.keys(value)), list(dict.values(value))]


def parts_of_set(value):
    return [list(set.__iter__(value))]


def parts_of_deque(value):
    return [list(collections.deque.__iter__(value))]


def parts_of_bytearray(value):
    return [list(value)]


LIST = Kind("l", list, parts_of_list, fill_list)
DICT = Kind("d", dict, parts_of_dict, fill_dict)
SET = Kind("s", set, parts_of_set, fill_set)
DEQUE = Kind("q", collections.deque, parts_of_deque, fill_deque,
             lambda codec, fields: collections.deque((), codec.decode(fields[0])))
BYTEARRAY = Kind("ba", bytearray, parts_of_bytearray, fill_bytearray)
COUNTER = Kind("C", collections.Counter, parts_of_dict, fill_dict)
ORDERED = Kind("O", collections.OrderedDict, parts_of_dict, fill_dict)
DEFAULT = Kind("dd", collections.defaultdict, parts_of_dict, fill_dict,
               lambda codec, fields: collections.defaultdict(codec.decode(fields[0])))
ORDERED.fill = lambda value, keys, values: (value.clear(), value.update(zip(keys, values)))
KINDS = (LIST, DICT, SET, DEQUE, BYTEARRAY, COUNTER, ORDERED, DEFAULT)
KIND_OF_TYPE = {kind.base: kind for kind in KINDS}
KIND_OF_TAG = {kind.tag: kind for kind in KINDS}


def utc_offset(value):
    offset = value.utcoffset()
    return None if offset is None else [offset.days, offset.seconds, offset.microseconds]


# Library types whose values are data: by module and name, how one is told by plain values.
VALUES = {
    ("decimal", "Decimal"): lambda v: [str(v)],
    ("fractions", "Fraction"): lambda v: [v.numerator, v.denominator],
    ("datetime", "date"): lambda v: [v.year, v.month, v.day],
    ("datetime", "datetime"): lambda v: [v.year, v.month, v.day, v.hour, v.minute, v.second, v.microsecond, utc_offset(v)],
    ("datetime", "time"): lambda v: [v.hour, v.minute, v.second, v.microsecond, utc_offset(v)],
    ("datetime", "timedelta"): lambda v: [v.days, v.seconds, v.microseconds],
    ("datetime", "timezone"): lambda v: [utc_offset_of_zone(v)],
    ("uuid", "UUID"): lambda v: [str(v)],
    ("array", "array"): lambda v: [v.typecode, v.tolist()],
    ("pathlib", "PosixPath"): lambda v: [str(v)],
    ("pathlib", "PurePosixPath"): lambda v: [str(v)],
    ("ipaddress", "IPv4Address"): lambda v: [str(v)],
    ("ipaddress", "IPv6Address"): lambda v: [str(v)],
}


def utc_offset_of_zone(zone):
    offset = zone.utcoffset(None)
    return [offset.days, offset.seconds, offset.microseconds]


def value_of(module, name, arguments):
    """Of a library type in VALUES."""
    if (module, name) not in VALUES:
        raise Refused("a value of type %s.%s" % (module, name))
    kind = getattr(__import__(module), name)
    if module == "datetime" and name in ("datetime", "time", "timezone"):
        import datetime
        offset = arguments.pop()
        zone = None if offset is None else datetime.timezone(datetime.timedelta(*offset))
        return zone if name == "timezone" else kind(*arguments, tzinfo=zone)
    return kind(*arguments)


class Codec:
    """One side of the border. It knows the containers that have crossed, in either direction."""

    def __init__(self, step):
        self.step = step  # 1 or -1: what the numbers that this side gives are multiples of
        self.last = 0
        self.containers = {}  # by number: the object, its kind and what the other side knows of it
        self.numbers = {}  # by the object's id

    def encode(self, value):
        kind = type(value)
        if kind is int:
            # Decimal digits take time that grows with their square.
            return value if -PLAIN_LIMIT < value < PLAIN_LIMIT else ["i", hex(value)]
        if kind in PLAIN:
            return value
        shared = KIND_OF_TYPE.get(kind)
        if shared is not None:
            return self.share(value, shared)
        if kind is tuple:
            return ["t", self.items(value)]
        return self.encode_rare(value, kind)

    def items(self, values):
        kinds = set(map(type, values))
        if kinds <= PLAIN and (int not in kinds or all(
                -PLAIN_LIMIT < value < PLAIN_LIMIT for value in values if type(value) is int)):
            return values
        return [self.encode(value) for value in values]

    def share(self, value, kind):
        number = self.numbers.get(id(value))
        if number is not None:
            return ["=", number]
        self.last += self.step
        number = self.last
        self.register(number, value, kind)
        return [kind.tag, number, *self.contents(number)]

    def register(self, number, value, kind):
        self.containers[number] = [value, kind, None]
        self.numbers[id(value)] = number

    def contents(self, number):
        """What is in it now, which the other side is about to know."""
        entry = self.containers[number]
        value, kind, _ = entry
        parts = entry[2] = kind.snapshot(value)
        fields = [self.items(part) for part in parts]
        if kind is DEQUE:
            fields.append(value.maxlen)
        if kind is DEFAULT:
            fields.append(self.encode(value.default_factory))
        return fields

    def changes(self):
        """Of containers that the other side knows: their numbers and contents."""
        found = []
        for number, (value, kind, snapshot) in list(self.containers.items()):
            if snapshot is None or not kind.unchanged(value, snapshot):
                found.append([number, *self.contents(number)])
        return found

    def apply(self, changes):
        for number, *fields in changes:
            entry = self.containers[number]
            self.fill(entry, fields)

    def fill(self, entry, fields):
        value, kind, _ = entry
        parts = kind.parts(value)
        kind.fill(value, *(self.decode_items(field) for field in fields[:len(parts)]))
        entry[2] = kind.snapshot(value)

    def forget(self, numbers):
        for number in numbers:
            value = self.containers.pop(number)[0]
            del self.numbers[id(value)]

    def encode_rare(self, value, kind):
        known = self.encode_known(value)
        if known is not None:
            return known
        if kind is set or kind is frozenset:
            return ["f", self.items(list(value))]
        if kind is bytes:
            return ["b", value.hex()]
        if kind is complex:
            return ["c", value.real, value.imag]
        if kind is range:
            return ["r", self.items([value.start, value.stop, value.step])]
        if kind is slice:
            return ["slice", self.items([value.start, value.stop, value.step])]
        if kind in VIEWS:
            return [kind.__name__, self.items(list(value))]
        if value is Ellipsis or value is NotImplemented:
            return ["constant", str(value)]
        if isinstance(value, type) and TYPES.get(value.__name__) is value:
            return ["type", value.__name__]
        module = kind.__module__
        told = VALUES.get((module, kind.__name__))
        if told is not None and kind is getattr(sys.modules.get(module), kind.__name__, None):
            return ["v", module, kind.__name__, self.items(told(value))]
        if module == "numpy" and hasattr(value, "tolist") and not isinstance(value, type):
            return self.encode_numpy(value)
        return self.encode_other(value)

    def encode_numpy(self, value):
        if not value.shape:
            return self.encode(value.item())
        return ["numpy", value.dtype.str, list(value.shape), self.items(value.ravel().tolist())]

    def decode(self, data):
        if type(data) is not list:
            return data
        tag = data[0]
        kind = KIND_OF_TAG.get(tag)
        if kind is not None:
            number = data[1]
            if type(number) is not int or number * self.step >= 0 or number in self.containers:
                raise Refused("a number that is taken")
            fields = data[2:]
            value = kind.make(self, fields[-1:])
            self.register(number, value, kind)
            self.fill(self.containers[number], fields)
            return value
        if tag == "=":
            return self.containers[data[1]][0]
        if tag == "t":
            return tuple(self.decode_items(data[1]))
        if tag in DECODERS:
            return DECODERS[tag](self, *data[1:])
        return self.decode_other(tag, data[1:])

    def decode_items(self, items):
        if type(items) is not list:
            raise Refused("items that are none")
        return [self.decode(item) for item in items] if list in set(map(type, items)) else items


VIEWS = (type({}.keys()), type({}.values()), type({}.items()))


def decode_numpy(codec, dtype, shape, items):
    import numpy
    return numpy.array(codec.decode_items(items), dtype=str(dtype)).reshape([int(n) for n in shape])


DECODERS = {
    "f": lambda codec, items: frozenset(codec.decode_items(items)),
    "i": lambda codec, digits: int(digits, 16),
    "b": lambda codec, digits: bytes.fromhex(digits),
    "c": lambda codec, real, imaginary: complex(float(real), float(imaginary)),
    "r": lambda codec, items: range(*(operator.index(item) for item in codec.decode_items(items))),
    "slice": lambda codec, items: slice(*codec.decode_items(items)),
    "dict_keys": lambda codec, items: dict.fromkeys(codec.decode_items(items)).keys(),
    "dict_values": lambda codec, items: dict(enumerate(codec.decode_items(items))).values(),
    "dict_items": lambda codec, items: dict(codec.decode_items(items)).items(),
    "constant": lambda codec, name: {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}[name],
    "type": lambda codec, name: TYPES[name],
    "v": lambda codec, module, name, items: value_of(module, name, list(codec.decode_items(items))),
    "numpy": decode_numpy,
}


def base_of(value):
    """The built-in type of an instance of a subclass: a type that can be changed, else one of IMMUTABLE."""
    for kind in KINDS:
        if isinstance(value, kind.base):
            return kind.base
    for base in IMMUTABLE:
        if isinstance(value, base):
            return base
    return None


def as_base(value, base):
    """The plain value, whatever methods its class has."""
    if base is str:
        return str.__str__(value)
    if base is bytes:
        return bytes.__getitem__(value, slice(None))
    if base in (tuple, frozenset):
        return base(base.__iter__(value))
    if base is int:
        return int.__int__(value)
    if base is float:
        return float.__float__(value)
    if base is complex:
        return complex.__add__(value, 0)
    return value
