"""How far two spaces agree: shared neighbours, second-order agreement, and the words that moved most.

For meaning change (two periods, two genres) and for stability (two seeds). Seeds are the yardstick: a word moved only
as far as it moved more than between two trainings on the same text (Dubossarsky et al. 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from sgns.base.geometry import unit
from sgns.errors import ConfigError
from sgns.evaluation import statistics
from sgns.evaluation.statistics import Interval
from sgns.vectors import search
from sgns.vectors.alignment import WORDS, aligned_cosines, shared_words
from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class Moved:
    """A word and how differently two spaces place it."""

    word: str
    cosine: float
    """Between its two places after the spaces were aligned, mean over pairs of seeds."""
    within: float
    """The same between seeds of one model; NaN when each has one."""
    first: tuple[str, ...]
    """Its neighbours in the first space."""
    second: tuple[str, ...]


@dataclass(frozen=True)
class Agreement:
    """Two spaces over the words they share. Each figure is a mean over words, with its 95 % bootstrap interval."""

    words: int
    """Shared words compared: those most frequent in both."""
    neighbours: int
    overlap: float
    """Share of a word's nearest neighbours that both spaces give."""
    overlap_interval: Interval | None
    second_order: float
    """Cosine between a word's similarities, in either space, to its neighbours from both (Hamilton et al. 2016)."""
    second_order_interval: Interval | None
    aligned: float
    """Cosine between a word's two places after the orthogonal rotation that fits the spaces best (Procrustes)."""
    aligned_interval: Interval | None
    within_overlap: float
    """`overlap` between seeds of one model: what agreement can be expected at all; NaN when each has one seed."""
    within_second_order: float
    within_aligned: float
    moved: tuple[Moved, ...]
    """The words that moved most, beyond what seeds explain."""


def agreement(
    first: Sequence[Vectors],
    second: Sequence[Vectors],
    *,
    words: int = WORDS,
    neighbours: int = 10,
    moved: int = 20,
    resamples: int = statistics.RESAMPLES,
    seed: int = 0,
) -> Agreement:
    """How far two models agree on the words they share.

    Args:
        first: a model, one or several seeds.
        second: another.
        words: how many shared words to compare, those whose lower rank in the two vocabularies is highest; rare words
            move for lack of text.
        neighbours: of each word, among these words.
        moved: how many of the words that moved most.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ConfigError: fewer shared words than neighbours + 2.
    """
    shared = shared_words([*first, *second])[:words]
    if len(shared) < neighbours + 2:
        raise ConfigError(
            f"{len(shared)} shared words; {neighbours} neighbours need {neighbours + 2}, or ask for fewer"
        )
    a, b = ([Space.of(vectors, shared, neighbours) for vectors in model] for model in (first, second))
    cross = [measure(x, y) for x, y in product(a, b)]
    within = [measure(x, y) for model in (a, b) for x, y in combinations(model, 2)]
    overlap, second_order, aligned = (np.mean([m[i] for m in cross], axis=0) for i in range(3))
    inside = [np.mean([m[i] for m in within], axis=0) if within else np.full(len(shared), np.nan) for i in range(3)]
    order = np.argsort(aligned - inside[2] if within else aligned, kind="stable")[:moved]

    def interval(values: np.ndarray) -> Interval | None:
        return statistics.bootstrap(statistics.mean_of(values), len(values), count=resamples, seed=seed)

    def names(space: "Space", i: int) -> tuple[str, ...]:
        return tuple(shared[j] for j in space.neighbours[i])

    return Agreement(
        words=len(shared),
        neighbours=neighbours,
        overlap=float(overlap.mean()),
        overlap_interval=interval(overlap),
        second_order=float(second_order.mean()),
        second_order_interval=interval(second_order),
        aligned=float(aligned.mean()),
        aligned_interval=interval(aligned),
        within_overlap=float(inside[0].mean()),
        within_second_order=float(inside[1].mean()),
        within_aligned=float(inside[2].mean()),
        moved=tuple(
            Moved(shared[i], float(aligned[i]), float(inside[2][i]), names(a[0], i), names(b[0], i))
            for i in order.tolist()
        ),
    )


@dataclass(frozen=True)
class Space:
    """The shared words in one space."""

    units: np.ndarray  # (n, d) float32
    neighbours: np.ndarray  # (n, k) int64, nearest first, never the word itself

    @classmethod
    def of(cls, vectors: Vectors, words: Sequence[str], k: int) -> "Space":
        """Unit rows and neighbours of `words`."""
        units = unit(vectors[words])
        neighbours = np.empty((len(words), k), np.int64)
        norms = search.row_norms(units)
        for start in range(0, len(words), 1000):
            ids, _ = search.nearest(units, norms, units[start : start + 1000], k + 1)
            for i, row in enumerate(ids, start):
                neighbours[i] = row[row != i][:k]
        return cls(units, neighbours)


def measure(a: Space, b: Space) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Overlap, second-order agreement and aligned cosine (n,) of each word."""
    n = len(a.neighbours)
    overlap = (a.neighbours[:, :, None] == b.neighbours[:, None, :]).any(axis=2).mean(axis=1)
    second_order = np.empty(n)
    both = np.concatenate([a.neighbours, b.neighbours], axis=1)  # (n, 2k)
    both.sort(axis=1)
    fresh = np.ones(both.shape, bool)
    fresh[:, 1:] = both[:, 1:] != both[:, :-1]  # the union: a shared neighbour counts once
    for start in range(0, n, 1000):
        part = slice(start, start + 1000)
        s, t = (
            np.einsum("id,ijd->ij", space.units[part], space.units[both[part]]).astype(np.float64) * fresh[part]
            for space in (a, b)
        )
        lengths = np.linalg.norm(s, axis=1) * np.linalg.norm(t, axis=1)
        second_order[part] = np.divide((s * t).sum(axis=1), lengths, out=np.zeros(len(s)), where=lengths > 0)
    x, y = pad(a.units, b.units), pad(b.units, a.units)
    return overlap, second_order, aligned_cosines(x, y)


def pad(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`x` with columns of zeros up to the dimension of `like`."""
    return np.pad(x, ((0, 0), (0, max(0, like.shape[1] - x.shape[1]))))
