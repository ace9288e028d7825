"""A text as numbers of words, on its way to a corpus: what is made of it is made of numbers, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sgns.base.folders import temporary_file
from sgns.text.spill import write_all

STEP = 1 << 22  # tokens in a block


@dataclass(frozen=True)
class Encoded:
    """A text of which every word is kept.

    Attributes:
        ids: (n,) int32, the words of the text in its order.
        sentence_ends: (s,) int64, ascending, exclusive; no sentence is empty.
        words: V distinct words; a word's id is its index.
        counts: (V,) int64, how often each occurs in `ids`; may be 0.
    """

    ids: np.ndarray
    sentence_ends: np.ndarray
    words: list[str]
    counts: np.ndarray


def first_appearances(ids: np.ndarray, words: int) -> np.ndarray:
    """(words,) int64, the position of the first token of each word in `ids`; of a word that is not there, 2**62."""
    first = np.full(words, 2**62, np.int64)
    for start in reversed(range(0, len(ids), STEP)):  # backwards: the first appearance is written last
        block = ids[start : start + STEP][::-1]
        first[block] = np.arange(start + len(block) - 1, start - 1, -1)
    return first


def count_words(ids: np.ndarray, words: int) -> np.ndarray:
    """(words,) int64, how often each word occurs in `ids`."""
    counts = np.zeros(words, np.int64)
    for start in range(0, len(ids), STEP):
        counts += np.bincount(ids[start : start + STEP], minlength=words)
    return counts


class BlockWriter:
    """Ids and sentence ends that are made block by block: in memory for a text of one block, else in a file.

    The file vanishes with the process.

    Args:
        tokens: of the text that is read; as many are written at most.
        folder: where the file goes; None for the system's folder.
    """

    def __init__(self, tokens: int, folder: Path | None) -> None:
        self._file = temporary_file(folder) if tokens > STEP else None
        self._blocks: list[np.ndarray] = []
        self._ends: list[np.ndarray] = []
        self.written = 0

    def put(self, ids: np.ndarray, kept: np.ndarray, ends: np.ndarray) -> None:
        """Appends the tokens of a block that are kept.

        Args:
            ids: (n,) int32.
            kept: (n,) bool.
            ends: int64, the sentence ends in the block, from 0 to n.

        Raises:
            OutputError: the disk is full.
        """
        kept_before = np.zeros(len(ids) + 1, np.int64)
        np.cumsum(kept, out=kept_before[1:])
        self.append(ids[kept], kept_before[ends])

    def append(self, ids: np.ndarray, ends: np.ndarray) -> None:
        """Appends the tokens of a block, all of them: as `put`, but the ends are among the tokens that are kept."""
        self._ends.append(self.written + ends)
        if self._file is None:
            self._blocks.append(ids)
        else:
            write_all(self._file, ids)
        self.written += len(ids)

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """The ids (n,) int32 and the sentence ends (s,) int64, those of empty sentences repeat the one before."""
        ends = np.concatenate(self._ends) if self._ends else np.zeros(0, np.int64)
        if self._file is None:
            ids = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int32)
        else:
            ids = np.memmap(self._file, np.int32, "r", shape=(self.written,)) if self.written else np.zeros(0, np.int32)
            self._file.close()  # the mapping keeps what it maps
        return ids, ends


def without_empty(ends: np.ndarray) -> np.ndarray:
    """Sentence ends without those of empty sentences."""
    return ends[np.diff(ends, prepend=0) > 0]


def blocks_of(encoded: Encoded) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yields the text block by block: position, ids, and the sentence ends in it, counted from its beginning."""
    ids, ends, sentence = encoded.ids, encoded.sentence_ends, 0
    for start in range(0, len(ids), STEP):
        block = ids[start : start + STEP]
        last = int(np.searchsorted(ends, start + len(block), side="right"))
        yield start, block, np.asarray(ends[sentence:last]) - start
        sentence = last


def renumber(encoded: Encoded, words: Sequence[str], folder: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """The ids and sentence ends of a text in another vocabulary, without other words.

    Args:
        encoded: the text.
        words: the other vocabulary; a word's id is its index.
        folder: where a temporary file goes; None for the system's folder.

    Returns:
        ids: (n,) int32.
        sentence_ends: (s,) int64, one for each sentence; those of empty ones repeat the one before.

    Raises:
        OutputError: the disk is full.
    """
    numbers = {word: number for number, word in enumerate(words)}
    id_of = np.fromiter((numbers.get(word, -1) for word in encoded.words), np.int32, len(encoded.words))
    writer = BlockWriter(len(encoded.ids), folder)
    for _, block, ends in blocks_of(encoded):
        ids = id_of[block]
        writer.put(ids, ids >= 0, ends)
    return writer.finish()
