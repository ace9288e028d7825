"""A tree of ids, as kernels and plain Python share it. Nothing here imports Numba.

Words with connector words behind them, and phrases, are paths in a tree: the nodes below V are the words, and a node
and the id of the word behind it lead to the next node. An edge is a number: node << 31 | id.
"""

from typing import NamedTuple

import numpy as np

WORD_BITS = 31  # nodes and ids are below 2**31
WORD = (1 << WORD_BITS) - 1
NONE = -1


class Edges(NamedTuple):
    """The edges of a tree in a hash table with open addressing.

    Attributes:
        keys: (size,) int64, size a power of two; NONE in an empty slot. A third of the slots at least is empty.
        nodes: (size,) int32, where the edge leads.
    """

    keys: np.ndarray
    nodes: np.ndarray


class Walk(NamedTuple):
    """Where a kernel is in a text.

    Attributes:
        ids: (n,) int32, read-only.
        sentence_ends: (s,) int64, read-only, ascending.
        at: (4,) int64: position; sentence; node, NONE at the beginning of a sentence; words and nodes.
    """

    ids: np.ndarray
    sentence_ends: np.ndarray
    at: np.ndarray


POSITION, SENTENCE, NODE, NODES = 0, 1, 2, 3  # indices in `Walk.at`
