"""How test sets are read (UTF-8, plain or gzip, errors name the line), and how their words find their vectors."""

import gzip
import zlib
from collections.abc import Iterator
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np

from sgns.base.geometry import unit
from sgns.errors import FormatError, InputError
from sgns.vectors.vectors import Vectors

LONGEST_LINE = 10_000  # characters; a test set's lines are short


def lines(path: str | PathLike[str]) -> Iterator[tuple[int, str]]:
    """The lines of a test set that hold something, with their numbers from 1.

    Raises:
        InputError: the file cannot be read.
        FormatError: it is not UTF-8, or a line is too long to be one.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            file = gzip.GzipFile(fileobj=raw) if packed else raw
            number = 0
            while line := file.readline(4 * LONGEST_LINE):
                number += 1
                if len(line) >= 4 * LONGEST_LINE:
                    raise FormatError(
                        f"{path}: line {number} is longer than {LONGEST_LINE:,} characters; it is no test set"
                    )
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
                if text.strip():
                    yield number, text
    except UnicodeDecodeError:
        raise FormatError(f"{path}: line {number} is not UTF-8; convert it: iconv -f latin1 -t utf-8") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(f"{path}: the gzip file is torn ({error}); copy it again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; check the path") from None


def units(vectors: Vectors, rows: np.ndarray) -> np.ndarray:
    """Rows of E (n, d) float32 scaled to length 1. Raises `FormatError` for one that is not finite, with its word."""
    found = unit(vectors.E[rows])
    sound = np.isfinite(found).all(axis=1)
    if not sound.all():
        word = vectors.words[int(rows[np.argmin(sound)])]
        raise FormatError(f"the vector of {word[:80]!r} is not finite; train again with a lower lr")
    return found


class Lookup:
    """Rows of words for a test set: the exact spelling first, then lower case, then any case (most frequent first).

    Args:
        vectors: where to look.
        ignore_case: False takes exact spellings alone.
    """

    def __init__(self, vectors: Vectors, ignore_case: bool = True) -> None:
        self.vectors = vectors
        self.ignore_case = ignore_case
        self.folded: set[str] = set()  # words found in another case alone

    @cached_property
    def by_fold(self) -> dict[str, int]:
        """The first row of each word without its case."""
        rows: dict[str, int] = {}
        for i, word in enumerate(self.vectors.words):
            rows.setdefault(word.casefold(), i)
        return rows

    def row(self, word: str) -> int:
        """The row of `word`, or −1."""
        row = self.vectors.index.get(word, -1)
        if row < 0 and self.ignore_case:
            row = self.vectors.index.get(word.lower(), -1)
            if row < 0:
                row = self.by_fold.get(word.casefold(), -1)
            if row >= 0:
                self.folded.add(word)
        return row
