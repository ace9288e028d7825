"""Words and rows as sets: joined, merged, given other rows. Each function makes new parts, nothing is changed.

Where the first parts have subwords, they keep them: a word's own row is solved for, so that it is composed to its row
of E.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from sgns.errors import ConfigError, FormatError
from sgns.vectors.files.parts import Parts

MOST_COUNT = 2**62
Conflict = Literal["error", "first", "second", "mean"]
"""What `merge` does with a word that both have."""


def with_rows(parts: Parts, rows: np.ndarray, new: np.ndarray) -> Parts:
    """`parts` whose E has other rows.

    Args:
        parts: Words and matrices.
        rows: (n,) int64, which rows.
        new: (n, d) float32.
    """
    subwords = parts.subwords
    if subwords is not None:
        subwords = subwords.with_rows(rows, parts.words.at(rows), new)
    return replace(parts, E=replaced(parts.E, rows, new, second=True), subwords=subwords)


def joined(parts: Parts, new: Parts) -> Parts:
    """The rows of `parts`, then those of `new`; C and counts where both have them."""
    C = None if parts.C is None or new.C is None else np.concatenate([parts.C, new.C])
    counts = None
    if parts.counts is not None and new.counts is not None:
        counts = np.concatenate([parts.counts, new.counts])
    words = [*parts.words.decoded, *new.words.decoded]
    subwords = parts.subwords
    if subwords is not None:
        subwords = subwords.with_rows(np.arange(len(parts), len(words)), new.words.decoded, new.E)
    joint = Parts.of(words, np.concatenate([parts.E, new.E]), C, counts, parts.metadata, subwords)
    return joint.with_documents(parts.documents)


def merged(parts: Parts, other: Parts, on_conflict: Conflict) -> Parts:
    """The words of both: those of `parts` in their order, then those that `other` alone has.

    Args:
        parts: The first.
        other: The second; of the same dimension.
        on_conflict: What happens to a word that both have; see `Vectors.merge`.

    Raises:
        ConfigError: The dimensions differ, or both have a word and on_conflict is error.
    """
    if on_conflict not in ("error", "first", "second", "mean"):
        raise ConfigError(f"on_conflict is {on_conflict!r}; choose error, first, second or mean")
    if other.dim != parts.dim:
        raise ConfigError(f"vectors of dimension {other.dim} cannot be merged with those of dimension {parts.dim}")
    index, theirs = parts.words.index, other.words.decoded
    common = [row for row, word in enumerate(theirs) if word in index]
    if common and on_conflict == "error":
        raise ConfigError(
            f"both have {len(common):,} words, the first {theirs[common[0]][:80]!r}; say which row is kept:"
            ' on_conflict="first", "second" or "mean" (--on-conflict first)'
        )
    if common and on_conflict != "first":
        own, second = np.array([index[theirs[row]] for row in common]), on_conflict == "second"
        C = None if parts.C is None or other.C is None else replaced(parts.C, own, other.C[common], second)
        counts = None
        if parts.counts is not None and other.counts is not None:
            counts = parts.counts.copy()
            counts[own] = other.counts[common] if second else counts[own] + other.counts[common]
        E = replaced(parts.E, own, other.E[common], second)
        subwords = parts.subwords
        if subwords is not None:
            subwords = subwords.with_rows(own, parts.words.at(own), E[own])
        parts = Parts.of(parts.words, E, C, counts, parts.metadata, subwords).with_documents(parts.documents)
    return joined(parts, other.take(np.setdiff1d(np.arange(len(theirs)), common)))


def replaced(matrix: np.ndarray, rows: np.ndarray, new: np.ndarray, second: bool) -> np.ndarray:
    """A copy of `matrix` in which `rows` are `new`, or (second is False) the mean of the two."""
    changed = np.array(matrix, order="C")
    changed[rows] = new if second else (changed[rows].astype(np.float64) + new) / 2
    return changed


def matrix_of(name: str, rows: Any) -> np.ndarray:
    """`rows` as an array of numbers, the same one where it is float32.

    Raises:
        FormatError: It is none; the message has `name`.
    """
    try:
        given = np.asarray(rows)
        if given.dtype.kind in "fiubO":
            return np.asarray(given, np.float32)
    except (TypeError, ValueError, OverflowError):
        pass
    raise FormatError(f"{name} holds no numbers in rows of one length; give an array (V, d)")


def whole_numbers(counts: Any) -> np.ndarray:
    """`counts` as an int64 array, the same one where it is int64.

    Raises:
        FormatError: One is no whole number, or below 0.
    """
    given = np.asarray(counts)
    if given.dtype.kind in "iu" and (not given.size or (given.min() >= 0 and given.max() <= MOST_COUNT)):
        return given.astype(np.int64, copy=False)
    for count in given.reshape(-1).tolist():
        if not isinstance(count, int | float) or not 0 <= count <= MOST_COUNT or count != int(count):
            raise FormatError(f"counts holds {count!r:.80}; counts are whole numbers, 0 or more")
    return given.astype(np.int64)


def row_numbers(rows: Any, size: int) -> np.ndarray:
    """Numbers (n,) int64 of rows of a matrix, which are given as numbers, or as True and False for each row.

    Raises:
        ConfigError: `rows` is something else, or a number is outside.
    """
    try:
        given = np.asarray(rows)
    except ValueError:  # lists of different lengths
        given = np.zeros((), object)
    if given.ndim == 1 and given.dtype == bool and len(given) == size:
        return np.flatnonzero(given)
    if given.ndim != 1 or (len(given) and given.dtype.kind not in "iu"):
        raise ConfigError(
            f"rows is {rows!r:.80}; give a slice, row numbers, or True and False for each of the {size:,} rows"
        )
    outside = given[(given < -size) | (given >= size)]
    if len(outside):
        raise ConfigError(f"row {outside[0]} is outside -{size} to {size - 1}")
    return given.astype(np.int64, copy=False)


def rows_for(words: Sequence[Any], rows: Any, dim: int, call: str) -> np.ndarray:
    """`rows` as an array (n, d) float32, one for each of n words.

    Args:
        words: The words.
        rows: (n, d), or (d,) for a single word.
        dim: Dimension d.
        call: Name of the call, for messages.

    Raises:
        ConfigError: The rows are no finite numbers or of another shape; a word is no string or stands twice.
    """
    try:
        matrix = np.asarray(rows, np.float32)
    except (TypeError, ValueError):
        raise ConfigError(f"{call}: the rows are no numbers in {len(words)} rows of {dim}") from None
    if matrix.ndim == 1 and len(words) == 1:
        matrix = matrix[None, :]
    if matrix.shape != (len(words), dim):
        raise ConfigError(
            f"{call}: rows of shape {matrix.shape} for {len(words)} words; they need the shape ({len(words)}, {dim})"
        )
    if not np.isfinite(matrix).all():
        bad = words[int(np.argmin(np.isfinite(matrix).all(axis=1)))]
        raise ConfigError(f"{call}: the row of {str(bad)[:80]!r} holds NaN or infinity; leave it out")
    wrong = [word for word in words if not isinstance(word, str)]
    if wrong:
        raise ConfigError(f"{call}: {str(wrong[0])[:80]!r} is a {type(wrong[0]).__name__}; words are strings")
    if len(set(words)) < len(words):
        seen: set[str] = set()
        twice = next(word for word in words if word in seen or seen.add(word))  # type: ignore[func-returns-value]
        raise ConfigError(f"{call}: {twice[:80]!r} stands twice among the words; every word may have one row")
    return matrix


def counts_for(words: Sequence[Any], counts: Any, call: str) -> np.ndarray:
    """`counts` as an array (n,) int64, one for each of n words. Raises `ConfigError` unless they are whole numbers."""
    given = np.atleast_1d(np.asarray(counts))
    if given.shape != (len(words),) or given.dtype.kind not in "iu" or (len(given) and given.min() < 0):
        raise ConfigError(
            f"{call}: counts is {str(counts)[:80]}; {len(words)} words need as many whole numbers, 0 or more"
        )
    return given.astype(np.int64)
