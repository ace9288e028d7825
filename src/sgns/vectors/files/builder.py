"""Puts the rows of a file, as its reader finds them, into one matrix; counts repairs and reports them at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from sgns.base.files import PackedFile
from sgns.progress.callback import WarningCallback
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.selection import ALL, Selection
from sgns.vectors.read_only import ReadOnlyList
from sgns.vectors.word_list import WordList

LARGEST_DIM = 1_000_000
REPAIR = "sgns convert IN OUT --repair keeps the rest"


@dataclass
class Repair:
    """One kind of repair: how often it was made, and where first."""

    what: str
    first: str
    times: int = 0


@dataclass
class Builder:
    """The rows of a file so far, in its order. The matrix grows with what is read, never with what a header states.

    Args:
        file: The file that is read.
        d: Dimension.
        header_rows: Number of rows in the header; None without a header.
        repair: Leave damaged rows out instead of raising.
        on_warning: Called at the end, once for each kind of repair.
        selection: Which rows are kept; the reader leaves the others out and adds their number to `rows_read`.

    Raises:
        FormatError: The dimension is outside 1 to `LARGEST_DIM`.
    """

    file: PackedFile
    d: int
    header_rows: int | None
    repair: bool
    on_warning: WarningCallback
    selection: Selection = ALL
    E: np.ndarray = field(init=False)  # (capacity, d) float32
    index: dict[str, int] = field(init=False, default_factory=dict)  # row of each word that was added
    repairs: dict[str, Repair] = field(init=False, default_factory=dict)
    rows_read: int = 0  # also those that were left out

    def __post_init__(self) -> None:
        if not 1 <= self.d <= LARGEST_DIM:
            raise self.file.error(
                f"dimension {self.d:,} at line 1 is outside 1 to {LARGEST_DIM:,}; the header is wrong"
            )
        self.E = np.empty((0, self.d), np.float32)

    @property
    def complete(self) -> bool:
        """Whether all rows that are to be kept have been read."""
        return self.selection.complete(self.rows_read, len(self.index))

    def next_rows(self, count: int) -> np.ndarray:
        """The (count, d) rows after those that were added, to be filled and then added.

        The matrix grows in place (realloc moves pages, it does not copy them), so nothing is held twice.
        """
        needed = len(self.index) + count
        if needed > len(self.E):
            capacity = max(needed, len(self.E) * 3 // 2)
            if self.header_rows is not None and needed <= self.header_rows:
                capacity = min(capacity, self.header_rows)
            self.E.resize((capacity, self.d), refcheck=False)
        return self.E[len(self.index) : needed]

    def add(self, words: list[str], positions: Sequence[int] | np.ndarray, unit: str) -> None:
        """Adds the first rows of `next_rows`, one for each word.

        A word that was added before keeps its first row.

        Args:
            words: One for each row.
            positions: Line or byte of each row, for messages.
            unit: "line" or "byte".

        Raises:
            FormatError: A row is not finite, and `repair` is not set.
        """
        start = len(self.index)
        block = self.E[start : start + len(words)]
        self.rows_read += len(words)
        with np.errstate(over="ignore", invalid="ignore"):
            all_finite = bool(np.isfinite(block.sum()))  # one pass; rows are looked at one by one only if this fails
        if all_finite and self._index_new(words):
            return
        finite = np.isfinite(block).all(axis=1)
        for i in np.flatnonzero(~finite).tolist():
            self.reject(f"the row of {words[i][:80]!r} holds NaN or infinity", f"{unit} {positions[i]:,}", "not finite")
        kept: list[int] = []
        for i, (word, good) in enumerate(zip(words, finite.tolist())):
            if not good:
                continue
            if word in self.index:
                self.count_repair(
                    "twice",
                    "words stand twice; the first row of each is kept",
                    f"{word[:80]!r} at {unit} {positions[i]:,}",
                )
                continue
            self.index[word] = start + len(kept)
            kept.append(i)
        if len(kept) < len(words):
            block[: len(kept)] = block[kept]

    def _index_new(self, words: list[str]) -> bool:
        """Adds words to the index; returns False and adds none where one of them stands twice.

        A large index is slow to ask, so each word is added at once, and the number of words tells whether all were new.
        To take words out again costs a pass over the whole index: after the first word that stands twice they are
        looked up before.
        """
        start = len(self.index)
        if "twice" in self.repairs and (len(set(words)) < len(words) or not self.index.keys().isdisjoint(words)):
            return False
        self.index.update(dict(zip(words, range(start, start + len(words)))))
        if len(self.index) == start + len(words):
            return True
        self.index = dict(zip(islice(self.index, start), range(start)))  # each row is the number of words before it
        return False

    def count_repair(self, kind: str, what: str, first: str) -> None:
        """Counts a repair; `finish` warns of `what`, with the position `first` of the first one of its kind."""
        self.repairs.setdefault(kind, Repair(what, first)).times += 1

    def reject(self, what: str, position: str, kind: str) -> None:
        """Leaves a damaged row out and counts it as a repair. Raises `FormatError` if `repair` is not set."""
        if not self.repair:
            raise self.file.error(f"{position}: {what}; write the file again, or leave such rows out: {REPAIR}")
        self.count_repair(kind, f"rows left out ({kind})", position)

    def decode(self, word: bytes, position: int, unit: str) -> str:
        r"""The word as text; bytes that are not UTF-8 become \xNN, which counts as a repair."""
        try:
            return word.decode("utf-8")
        except UnicodeDecodeError:
            text = word.decode("utf-8", "backslashreplace")
            self.count_repair(
                "bytes",
                "words hold bytes that are no UTF-8, now written \\xNN",
                f"{text[:80]!r} at {unit} {position:,}",
            )
            return text

    def finish(self) -> Parts:
        """Warns of the repairs and returns words and E.

        Raises:
            FormatError: The header states more rows than there are, and `repair` is not set.
        """
        cut = self.complete or self.header_rows != self.selection.first(self.header_rows or 0)
        if self.header_rows is not None and self.rows_read != self.header_rows and not cut:
            difference = f"the header promises {self.header_rows:,} words, the file holds {self.rows_read:,}"
            if self.rows_read > self.header_rows:
                self.on_warning(f"{self.file.name}: {difference}; all are read")
            elif self.repair:
                self.on_warning(f"{self.file.name}: {difference}; these are kept")
            else:
                raise self.file.error(
                    f"{difference}: it was cut short, or the header is wrong; copy it again, or {REPAIR}"
                )
        for repair in self.repairs.values():
            self.on_warning(f"{self.file.name}: {repair.times:,} {repair.what} (first: {repair.first})")
        self.E.resize((len(self.index), self.d), refcheck=False)
        return Parts.of(WordList(ReadOnlyList(self.index), len(self.index), self.index), self.E)
