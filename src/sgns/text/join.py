"""Joins sequences of words in a text: leftmost first, of those that begin at the same word the longest."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from sgns.progress.callback import ProgressCallback
from sgns.text.encoded import STEP, BlockWriter, Encoded, count_words
from sgns.text.kernels.tree import NONE, POSITION, SENTENCE, WORD_BITS, Walk
from sgns.text.neighbours import edges_of, read_only
from sgns.text.phrases_plain import join_plainly


class Trie:
    """Sequences of ids, as paths in the tree that `kernels.tree` describes.

    Args:
        sequences: each of two ids or more.
        joined: for each, the id of what it becomes.
        words: V; ids of the text are below.

    Attributes:
        begins: (V,) bool, whether a word is the first of a sequence.
        follows: (V,) bool, whether a word is in a sequence, not as its first one.
        edges: (e,) int64, by node − V: the edge that leads to it.
        joined: (e,) int32, by node − V: what the sequence that ends there becomes; NONE if none does.
        longest: ids of the longest sequence.
    """

    def __init__(self, sequences: Sequence[tuple[int, ...]], joined: Sequence[int], words: int) -> None:
        lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
        ids = np.fromiter(chain.from_iterable(sequences), np.int64, int(lengths.sum()))
        starts = np.cumsum(lengths) - lengths
        self.longest = int(lengths.max(initial=1))
        self.begins, self.follows = np.zeros(words, bool), np.zeros(words, bool)
        node = ids[starts]
        self.begins[node] = True
        edges = [np.zeros(0, np.int64)]
        nodes = words
        for depth in range(1, self.longest):
            at = np.flatnonzero(lengths > depth)
            behind = ids[starts[at] + depth]
            self.follows[behind] = True
            new, which = np.unique(node[at] << WORD_BITS | behind, return_inverse=True)
            edges.append(new)
            node[at] = nodes + which
            nodes += len(new)
        self.edges = np.concatenate(edges)
        self.joined = np.full(len(self.edges), NONE, np.int32)
        self.joined[node - words] = joined


def join(
    encoded: Encoded, trie: Trie, words: list[str], plain: bool, folder: Path | None, progress: ProgressCallback
) -> Encoded:
    """Joins all sequences of `trie` in a text.

    Args:
        encoded: the text.
        trie: the sequences.
        words: words of the new text, those of the old one first.
        plain: in plain Python, not with kernels.
        folder: where a temporary file goes.
        progress: called after each block.

    Raises:
        OutputError: the disk is full.
    """
    n = len(encoded.ids)
    if plain:
        ids, ends = join_plainly(encoded, trie.begins, trie.edges, trie.joined)
        progress("join phrases", n, n, "words")
        return Encoded(ids, ends, words, count_words(ids, len(words)))
    from sgns.text.kernels.phrases import join as join_block

    walk = Walk(read_only(encoded.ids), read_only(encoded.sentence_ends), np.zeros(4, np.int64))
    edges = edges_of(trie.edges, np.arange(len(trie.edges), dtype=np.int32) + np.int32(len(encoded.words)))
    counts = np.zeros(len(words), np.int64)
    writer = BlockWriter(n, folder)
    for stop in [*range(STEP, n, STEP), n]:
        done, sentence = int(walk.at[POSITION]), int(walk.at[SENTENCE])
        last = int(np.searchsorted(walk.sentence_ends, stop + trie.longest, side="right"))
        out, out_ends = np.empty(max(0, stop - done), np.int32), np.empty(last - sentence, np.int64)
        written, ended = join_block(walk, stop, trie.begins, trie.follows, edges, trie.joined, out, out_ends, counts)
        writer.append(out[:written], out_ends[:ended])
        progress("join phrases", stop, n, "words")
    ids, ends = writer.finish()
    return Encoded(ids, ends, words, counts)
