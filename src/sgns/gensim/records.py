"""Objects of this package from what gensim's own `save` wrote, read as plain data by `vectors.files.pickle_data`."""

from typing import Any

import numpy as np

from sgns.errors import FormatError
from sgns.gensim.names import PACKAGE, class_named, function_named
from sgns.vectors.files.pickle_data import Name, Record

OLD_CLASSES = {
    "Word2VecKeyedVectors": "models.keyedvectors:KeyedVectors",
    "Doc2VecKeyedVectors": "models.keyedvectors:KeyedVectors",
    "EuclideanKeyedVectors": "models.keyedvectors:KeyedVectors",
    "DocvecsArray": "models.keyedvectors:KeyedVectors",
    "FastTextKeyedVectors": "models.fasttext:FastTextKeyedVectors",
    "FastText": "models.fasttext:FastText",
    "Phraser": "models.phrases:FrozenPhrases",
}
"""Where classes of older versions are now."""
ITEMS = ("Vocab", "CompatVocab", "Doctag")
"""Classes whose objects stay records: `_after_load` makes columns of them."""
DEEPEST = 100  # values within values; gensim's own have fewer than 10


class NotHere(FormatError, AttributeError):
    """A file holds an object of a class that is not here, or not the one that was asked for."""


class Objects:
    """Makes objects of records: each once, however often the file refers to it.

    A value that refers to itself, or is nested deeper than any of gensim's, is refused: going through it would end
    never, or in an overflow of the stack.
    """

    def __init__(self, base: type) -> None:
        """Begins a file.

        Args:
            base: What classes of objects derive from.
        """
        self._base, self._depth = base, 0
        self._made: dict[int, Any] = {}

    def object(self, record: Record, cls: Any = None) -> Any:
        """An object of this package.

        Raises:
            NotHere: Its class is none that is here.
        """
        kind = self._class(record.kind)
        if kind is None:
            raise NotHere(f"a {record.kind} of gensim, a class that is not here")
        if cls is not None and issubclass(cls, kind):
            kind = cls
        value = kind.__new__(kind)
        for field, content in record.fields.items():
            if not field.startswith("__"):
                value.__dict__[field] = self.value(content)
        value._after_load()
        return value

    def value(self, value: Any) -> Any:
        """A value of a record's field: records of gensim's classes become objects, or dicts where there is no class.

        Raises:
            FormatError: It refers to itself, or is too deep.
        """
        if not isinstance(value, Record | dict | list):
            return self._plain(value)
        if id(value) in self._made:
            return self._made[id(value)]
        if self._depth == DEEPEST:
            raise FormatError(f"its values are nested {DEEPEST} deep or refer to themselves")
        self._depth += 1
        self._made[id(value)] = made = self._container(value)
        self._depth -= 1
        return made

    def _container(self, value: Record | dict[Any, Any] | list[Any]) -> Any:
        if type(value) is Record:
            if value.kind.module.startswith("numpy.random"):
                return np.random.RandomState(0)
            if not value.kind.module.startswith("gensim") or value.kind.name in ITEMS:
                return value
            if self._class(value.kind) is not None:
                return self.object(value)
            return {name: self.value(field) for name, field in value.fields.items()}
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        assert isinstance(value, list)
        return value if all(type(item) is str for item in value) else [self.value(item) for item in value]

    def _plain(self, value: Any) -> Any:
        if type(value) is Name:
            return hash if value.name == "hash" else function_named(value.module, value.name)
        if isinstance(value, memoryview):
            return bytes(value)
        if isinstance(value, np.ndarray) and not value.flags.writeable and not isinstance(value, np.memmap):
            return value.copy()  # a view of the file
        return value

    def _class(self, kind: Name) -> Any:
        """The class of this package for one of gensim's; None where there is none."""
        where = OLD_CLASSES.get(kind.name) or f"{kind.module.removeprefix('gensim.')}:{kind.name}"
        module, _, name = where.partition(":")
        try:
            return class_named(f"{PACKAGE}.{module}", name, self._base)
        except ValueError:
            return None
