"""The candidate's objects, as the tests see them: each stays there, a Handle stands for it here.

For every class of the candidate's there is one here, with the same bases and the same operators, so
that type(), isinstance() and except work. What a Handle is asked for, its object is asked there, and
answers with values. Not left to the candidate is whether its object equals what the tests expect, and
whether an exception of the tests' is swallowed. Where an operator of its own says so, its word is
compared with what the object consists of, and with what the operator says of other values. Where that
decides nothing, the program cannot be judged by these tests, which is an error of theirs.
"""
import inspect
import operator
import sys
import types

import wire

# Methods of built-in types that are given what a value is compared with.
COMPARING = frozenset(
    "startswith endswith isdisjoint issubset issuperset difference symmetric_difference removeprefix removesuffix"
    " strip lstrip rstrip replace".split())


class Remote:
    """What is known of an object of the candidate's.

    base: of an instance of a subclass of a built-in type, that one. compares: it has an == of its own.
    made: the tests made it with a class that they ask for. mixed: an operator made it of a value of the
    tests', which may be the one it is going to be compared with. name: of an attribute, its own.
    """

    def __init__(self, client, number, base=None, compares=False):
        self.client = client
        self.number = number
        self.base = base
        self.compares = compares
        self.made = self.mixed = False
        self.name = ""


def remote(handle):
    return object.__getattribute__(handle, "__dict__")["_remote"]


def is_remote(value):
    return isinstance(type(value), Mirror)


class Mirror(type):
    """A class of the candidate's."""

    def __new__(mirror, name, bases, namespace, **named):
        for base in bases:
            if isinstance(base, Mirror):
                raise base._client.refusal("a class of the tests' own with the base %s, which is the program's" % base.__name__)
        raise TypeError("no base of %s is a class of the program's" % name)

    def __call__(self, *arguments, **named):
        made = self._client.call(self, *arguments, **named)
        if is_remote(made) and isinstance(made, self) and self._declared:
            remote(made).made = True
        return made

    def __getattr__(self, name):
        if name in ("__dataclass_fields__", "__abstractmethods__") or name.startswith("_abc_"):
            if name == "__dataclass_fields__":
                raise self._client.refusal("the fields of a data class of the program's")
            raise AttributeError(name)
        return self._client.on("getattr", self, name)

    def __setattr__(self, name, value):
        self._client.on("setattr", self, name, value)

    def __delattr__(self, name):
        self._client.on("delattr", self, name)

    def __iter__(self):
        return self._client.on("iter", self)

    def __len__(self):
        return operator.index(self._client.on("len", self))

    def __bool__(self):
        return True

    def __getitem__(self, index):
        return self._client.on("getitem", self, index)

    def __contains__(self, item):
        return contains(self._client, self, item)


def new_class(client, number, module, name, bases, special, doc):
    """A Mirror. bases: classes, of the candidate's or built in; special: the operators that it has."""
    real = library_class(module, name)
    kept = [base for base in bases if isinstance(base, Mirror) or issubclass(base, (BaseException, *wire.IMMUTABLE))]
    layout = next((kind for base in kept for kind in base.__mro__
                   if kind in wire.IMMUTABLE or (kind.__module__ == "builtins" and issubclass(kind, BaseException))), None)
    if not any(issubclass(base, Handle) for base in kept):
        kept.append(Handle)
    namespace = {"_client": client, "_number": number, "_module": module, "_declared": False, "__module__": module,
                 "__doc__": doc}
    if layout is None:
        namespace.update((method, OPERATORS[method]) for method in special if method in OPERATORS)
        base = real or next((base for base in bases if base in wire.KIND_OF_TYPE), None)
        if base is not None:
            namespace["__class__"] = property(lambda self: base)
    else:
        # Data in these built-in types' own methods; only what they do not have is the candidate's.
        namespace.update((method, getattr(layout, method)) for method in PLAIN_METHODS)
        namespace.update((method, OPERATORS[method]) for method in special
                         if method in OPERATORS and not hasattr(layout, method))
        namespace["__getattr__"] = attribute_of_data
        namespace["__str__"] = text_of_exception if issubclass(layout, BaseException) else text_of_data
        namespace["__repr__"] = layout.__repr__ if issubclass(layout, BaseException) else repr_of_data
    made = type.__new__(Mirror, name, tuple(kept), namespace)
    if real is not None:
        type.__setattr__(made, "_real", real)
    return made


def library_class(module, name):
    """The same class here, if it is the library's and loaded."""
    if module == "builtins":
        found = wire.TYPES.get(name) or LANGUAGE_TYPES.get(name)
    elif module.split(".")[0] in STANDARD:
        found = getattr(sys.modules.get(module), name, None)
    else:
        found = None
    return found if isinstance(found, type) else None


LANGUAGE_TYPES = {kind.__name__: kind for kind in vars(types).values() if isinstance(kind, type)}
STANDARD = getattr(sys, "stdlib_module_names", frozenset(sys.builtin_module_names) | set(
    "abc argparse array asyncio bisect collections contextlib copy csv dataclasses datetime decimal enum fractions"
    " functools heapq io itertools json logging math numbers operator os pathlib queue random re secrets socket"
    " statistics string struct subprocess threading time types typing unittest uuid zipfile zoneinfo".split()))
PLAIN_METHODS = ("__getattribute__ __setattr__ __delattr__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __hash__"
                 " __format__ __reduce__ __reduce_ex__").split()


def attribute_of_data(self, name):
    if name.startswith("__") or "_remote" not in self.__dict__:
        raise AttributeError("%r object has no attribute %r" % (type(self).__name__, name))
    return remote(self).client.attribute(self, name)


def text_of_exception(self):
    return remote(self).name


def text_of_data(self):
    return str(remote(self).client.on("str", self))


def repr_of_data(self):
    return str(remote(self).client.on("repr", self))


class Handle:
    """An object that stays with the candidate."""

    def __getattribute__(self, name):
        if name in LOCAL:
            return object.__getattribute__(self, name)
        return remote(self).client.attribute(self, name)

    def __setattr__(self, name, value):
        remote(self).client.on("setattr", self, name, value)

    def __delattr__(self, name):
        remote(self).client.on("delattr", self, name)

    def __eq__(self, other):
        return same(remote(self).client, self, other)

    def __ne__(self, other):
        return not same(remote(self).client, self, other)

    def __hash__(self):
        known = remote(self)
        return operator.index(known.client.on("hash", self)) if known.compares else hash(known.number)

    def __str__(self):
        return str(convert(self, "str"))

    def __repr__(self):
        return str(convert(self, "repr"))

    def __format__(self, how):
        return str(convert(self, "format", how))

    def __copy__(self):
        return copied(self, "copy")

    def __deepcopy__(self, memo):
        return copied(self, "deepcopy")

    def __reduce_ex__(self, protocol):
        raise remote(self).client.refusal("an object of the program's, pickled")


def declared(handle):
    return type(handle)._declared


def data(handle):
    known = remote(handle)
    return known.client.on("data_of", handle)


def is_data(handle):
    """Whether it is used as the built-in value that it is an instance of a subclass of."""
    return remote(handle).base is not None and not declared(handle)


def copied(handle, how):
    known = remote(handle)
    made = known.client.on(how, handle)
    if is_remote(made):
        remote(made).made, remote(made).mixed = known.made, known.mixed
    return made


def passed_on(handle, result, mixed, what):
    """A result of an operator. It is no data when it may depend on the value expected."""
    known = remote(handle)
    if is_remote(result):
        remote(result).made = remote(result).made or known.made
        remote(result).mixed = remote(result).mixed or mixed
    elif mixed:
        text = "%s of an object of the program's and a value of the tests'" % what
        raise known.client.refusal(text) if known.made else known.client.failure(text)
    return result


def convert(handle, function, *arguments):
    known = remote(handle)
    return passed_on(handle, known.client.on(function, handle, *arguments), known.mixed, function + "()")


def unary(function):
    return lambda self, *arguments: convert(self, function, *arguments)


def binary(function, reflected=False):
    def operate(self, other, *more):
        known = remote(self)
        if is_data(self):
            operands = (other, data(self)) if reflected else (data(self), other)
            return getattr(operator, function)(*operands)
        operands = (other, self) if reflected else (self, other)
        mixed = known.mixed or not is_remote(other) or remote(other).mixed
        return passed_on(self, known.client.on(function, *operands, *more), mixed, function + "()")
    return operate


def same(client, one, other):
    if one is other:
        return True
    known = remote(one)
    if known.base is not None and not (is_remote(other) and remote(other).base is None):
        if data(one) == (data(other) if is_remote(other) else other):
            return True
        if not declared(one):
            return False
    if is_remote(other) and isinstance(other, Handle):
        return equal_objects(client, one, other)
    if not known.compares or not declared(one):
        if getattr(type(one), "_real", None) is type(other) and known.compares:
            raise client.refusal("an object of type %s compared" % type(other).__name__)
        return False
    said = client.on("equal_to_any", one, [other, *others_than(other)])
    if said[:1] != [True] or any(said[1:]) or not known.made:
        return False
    raise client.refusal("an object of the program's compared with a value by its own ==")


def equal_objects(client, one, other):
    if not remote(one).compares and not remote(other).compares:
        return False
    said, anything, state, other_state = client.on("equal", one, other)
    if said is not True or anything is True:
        return False
    if type(one) is type(other) and state and state == other_state:
        return True
    if not declared(one) and not declared(other):
        return False
    raise client.refusal("two objects of the program's that consist of different values compared by its own ==")


def others_than(value):
    """Values of the same kind that nothing but a false equality takes for it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [value + 1, -value - 2]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return [value + "\0", ""] if value else ["\0"]
    if isinstance(value, (list, tuple)):
        return [value + type(value)((None,))]
    return ["\0no such value"]


def order(function, swapped, strict):
    def compare(self, other):
        known = remote(self)
        client = known.client
        if is_data(self):
            return getattr(operator, function)(data(self), data(other) if is_remote(other) and is_data(other) else other)
        if is_remote(other) and declared(self):
            said = client.on(function, self, other) is True
            if said and client.on(function, other, self) is True and (
                    strict or client.on("equal", self, other)[0] is not True):
                return False
            return said
        if not declared(self):
            raise client.failure("'%s' of an object of its own and a value of the tests'" % function)
        if client.on(function, self, other) is not True or client.on(swapped, self, other) is True or not known.made:
            return False
        raise client.refusal("an object of the program's compared with a value by its own order")
    return compare


def contains(client, container, item):
    said, *anything = client.on("contains", container, item)
    return said is True and not any(anything)


def has(self, item):
    if is_data(self):
        return item in data(self)
    if declared(self):
        return contains(remote(self).client, self, item)
    return any(found is item or found == item for found in iter(self))


def items(self):
    return iter(data(self)) if is_data(self) else remote(self).client.on("iter", self)


def next_of(self):
    found = remote(self).client.next_item(self)
    if type(found) is not list or not found:
        raise StopIteration
    return found[0]


def leave(self, kind, failure, trace):
    """An exception is swallowed only if the tests raise it for that: no failure of an assertion."""
    client = remote(self).client
    if failure is None:
        client.on("leave", self, None, None)
        return False
    if isinstance(failure, (AssertionError, GeneratorExit)) or not isinstance(failure, Exception):
        return False
    if client.on("leave", self, kind, failure) is not True:
        return False
    if client.is_raised_by_tests(failure):
        return True
    if declared(self):
        raise client.refusal("a context of the program's that swallows an exception")
    return False


def await_result(self):
    return remote(self).client.on("await_value", self)
    yield


async def next_async(self):
    found = remote(self).client.on("next_async", self)
    if type(found) is not list or not found:
        raise StopAsyncIteration
    return found[0]


async def enter_async(self):
    raise remote(self).client.refusal("an asynchronous context of the program's")


def method(function):
    return lambda self, *operands: remote(self).client.on(function, self, *operands)


def length(self):
    return len(data(self)) if is_data(self) else operator.index(remote(self).client.on("len", self))


BINARY = "add sub mul matmul truediv floordiv mod pow lshift rshift and_ or_ xor".split()
OPERATORS = {
    "__call__": lambda self, *arguments, **named: remote(self).client.call(self, *arguments, **named),
    "__iter__": items,
    "__next__": next_of,
    "__len__": length,
    "__bool__": lambda self: convert(self, "bool") is True,
    "__getitem__": method("getitem"),
    "__setitem__": method("setitem"),
    "__delitem__": method("delitem"),
    "__contains__": has,
    "__reversed__": method("reversed"),
    "__enter__": method("enter"),
    "__exit__": leave,
    "__await__": await_result,
    "__aiter__": lambda self: self,
    "__anext__": next_async,
    "__aenter__": enter_async,
    "__aexit__": enter_async,
    "__divmod__": binary("divmod"),
    "__rdivmod__": binary("divmod", reflected=True),
    "__lt__": order("lt", "gt", strict=True),
    "__gt__": order("gt", "lt", strict=True),
    "__le__": order("le", "ge", strict=False),
    "__ge__": order("ge", "le", strict=False),
    "__neg__": unary("neg"),
    "__pos__": unary("pos"),
    "__abs__": unary("abs"),
    "__invert__": unary("invert"),
    "__int__": unary("int"),
    "__float__": unary("float"),
    "__complex__": unary("complex"),
    "__index__": unary("index"),
    "__round__": unary("round"),
    "__trunc__": unary("trunc"),
    "__floor__": unary("floor"),
    "__ceil__": unary("ceil"),
}
for _name in BINARY:
    _bare = _name.rstrip("_")
    OPERATORS["__%s__" % _bare] = binary(_name)
    OPERATORS["__r%s__" % _bare] = binary(_name, reflected=True)
    OPERATORS["__i%s__" % _bare] = binary("i" + _bare)
LOCAL = (set(OPERATORS) | set(vars(Handle)) | {"__class__"}) - {"__doc__", "__module__", "__dict__", "__weakref__"}


def signature(parameters):
    empty = inspect.Parameter.empty
    return inspect.Signature([
        inspect.Parameter(str(name), inspect._ParameterKind(kind), default=default if has_default else empty)
        for name, kind, has_default, default in parameters])
