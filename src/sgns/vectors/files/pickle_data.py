"""The data of a pickle, without its power: an interpreter of pickle's opcodes that has no way to call anything.

Python's `pickle` calls whatever function a file names. Here a file names things of a short list, which become plain
data: NumPy's arrays, dicts, lists, sets, numbers and text; and the classes of gensim, SciPy's matrices and NumPy's
random generators, which become inert `Record`s of their attributes. Every other name is refused where it stands, and
no module is imported.

Reference: the opcodes of `pickletools` in Python's library, protocols 2 to 5.
"""

import struct
from collections.abc import Callable, Iterable
from math import prod
from typing import Any, NamedTuple, NoReturn

import numpy as np


class PickleError(Exception):
    """A pickle that is damaged or not allowed; the message says what was found at which byte."""


class Name(NamedTuple):
    """A function or class that a pickle names."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Record:
    """An object of a foreign class: its attributes, and no behaviour.

    Attributes:
        kind: Its class.
        args: What the class was made with.
        fields: Its attributes by name.
    """

    __slots__ = ("args", "fields", "kind")

    def __init__(self, kind: Name, args: tuple[Any, ...] = ()) -> None:
        self.kind, self.args = kind, args
        self.fields: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class Dtype:
    """A NumPy type while it is read: its code, such as f4, and its byte order."""

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code, self.order = code, "<"

    def numpy(self) -> np.dtype[Any]:
        """The type. Raises ValueError for one that is neither a number, text, bytes, bool nor an object."""
        if self.code[:1] == "O":
            return np.dtype(object)
        if self.code[:1] not in "biufSU" or not self.code[1:].isdigit() or len(self.code) > 10:
            raise ValueError(f"the type {self.code[:20]!r}")
        return np.dtype(self.code).newbyteorder(self.order)  # type: ignore[arg-type]


class Cell:
    """An array whose shape and values come next in the file."""

    __slots__ = ("memo",)

    def __init__(self) -> None:
        self.memo: list[int] = []  # where it is remembered, to be replaced


MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
BUILTINS = ("builtins", "__builtin__")
INERT_BUILTINS = (
    "bool",
    "bytes",
    "complex",
    "float",
    "hash",
    "int",
    "list",
    "long",
    "object",
    "str",
    "tuple",
    "unicode",
)
SCALARS = ("bool_", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
           "uint64", "str_", "bytes_")  # fmt: skip
DICTS = {Name(module, name) for module in ("collections", "UserString") for name in ("OrderedDict", "defaultdict")}
DICTS |= {Name("collections", "Counter"), *(Name(module, "dict") for module in BUILTINS)}
SETS = {Name(module, name) for module in BUILTINS for name in ("set", "frozenset")}
RECONSTRUCT = {Name(module, "_reconstruct") for module in MULTIARRAY}
SCALAR = {Name(module, "scalar") for module in MULTIARRAY}
FROM_BUFFER = {Name(module, "_frombuffer") for module in NUMERIC}
DTYPE, NDARRAY, ENCODE = Name("numpy", "dtype"), Name("numpy", "ndarray"), Name("_codecs", "encode")
EMPTY_BYTES = {Name(module, "bytes") for module in BUILTINS}
KNOWN = (
    DICTS | SETS | RECONSTRUCT | SCALAR | FROM_BUFFER | {DTYPE, NDARRAY, ENCODE}
    | {Name(module, name) for module in BUILTINS for name in INERT_BUILTINS}
    | {Name("numpy", name) for name in SCALARS}
)  # fmt: skip
RECORDS = ("gensim", "numpy.random", "scipy.sparse")
"""Packages whose classes become records."""
RECORDS_WITHIN = tuple(f"{package}." for package in RECORDS)

PLAIN_KEYS = (str, int, float, bytes, type(None), np.generic)
LONGEST_NAME = 100  # characters of a class
LARGE = 1024  # bytes from which a value is a view of the file


def is_record(name: Name) -> bool:
    """Whether a class becomes a `Record`."""
    known = name.module in RECORDS or name.module.startswith(RECORDS_WITHIN)
    return known and len(name.name) <= LONGEST_NAME and name.name.isidentifier()


def read_pickle(data: bytes | memoryview) -> Any:
    """The value of a pickle.

    Args:
        data: The pickle; large strings of bytes in the result are views of it.

    Raises:
        PickleError: It is damaged, or names something that is not on the list.
    """
    reader = _Reader(memoryview(data))
    try:
        return reader.run()
    except PickleError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, struct.error) as error:
        text = " ".join(str(error).split())[:120]
        raise PickleError(f"damaged at byte {reader.position:,} ({type(error).__name__}: {text})") from None


class _Reader:
    """The state of the interpreter: stack, marks, memo, position."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.position = data, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Interprets all opcodes up to STOP."""
        data, stack, memo = self.data, self.stack, self.memo
        size = len(data)
        while self.position < size:
            code = data[self.position]
            self.position += 1
            if code == 0x8C:  # SHORT_BINUNICODE: the most frequent one, with MEMOIZE
                stack.append(str(self.take(self.byte()), "utf-8", "surrogatepass"))
            elif code == 0x94:  # MEMOIZE
                self.remember(len(memo))
            elif code == 0x71:  # BINPUT
                self.remember(self.byte())
            elif code == 0x72:  # LONG_BINPUT
                self.remember(self.number("<I"))
            elif code == 0x58:  # BINUNICODE
                stack.append(str(self.take(self.number("<I")), "utf-8", "surrogatepass"))
            elif code == 0x68:  # BINGET
                stack.append(memo[self.byte()])
            elif code == 0x6A:  # LONG_BINGET
                stack.append(memo[self.number("<I")])
            elif code == 0x2E:  # STOP
                if len(stack) != 1 or self.marks:
                    raise ValueError("values are left over")
                return stack[0]
            elif code in _OPCODES:
                _OPCODES[code](self)
            else:
                raise PickleError(f"opcode {bytes([code])!r} at byte {self.position - 1:,} is not allowed")
        raise ValueError("it ends too early")

    # --- bytes of the file ------------------------------------------------------------------------------------------

    def byte(self) -> int:
        value = self.data[self.position]
        self.position += 1
        return value

    def take(self, count: int) -> memoryview:
        end = self.position + count
        if count < 0 or end > len(self.data):
            raise ValueError(f"{count:,} bytes are promised, {len(self.data) - self.position:,} are left")
        part = self.data[self.position : end]
        self.position = end
        return part

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> str:
        start = self.position
        while self.data[self.position] != 10:
            self.position += 1
            if self.position - start > 4096:
                raise ValueError("a line of more than 4,096 bytes")
        self.position += 1
        return str(self.data[start : self.position - 1], "utf-8")

    # --- stack ------------------------------------------------------------------------------------------------------

    def remember(self, number: int) -> None:
        value = self.stack[-1]
        if type(value) is Cell:
            value.memo.append(number)
        self.memo[number] = value

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        if start > len(self.stack):
            raise ValueError("a mark without values")
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def find(self, module: Any, name: Any) -> None:
        """Puts a name on the stack. Raises `PickleError` unless it is on the list."""
        found = Name(module, name)
        if type(module) is not str or type(name) is not str or not (found in KNOWN or is_record(found)):
            refuse(f"it names {' '.join(str(found).split())[:100]!r}", self.position)
        self.stack.append(found)

    def reduce(self) -> None:
        args, function = self.stack.pop(), self.stack.pop()
        self.stack.append(self.call(function, args))

    def call(self, function: Any, args: Any) -> Any:
        """What a function of the list would give for arguments, as plain data."""
        if type(function) is not Name or type(args) is not tuple:
            refuse("a value is called that is no name", self.position)
        if function in RECONSTRUCT:
            if args[:1] != (NDARRAY,):
                refuse("an array of another class", self.position)
            return Cell()
        if function == DTYPE:
            return Dtype(as_text(args[0]))
        if function in SCALAR:
            return np.frombuffer(as_bytes(args[1]), plain(args[0].numpy()), 1)[0]
        if function in FROM_BUFFER:
            buffer, kind, shape, order = args
            return shaped(as_bytes(buffer), plain(kind.numpy()), shape, order == "F")
        if function == ENCODE:
            return as_text(args[0]).encode("latin-1")
        if function in DICTS:
            pairs = args[0] if args and isinstance(args[0], list | dict) else []
            return filled({}, pairs.items() if isinstance(pairs, dict) else pairs)
        if function in SETS:
            return {key(value) for value in (args[0] if args else [])}
        if function in EMPTY_BYTES and not args:
            return b""
        if is_record(function):
            return Record(function, args)
        refuse(f"it calls {function}", self.position)

    def new_object(self) -> None:
        args, kind = self.stack.pop(), self.stack.pop()
        if type(kind) is Name and kind in DICTS | SETS and args == ():
            self.stack.append({} if kind in DICTS else set())
            return
        if type(kind) is not Name or type(args) is not tuple or not is_record(kind):
            refuse(f"it makes an object of {kind if type(kind) is Name else 'no class'}", self.position)
        self.stack.append(Record(kind, args))

    def build(self) -> None:
        """Gives the object on the stack its state."""
        state, value = self.stack.pop(), self.stack[-1]
        if type(value) is Record:
            parts = state if type(state) is tuple and len(state) == 2 else (state,)
            if not all(part is None or type(part) is dict for part in parts):
                value.fields["state"] = state  # of NumPy's generators: not used
                return
            for part in parts:
                value.fields.update({as_text(name): field for name, field in (part or {}).items()})
        elif type(value) is Cell:
            _, shape, kind, fortran, values = state
            dtype = kind.numpy()
            array = objects(values, shape) if dtype.hasobject else shaped(as_bytes(values), dtype, shape, bool(fortran))
            self.stack[-1] = array
            for number in value.memo:
                self.memo[number] = array
        elif type(value) is Dtype:
            order = as_text(state[1])
            if order not in ("<", ">", "|", "="):
                raise ValueError(f"byte order {order[:10]!r}")
            value.order = order
        elif not (type(value) is dict and state in ({}, None)):
            refuse("it changes an object that has no attributes", self.position)


def refuse(what: str, position: int) -> NoReturn:
    """Raises `PickleError` for what a pickle would do."""
    raise PickleError(f"{what} at byte {position:,}, which is not on the list of what vectors need")


def key(value: Any) -> Any:
    """`value`, if it may be a key or a member of a set: plain, or a tuple of plain values, so that no hash recurs."""
    if isinstance(value, memoryview):
        return bytes(value)
    if not isinstance(value, PLAIN_KEYS) and not (
        type(value) is tuple and all(isinstance(part, PLAIN_KEYS) for part in value)
    ):
        raise ValueError(f"a {type(value).__name__} as a key")
    return value


def filled(target: dict[Any, Any], pairs: Iterable[Any]) -> dict[Any, Any]:
    """`target` with more pairs."""
    for name, value in pairs:
        target[key(name)] = value
    return target


def as_bytes(value: Any) -> bytes | memoryview:
    """The bytes of an array: of Python 2 they may be text."""
    if isinstance(value, str):
        return value.encode("latin-1")
    if not isinstance(value, bytes | memoryview):
        raise ValueError(f"a {type(value).__name__} where bytes are needed")
    return value


def as_text(value: Any) -> str:
    """Text, also where Python 2 wrote bytes."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} where text is needed")
    return value


def plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """`dtype`, unless it holds objects."""
    if dtype.hasobject:
        raise ValueError("objects in a buffer")
    return dtype


def extents(shape: Any) -> tuple[int, ...]:
    """A shape of whole numbers, at most 32 of them."""
    if type(shape) is not tuple or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("a shape that is none")
    return shape


def shaped(data: bytes | memoryview, dtype: np.dtype[Any], shape: Any, fortran: bool) -> np.ndarray:
    """An array of plain values; a view of `data`. Raises ValueError where it has another size."""
    shape = extents(shape)
    if prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"an array of shape {shape} and type {dtype} in {len(data):,} bytes")
    if dtype.itemsize == 0 or not len(data):
        return np.zeros(shape if prod(shape) == 0 else (0,), dtype)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def objects(values: Any, shape: Any) -> np.ndarray:
    """An array of objects."""
    shape = extents(shape)
    if type(values) is not list or prod(shape) != len(values):
        raise ValueError("an array of objects that is none")
    array = np.empty(len(values), object)
    for i, value in enumerate(values):
        array[i] = value
    return array.reshape(shape)


# --- opcodes --------------------------------------------------------------------------------------------------------


def _push(make: Callable[[_Reader], Any]) -> Callable[[_Reader], None]:
    def operation(reader: _Reader) -> None:
        reader.stack.append(make(reader))

    return operation


def _old_string(data: bytes) -> str | bytes:
    """A string of Python 2, which was text or bytes: text if it is ASCII."""
    return data.decode("ascii") if data.isascii() else data


def _data(part: memoryview) -> bytes | memoryview:
    return part if len(part) >= LARGE else bytes(part)


def _long(data: memoryview) -> int:
    return int.from_bytes(data, "little", signed=True)


def _tuple(count: int) -> Callable[[_Reader], None]:
    def operation(reader: _Reader) -> None:
        values = tuple(reader.stack[-count:])
        if len(values) != count:
            raise ValueError("too few values for a tuple")
        reader.stack[-count:] = [values]

    return operation


def _append(reader: _Reader) -> None:
    value = reader.stack.pop()
    _extend(reader.stack[-1], [value])


def _appends(reader: _Reader) -> None:
    values = reader.since_mark()
    _extend(reader.stack[-1], values)


def _extend(target: Any, values: list[Any]) -> None:
    if type(target) is list:
        target.extend(values)
    elif type(target) is Record:
        target.fields.setdefault("items", []).extend(values)
    else:
        raise ValueError(f"a {type(target).__name__} is no list")


def _set_items(reader: _Reader, values: list[Any]) -> None:
    target = reader.stack[-1]
    if type(target) is Record:
        target = target.fields.setdefault("items", {})
    if type(target) is not dict or len(values) % 2:
        raise ValueError("pairs for what is no dict")
    filled(target, zip(values[::2], values[1::2]))


def _set_item(reader: _Reader) -> None:
    value, name = reader.stack.pop(), reader.stack.pop()
    _set_items(reader, [name, value])


def _add_items(reader: _Reader) -> None:
    values = reader.since_mark()
    if type(reader.stack[-1]) is not set:
        raise ValueError("members for what is no set")
    reader.stack[-1].update(key(value) for value in values)


def _global(reader: _Reader) -> None:
    module = reader.line()
    reader.find(module, reader.line())


def _stack_global(reader: _Reader) -> None:
    name, module = reader.stack.pop(), reader.stack.pop()
    reader.find(module, name)


def _new_object_with_names(reader: _Reader) -> None:
    if reader.stack.pop() != {}:
        raise ValueError("an object made with named arguments")
    reader.new_object()


def _int(reader: _Reader) -> int | bool:
    text = reader.line()
    return text == "01" if text in ("00", "01") else int(text)


def _string(reader: _Reader) -> str | bytes:
    text = reader.line()
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"" or "\\" in text:
        raise ValueError("a string with escapes")
    return text[1:-1]


_OPCODES: dict[int, Callable[[_Reader], Any]] = {
    ord(b"("): lambda reader: reader.marks.append(len(reader.stack)),
    ord(b"0"): lambda reader: reader.stack.pop(),
    ord(b"1"): lambda reader: reader.since_mark(),
    ord(b"N"): _push(lambda reader: None),
    ord(b"I"): _push(_int),
    ord(b"J"): _push(lambda reader: reader.number("<i")),
    ord(b"K"): _push(lambda reader: reader.byte()),
    ord(b"M"): _push(lambda reader: reader.number("<H")),
    ord(b"L"): _push(lambda reader: int(reader.line().rstrip("L"))),
    ord(b"F"): _push(lambda reader: float(reader.line())),
    ord(b"G"): _push(lambda reader: reader.number(">d")),
    ord(b"S"): _push(_string),
    ord(b"T"): _push(lambda reader: _old_string(bytes(reader.take(reader.number("<I"))))),
    ord(b"U"): _push(lambda reader: _old_string(bytes(reader.take(reader.byte())))),
    ord(b"B"): _push(lambda reader: _data(reader.take(reader.number("<I")))),
    ord(b"C"): _push(lambda reader: _data(reader.take(reader.byte()))),
    ord(b"]"): _push(lambda reader: []),
    ord(b"l"): _push(lambda reader: reader.since_mark()),
    ord(b"a"): _append,
    ord(b"e"): _appends,
    ord(b")"): _push(lambda reader: ()),
    ord(b"t"): _push(lambda reader: tuple(reader.since_mark())),
    ord(b"}"): _push(lambda reader: {}),
    ord(b"s"): _set_item,
    ord(b"u"): lambda reader: _set_items(reader, reader.since_mark()),
    ord(b"c"): _global,
    ord(b"R"): _Reader.reduce,
    ord(b"b"): _Reader.build,
    0x80: lambda reader: reader.byte(),  # PROTO
    0x81: _Reader.new_object,
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    0x88: _push(lambda reader: True),
    0x89: _push(lambda reader: False),
    0x8A: _push(lambda reader: _long(reader.take(reader.byte()))),
    0x8B: _push(lambda reader: _long(reader.take(reader.number("<i")))),
    0x8D: _push(lambda reader: str(reader.take(reader.number("<Q")), "utf-8", "surrogatepass")),
    0x8E: _push(lambda reader: _data(reader.take(reader.number("<Q")))),
    0x8F: _push(lambda reader: set()),
    0x90: _add_items,
    0x91: _push(lambda reader: {key(value) for value in reader.since_mark()}),
    0x92: _new_object_with_names,
    0x93: _stack_global,
    0x95: lambda reader: reader.number("<Q"),  # FRAME
    0x96: _push(lambda reader: _data(reader.take(reader.number("<Q")))),
}
