"""Loss and gradients of every model, from the definitions, in plain Python and float64, to test kernels against.

A sample predicts one word c+ from some rows of E. Every model makes one vector h of these rows, h = Σ a_r·E_r, with
weights a_r of its own, and the loss is a function of h and of rows of C alone. So

    ∂L/∂E_r = a_r · ∂L/∂h

and a row that occurs twice in a sample has the sum of its weights. E has the V rows of the words first; the rows of
n-grams or documents stand behind them: E is (V + extra, d).

With negatives, L = −log σ(h·C_c+) − weight · Σ log σ(−h·C_c−). A negative that equals c+ counts nothing, one that was
drawn twice counts twice. With a tree, C holds the rows of its inner nodes, and L = Σ −log σ(±h·C_node) over the path to
c+: plus where the code is 0, minus where it is 1.

All functions return (L, ∂L/∂E, ∂L/∂C), summed over the samples and taken at the E and C that were given: with lr = 1, a
kernel that takes the samples as one step must change E by −∂L/∂E and C by −∂L/∂C.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Answer = tuple[float, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Sample:
    """One prediction.

    Attributes:
        inputs: Rows of E: words of the window and, for documents, V + the document's number. Repeated rows count as
            often as they occur.
        centre: c+, the word that is predicted.
        negatives: The words c− that were drawn; none for a tree.
        negative_weight: How much each negative counts: k / draws where draws negatives stand for k.
    """

    inputs: Sequence[int]
    centre: int
    negatives: Sequence[int] = field(default=())
    negative_weight: float = 1.0


@dataclass(frozen=True)
class Tree:
    """A binary tree whose leaves are the words.

    Attributes:
        paths: For each word, the numbers of the inner nodes (rows of C) from the root to it.
        codes: For each word and inner node of its path, which child the path goes on with: 0 or 1.
    """

    paths: Sequence[Sequence[int]]
    codes: Sequence[Sequence[int]]


def skipgram(E: np.ndarray, C: np.ndarray, samples: Sequence[Sample]) -> Answer:
    """h is E_w; the inputs of a sample are pairs (w, c+) of their own, with the same negatives."""
    return _with_negatives(E, C, [(s, {w: 1.0}) for s in samples for w in s.inputs])


def cbow(E: np.ndarray, C: np.ndarray, samples: Sequence[Sample], combine: str = "mean") -> Answer:
    """h is the mean (or sum) of the rows of the window; a sample without inputs has no loss."""
    return _with_negatives(E, C, [(s, _one_of_many(s.inputs, combine)) for s in samples if s.inputs])


def subword_skipgram(
    E: np.ndarray, C: np.ndarray, samples: Sequence[Sample], ngrams: Sequence[Sequence[int]]
) -> Answer:
    """h is u_w, the mean of E_w and the rows of the n-grams of w.

    Args:
        ngrams: For each word, the rows of E (from V on) of its n-grams; equal ones count as often as they occur.
    """
    return _with_negatives(E, C, [(s, composed(w, ngrams)) for s in samples for w in s.inputs])


def subword_cbow(
    E: np.ndarray,
    C: np.ndarray,
    samples: Sequence[Sample],
    ngrams: Sequence[Sequence[int]],
    combine: str = "mean",
) -> Answer:
    """h is the mean (or sum) of u_w over the words of the window, each u_w a mean of its own."""
    return _with_negatives(E, C, [(s, _one_of_many(s.inputs, combine, ngrams)) for s in samples if s.inputs])


def dbow(E: np.ndarray, C: np.ndarray, samples: Sequence[Sample]) -> Answer:
    """PV-DBOW: the inputs are documents (rows from V on); each predicts c+ alone, as the words of skip-gram do."""
    return skipgram(E, C, samples)


def dm(E: np.ndarray, C: np.ndarray, samples: Sequence[Sample], combine: str = "mean") -> Answer:
    """PV-DM: h is the mean (or sum) of the rows of the documents and of the window, all together."""
    return cbow(E, C, samples, combine)


def hierarchical_skipgram(E: np.ndarray, C: np.ndarray, samples: Sequence[Sample], tree: Tree) -> Answer:
    """h is E_w; the loss is −log P(c+) in the tree."""
    return _in_a_tree(E, C, [(s, {w: 1.0}) for s in samples for w in s.inputs], tree)


def hierarchical_cbow(
    E: np.ndarray, C: np.ndarray, samples: Sequence[Sample], tree: Tree, combine: str = "mean"
) -> Answer:
    """h is the mean (or sum) of the rows of the window; the loss is −log P(c+) in the tree."""
    return _in_a_tree(E, C, [(s, _one_of_many(s.inputs, combine)) for s in samples if s.inputs], tree)


def hierarchical_subword_skipgram(
    E: np.ndarray, C: np.ndarray, samples: Sequence[Sample], ngrams: Sequence[Sequence[int]], tree: Tree
) -> Answer:
    """h is u_w, the mean of E_w and the rows of its n-grams; the loss is −log P(c+) in the tree."""
    return _in_a_tree(E, C, [(s, composed(w, ngrams)) for s in samples for w in s.inputs], tree)


def composed(word: int, ngrams: Sequence[Sequence[int]]) -> dict[int, float]:
    """The weights of u_w = (E_w + Σ rows of its n-grams) / (1 + number of n-grams): row -> weight."""
    rows = [word, *ngrams[word]]
    weights: dict[int, float] = {}
    for row in rows:
        weights[row] = weights.get(row, 0.0) + 1 / len(rows)
    return weights


def _one_of_many(
    inputs: Sequence[int], combine: str, ngrams: Sequence[Sequence[int]] | None = None
) -> dict[int, float]:
    """The weights of the mean or sum of rows: row -> weight."""
    share = {"mean": 1 / len(inputs), "sum": 1.0}[combine]
    weights: dict[int, float] = {}
    for w in inputs:
        for row, weight in (composed(w, ngrams) if ngrams is not None else {w: 1.0}).items():
            weights[row] = weights.get(row, 0.0) + share * weight
    return weights


def huffman(counts: Sequence[int]) -> Tree:
    """The Huffman tree of word2vec.c over counts, which fall: the two smallest nodes become children of a new one.

    Of two nodes with the same count the inner one comes first, and of two words the later one. The first node taken
    has the code 0, the second 1. Inner nodes are numbered from the last one made, so the root is 0.
    """
    V = len(counts)
    left = [(count, 1, -word) for word, count in enumerate(counts)]  # sorted as word2vec.c takes them
    parent: dict[int, tuple[int, int]] = {}  # node -> (inner node, code); inner nodes are V, V + 1, …
    for made in range(V - 1):
        left.sort()
        for code, (_, is_word, number) in enumerate(left[:2]):
            parent[-number if is_word else V + number] = made, code
        left[:2] = [(left[0][0] + left[1][0], 0, made)]
    paths, codes = [], []
    for word in range(V):
        path, code, node = [], [], word
        while node in parent:
            inner, bit = parent[node]
            path.insert(0, V - 2 - inner)
            code.insert(0, bit)
            node = V + inner
        paths.append(path)
        codes.append(code)
    return Tree(paths, codes)


def _with_negatives(E: np.ndarray, C: np.ndarray, predictions: Sequence[tuple[Sample, dict[int, float]]]) -> Answer:
    """Args: predictions: a sample and the weights a_r of its h. Each output is C_c with a label and a weight."""
    outputs = []
    for sample, weights in predictions:
        negatives = [(c, 0, sample.negative_weight) for c in sample.negatives if c != sample.centre]
        outputs.append((weights, [(sample.centre, 1, 1.0), *negatives]))
    return _sum(E, C, outputs)


def _in_a_tree(E: np.ndarray, C: np.ndarray, predictions: Sequence[tuple[Sample, dict[int, float]]], tree: Tree):
    """Each inner node on the path to c+ is an output whose label is 1 − code."""
    outputs = []
    for sample, weights in predictions:
        path, code = tree.paths[sample.centre], tree.codes[sample.centre]
        outputs.append((weights, [(node, 1 - bit, 1.0) for node, bit in zip(path, code, strict=True)]))
    return _sum(E, C, outputs)


def _sum(
    E: np.ndarray, C: np.ndarray, outputs: Sequence[tuple[dict[int, float], Sequence[tuple[int, int, float]]]]
) -> Answer:
    """Σ weight · −log σ(±h·C_c), plus for label 1, and its gradients: error · C_c for h, error · h for C_c.

    The error of an output is weight · (σ(h·C_c) − label).
    """
    E, C = np.asarray(E, np.float64), np.asarray(C, np.float64)
    loss, dE, dC = 0.0, np.zeros_like(E), np.zeros_like(C)
    for weights, some in outputs:
        h = np.zeros(E.shape[1])
        for row, a in weights.items():
            h += a * E[row]
        dh = np.zeros_like(h)
        for c, label, weight in some:
            score = float(h @ C[c])
            loss += weight * float(np.logaddexp(0, -score if label else score))  # −log σ(x) = log(1 + e^−x)
            error = weight * ((1 + np.tanh(score / 2)) / 2 - label)  # σ without overflow
            dh += error * C[c]
            dC[c] += error * h
        for row, a in weights.items():
            dE[row] += a * dh
    return loss, dE, dC
