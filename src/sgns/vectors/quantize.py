"""Vectors in fewer bytes, and what that costs: the share of nearest neighbours that stay the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgns.base.geometry import unit
from sgns.vectors import search
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.quantized import Precision, Quantized, QuantizedParts

NEIGHBOURS = 10
SAMPLE = 300  # words whose neighbours are compared


@dataclass(frozen=True)
class NeighboursKept:
    """How many nearest neighbours stay the same.

    Attributes:
        share: Of the neighbours of all words that were compared; 1 where nothing changes.
        words: Number of words that were compared.
        neighbours: Number of neighbours of each.
    """

    share: float
    words: int
    neighbours: int

    def text(self) -> str:
        """The same in words."""
        return f"{100 * self.share:.1f} % of the {self.neighbours} nearest neighbours of {self.words:,} words are kept"


def quantized(parts: Parts, precision: Precision) -> QuantizedParts:
    """`parts` with E and C as codes. Raises `ConfigError` for a row that is not finite."""
    C = None if parts.C is None else Quantized.of(parts.C, precision)
    made = QuantizedParts(parts.words, Quantized.of(parts.E, precision), C, parts.counts, parts.metadata)
    made.documents = parts.documents  # as they are
    return made


def neighbours_kept(
    before: np.ndarray, after: np.ndarray, sample: int = SAMPLE, n: int = NEIGHBOURS
) -> NeighboursKept | None:
    """The share of each word's n nearest neighbours that are among them in another matrix too.

    Args:
        before: (V, d) float32.
        after: (V, d) float32.
        sample: Number of words that are compared at most, at equal distances through the file.
        n: Number of neighbours.

    Returns:
        None where there are no two words that have a length.

    Raises:
        FormatError: A row holds NaN or infinity.
    """
    V = len(before)
    norms = search.row_norms(before)
    rows = np.unique(np.linspace(0, V - 1, min(sample, V)).astype(np.int64)) if V and sample else np.empty(0, np.int64)
    rows = rows[norms[rows] > 0]
    n = min(n, V - 1)
    if not len(rows) or n < 1:
        return None
    found = []
    for matrix, lengths in ((before, norms), (after, search.row_norms(after))):
        ids, _ = search.nearest(matrix, lengths, unit(matrix[rows]), n + 1)
        found.append([[i for i in near if i != own][:n] for own, near in zip(rows.tolist(), ids.tolist())])
    same = sum(len(set(one) & set(other)) for one, other in zip(*found))
    return NeighboursKept(same / (n * len(rows)), len(rows), n)


def note_of(precision: Precision, kept: NeighboursKept | None) -> dict[str, Any]:
    """What the metadata say of quantized vectors."""
    if kept is None:
        return {"precision": precision}
    share = round(kept.share, 4)
    return {"precision": precision, "neighbours_kept": share, "of_nearest": kept.neighbours, "of_words": kept.words}
