"""Pairs of neighbouring words of a text, counted exactly in bounded memory.

Neighbours are two words of a sentence with nothing but connector words between them (such as "of" in "bank of
america"); a connector word itself is in no pair. A pair is a number: opening · V + second word, where the opening is
the first word, or a node of a tree that stands for it with the connector words behind it. The pairs of a block are
sorted and counted; the blocks are merged. Blocks and counts of a large text are kept on disk.
"""

from contextlib import closing
from pathlib import Path

import numpy as np

from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.encoded import STEP, Encoded
from sgns.text.kernels.tree import NODE, NODES, NONE, POSITION, WORD, WORD_BITS, Edges, Walk
from sgns.text.phrases_plain import find_pairs
from sgns.text.spill import Spill

BLOCK = 1 << 25  # pairs that are sorted at once, with 8 bytes each
PART = 1 << 23  # pairs that are merged at once
FIRST_NODES = 1 << 16  # as many nodes have room in the first table of edges
MOST_NODES = 2**31


class Openings:
    """What stands before the second word of a pair: a word, or a word with connector words behind it.

    Args:
        words: V; an opening below is the word itself.
        edges: (o,) int64, by opening − V: the edge of `kernels.tree` that leads to it; the word behind is a connector.

    Attributes:
        parents: (o,) int64, by opening − V: the same without its last connector word.
        connectors: (o,) int64, by opening − V: that connector word.
    """

    def __init__(self, words: int, edges: np.ndarray) -> None:
        self.words, self.parents, self.connectors = words, edges >> WORD_BITS, edges & WORD

    def sequence(self, opening: int) -> tuple[int, ...]:
        """The ids that an opening stands for: the first word and the connector words behind it."""
        behind = []
        while opening >= self.words:
            behind.append(int(self.connectors[opening - self.words]))
            opening = int(self.parents[opening - self.words])
        return (opening, *reversed(behind))

    def pair(self, key: int) -> tuple[int, ...]:
        """The ids that a pair stands for, from its first to its second word."""
        return (*self.sequence(key // self.words), key % self.words)

    def first_word(self, openings: np.ndarray) -> np.ndarray:
        """(k,) int64, the first words of openings."""
        found = openings.copy()
        while len(far := np.flatnonzero(found >= self.words)):
            found[far] = self.parents[found[far] - self.words]
        return found


class PairCounts:
    """The distinct pairs of a text with their counts, in parts.

    Attributes:
        parts: (keys, counts), keys (p,) int64 ascending, also from one part to the next; counts (p,) of any integers.
        openings: what the keys are made of.
        distinct: how many pairs there are.
    """

    def __init__(self, parts: list[tuple[np.ndarray, np.ndarray]], openings: Openings) -> None:
        self.parts, self.openings = parts, openings
        self.distinct = sum(len(keys) for keys, _ in parts)


def count_pairs(
    encoded: Encoded, connectors: np.ndarray, plain: bool, folder: Path | None, progress: ProgressCallback
) -> PairCounts:
    """Counts the pairs of a text.

    Args:
        encoded: the text.
        connectors: (c,) ids of the connector words.
        plain: in plain Python, not with kernels.
        folder: where a temporary file goes.
        progress: called after each block.

    Raises:
        InputError: there are 2**31 different words with connector words behind them.
        OutputError: the disk is full.
    """
    tokens, words = len(encoded.ids), len(encoded.words)
    if plain:
        found, edges = find_pairs(encoded, connectors)
        progress("count pairs", tokens, tokens, "words")
        pairs = np.unique(np.array(found, np.int64), return_counts=True)
        return PairCounts([pairs], Openings(words, np.array(edges, np.int64)))
    counter = PairCounter(encoded, connectors, progress)
    with closing(Spill(folder)) as spill:
        runs: list[tuple[np.ndarray, np.ndarray]] = []
        for start in range(0, tokens, BLOCK):
            run = counter.count(start, min(tokens, start + BLOCK))
            runs.append(run if tokens <= BLOCK else (spill.keep(run[0]), spill.keep(run[1])))
        return PairCounts(merged(runs, spill), counter.openings())


class PairCounter:
    """Counts the pairs of a text block by block, with kernels.

    Args:
        encoded: the text.
        connectors: (c,) ids of the connector words.
        progress: called after each step.
    """

    def __init__(self, encoded: Encoded, connectors: np.ndarray, progress: ProgressCallback) -> None:
        self._ids, self._words, self._progress = read_only(encoded.ids), len(encoded.words), progress
        self._walk = Walk(self._ids, read_only(encoded.sentence_ends), np.zeros(4, np.int64))
        self._walk.at[NODE], self._walk.at[NODES] = NONE, self._words
        self._connector = np.zeros(self._words, bool)
        self._connector[connectors] = True
        room = FIRST_NODES if len(connectors) else 1
        self._most_nodes = self._words + room
        self._edges = edges_of(np.zeros(0, np.int64), np.zeros(0, np.int32), room)
        self._pairs = np.zeros(self._most_nodes, np.int64)

    def count(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """The distinct pairs whose second word is in a block, ascending, and their counts (uint32)."""
        from sgns.text.kernels.phrases import collect, count_equal, sort_by_node

        starts = starts_of(np.bincount(self._ids[start:stop], minlength=self._words))
        place, before = starts.copy(), np.empty(stop - start, np.int32)
        self._pairs[:] = 0
        while (done := int(self._walk.at[POSITION])) < stop:
            to = min(stop, done + STEP)
            collect(self._walk, to, self._most_nodes, self._connector, self._edges, place, before, self._pairs)
            if self._walk.at[POSITION] < to:
                self._enlarge()
            self._progress("count pairs", int(self._walk.at[POSITION]), len(self._ids), "words")
        pairs = self._pairs[: self._walk.at[NODES]]
        seconds, stops = np.empty(pairs.sum(), np.int32), starts_of(pairs)
        sort_by_node(before, starts, place, stops, seconds)
        distinct = np.empty(len(pairs), np.int64)
        n = count_equal(seconds, stops, before, distinct)
        keys = np.repeat(np.arange(len(pairs)) * self._words, distinct)
        keys += seconds[:n]
        return keys, before[:n].astype(np.uint32)

    def openings(self) -> Openings:
        """The openings so far."""
        used = np.flatnonzero(self._edges.keys != NONE)
        steps = np.empty(int(self._walk.at[NODES]) - self._words, np.int64)
        steps[self._edges.nodes[used] - self._words] = self._edges.keys[used]
        return Openings(self._words, steps)

    def _enlarge(self) -> None:
        """Makes room for four times as many nodes."""
        room = 4 * (self._most_nodes - self._words)
        if self._words + room >= MOST_NODES:
            raise InputError(
                f"more than {self._most_nodes - self._words:,} different words with connector words behind them; "
                "give fewer connector words"
            )
        self._most_nodes = self._words + room
        self._edges = edges_of(self._edges.keys, self._edges.nodes, room)
        self._pairs = np.append(self._pairs, np.zeros(self._most_nodes - len(self._pairs), np.int64))


def edges_of(keys: np.ndarray, nodes: np.ndarray, room: int = 0) -> Edges:
    """A hash table of edges, as `kernels.phrases` describes it.

    Args:
        keys: (k,) int64; NONE is left out.
        nodes: (k,) int32.
        room: as many edges it can hold; those that are given at least.
    """
    from sgns.text.kernels.phrases import insert

    size = 1 << (max(room, len(keys)) * 3 // 2).bit_length()
    edges = Edges(np.full(size, NONE, np.int64), np.zeros(size, np.int32))
    insert(edges, keys, nodes)
    return edges


def read_only(array: np.ndarray) -> np.ndarray:
    """The same array for kernels, which are compiled for arrays that may not be written: a file may be mapped so."""
    view = np.asarray(array)[:]
    view.flags.writeable = False
    return view


def starts_of(counts: np.ndarray) -> np.ndarray:
    """(k,) int32, where the items of each kind begin if those of all kinds stand one after the other."""
    starts = np.zeros(len(counts), np.int32)
    np.cumsum(counts[:-1], out=starts[1:])
    return starts


def merged(runs: list[tuple[np.ndarray, np.ndarray]], spill: Spill | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Adds up the counts of several runs, each (keys ascending, counts).

    Args:
        runs: what is merged.
        spill: where the parts are kept if there are several; None keeps them in memory.
    """
    runs = [run for run in runs if len(run[0])]
    if len(runs) < 2:
        return runs
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
        order = np.argsort(keys, kind="stable")  # Timsort, which merges what is sorted already
        keys, counts = keys[order], counts[order].astype(np.int64)
        at = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        part = keys[at], np.add.reduceat(counts, at)
        parts.append(part if spill is None or not len(limits) else (spill.keep(part[0]), spill.keep(part[1])))
    return parts
