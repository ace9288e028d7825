"""What the colours of a map mean: cluster, frequency, or the groups of a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.geometry import unit
from sgns.errors import InputError
from sgns.figures.clusters import largest_first, name_clusters
from sgns.figures.wordlist import read_words

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

CLUSTERS = 8  # as many colours as colour-blind readers tell apart
BANDS = 8  # of frequency
NONE = 255  # a word without colour


@dataclass(frozen=True)
class Colouring:
    """One way to colour words: `of` holds a class for each, 255 for none; `scale` says that classes have an order."""

    key: str
    label: str
    names: list[str]
    of: np.ndarray  # (n,) uint8
    scale: bool = False


def by_cluster(vectors: "Vectors", seed: int = 1) -> Colouring:
    """Eight clusters by spherical k-means."""
    X = unit(vectors.E, np.float64)
    X = unit(X - X.mean(axis=0))
    labels, centres = largest_first(X, min(CLUSTERS, len(X)), seed)
    return Colouring("cluster", "cluster", name_clusters(X, vectors.words, labels, centres), labels.astype(np.uint8))


def by_frequency(vectors: "Vectors") -> Colouring:
    """Bands from frequent to rare; the i-th of 8 ends at (i/8)² of the words, for Zipf's law crowds the rare end."""
    n = len(vectors)
    edges = np.ceil(n * (np.arange(BANDS + 1) / BANDS) ** 2).astype(int)
    bands = np.searchsorted(edges[1:], np.arange(n), side="right").astype(np.uint8)
    if vectors.counts is None:
        names = [f"rank {edges[i] + 1:,} to {edges[i + 1]:,}" for i in range(BANDS)]
    else:
        names = [f"seen {vectors.counts[max(edges[i + 1] - 1, 0)]:,} times or more" for i in range(BANDS)]
    return Colouring("frequency", "frequency", names, bands, scale=True)


def by_file(vectors: "Vectors", path: Path) -> Colouring:
    """Groups of a file of lines `fruit: apple pear plum`; words in no group have no colour.

    Raises:
        InputError: no group, more than 8, or none of the words is on the map.
    """
    _, groups = read_words(path)
    if not groups:
        raise InputError(f"{path} names 0 groups, 1 is needed; write lines like: fruit: apple pear plum")
    if len(groups) > CLUSTERS:
        raise InputError(f"{path} names {len(groups)} groups, more than the {CLUSTERS} colours; join some")
    of = np.full(len(vectors), NONE, dtype=np.uint8)
    for number, members in enumerate(groups.values()):
        rows = [vectors.id(word) for word in members if word in vectors]
        of[rows] = number
    if (of == NONE).all():
        raise InputError(f"{path}: none of its words is among the {len(vectors):,} of the map; raise --words")
    return Colouring("file", path.name, list(groups), of)


def carry_over(colouring: Colouring, words: list[str], other: list[str]) -> Colouring:
    """The same colouring for another model's words: a shared word keeps its colour, the others have none."""
    row = {word: i for i, word in enumerate(words)}
    of = np.array([colouring.of[row[word]] if word in row else NONE for word in other], dtype=np.uint8)
    return Colouring(colouring.key, colouring.label, colouring.names, of, colouring.scale)
