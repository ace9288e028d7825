"""Test sets: the lines of their files, and the vectors of their words."""

from collections.abc import Iterator
from functools import cached_property
from os import PathLike

import numpy as np

from sgns.base.files import not_utf8, opened
from sgns.base.geometry import unit
from sgns.errors import FormatError
from sgns.vectors.tokens import Unknown, table_for
from sgns.vectors.vectors import Vectors

LONGEST_LINE = 10_000  # characters; the lines of a test set are short


def read_lines(path: str | PathLike[str], longest: int = LONGEST_LINE) -> Iterator[tuple[int, str]]:
    """Reads a test set in UTF-8, plain or packed (gzip, bzip2, xz, Zstandard).

    Args:
        path: the set.
        longest: characters that a line may have.

    Yields:
        The number (from 1) and the text of each line that is not blank.

    Raises:
        InputError: the file cannot be read.
        FormatError: it is not UTF-8, a line is longer than `longest`, or a packed file is damaged.
    """
    number, head = 0, b""
    try:
        with opened(path) as file:
            head = file.head
            for number, line in enumerate(file.lines(4 * longest), 1):
                if len(line) >= 4 * longest:
                    raise file.error(f"line {number} is longer than {longest:,} characters; it is no test set")
                text = line.decode("utf-8").strip("\r\n")
                if text.strip():
                    yield number, text
    except UnicodeDecodeError:
        raise not_utf8(path, f"line {number}", head) from None


def unit_rows(vectors: Vectors, rows: np.ndarray) -> np.ndarray:
    """Rows of E (n, d) float32, scaled to length 1.

    Raises:
        FormatError: a row is not finite; the message has its word.
    """
    found = unit(vectors.E[rows])
    finite = np.isfinite(found).all(axis=1)
    if not finite.all():
        word = vectors.words[int(rows[np.argmin(finite)])]
        raise FormatError(f"the vector of {word[:80]!r} is not finite; train again with a lower lr")
    return found


class Lookup:
    """Finds the rows of a test set's words: the exact word first, then its lower case, then any case.

    Of words that differ in case alone, the first row is taken, which is the most frequent one.

    A word that is not in the vocabulary may have a row too: its vector is composed of its n-grams, and its row stands
    behind those of the vocabulary. A vocabulary that was made of lower case is asked for its lower case.

    Args:
        vectors: the model.
        ignore_case: False finds exact words alone.
        unknown: skip or compose.
        whole: the model with all of its words, where `vectors` has the most frequent ones alone: a word that is rarer
            is not composed.

    Attributes:
        folded: words found only in another case.
        composed: words whose vectors were composed, with their rows.

    Raises:
        ConfigError: `unknown` is neither, or is compose although the vectors have no subwords.
    """

    def __init__(
        self, vectors: Vectors, ignore_case: bool = True, unknown: Unknown = "skip", whole: Vectors | None = None
    ) -> None:
        table_for(unknown, vectors.subwords, vectors.metadata)
        self.vectors = vectors
        self.ignore_case = ignore_case
        self.folded: set[str] = set()
        self.composed: dict[str, int] = {}
        self._whole = None if unknown == "skip" else vectors if whole is None else whole
        self._rarer = None if whole is None or unknown == "skip" else Lookup(whole, ignore_case)
        self._rows: list[np.ndarray] = []  # (d,) of each composed word

    @cached_property
    def by_fold(self) -> dict[str, int]:
        """The first row of each word after case folding."""
        rows: dict[str, int] = {}
        for word, i in self.vectors.with_text_words().index.items():
            rows.setdefault(word.casefold(), i)
        return rows

    def unit_rows(self, rows: np.ndarray) -> np.ndarray:
        """As the function of this name, for rows of composed words too."""
        V = len(self.vectors)
        if not self._rows:
            return unit_rows(self.vectors, rows)
        found = np.empty((len(rows), self.vectors.dim), np.float32)
        known = rows < V
        found[known] = unit_rows(self.vectors, rows[known])
        found[~known] = unit(np.array(self._rows)[rows[~known] - V])
        return found

    def row_or_composed(self, word: str) -> int:
        """Returns the row of `word`, also of one that is composed, or −1 if it is unknown."""
        row = self.row(word)
        if row >= 0 or self._whole is None:
            return row
        lowercase = self.ignore_case and (self.vectors.metadata.get("config") or {}).get("lowercase") is True
        spelling = word.lower() if lowercase else word
        if word not in self.composed:
            rarer = self._rarer is not None and self._rarer.row(word) >= 0
            if rarer or not self._whole.composable([spelling]):
                return -1
            self.composed[word] = len(self.vectors) + len(self._rows)
            self._rows.append(self._whole[spelling])
        return self.composed[word]

    def row(self, word: str) -> int:
        """Returns the row of `word`, or −1 if it is unknown."""
        row = self.vectors.with_text_words().index.get(word, -1)
        if row < 0 and self.ignore_case:
            row = self.vectors.index.get(word.lower(), -1)
            if row < 0:
                row = self.by_fold.get(word.casefold(), -1)
            if row >= 0:
                self.folded.add(word)
        return row
