"""`save` and `load` of the classes with gensim's names: a safetensors file of arrays, its header the rest as JSON.

A file that holds words and E is also one of `sgns.load`. What gensim's own `save` wrote is opened too, as plain data
(`sgns.vectors.files.gensim_pickle`). Nothing that is loaded can run: a file names classes of this package alone, and a
function that a file names (a scorer) is looked up among the modules that the program has imported itself.
"""

import json
import logging
import platform
import struct
import sys
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from types import MethodType
from typing import IO, Any, ClassVar, NoReturn

import numpy as np

from sgns.base.files import opened, replacing
from sgns.errors import FormatError
from sgns.gensim.names import PACKAGE, class_named, function_named
from sgns.gensim.records import NotHere, Objects
from sgns.vectors.files import gensim_pickle
from sgns.vectors.files.pickle_data import Record
from sgns.version import __version__

logger = logging.getLogger(__name__)

KEY = "sgns.gensim"  # of the header's metadata
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8",
          "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?"}  # fmt: skip
CODES = {np.dtype(layout).newbyteorder("<"): code for code, layout in DTYPES.items()}
ALIGNMENT = 64
INLINE = 16  # numbers of an array that stand in the header
MODES = (None, "r", "c", "r+")  # of mmap


class OwnFormatWarning(UserWarning):
    """`save` writes a format of sgns, not a pickle for gensim."""


class NotAStore(Exception):
    """A file is none that this module wrote."""


def call_on_class_only(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises AttributeError: a method of classes was called on an object."""
    raise AttributeError("This method should be called on a class object.")


class class_only:
    """A decorator: a class method that raises AttributeError when it is called on an object, as gensim's `load`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        if instance is not None:
            return call_on_class_only
        return MethodType(self.function, owner)  # with its name, signature and docstring


class SaveLoad:
    """An object that can be saved and loaded.

    Attributes:
        lifecycle_events: What was done with it, as dicts.
    """

    calculated: ClassVar[tuple[str, ...]] = ()
    """Attributes that are not saved, because `_after_load` makes them again."""

    def add_lifecycle_event(self, event_name: str, log_level: int | bool = logging.INFO, **event: Any) -> None:
        """Keeps and logs that something was done with this object."""
        event |= {
            "datetime": datetime.now().isoformat(),
            "gensim": f"sgns {__version__}",
            "python": sys.version,
            "platform": platform.platform(),
            "event": event_name,
        }
        if log_level:
            logger.log(int(log_level), "%s lifecycle event %s", type(self).__name__, event)
        if not hasattr(self, "lifecycle_events"):
            self.lifecycle_events: list[dict[str, Any]] | None = []
        if self.lifecycle_events is not None:
            self.lifecycle_events.append(event)

    def save(
        self,
        fname_or_handle: str | PathLike[str] | IO[bytes],
        separately: Iterable[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Writes this object to one file in the format of sgns, whatever the ending.

        Args:
            fname_or_handle: The file, or one that is open for writing bytes.
            separately: Has no effect: every array can be mapped where it stands in the file.
            sep_limit: As `separately`.
            ignore: Attributes that are left out.
            pickle_protocol: Has no effect: no pickle is written.

        Raises:
            OutputError: The file cannot be written; an old one is still there.
            TypeError: An attribute is of a type that no file of ours holds.
        """
        warnings.warn(
            "save() writes the format of sgns, not a pickle, whatever the ending; sgns.load and sgns.gensim open it; "
            "for gensim write wv.save_word2vec_format(…)",
            OwnFormatWarning,
            stacklevel=2,
        )
        self.add_lifecycle_event("saving", fname_or_handle=str(fname_or_handle), ignore=sorted(ignore))
        writer = _Writer()
        tree = writer.encode_object(self, set(ignore))
        if hasattr(fname_or_handle, "write"):
            writer.write(fname_or_handle, tree)
        else:
            with replacing(fspath(fname_or_handle)) as (file,):
                writer.write(file, tree)
        logger.info("saved %s object", type(self).__name__)

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Any:
        """An object of a file that `save` of this package, or of gensim 0.12 to 4, wrote.

        Args:
            fname: The file.
            mmap: r maps the arrays instead of reading them; they cannot be changed then. With c they can, in memory
                alone; with r+ in the file too.

        Raises:
            FormatError: It is no such file, or a damaged one.
            NotHere: It holds an object of another class; this is an AttributeError too.
            ValueError: mmap is none of these.
        """
        return load(cls, fname, mmap)

    def _after_load(self) -> None:
        """Makes what was not saved, and what older versions had otherwise."""


def load(cls: Any, fname: str | PathLike[str], mmap: str | None = None) -> Any:
    """See `SaveLoad.load`."""
    path = fspath(fname)
    if not Path(path).exists():
        raise FileNotFoundError(2, "No such file or directory", path)
    logger.info("loading %s object from %s", cls.__name__, path)
    if mmap not in MODES:
        raise ValueError(f"mmap is {mmap!r}; it is one of {', '.join(map(repr, MODES))}")
    try:
        loaded = read_store(path, mmap, cls)
    except NotAStore:
        with opened(path) as file:
            record = gensim_pickle.read_record(file, Path(path), mmap)
            loaded = of_record(record, cls, path)
    if not isinstance(loaded, cls) and not issubclass(cls, type(loaded)):
        raise NotHere(f"{path}: Model of type {type(loaded).__name__} can't be loaded by {cls.__name__}")
    loaded.add_lifecycle_event("loaded", fname=path)
    return loaded


def of_record(record: Record, cls: Any, path: str) -> Any:
    """The object of a file of gensim.

    Raises:
        FormatError: Its attributes do not fit together, or (`NotHere`, also an AttributeError) its class is not here.
    """
    try:
        loaded = Objects(SaveLoad).object(record, cls)
        if not isinstance(loaded.__dict__.setdefault("lifecycle_events", []), list | None):
            raise ValueError("lifecycle_events is no list")
        return loaded
    except FormatError as error:
        raise type(error)(f"{path}: {error}") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, MemoryError) as error:
        text = " ".join(str(error).split())[:100]
        raise FormatError(f"{path}: its attributes do not fit together ({text}); save it anew") from None


# --- writing --------------------------------------------------------------------------------------------------------


class _Writer:
    """Turns objects into JSON, and their arrays into tensors."""

    def __init__(self) -> None:
        self.tensors: dict[str, np.ndarray] = {}
        self.names: dict[int, str] = {}

    def write(self, file: Any, tree: Any) -> None:
        metadata = {"format": "sgns", "version": "1", KEY: json.dumps(tree), "sgns": json.dumps({"source": KEY})}
        header: dict[str, Any] = {"__metadata__": metadata}
        offset = 0
        for name, array in self.tensors.items():
            offset = -(-offset // ALIGNMENT) * ALIGNMENT
            header[name] = {
                "dtype": CODES[array.dtype],
                "shape": array.shape,
                "data_offsets": [offset, offset + array.nbytes],
            }
            offset += array.nbytes
        text = json.dumps(header, ensure_ascii=False).encode()
        text += b" " * (-(8 + len(text)) % ALIGNMENT)
        file.write(struct.pack("<Q", len(text)) + text)
        position = 0
        for name, array in self.tensors.items():
            begin = header[name]["data_offsets"][0]
            file.write(b"\0" * (begin - position))
            if array.size:
                file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
            position = begin + array.nbytes

    def encode_object(self, value: Any, ignore: set[str]) -> dict[str, Any]:
        left_out = ignore | set(type(value).calculated)
        known = next(kind for kind in type(value).__mro__ if kind.__module__.startswith(f"{PACKAGE}."))
        fields = {name: self.encode(field, name, ignore) for name, field in vars(value).items() if name not in left_out}
        return {"@object": f"{known.__module__.removeprefix(PACKAGE + '.')}:{known.__qualname__}", "fields": fields}

    def encode(self, value: Any, name: str, ignore: set[str]) -> Any:
        if value is None or isinstance(value, bool | str) or type(value) in (int, float):
            return value
        if isinstance(value, np.ndarray):
            return self.encode_array(value, name, ignore)
        if isinstance(value, SaveLoad):
            return self.encode_object(value, ignore)
        if isinstance(value, np.generic):
            return {"@array": self.tensor(np.asarray(value), name), "scalar": True}
        if isinstance(value, list):
            return self.encode_list(value, name, ignore)
        if isinstance(value, tuple):
            return {"@tuple": [self.encode(item, name, ignore) for item in value]}
        if isinstance(value, dict):
            keys = self.encode(list(value), name, ignore)
            kind = (
                "ordered" if isinstance(value, OrderedDict) else "default" if isinstance(value, defaultdict) else "dict"
            )
            return {"@dict": kind, "keys": keys, "values": self.encode(list(value.values()), name, ignore)}
        if isinstance(value, set | frozenset):
            items = self.encode(sorted(value, key=repr), name, ignore)
            return {"@set": "frozenset" if isinstance(value, frozenset) else "set", "items": items}
        if isinstance(value, bytes):
            return {"@bytes": value.hex()}
        if isinstance(value, np.random.RandomState | np.random.Generator):
            return {"@random": 0}
        if callable(value) and hasattr(value, "__qualname__"):
            return {"@function": f"{value.__module__}:{value.__qualname__}"}
        raise TypeError(
            f"the attribute {name} is a {type(value).__name__}, which no file of sgns holds; leave it out: "
            f"save(fname, ignore=[{name!r}])"
        )

    def encode_list(self, value: list[Any], name: str, ignore: set[str]) -> Any:
        if value and set(map(type, value)) == {str} and not any("\n" in item for item in value):
            return {
                "@lines": self.tensor(np.frombuffer("\n".join(value).encode("utf-8", "surrogatepass"), np.uint8), name)
            }
        if len(value) > INLINE and set(map(type, value)) in ({int}, {float}):
            try:
                return {"@array": self.tensor(np.array(value), name), "list": True}
            except KeyError:  # integers beyond 64 bits
                pass
        return [self.encode(item, name, ignore) for item in value]

    def encode_array(self, value: np.ndarray, name: str, ignore: set[str]) -> Any:
        if value.dtype.hasobject:
            items = [self.encode(item, name, ignore) for item in value.ravel().tolist()]
            return {"@objects": items, "shape": value.shape}
        if value.dtype.kind == "U":
            return {"@text": value.ravel().tolist(), "shape": value.shape}
        return {"@array": self.tensor(value, name)}

    def tensor(self, value: np.ndarray, name: str) -> str:
        """Keeps an array, under the name that `sgns.load` knows where it has one; returns the name."""
        array = np.asarray(value, value.dtype.newbyteorder("<"))
        if array.dtype not in CODES:
            raise TypeError(f"the attribute {name} has type {array.dtype}, which no file of sgns holds")
        known = {"vectors": "E", "syn1neg": "C", "index_to_key": "words", "count": "counts"}.get(name, name)
        while known in self.tensors:
            known = f"{known}+"
        self.tensors[known] = array
        return known


# --- reading --------------------------------------------------------------------------------------------------------


def read_store(path: str, mmap: str | None, cls: Any) -> Any:
    """The object of a file of this module.

    Raises:
        NotAStore: It is another file.
        FormatError: It is damaged.
    """
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= 2**32 or file.read(1) != b"{":
            raise NotAStore
        try:
            header = json.loads(b"{" + file.read(length - 1))
            tree = json.loads(header.pop("__metadata__")[KEY])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise NotAStore from None
    size = Path(path).stat().st_size
    try:
        whole = np.memmap(path, np.uint8, mmap or "r") if size else np.zeros(0, np.uint8)  # type: ignore[call-overload]
        arrays: dict[str, np.ndarray] = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            data = np.asarray(whole)[8 + length + begin : 8 + length + end]
            array = data.view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
            arrays[name] = array if mmap else array.copy()
        return _Reader(arrays).decode_object(tree, cls)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
        text = " ".join(str(error).split())[:100]
        raise FormatError(f"{path}: the file is damaged ({text}); write it again") from None


class _Reader:
    """Makes objects of JSON and arrays again."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays

    def decode_object(self, tree: Any, cls: Any = None) -> Any:
        module, _, name = tree["@object"].partition(":")
        kind = class_named(f"{PACKAGE}.{module}", name, SaveLoad)
        if cls is not None and issubclass(cls, kind):
            kind = cls  # a class that a program derived from ours loads as itself
        value = kind.__new__(kind)
        for field, encoded in tree["fields"].items():
            value.__dict__[field] = self.decode(encoded)
        value._after_load()
        return value

    def decode(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return [self.decode(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if "@object" in tree:
            return self.decode_object(tree)
        if "@array" in tree:
            array = self.arrays[tree["@array"]]
            return array[()] if tree.get("scalar") else array.tolist() if tree.get("list") else array
        if "@lines" in tree:
            return self.arrays[tree["@lines"]].tobytes().decode("utf-8", "surrogatepass").split("\n")
        if "@tuple" in tree:
            return tuple(self.decode(item) for item in tree["@tuple"])
        if "@dict" in tree:
            pairs = zip(self.decode(tree["keys"]), self.decode(tree["values"]))
            kind = tree["@dict"]
            return (
                OrderedDict(pairs)
                if kind == "ordered"
                else defaultdict(int, pairs)
                if kind == "default"
                else dict(pairs)
            )
        if "@set" in tree:
            items = self.decode(tree["items"])
            return frozenset(items) if tree["@set"] == "frozenset" else set(items)
        if "@objects" in tree or "@text" in tree:
            items = self.decode(tree.get("@objects", tree.get("@text")))
            array = np.empty(len(items), object)
            array[:] = items if "@text" in tree else [None] * len(items)
            for i, item in enumerate(items):
                array[i] = item
            return (array.astype(str) if "@text" in tree else array).reshape(tree["shape"])
        if "@bytes" in tree:
            return bytes.fromhex(tree["@bytes"])
        if "@random" in tree:
            return np.random.RandomState(0)
        if "@function" in tree:
            module, _, name = tree["@function"].partition(":")
            return function_named(module, name)
        raise ValueError(f"an entry of the kind {next(iter(tree), '')!r}")
