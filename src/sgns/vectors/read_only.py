"""Arrays and lists that `Vectors` shows and that cannot be written to: an attempt raises an error with the remedy.

A `Vectors` keeps the lengths of its rows and the row of each word. A row that is changed behind them would give wrong
cosines without a word, so changes make new vectors: `with_rows`, `add`, `merge`, `drop`.
"""

from typing import Any, NoReturn

import numpy as np

from sgns.errors import ReadOnlyError

REMEDY = (
    "the arrays and words of Vectors are read-only; make new vectors with v.with_rows(words, rows),"
    " v.add(words, rows), v.merge(other) or v.drop(words), or change a copy: v.E.copy()"
)


def refuse(*_: Any, **__: Any) -> NoReturn:
    """Raises `ReadOnlyError`."""
    raise ReadOnlyError(REMEDY)


class ReadOnlyArray(np.ndarray):
    """A view that cannot be written to. What is computed from it, or copied, is a plain array."""

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return found.view(np.ndarray) if isinstance(found, np.ndarray) and found.flags.writeable else found

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.flags.writeable:
            refuse()
        super().__setitem__(key, value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None:
            if any(isinstance(array, ReadOnlyArray) and not array.flags.writeable for array in out):
                refuse()
            options["out"] = tuple(plain(array) for array in out)
        return getattr(ufunc, method)(*map(plain, inputs), **options)

    def copy(self, order: Any = "C") -> np.ndarray:  # type: ignore[override]
        """A plain array that can be changed."""
        return plain(self).copy(order)

    def astype(self, *arguments: Any, **options: Any) -> np.ndarray:
        """A plain array of another type."""
        return plain(self).astype(*arguments, **options)

    def __reduce__(self) -> Any:
        return plain(self).__reduce__()

    def __deepcopy__(self, memo: Any) -> np.ndarray:  # type: ignore[override]
        return plain(self).copy()

    fill = partition = put = resize = sort = refuse


def plain(value: Any) -> Any:
    """`value` without the class `ReadOnlyArray`."""
    return value.view(np.ndarray) if isinstance(value, ReadOnlyArray) else value


def read_only(array: np.ndarray) -> ReadOnlyArray:
    """A view of `array` that cannot be written to; the flags of `array` stay as they are."""
    view = array.view(ReadOnlyArray)
    view.flags.writeable = False
    return view


def never_written(array: np.ndarray) -> bool:
    """Whether neither `array` nor an array that it is a view of can be written to."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        owner = owner.base
    return True


class ReadOnlyList(list[str]):
    """A list that cannot be changed. Slices and sums of it are plain lists."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = refuse
    append = extend = insert = pop = remove = clear = sort = reverse = refuse

    def __reduce__(self) -> Any:
        return ReadOnlyList, (list(self),)
