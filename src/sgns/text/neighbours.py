"""Pairs of neighbouring words of a text, counted exactly in bounded memory.

Neighbours are two words of a sentence with nothing but connector words between them (such as "of" in "bank of
america"); a connector word itself is in no pair. A pair is a number: opening · V + second word, where the opening is
the first word, or stands for it with the connector words behind it. The numbers of a block are sorted; equal ones are
counted; the blocks are merged. Blocks and counts of a large text are kept on disk.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from sgns.progress.callback import ProgressCallback
from sgns.text.encoded import STEP, Encoded
from sgns.text.spill import Spill

PART = 1 << 23  # pairs that are merged at once
MOST_CODE = 2**62
MOST_TABLE = 1 << 16  # codes whose numbers stand in a table
WORD_BITS = 31  # of an opening's code; ids are below 2**31
WORD = (1 << WORD_BITS) - 1


class ConnectorRuns:
    """Numbers for runs of connector words: the same number for the same run, wherever it stands.

    Args:
        connectors: (c,) ids of the connector words.
        words: V.

    Attributes:
        runs: by number, the ids of a run.
    """

    def __init__(self, connectors: np.ndarray, words: int) -> None:
        self.index = np.zeros(words, np.int64)  # 1, 2, … for connector words, 0 for others
        self.index[connectors] = np.arange(1, len(connectors) + 1)
        self.runs: list[np.ndarray] = []
        self._numbers: dict[int | bytes, int] = {}
        self._base = len(connectors) + 1
        self._longest = 1  # the longest run whose code fits into an int64
        while self._base ** (self._longest + 1) < MOST_CODE:
            self._longest += 1
        tabled = 1
        while self._base ** (tabled + 1) <= MOST_TABLE:
            tabled += 1
        self._table = np.full(self._base**tabled, -1, np.int64)

    def number(self, ids: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """(k,) int64, the number of the run between each left and right position."""
        length = right - left - 1
        code = self.index[ids[left + 1]]
        deeper = np.flatnonzero((length > 1) & (length <= self._longest))
        depth = 1
        while len(deeper):
            code[deeper] = code[deeper] * self._base + self.index[ids[left[deeper] + 1 + depth]]
            depth += 1
            deeper = deeper[length[deeper] > depth]
        long = np.flatnonzero(length > self._longest)
        code[long] = len(self._table)  # looked up by their bytes
        found = self._table[np.minimum(code, len(self._table) - 1)]
        found[code >= len(self._table)] = -1
        at = np.flatnonzero((found < 0) & (length <= self._longest))
        codes, where, inverse = np.unique(code[at], return_index=True, return_inverse=True)
        numbers = [
            self._of(key, ids[left[k] + 1 : right[k]])
            for key, k in zip(codes.tolist(), at[where].tolist(), strict=True)
        ]
        found[at] = np.array(numbers, np.int64)[inverse]
        tabled = codes < len(self._table)
        self._table[codes[tabled]] = np.array(numbers, np.int64)[tabled]
        for k in long.tolist():
            run = ids[left[k] + 1 : right[k]]
            found[k] = self._of(run.tobytes(), run)
        return found

    def _of(self, key: int | bytes, run: np.ndarray) -> int:
        number = self._numbers.setdefault(key, len(self.runs))
        if number == len(self.runs):
            self.runs.append(run.copy())
        return number


class Neighbours:
    """All pairs of neighbours in a text.

    Args:
        encoded: the text.
        connectors: (c,) ids of the connector words.

    Attributes:
        words: V.
        openings: (h,) int64, ascending, codes of the first words with connector words behind them; opening V + i has
            code i.
        runs: the runs of connector words.
    """

    def __init__(self, encoded: Encoded, connectors: np.ndarray) -> None:
        self._encoded, self.words = encoded, len(encoded.words)
        self.openings = np.zeros(0, np.int64)
        self.runs = ConnectorRuns(connectors, self.words) if len(connectors) else None
        self._of_one_block: np.ndarray | None = None
        if self.runs is None:
            return
        for ids, left, right, joined in self._with_connectors():
            far = np.flatnonzero(joined & (right - left > 1))
            codes = self._codes(ids, left[far], right[far])
            if len(ids) == len(encoded.ids):  # the only block
                self.openings, inverse = np.unique(codes, return_inverse=True)
                opening = ids[left].astype(np.int64)
                opening[far] = self.words + inverse
                self._of_one_block = (opening * self.words + ids[right])[joined]
            else:
                self.openings = np.union1d(self.openings, codes)

    def of_opening(self, opening: int) -> tuple[int, ...]:
        """The ids that an opening stands for: the first word and the connector words behind it."""
        if opening < self.words:
            return (opening,)
        assert self.runs is not None
        code = int(self.openings[opening - self.words])
        return (code & WORD, *self.runs.runs[code >> WORD_BITS].tolist())

    def first_word(self, openings: np.ndarray) -> np.ndarray:
        """(k,) int64, the first words of openings."""
        found = openings.copy()
        far = openings >= self.words
        found[far] = self.openings[openings[far] - self.words] & WORD
        return found

    def pair(self, key: int) -> tuple[int, ...]:
        """The ids that a pair stands for, from its first to its second word."""
        return (*self.of_opening(key // self.words), key % self.words)

    def keys(self) -> Iterator[np.ndarray]:
        """Yields the pairs of each block, (m,) int64, in the order of the text."""
        if self._of_one_block is not None:
            yield self._of_one_block
            return
        if self.runs is not None:
            for ids, left, right, joined in self._with_connectors():
                left, right = left[joined], right[joined]
                opening = ids[left].astype(np.int64)
                far = np.flatnonzero(right - left > 1)
                codes = self._codes(ids, left[far], right[far])
                opening[far] = self.words + np.searchsorted(self.openings, codes)
                yield opening * self.words + ids[right]
            return
        ids, ends = self._encoded.ids, self._encoded.sentence_ends
        for start in range(0, len(ids) - 1, STEP):
            block = ids[start : start + STEP + 1]
            key = block[:-1].astype(np.int64)
            key *= self.words
            key += block[1:]
            last = ends[np.searchsorted(ends, start, side="right") : np.searchsorted(ends, start + len(block))]
            inside = np.ones(len(key), bool)
            inside[last - start - 1] = False  # the last word of a sentence has no neighbour behind it
            yield key[inside]

    def _codes(self, ids: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """(k,) int64, the codes of openings: the run of connector words in the upper bits, the first word below."""
        assert self.runs is not None
        return (self.runs.number(ids, left, right) << WORD_BITS) | ids[left]

    def _with_connectors(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yields blocks: ids, the positions of two other words that follow one another, whether in one sentence."""
        assert self.runs is not None
        ids, ends, index = self._encoded.ids, self._encoded.sentence_ends, self.runs.index
        start, size = 0, STEP
        while start < len(ids) - 1:
            block = ids[start : start + size]
            others = np.flatnonzero(index[block] == 0)
            final = start + size >= len(ids)
            if len(others) < 2 and not final:  # nothing but connector words behind the first: look further
                size *= 2
                continue
            sentence = np.zeros(len(block) + 1, np.int32)
            last = ends[np.searchsorted(ends, start, side="right") : np.searchsorted(ends, start + len(block))]
            sentence[last - start] = 1
            sentence = np.cumsum(sentence, dtype=np.int32)
            left, right = others[:-1], others[1:]
            yield block, left, right, sentence[left] == sentence[right]
            if final:
                return
            start, size = start + int(others[-1]), STEP


class PairCounts:
    """The distinct pairs of a text with their counts, in parts.

    Attributes:
        parts: (keys, counts), keys (p,) int64 ascending, also from one part to the next; counts (p,) int64.
        distinct: how many pairs there are.
    """

    def __init__(self, parts: list[tuple[np.ndarray, np.ndarray]]) -> None:
        self.parts = parts
        self.distinct = sum(len(keys) for keys, _ in parts)


def count_pairs(neighbours: Neighbours, tokens: int, folder: Path | None, progress: ProgressCallback) -> PairCounts:
    """Counts the pairs of a text.

    Args:
        neighbours: the pairs.
        tokens: of the text, for progress.
        folder: where a temporary file goes.
        progress: called after each block.

    Raises:
        OutputError: the disk is full.
    """
    with closing(Spill(folder)) as spill:
        runs: list[tuple[np.ndarray, np.ndarray]] = []
        for number, keys in enumerate(neighbours.keys()):
            run = counted(np.sort(keys))
            if tokens > STEP:
                run = spill.keep(run[0]), spill.keep(run[1].astype(np.uint32))
            runs.append(run)
            progress("count pairs", min(tokens, (number + 1) * STEP), tokens, "words")
        return PairCounts(merged(runs, spill))


def counted(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers of a sorted array, and how often each is there."""
    new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    at = np.flatnonzero(new)
    return keys[at], np.diff(at, append=len(keys))


def merged(runs: list[tuple[np.ndarray, np.ndarray]], spill: Spill | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Adds up the counts of several runs, each (keys ascending, counts).

    Args:
        runs: what is merged.
        spill: where the parts are kept if there are several; None keeps them in memory.
    """
    runs = [run for run in runs if len(run[0])]
    if len(runs) < 2:
        return [(keys, counts.astype(np.int64, copy=False)) for keys, counts in runs]
    pieces = -(-sum(len(keys) for keys, _ in runs) // PART)
    sample = np.sort(np.concatenate([keys[:: max(1, len(keys) // (64 * pieces))] for keys, _ in runs]))
    limits = np.unique(sample[np.arange(1, pieces) * len(sample) // pieces])
    cuts = [np.concatenate([[0], np.searchsorted(keys, limits), [len(keys)]]) for keys, _ in runs]
    parts = []
    for i in range(len(limits) + 1):
        keys = np.concatenate([run[0][cut[i] : cut[i + 1]] for run, cut in zip(runs, cuts, strict=True)])
        counts = np.concatenate([run[1][cut[i] : cut[i + 1]] for run, cut in zip(runs, cuts, strict=True)])
        if not len(keys):
            continue
        order = np.argsort(keys)
        keys, counts = keys[order], counts[order].astype(np.int64)
        at = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        part = keys[at], np.add.reduceat(counts, at)
        parts.append(part if spill is None or not len(limits) else (spill.keep(part[0]), spill.keep(part[1])))
    return parts
