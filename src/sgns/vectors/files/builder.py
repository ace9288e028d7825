"""Rows as a reader finds them, gathered into one growing matrix; what is repaired is counted and told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sgns.base.files import PackedFile
from sgns.progress.callback import WarningCallback
from sgns.vectors.vectors import Vectors

LARGEST_DIM = 1_000_000
REPAIR = "sgns convert IN OUT --repair keeps the rest"


@dataclass
class Repair:
    """One kind of repair: how often, and where first."""

    what: str
    times: int = 0
    first: str = ""


@dataclass
class Gathering:
    """The rows of a file, in its order. The matrix grows with what is read, never with what a header promises.

    Args:
        source: the file.
        d: dimension.
        promised: rows that the header promises, None without a header.
        repair: leave damaged rows out instead of raising.
        tell: hears of every repair, once for each kind.
    """

    source: PackedFile
    d: int
    promised: int | None
    repair: bool
    on_warning: WarningCallback
    E: np.ndarray = field(init=False)  # (room, d) float32
    index: dict[str, int] = field(init=False, default_factory=dict)
    repairs: dict[str, Repair] = field(init=False, default_factory=dict)
    seen: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.d <= LARGEST_DIM:
            raise self.source.error(
                f"dimension {self.d:,} at line 1 is outside 1 to {LARGEST_DIM:,}; the header is wrong"
            )
        self.E = np.empty((0, self.d), np.float32)

    def room(self, rows: int) -> np.ndarray:
        """The (rows, d) next rows of the matrix, to be filled and then taken.

        The matrix grows in place (realloc moves pages, it does not copy them), so nothing is held twice.
        """
        need = len(self.index) + rows
        if need > len(self.E):
            grown = max(need, len(self.E) * 3 // 2)
            if self.promised is not None and need <= self.promised:
                grown = min(grown, self.promised)
            self.E.resize((grown, self.d), refcheck=False)
        return self.E[len(self.index) : need]

    def take(self, words: list[str], places: Sequence[int] | np.ndarray, unit: str) -> None:
        """Take the rows that were filled after the last ones.

        Args:
            words: one a row.
            places: line or byte of each, for messages.
            unit: "line" or "byte".

        Raises:
            FormatError: a row is not finite (unless repaired).
        """
        start = len(self.index)
        block = self.E[start : start + len(words)]
        self.seen += len(words)
        with np.errstate(over="ignore", invalid="ignore"):
            whole = bool(np.isfinite(block.sum()))  # one pass; only a sum that is not finite is looked at row by row
        if whole and len(set(words)) == len(words) and self.index.keys().isdisjoint(words):
            self.index.update(zip(words, range(start, start + len(words))))
            return
        sound = np.isfinite(block).all(axis=1)
        for i in np.flatnonzero(~sound).tolist():
            self.damage(f"the row of {words[i][:80]!r} holds NaN or infinity", f"{unit} {places[i]:,}", "not finite")
        kept: list[int] = []
        for i, (word, good) in enumerate(zip(words, sound.tolist())):
            if not good:
                continue
            if word in self.index:
                self.told(
                    "twice",
                    "words stand twice; the first row of each is kept",
                    f"{word[:80]!r} at {unit} {places[i]:,}",
                )
                continue
            self.index[word] = start + len(kept)
            kept.append(i)
        if len(kept) < len(words):
            block[: len(kept)] = block[kept]

    def told(self, kind: str, what: str, first: str) -> None:
        """Count a repair, to be told at the end."""
        repair = self.repairs.setdefault(kind, Repair(what, 0, first))
        repair.times += 1

    def damage(self, what: str, place: str, kind: str) -> None:
        """A damaged row: an error, or a repair where that is wished. Raises `FormatError`."""
        if not self.repair:
            raise self.source.error(f"{place}: {what}; write the file again, or leave such rows out: {REPAIR}")
        self.told(kind, f"rows left out ({kind})", place)

    def decode(self, word: bytes, place: Any, unit: str) -> str:
        """The word as text; bytes that are no UTF-8 become \\xNN, and that is told."""
        try:
            return word.decode("utf-8")
        except UnicodeDecodeError:
            text = word.decode("utf-8", "backslashreplace")
            self.told(
                "bytes", "words hold bytes that are no UTF-8, now written \\xNN", f"{text[:80]!r} at {unit} {place:,}"
            )
            return text

    def finish(self) -> Vectors:
        """The vectors, after telling the repairs. Raises `FormatError` for fewer rows than the header promises."""
        if self.promised is not None and self.seen != self.promised:
            difference = f"the header promises {self.promised:,} words, the file holds {self.seen:,}"
            if self.seen > self.promised:
                self.on_warning(f"{self.source.name}: {difference}; all are read")
            elif self.repair:
                self.on_warning(f"{self.source.name}: {difference}; these are kept")
            else:
                raise self.source.error(
                    f"{difference}: it was cut short, or the header is wrong; copy it again, or {REPAIR}"
                )
        for repair in self.repairs.values():
            self.on_warning(f"{self.source.name}: {repair.times:,} {repair.what} (first: {repair.first})")
        self.E.resize((len(self.index), self.d), refcheck=False)
        vectors = Vectors(list(self.index), self.E)
        vectors._index = self.index
        return vectors
