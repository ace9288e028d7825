"""What a vector file holds, as plain arrays: readers return it, writers take it, `Vectors` is made from it."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
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
        nodes: (V − 1, d) float32, in place of C the rows of the tree of hierarchical softmax, or None; see
            `training.engines.cpu.huffman` for their order.
        documents: The tags of documents and their rows, or None; they stay when words are left out.
    """

    words: WordList
    E: np.ndarray
    C: np.ndarray | None = None
    counts: np.ndarray | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    subwords: SubwordTable | None = None
    nodes: np.ndarray | None = None
    documents: "Parts | None" = None

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

    def with_nodes(self, nodes: np.ndarray | None) -> "Parts":
        """These with the rows of a tree, where it has all of these words; a part of the words has no tree.

        Raises:
            FormatError: The rows have another dimension.
        """
        if nodes is None or nodes.ndim != 2 or len(nodes) != len(self) - 1:
            return self
        if nodes.shape[1] != self.dim:
            raise FormatError(f"nodes have {nodes.shape[1]} columns, E {self.dim}; the file is damaged")
        return replace(self, nodes=nodes)

    def with_documents(self, documents: "Parts | None") -> "Parts":
        """These with vectors of documents. Raises `FormatError` when these have another dimension."""
        if documents is not None and documents.dim != self.dim:
            raise FormatError(f"documents have {documents.dim} columns, E {self.dim}; they must agree")
        with_documents = copy(self)
        with_documents.documents = documents
        return with_documents

    def take(self, rows: slice | np.ndarray) -> "Parts":
        """These rows alone: views for a slice, copies for row numbers."""
        words = self.words.decoded
        chosen = words[rows] if isinstance(rows, slice) else [words[row] for row in rows]
        C = None if self.C is None else self.C[rows]
        counts = None if self.counts is None else self.counts[rows]
        subwords = None if self.subwords is None else self.subwords.take(rows)
        words_alone = Parts(WordList(chosen, len(chosen)), self.E[rows], C, counts, self.metadata, subwords)
        return words_alone.with_documents(self.documents)


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
