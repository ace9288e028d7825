"""Which rows of a vector file are read: the first ones, or those of some words. What is left out takes no memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Any

import numpy as np

from sgns.base.files import HEAD, not_utf8, opened
from sgns.errors import ConfigError, InputError
from sgns.progress.callback import WarningCallback
from sgns.vectors.files.parts import Parts
from sgns.vectors.word_list import as_text

Only = str | PathLike[str] | Iterable[str]
"""Words, or the path of a file with a word a line."""


@dataclass(frozen=True)
class Selection:
    """The rows that are kept: of the first `limit` rows of the file those whose words are in `words`.

    Attributes:
        limit: Number of rows that are read; None reads all.
        words: Words that are kept, in the order in which they were given; None keeps all.
        also: Words that are kept too, and not missed where the file has none of them.
        documents: The rows are those of documents, and the words their tags.
    """

    limit: int | None = None
    words: dict[str, None] | None = None
    also: frozenset[str] = field(default=frozenset())
    documents: bool = False

    @classmethod
    def of(cls, limit: int | None = None, only: Only | None = None, also: Iterable[str] = ()) -> "Selection":
        """The selection that a caller asks for.

        Args:
            limit: Number of rows.
            only: Words, or the path of a file of them.
            also: Words that are kept too where `only` is given.

        Raises:
            ConfigError: limit is below 1, or `only` holds something else than words.
            InputError: The file of words cannot be read, or holds no word.
        """
        if limit is not None and (isinstance(limit, bool) or not hasattr(limit, "__index__")):
            raise ConfigError(f"limit is {str(limit)[:80]}; give the number of rows to read, as in limit=200_000")
        if limit is not None and limit < 1:
            raise ConfigError(f"limit is {limit}; read at least 1 row")
        words = None if only is None else words_of(only)
        return cls(limit, words, frozenset() if words is None else frozenset(also))

    @property
    def all_rows(self) -> bool:
        """Whether everything is read."""
        return self.limit is None and self.words is None

    def __contains__(self, word: object) -> bool:
        return self.words is None or word in self.words or word in self.also

    def first(self, rows: int) -> int:
        """How many of so many rows are read."""
        return rows if self.limit is None else min(self.limit, rows)

    def most_rows(self) -> int | None:
        """The number of rows that are kept at most; None where the file alone bounds it."""
        bounds = [self.limit, None if self.words is None else len(self.words) + len(self.also)]
        return min((bound for bound in bounds if bound is not None), default=None)

    def complete(self, rows_read: int, rows_kept: int) -> bool:
        """Whether nothing more has to be read."""
        if self.limit is not None and rows_read >= self.limit:
            return True
        return self.words is not None and rows_kept == len(self.words.keys() | self.also)

    def rows(self, words: Sequence[Any]) -> slice | np.ndarray:
        """The rows that are kept, where all words of the file are known already: a slice, or (n,) int64."""
        read = self.first(len(words))
        if self.words is None:
            return slice(0, read)
        return np.array([row for row in range(read) if words[row] in self], np.int64)

    def take(self, parts: Parts) -> Parts:
        """What is kept of parts that were read whole."""
        return parts if self.all_rows else parts.take(self.rows(parts.words.decoded))

    def check(self, parts: Parts, name: str, on_warning: WarningCallback) -> None:
        """Warns of words that the file does not have.

        Raises:
            ConfigError: It has none of them.
        """
        if self.words is None:
            return
        index = parts.words.index
        missing = [word for word in self.words if word not in index]
        if not missing:
            return
        where = name if self.limit is None else f"the first {self.limit:,} rows of {name}"
        first = f"first: {missing[0][:80]!r}"
        if len(missing) == len(self.words):
            raise ConfigError(
                f"none of the {len(missing):,} words asked for is in {where} ({first}); check their case, or give a"
                " file with a word a line"
            )
        on_warning(f"not in {where}: {len(missing):,} of the {len(self.words):,} words asked for ({first})")


ALL = Selection()


def words_of(only: Only) -> dict[str, None]:
    """The words of `only`, each once. Raises as `Selection.of`."""
    if isinstance(only, str | PathLike):
        return words_of_file(only)
    if isinstance(only, bytes) or not isinstance(only, Iterable):
        raise ConfigError(f"only is {str(only)[:80]!r}; give a list of words, or the path of a file with a word a line")
    words = [as_text(word) for word in only]
    wrong = [word for word in words if not isinstance(word, str)]
    if wrong:
        raise ConfigError(f"only holds {str(wrong[0])[:80]!r}, a {type(wrong[0]).__name__}; words are strings")
    if not words:
        raise ConfigError("only holds no word; name at least one, or leave it out to read all")
    return dict.fromkeys(words)


def words_of_file(path: str | PathLike[str]) -> dict[str, None]:
    """The words of a file, one a line; of a table with tabs, such as a vocabulary with counts, its first column."""
    try:
        with opened(path) as file:
            data = b"".join(file.blocks())
    except InputError as error:
        if "there is no such file" not in str(error):
            raise
        raise InputError(
            f"{fspath(path)}: there is no such file of words; check the path, or give the words themselves as a list"
        ) from None
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise not_utf8(path, f"byte {error.start:,}", data[:HEAD]) from None
    table = [line.removesuffix("\r").split("\t") for line in lines]
    if len(table[0]) > 1 and table[0][0].strip().lower() in ("word", "words") and not table[0][1].strip().isdigit():
        table = table[1:]  # a heading
    words = dict.fromkeys(row[0] for row in table if row[0].strip())
    if not words:
        raise InputError(f"{fspath(path)} holds no word; write a word a line")
    return words
