"""Pairs and phrases of small texts in plain Python, before Numba is imported; to be read, and to be tested against.

The kernels of `kernels.phrases` do the same, and the tests hold both to gensim.
"""

import numpy as np

from sgns.text.encoded import Encoded
from sgns.text.kernels.tree import NONE, WORD_BITS


def find_pairs(encoded: Encoded, connectors: np.ndarray) -> tuple[list[int], list[int]]:
    """The pairs of neighbouring words of a text, as `neighbours` describes them.

    Args:
        encoded: the text.
        connectors: (c,) ids of the connector words.

    Returns:
        pairs: opening · V + second word, in the order of the text.
        edges: of openings that have connector words, by number: the edge that leads there.
    """
    words, between = len(encoded.words), set(connectors.tolist())
    pairs: list[int] = []
    openings: dict[int, int] = {}
    start = 0
    for end in encoded.sentence_ends.tolist():
        opening = NONE
        for word in encoded.ids[start:end].tolist():
            if word not in between:
                if opening != NONE:
                    pairs.append(opening * words + word)
                opening = word
            elif opening != NONE:
                opening = openings.setdefault(opening << WORD_BITS | word, words + len(openings))
        start = end
    return pairs, list(openings)


def join_plainly(
    encoded: Encoded, begins: np.ndarray, edges: np.ndarray, joined: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Joins sequences: leftmost first, of those that begin at the same word the longest.

    Args:
        encoded: the text.
        begins: (V,) bool, whether a word is the first of a sequence.
        edges: as in `join.Trie`.
        joined: as in `join.Trie`.

    Returns:
        ids: (m,) int32.
        sentence_ends: (s,) int64.
    """
    words, first = len(encoded.words), set(np.flatnonzero(begins).tolist())
    nodes = {edge: words + number for number, edge in enumerate(edges.tolist())}
    becomes = dict(enumerate(joined.tolist(), words))
    ids, ends, start = list[int](), list[int](), 0
    for end in encoded.sentence_ends.tolist():
        sentence, at = encoded.ids[start:end].tolist(), 0
        while at < len(sentence):
            word, behind = sentence[at], at + 1
            if word in first:
                node, to = word, behind
                while to < len(sentence) and (node := nodes.get(node << WORD_BITS | sentence[to], NONE)) != NONE:
                    to += 1
                    if becomes[node] != NONE:
                        word, behind = becomes[node], to
            ids.append(word)
            at = behind
        ends.append(len(ids))
        start = end
    return np.array(ids, np.int32), np.array(ends, np.int64)
