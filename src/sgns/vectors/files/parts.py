"""What a vector file holds, as plain arrays: readers return it, writers take it, `Vectors` is made from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sgns.errors import FormatError
from sgns.vectors.subwords import SubwordTable
from sgns.vectors.word_list import WordList


@dataclass
class Parts:
    """Words, matrices, counts and metadata; `Parts.of` makes them from other types and checks their shapes.

    Attributes:
        words: V words, one for each row.
        E: (V, d) float32.
        C: (V, d) float32, or None.
        counts: (V,) int64, or None.
        metadata: Plain JSON: how the vectors were made.
        subwords: The rows that E was composed of, or None.
    """

    words: WordList
    E: np.ndarray
    C: np.ndarray | None = None
    counts: np.ndarray | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    subwords: SubwordTable | None = None

    @classmethod
    def of(
        cls,
        words: WordList | Sequence[str] | bytes,
        E: np.ndarray,
        C: np.ndarray | None = None,
        counts: np.ndarray | None = None,
        metadata: dict[str, Any] | None = None,
        subwords: SubwordTable | None = None,
    ) -> "Parts":
        """Takes arrays as they are where their type is right, else converts them.

        Raises:
            FormatError: The shapes do not agree, or there is not one word a row.
        """
        E = np.asarray(E, np.float32)
        C = None if C is None else np.asarray(C, np.float32)
        counts = None if counts is None else np.asarray(counts, np.int64)
        if E.ndim != 2 or E.shape[1] < 1:
            raise FormatError(f"E has shape {E.shape}; it needs (V, d), a row a word")
        if C is not None and C.shape != E.shape:
            raise FormatError(f"C has shape {C.shape}, E {E.shape}; they must agree")
        if counts is not None and counts.shape != (len(E),):
            raise FormatError(f"counts has shape {counts.shape}; {len(E)} words need ({len(E)},)")
        if subwords is not None and subwords.word_rows.shape != E.shape:
            raise FormatError(
                f"the words' own rows have shape {subwords.word_rows.shape}, E {E.shape}; they must agree"
            )
        if not isinstance(words, WordList):
            words = WordList(words, len(E))
        return cls(words, E, C, counts, dict(metadata or {}), subwords)

    def __len__(self) -> int:
        return len(self.E)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return self.E.shape[1]

    def take(self, rows: slice | np.ndarray) -> "Parts":
        """These rows alone: views for a slice, copies for row numbers."""
        words = self.words.decoded
        chosen = words[rows] if isinstance(rows, slice) else [words[row] for row in rows]
        C = None if self.C is None else self.C[rows]
        counts = None if self.counts is None else self.counts[rows]
        subwords = None if self.subwords is None else self.subwords.take(rows)
        return Parts(WordList(chosen, len(chosen)), self.E[rows], C, counts, self.metadata, subwords)


def rows_of_block(block: bytes, row: int, rows: np.ndarray, first: int) -> bytes:
    """Those of some rows that stand in a block.

    Args:
        block: Whole rows.
        row: Bytes of each.
        rows: (n,) int64, rising.
        first: The number of the first row of the block.
    """
    low, high = np.searchsorted(rows, [first, first + len(block) // row])
    return np.frombuffer(block, f"V{row}")[rows[low:high] - first].tobytes()
