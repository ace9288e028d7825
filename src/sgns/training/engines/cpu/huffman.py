"""The tree of hierarchical softmax: each word is a leaf, and the path to it is a row of yes-or-no questions.

P(c | h) = Π_j σ(±h·C_j) over the inner nodes j on the path to c, with + where the code of c is 0. A word of count n has
a path of about log2(tokens / n) nodes, so frequent words cost little, and the probabilities of all words add up to 1
whatever h and C are (Morin & Bengio 2005; Mnih & Hinton 2008; Mikolov et al. 2013).

The tree is Huffman's, built as in word2vec.c, so the codes are those of word2vec.c. Only the numbers of the inner nodes
differ: here the root is 0, and nodes stand in descending order of count, as words do. Row j of C is that of node j.
"""

from dataclasses import dataclass

import numpy as np

from sgns.base.jit import kernel


@dataclass(frozen=True)
class HuffmanTree:
    """The paths from the root to the words.

    Attributes:
        starts: (V + 1,) int64: the path of word w is nodes[starts[w]:starts[w + 1]], the root first.
        nodes: (n,) int32, inner nodes, 0 to V − 2.
        labels: (n,) float32, 1 where the code of the word is 0, as the label of a positive pair; else 0.
    """

    starts: np.ndarray
    nodes: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray) -> "HuffmanTree":
        """The tree for counts (V,) in descending order, V > 1."""
        counts = np.ascontiguousarray(counts, np.int64)
        V = len(counts)
        parent, code = np.zeros(2 * V - 1, np.int64), np.zeros(2 * V - 1, np.uint8)
        lengths = np.zeros(V, np.int64)
        join_rarest(counts, parent, code, lengths)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        nodes, labels = np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.float32)
        walk_to_root(parent, code, starts, nodes, labels)
        return cls(starts, nodes, labels)

    def node_counts(self, counts: np.ndarray) -> np.ndarray:
        """How often each inner node is passed, for words that occur `counts` times: (V − 1,) float64."""
        times = np.repeat(np.asarray(counts, np.float64), np.diff(self.starts))
        return np.bincount(self.nodes, times, len(self.starts) - 2)


@kernel
def join_rarest(counts, parent, code, lengths):
    """Joins the two rarest nodes until one is left: words from the end of the list, inner nodes in order of creation.

    Args:
        counts: (V,) int64, descending.
        parent: (2V − 1,) int64, out: words are 0 to V − 1, inner nodes V to 2V − 2 in order of creation.
        code: (2V − 1,) uint8, out: 1 for the more frequent of two that are joined.
        lengths: (V,) int64, out: nodes on the path of each word.
    """
    V = counts.shape[0]
    total = np.empty(2 * V - 1, np.int64)
    for w in range(V):
        total[w] = counts[w]
    word, inner = V - 1, V
    for new in range(V, 2 * V - 1):
        total[new] = 0
        for second in range(2):
            if word >= 0 and (inner == new or total[word] < total[inner]):
                rarest = word
                word -= 1
            else:
                rarest = inner
                inner += 1
            total[new] += total[rarest]
            parent[rarest] = new
            code[rarest] = second
    for w in range(V):
        node = w
        while node != 2 * V - 2:
            node = parent[node]
            lengths[w] += 1


@kernel
def walk_to_root(parent, code, starts, nodes, labels):
    """Writes the path of each word, the root first; see `HuffmanTree`."""
    V = starts.shape[0] - 1
    for w in range(V):
        node = w
        for k in range(starts[w + 1] - 1, starts[w] - 1, -1):
            labels[k] = np.float32(1) - np.float32(code[node])
            node = parent[node]
            nodes[k] = 2 * V - 2 - node
