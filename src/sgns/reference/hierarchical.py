"""Hierarchical softmax in PyTorch: the tree, the model and its loss.

The softmax P(c | h) = exp(h·C_c) / Σ exp(h·C_c′) has a sum over all V words. Hierarchical softmax needs none: the words
are the leaves of a binary tree, each inner node n has a row C_n, and at each the probability of one child is σ(h·C_n),
that of the other 1 − σ(h·C_n) = σ(−h·C_n). The probability of a word is that of its path from the root:

    P(c | h) = Π σ(s_n · h·C_n),    s_n = +1 where the code of c is 0, −1 where it is 1

The two children of a node share its probability without remainder, so the probabilities of all words add up to 1. The
loss is the true −log P, with no negatives and no noise, and its gradients are those of a logistic regression at each
node of the path, with the label y_n = 1 − code:

    L       = −log P(c+ | h) = Σ −log σ(s_n · h·C_n)
    ∂L/∂C_n = (σ(h·C_n) − y_n) · h
    ∂L/∂h   = Σ (σ(h·C_n) − y_n) · C_n

Huffman's tree gives frequent words short paths: on average hardly more than log2 V nodes, and often far fewer.
`sgns derive hierarchical` prints and checks every step.

Source: Morin & Bengio 2005, "Hierarchical Probabilistic Neural Network Language Model"; Mikolov et al. 2013
(arXiv 1310.4546), section 2.1, and word2vec.c.
"""

import numpy as np
import torch
from torch import Tensor, nn

from sgns.reference.cbow import CBOW
from sgns.reference.windows import Samples


def huffman_tree(counts: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Huffman's tree of word2vec.c: joins the two rarest nodes until one is left.

    Of two nodes of the same count, an inner one is taken before a word. The first of the two has code 0, the second 1.

    Args:
        counts: Occurrences of each word, in descending order.

    Returns:
        (paths, codes): for each word the inner nodes from the root to it, and the code at each of them. The root is
        node 0, and the numbers fall with the counts: node V − 2 joins the two rarest words.

    Example:
        >>> huffman_tree([4, 2, 1])
        ([[0], [0, 1], [0, 1]], [[1], [0, 1], [0, 0]])
    """
    V = len(counts)
    total, parent, code = [*counts], [0] * (2 * V - 1), [0] * (2 * V - 1)  # words are 0 to V − 1, inner nodes follow
    word, inner = V - 1, V  # the rarest of either kind that has no parent yet
    for node in range(V, 2 * V - 1):
        total.append(0)
        for which in (0, 1):
            if word >= 0 and (inner == node or total[word] < total[inner]):
                rarest, word = word, word - 1
            else:
                rarest, inner = inner, inner + 1
            total[node] += total[rarest]
            parent[rarest], code[rarest] = node, which
    paths: list[list[int]] = [[] for _ in range(V)]
    codes: list[list[int]] = [[] for _ in range(V)]
    for leaf in range(V):
        node = leaf
        while node != 2 * V - 2:  # the root was made last
            codes[leaf].insert(0, code[node])
            node = parent[node]
            paths[leaf].insert(0, 2 * V - 2 - node)
    return paths, codes


class HierarchicalSoftmax(CBOW):
    """CBOW with hierarchical softmax; with samples of one row, skip-gram with hierarchical softmax.

    Attributes:
        E: As in `CBOW`.
        C: nn.Embedding whose weight is (V, d): a row per inner node. There are V − 1; the last row stays zero.
        nodes: (V, longest path) int64, the path of each word, filled up with 0.
        signs: (V, longest path) float32, +1 where the code is 0, −1 where it is 1, 0 behind the end of the path.
    """

    nodes: Tensor
    signs: Tensor

    def __init__(
        self,
        counts: np.ndarray,
        dim: int,
        *,
        documents: int = 0,
        combine: str = "mean",
        seed: int = 1,
        sparse: bool = True,
    ) -> None:
        """Builds the tree, and initialises E and C as `CBOW` does.

        With C = 0 both children of every node have the probability 1/2, so the first loss of a word with a path of l
        nodes is l · log 2.

        Args:
            counts: (V,) int64, occurrences of each word, in descending order.
            dim: Dimension d of the vectors.
            documents: Number of documents that have a row of E, behind those of the words.
            combine: "mean" or "sum".
            seed: Seed of the initial E.
            sparse: Whether the gradient of a batch holds only the rows that occur in the batch.
        """
        super().__init__(len(counts), dim, documents=documents, combine=combine, seed=seed, sparse=sparse)
        paths, codes = huffman_tree(np.asarray(counts).tolist())
        longest = max(map(len, paths), default=0)
        nodes, signs = torch.zeros(len(counts), longest, dtype=torch.int64), torch.zeros(len(counts), longest)
        for word, (path, code) in enumerate(zip(paths, codes, strict=True)):
            nodes[word, : len(path)] = torch.tensor(path, dtype=torch.int64)
            signs[word, : len(code)] = 1 - 2 * torch.tensor(code, dtype=torch.float32)
        self.register_buffer("nodes", nodes)
        self.register_buffer("signs", signs)

    def log_probability(self, rows: Tensor, sample: Tensor, c: Tensor) -> Tensor:
        """The logarithm of P(c | h), of the word of each sample.

        Args:
            rows: (m,) int64, the rows of E of all samples.
            sample: (m,) int64, the number of the sample of each row.
            c: (n,) int64, a word for each sample.

        Returns:
            (n,) float32.
        """
        signs = self.signs[c]  # (n, longest)
        scores = self(rows, sample, self.nodes[c])  # (n, longest): h · C_n for each node of the path
        return torch.sum(signs.abs() * nn.functional.logsigmoid(signs * scores), dim=-1)

    def loss(self, batch: Samples) -> Tensor:
        """−log P(c+ | h), summed over the samples of a batch."""
        return -self.log_probability(batch.rows, batch.sample, batch.c_positive).sum()

    def batch_size(self, counts: Tensor, lr: float, negatives: int, subsample: float, noise_power: float) -> int:
        """Samples in a batch: every sample updates the root, so u samples give it u updates from the same stale row.

        `stale_free_batch_size` explains the bound u · lr ≤ 1/2, and has the arguments.
        """
        return int(min(512, max(8, 0.5 / lr)))
