"""Agreement of two models on the words they share: common neighbours, second-order similarity, words that moved most.

It measures change of meaning (two periods, two genres) and stability (two seeds). The change of a word counts only as
far as it exceeds the change between two trainings on the same text (Dubossarsky et al. 2017); for this each model may
have several seeds.
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
from sgns.vectors.alignment import COMPARED_WORDS, aligned_cosines, shared_words
from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class Moved:
    """A word, and how far its vectors in two models differ."""

    word: str
    cosine: float
    """Between its two vectors after alignment; the mean over pairs of seeds."""
    within: float
    """The same between seeds of one model; NaN if each model has one seed."""
    first: tuple[str, ...]
    """Its neighbours in the first model."""
    second: tuple[str, ...]
    """Its neighbours in the second model."""


@dataclass(frozen=True)
class Agreement:
    """The agreement of two models. Each figure is a mean over shared words, with its 95 % bootstrap interval."""

    words: int
    """The number of shared words that were compared, those most frequent in both models."""
    neighbours: int
    """Of each word, among these words."""
    overlap: float
    """Share of a word's nearest neighbours that are the same in both models."""
    overlap_interval: Interval | None
    second_order: float
    """Cosine between the vectors of similarities of a word, in each model, to its neighbours from both.

    Hamilton et al. (2016).
    """
    second_order_interval: Interval | None
    aligned: float
    """Cosine between the two vectors of a word after orthogonal Procrustes alignment."""
    aligned_interval: Interval | None
    within_overlap: float
    """`overlap` between seeds of one model, the agreement to expect at best; NaN if each model has one seed."""
    within_second_order: float
    within_aligned: float
    moved: tuple[Moved, ...]
    """The words that moved most, relative to the difference between seeds."""


def compare_spaces(
    first: Sequence[Vectors],
    second: Sequence[Vectors],
    *,
    words: int = COMPARED_WORDS,
    neighbours: int = 10,
    moved: int = 20,
    resamples: int = statistics.RESAMPLES,
    seed: int = 0,
) -> Agreement:
    """Measures how far two models agree on the words they share.

    Args:
        first: the vectors of each seed of a model.
        second: those of another model.
        words: how many shared words to compare, those most frequent in both; see `shared_words`. The vectors of rare
            words differ for lack of text.
        neighbours: of each word, among these words.
        moved: how many words to return of those that moved most.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ConfigError: the models share fewer words than neighbours + 2.
    """
    shared = shared_words([*first, *second])[:words]
    if len(shared) < neighbours + 2:
        raise ConfigError(
            f"{len(shared)} shared words; {neighbours} neighbours need {neighbours + 2}, or ask for fewer"
        )
    a, b = ([SharedWords.of(vectors, shared, neighbours) for vectors in model] for model in (first, second))
    between = [agreement_of_words(x, y) for x, y in product(a, b)]
    seeds = [agreement_of_words(x, y) for model in (a, b) for x, y in combinations(model, 2)]
    overlap, second_order, aligned = (np.mean([m[i] for m in between], axis=0) for i in range(3))
    within = [np.mean([m[i] for m in seeds], axis=0) if seeds else np.full(len(shared), np.nan) for i in range(3)]
    order = np.argsort(aligned - within[2] if seeds else aligned, kind="stable")[:moved]

    def interval(values: np.ndarray) -> Interval | None:
        return statistics.bootstrap(statistics.mean_of(values), len(values), count=resamples, seed=seed)

    def neighbours_of(space: "SharedWords", i: int) -> tuple[str, ...]:
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
        within_overlap=float(within[0].mean()),
        within_second_order=float(within[1].mean()),
        within_aligned=float(within[2].mean()),
        moved=tuple(
            Moved(shared[i], float(aligned[i]), float(within[2][i]), neighbours_of(a[0], i), neighbours_of(b[0], i))
            for i in order.tolist()
        ),
    )


@dataclass(frozen=True)
class SharedWords:
    """The vectors and neighbours of the shared words in one model."""

    units: np.ndarray  # (n, d) float32
    neighbours: np.ndarray  # (n, k) int64, nearest first, never the word itself

    @classmethod
    def of(cls, vectors: Vectors, words: Sequence[str], k: int) -> "SharedWords":
        """Computes unit rows and the k nearest neighbours of each of `words`, among `words`."""
        units = unit(vectors[words])
        neighbours = np.empty((len(words), k), np.int64)
        norms = search.row_norms(units)
        for start in range(0, len(words), 1000):
            ids, _ = search.nearest(units, norms, units[start : start + 1000], k + 1)
            for i, row in enumerate(ids, start):
                neighbours[i] = row[row != i][:k]
        return cls(units, neighbours)


def agreement_of_words(a: SharedWords, b: SharedWords) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns overlap, second-order similarity and aligned cosine of each word, (n,) each; see `Agreement`."""
    n = len(a.neighbours)
    overlap = (a.neighbours[:, :, None] == b.neighbours[:, None, :]).any(axis=2).mean(axis=1)
    second_order = np.empty(n)
    both = np.concatenate([a.neighbours, b.neighbours], axis=1)  # (n, 2k)
    both.sort(axis=1)
    distinct = np.ones(both.shape, bool)
    distinct[:, 1:] = both[:, 1:] != both[:, :-1]  # a neighbour in both models counts once
    for start in range(0, n, 1000):
        part = slice(start, start + 1000)
        s, t = (
            np.einsum("id,ijd->ij", space.units[part], space.units[both[part]]).astype(np.float64) * distinct[part]
            for space in (a, b)
        )
        lengths = np.linalg.norm(s, axis=1) * np.linalg.norm(t, axis=1)
        second_order[part] = np.divide((s * t).sum(axis=1), lengths, out=np.zeros(len(s)), where=lengths > 0)
    x, y = pad_columns(a.units, b.units), pad_columns(b.units, a.units)
    return overlap, second_order, aligned_cosines(x, y)


def pad_columns(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Appends columns of zeros to `x` up to the dimension of `like`."""
    return np.pad(x, ((0, 0), (0, max(0, like.shape[1] - x.shape[1]))))
