"""The colours of words on a map: by cluster, by frequency, or by the groups of a file."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.geometry import spherical_kmeans, unit
from sgns.errors import InputError
from sgns.figures.words import read_words

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

CLUSTERS = 8  # as many colours as colour-blind readers tell apart
BANDS = 8  # of frequency
NO_COLOUR = 255
ITERATIONS = 30  # of k-means


@dataclass(frozen=True)
class Colouring:
    """One way to colour words."""

    key: str
    label: str
    names: list[str]
    """Of the classes."""
    of: np.ndarray
    """(n,) uint8: the class of each word; 255 for none."""
    scale: bool = False
    """Whether the classes have an order."""


def by_cluster(vectors: "Vectors", seed: int = 1) -> Colouring:
    """Colours words by spherical k-means with 8 clusters, the largest first, after their mean is subtracted."""
    X = unit(vectors.E, np.float64)
    X = unit(X - X.mean(axis=0))
    k = min(CLUSTERS, len(X))
    labels, centres, _ = spherical_kmeans(X, k, seed, ITERATIONS)
    order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    labels, centres = np.argsort(order)[labels], centres[order]
    return Colouring("cluster", "cluster", name_clusters(X, vectors.words, labels, centres), labels.astype(np.uint8))


def name_clusters(X: np.ndarray, words: list[str], labels: np.ndarray, centres: np.ndarray) -> list[str]:
    """Names each cluster by three words: of its most frequent members, those nearest to its mean.

    Args:
        X: (n, d) unit rows, the most frequent word first.
        words: n words.
        labels: (n,) int, the cluster of each word.
        centres: (k, d), the mean direction of each cluster.
    """
    names = []
    for cluster, centre in enumerate(centres):
        members = np.flatnonzero(labels == cluster)
        frequent = members[: max(30, len(members) // 20)]
        best = frequent[np.argsort(-(X[frequent] @ centre), kind="stable")[:3]]
        names.append(", ".join(str(words[i]) for i in best))
    return names


def by_frequency(vectors: "Vectors") -> Colouring:
    """Colours words in 8 bands from frequent to rare.

    Band i ends at (i/8)² of the words: by Zipf's law most words are rare, so the bands of frequent words hold fewer.
    """
    n = len(vectors)
    edges = np.ceil(n * (np.arange(BANDS + 1) / BANDS) ** 2).astype(int)
    bands = np.searchsorted(edges[1:], np.arange(n), side="right").astype(np.uint8)
    if vectors.counts is None:
        names = [f"rank {edges[i] + 1:,} to {edges[i + 1]:,}" for i in range(BANDS)]
    else:
        names = [f"seen {vectors.counts[max(edges[i + 1] - 1, 0)]:,} times or more" for i in range(BANDS)]
    return Colouring("frequency", "frequency", names, bands, scale=True)


def by_file(vectors: "Vectors", path: Path) -> Colouring:
    """Colours words by the groups of a file, a line each: `fruit: apple pear plum`. Other words have no colour.

    Raises:
        InputError: the file has no group or more than 8, or none of its words is on the map.
    """
    _, groups = read_words(path)
    if not groups:
        raise InputError(f"{path} names 0 groups, 1 is needed; write lines like: fruit: apple pear plum")
    if len(groups) > CLUSTERS:
        raise InputError(f"{path} names {len(groups)} groups, more than the {CLUSTERS} colours; join some")
    of = np.full(len(vectors), NO_COLOUR, dtype=np.uint8)
    for number, members in enumerate(groups.values()):
        rows = [vectors.id(word) for word in members if word in vectors]
        of[rows] = number
    if (of == NO_COLOUR).all():
        raise InputError(f"{path}: none of its words is among the {len(vectors):,} of the map; raise --words")
    return Colouring("file", path.name, list(groups), of)


def carry_over(colouring: Colouring, words: list[str], other: list[str]) -> Colouring:
    """Applies a colouring of `words` to the words of another model; words that are not shared have no colour."""
    row = {word: i for i, word in enumerate(words)}
    of = np.array([colouring.of[row[word]] if word in row else NO_COLOUR for word in other], dtype=np.uint8)
    return replace(colouring, of=of)
