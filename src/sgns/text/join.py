"""Joins sequences of words in a text: leftmost first, of those that begin at the same word the longest."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sgns.progress.callback import ProgressCallback
from sgns.text.encoded import STEP, BlockWriter, Encoded, count_words


class Trie:
    """Sequences of ids, to be looked up in all places of a text at once.

    Args:
        sequences: pairs of a sequence of two ids or more, and the id of what it becomes.
        words: V; ids of the text are below.

    Attributes:
        longest: ids of the longest sequence.
    """

    def __init__(self, sequences: Iterable[tuple[tuple[int, ...], int]], words: int) -> None:
        self.words, self.longest = words, 0
        first = np.full(words, -1, np.int64)
        edges: dict[tuple[int, int], int] = {}
        ends: dict[int, int] = {}
        nodes = 0
        self._follows = np.zeros(words, bool)
        for sequence, joined in sequences:
            self.longest = max(self.longest, len(sequence))
            node = int(first[sequence[0]])
            if node < 0:
                node = first[sequence[0]] = nodes
                nodes += 1
            for word in sequence[1:]:
                self._follows[word] = True
                below = edges.setdefault((node, word), nodes)
                nodes += below == nodes
                node = below
            ends[node] = joined
        keys = np.array([node * words + word for node, word in edges], np.int64)
        order = np.argsort(keys)
        self._first, self._keys = first, keys[order]
        self._below = np.fromiter(edges.values(), np.int64, len(edges))[order]
        self._joined = np.full(nodes, -1, np.int64)
        self._joined[list(ends)] = list(ends.values())

    def matches(self, ids: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The longest sequence at each position.

        Args:
            ids: (n,) int32.
            left: (m,) int64, at the first m positions: how many tokens of the sentence are left, this one included.

        Returns:
            Of all positions where a sequence begins, ascending: the position, the length, the id of what it becomes.
        """
        n = len(left)
        length, joined = np.zeros(n, np.int32), np.zeros(n, np.int32)
        at = np.flatnonzero((self._first[ids[:n]] >= 0) & (left > 1))
        node, depth = self._first[ids[at]], 1
        while len(at) and depth < self.longest:
            inside = np.flatnonzero(left[at] > depth)
            inside = inside[self._follows[ids[at[inside] + depth]]]
            at, node = at[inside], node[inside]
            key = node * self.words + ids[at + depth]
            where = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
            found = np.flatnonzero(self._keys[where] == key)
            at, node = at[found], self._below[where[found]]
            depth += 1
            whole = np.flatnonzero(self._joined[node] >= 0)
            length[at[whole]], joined[at[whole]] = depth, self._joined[node[whole]]
        begins = np.flatnonzero(length)
        return begins, length[begins], joined[begins]


def join(encoded: Encoded, trie: Trie, words: list[str], folder: Path | None, progress: ProgressCallback) -> Encoded:
    """Joins all sequences of `trie` in a text.

    Args:
        encoded: the text.
        trie: the sequences.
        words: words of the new text, those of the old one first.
        folder: where a temporary file goes.
        progress: called after each block.

    Raises:
        OutputError: the disk is full.
    """
    ids, ends, n = encoded.ids, encoded.sentence_ends, len(encoded.ids)
    writer = BlockWriter(n, folder)
    done = 0  # position behind the last sequence that was joined
    for start in range(0, n, STEP):
        stop = min(n, start + STEP)
        ahead = ids[start : stop + trie.longest - 1]
        first, last = np.searchsorted(ends, [start, stop], side="right")
        in_block = np.asarray(ends[first:last])
        begins, length, joined = trie.matches(ahead, tokens_left(start, stop, ends, int(first), int(last)))
        taken = leftmost(begins, begins + length, done - start)
        begins, length, joined = begins[taken], length[taken], joined[taken]
        block, kept = np.array(ahead[: stop - start]), np.ones(stop - start, bool)
        kept[: max(0, done - start)] = False
        block[begins] = joined
        rest = length - 1
        behind = np.repeat(begins + 1 - (np.cumsum(rest) - rest), rest) + np.arange(rest.sum())
        kept[behind[behind < len(kept)]] = False
        if len(begins):
            done = start + int(begins[-1] + length[-1])
        writer.put(block, kept, in_block - start)
        progress("join phrases", stop, n, "words")
    new_ids, new_ends = writer.finish()
    return Encoded(new_ids, new_ends, words, count_words(new_ids, len(words)))


def tokens_left(start: int, stop: int, ends: np.ndarray, first: int, last: int) -> np.ndarray:
    """(stop - start,) int64, how many tokens of its sentence are left at each position of a block, itself included.

    Args:
        start: of the block.
        stop: of the block.
        ends: all sentence ends.
        first: the index of the first one in the block.
        last: the index of the first one behind it.
    """
    of_tokens = np.asarray(ends[first : last + 1])  # the last one is that of the sentence that goes on
    tokens = np.diff(np.minimum(of_tokens, stop), prepend=start)
    return np.repeat(of_tokens, tokens) - np.arange(start, stop)


def leftmost(begins: np.ndarray, ends: np.ndarray, free: int) -> np.ndarray:
    """The indices of the sequences that are joined, when those that overlap are taken from the left.

    Args:
        begins: (k,) ascending.
        ends: (k,) exclusive.
        free: the first position that may be taken.
    """
    if not len(begins):
        return np.zeros(0, np.int64)
    reach = np.maximum.accumulate(np.append(free, ends[:-1]))  # how far all before could reach
    alone = begins >= reach
    taken = alone.copy()
    for at in np.flatnonzero(~alone).tolist():
        if at and alone[at - 1]:
            taken_to = ends[at - 1]
        elif at == 0:
            taken_to = free
        if begins[at] >= taken_to:
            taken[at] = True
            taken_to = ends[at]
    return np.flatnonzero(taken)
