"""Words worth showing when nobody named any: tight groups of frequent words that lie far from each other."""

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.geometry import principal_components, unit

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

CANDIDATES = 1500  # the most frequent words; rarer ones have noisier vectors and say less to the reader
SPARE = 3  # groups that may be left out of the picture
SEEN = 20  # and each of them this often


def choose_groups(vectors: "Vectors", groups: int = 6, size: int = 6) -> list[list[str]]:
    """Pick groups of words that make a picture of the model at a glance.

    A word and its nearest neighbours are a group; its tightness is the mean cosine inside. Groups are taken greedily:
    the tightest first, then always the one whose tightness less half its cosine with the nearest group so far is
    largest. Of a few more than needed, those are kept that stand apart best in the plane of their PCA.

    The mean of all candidates is taken away first: in a small model all words lean the same way, and every cosine is
    near 1 (Mu & Viswanath, All-but-the-Top, 2018).

    Args:
        vectors: the model.
        groups: how many groups at most.
        size: words in each.

    Returns:
        The groups, their first word the one in the middle. Small models give fewer groups.
    """
    ids = _candidates(vectors)
    size = min(size, len(ids))
    if size < 2:
        return [[vectors.words[i] for i in ids]] if ids else []
    X = unit(vectors.E[ids], np.float64)
    X = unit(X - X.mean(axis=0), np.float64)
    S = X @ X.T
    np.fill_diagonal(S, 2.0)  # a word leads its own group, also among equals
    near = np.argsort(-S, axis=1, kind="stable")[:, :size]
    centres = X[near].sum(axis=1)
    tightness = ((centres**2).sum(axis=1) - size) / (size * (size - 1))
    centres = unit(centres, np.float64)

    free, nearest = np.ones(len(ids), dtype=bool), np.zeros(len(ids))
    chosen: list[int] = []
    while len(chosen) < groups + SPARE:
        open_to = free[near].all(axis=1)
        if not open_to.any():
            break
        best = int(np.where(open_to, tightness - 0.5 * nearest, -np.inf).argmax())
        if len(chosen) >= groups and tightness[best] < 0.8 * tightness[chosen].min():
            break  # a spare group must be about as tight as the others
        free[near[best]] = False
        nearest = np.maximum(nearest, centres @ centres[best])
        chosen.append(best)
    rows = unit(vectors.E[ids], np.float64)
    kept = max(combinations(chosen, min(groups, len(chosen))), key=lambda some: _gap(rows[near[list(some)]]))
    return [[vectors.words[ids[i]] for i in near[group]] for group in kept]


def _gap(groups: np.ndarray) -> float:
    """How well groups (g, size, d) stand apart in the plane of their PCA: least distance of two middles over spread."""
    count, size, d = groups.shape
    if count < 2:
        return 0.0
    xy = principal_components(groups.reshape(-1, d))[0].reshape(count, size, 2)
    middles = xy.mean(axis=1)
    spread = np.linalg.norm(xy - middles[:, None], axis=2).mean(axis=1)
    apart = np.linalg.norm(middles[:, None] - middles, axis=2) / (spread[:, None] + spread + np.finfo(float).tiny)
    return float(apart[~np.eye(count, dtype=bool)].min())


def _candidates(vectors: "Vectors") -> list[int]:
    """Frequent words that read as words; whatever there is where those are few."""
    few = min(len(vectors.words), 4 * CANDIDATES)
    counts = vectors.counts if vectors.counts is not None else np.full(len(vectors.words), SEEN)
    frequent = np.argsort(-np.asarray(counts), kind="stable")[:few]
    good = [int(i) for i in frequent if counts[i] >= SEEN and _reads_as_word(vectors.words[i])][:CANDIDATES]
    return good if len(good) >= 30 else [int(i) for i in frequent[:CANDIDATES]]


def _reads_as_word(word: str) -> bool:
    return word.isalpha() and (len(word) >= 3 or not word.isascii())
