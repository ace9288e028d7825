"""Categorisation: words are clustered without their labels; purity measures how well clusters and labels agree."""

from collections import Counter
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from sgns.base.geometry import spherical_kmeans
from sgns.errors import FormatError
from sgns.evaluation import statistics
from sgns.evaluation.sets import Lookup, Unknown, read_lines
from sgns.evaluation.statistics import Interval
from sgns.vectors.vectors import Vectors

STARTS = 20  # of k-means
SHUFFLES = 200  # of the labels, for the purity of chance


@dataclass(frozen=True)
class Categories:
    """The score on one set of categories."""

    name: str
    purity: float
    """Share of words whose category is the most frequent one of their cluster; NaN for fewer than two words."""
    interval: Interval | None
    """95 % bootstrap interval of `purity` over words, for the same clusters."""
    chance: float
    """Mean purity of the same clusters with shuffled labels: the purity of chance, which is not 0."""
    clusters: int
    """Their number: that of the categories with a known word."""
    asked: int
    """Words in the set; a word with two categories counts twice."""
    answered: int
    """Words that have a vector."""
    composed: int
    """Answered words that are not in the vocabulary, whose vectors were composed of their n-grams."""
    unknown: tuple[str, ...]
    duplicates: int
    """Lines that repeat an earlier one; they are left out."""
    folded: int
    """Words found only in another case."""
    correct: np.ndarray = field(repr=False)
    """(answered,) bool: which words have the most frequent category of their cluster."""
    items: np.ndarray = field(repr=False)
    """(answered,) int64: the numbers of these words in the set."""

    @property
    def coverage(self) -> float:
        """Share of the words that are known."""
        return self.answered / self.asked if self.asked else 0.0


def read_categories(path: str | PathLike[str]) -> list[tuple[str, str]]:
    """Reads a set of categories in either of two forms; the first line decides which.

    A line is `word<TAB>category`. Or, as in analogy sets, a line `: category` precedes the words of a category, which
    are separated by blanks; in a line with tabs they are separated by tabs, and a word may contain blanks. Lines that
    begin with # are comments.

    Returns:
        (word, category) of each entry.

    Raises:
        InputError: the file cannot be read.
        FormatError: a line has another form (the message has its number), or there is no word.
    """
    found: list[tuple[str, str]] = []
    sections: bool | None = None
    category = ""
    for number, line in read_lines(path):
        if line.startswith("#"):
            continue
        if sections is None:
            sections = line.startswith(":")
        if sections and line.startswith(":"):
            category = line[1:].strip() or f"line {number}"
        elif sections:
            found += [(word.strip(), category) for word in (line.split("\t") if "\t" in line else line.split())]
        else:
            columns = line.split("\t")
            if len(columns) < 2 or not columns[0].strip() or not columns[1].strip():
                raise FormatError(
                    f"{path}: line {number} is no word<TAB>category; write it so, or use : category lines"
                )
            found.append((columns[0].strip(), columns[1].strip()))
    if not found:
        raise FormatError(f"{path}: no words in it; write word<TAB>category lines, or : category lines and words")
    return found


def evaluate_categories(
    vectors: Vectors,
    path: str | PathLike[str],
    *,
    ignore_case: bool = True,
    unknown: Unknown = "skip",
    only: np.ndarray | None = None,
    resamples: int = statistics.RESAMPLES,
    seed: int = 0,
) -> Categories:
    """Clusters the known words by spherical k-means (the best of 20 starts) and computes the purity of the clusters.

    Args:
        vectors: the model; E is used.
        path: the set; see `read_categories`.
        ignore_case: whether to find a word in another case if it is unknown as written.
        unknown: skip leaves unknown words out; compose makes their vectors of their n-grams.
        only: (m,) int64, numbers of the distinct entries of the set: only these are clustered. For comparing models on
            the same words.
        resamples: of the bootstrap; 0 computes no interval.
        seed: of starts and resamples.

    Raises:
        InputError: the set cannot be read.
        FormatError: a line of the set is wrong.
    """
    read = read_categories(path)
    entries = list(dict.fromkeys(read))
    lookup = Lookup(vectors, ignore_case, unknown)
    rows = np.array([lookup.row_or_composed(word) for word, _ in entries], np.int64)
    items = np.flatnonzero(rows >= 0)
    if only is not None:
        items = np.intersect1d(items, only)
    _, labels = np.unique([entries[i][1] for i in items], return_inverse=True)
    k = int(labels.max(initial=-1)) + 1
    clusters = cluster(lookup.unit_rows(rows[items]), k, seed=seed)
    correct = majority(clusters, labels, k)
    shuffle = np.random.default_rng(seed)
    chance = [majority(clusters, shuffle.permutation(labels), k).mean() for _ in range(SHUFFLES)] if len(items) else []
    enough = len(items) >= 2
    interval = None
    if resamples and enough:
        interval = (
            statistics.proportion(len(items), len(items))  # the bootstrap of a perfect score has no width
            if correct.all()
            else statistics.bootstrap(purity_of(clusters, labels, k), len(items), count=resamples, seed=seed)
        )
    return Categories(
        name=Path(path).name,
        purity=float(correct.mean()) if enough else float("nan"),
        interval=interval,
        chance=float(np.mean(chance)) if enough else float("nan"),
        clusters=k,
        asked=len(entries),
        answered=len(items),
        composed=int((rows[items] >= len(vectors)).sum()),
        unknown=tuple(dict.fromkeys(entries[i][0] for i in np.flatnonzero(rows < 0).tolist())),
        duplicates=sum(Counter(read).values()) - len(entries),
        folded=len(lookup.folded),
        correct=correct,
        items=items,
    )


def majority(clusters: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Tells of each item whether its label is the most frequent in its cluster: (n,) bool; of ties the lowest label."""
    table = np.zeros((k, k), np.int64)
    np.add.at(table, (clusters, labels), 1)
    return table.argmax(axis=1)[clusters] == labels if k else np.zeros(0, bool)


def purity_of(clusters: np.ndarray, labels: np.ndarray, k: int) -> statistics.Statistic:
    """The purity of resamples of the items, for the same clusters."""
    cell = np.zeros((len(labels), k * k))
    cell[np.arange(len(labels)), clusters * k + labels] = 1
    return lambda draws: (draws @ cell).reshape(-1, k, k).max(axis=2).sum(axis=1) / draws.sum(axis=1)


def cluster(rows: np.ndarray, k: int, seed: int = 0, starts: int = STARTS) -> np.ndarray:
    """Clusters unit vectors by spherical k-means; of several starts, takes the one with the largest sum of cosines.

    Args:
        rows: (n, d) float32, each of length 1.
        k: clusters.
        seed: of the starts.
        starts: their number.

    Returns:
        (n,) int64, the cluster of each row. Every row is its own cluster where n ≤ k.
    """
    n = len(rows)
    if k < 2 or n <= k:
        return np.arange(n) if n <= k else np.zeros(n, np.int64)
    best, chosen = -np.inf, np.zeros(n, np.int64)
    for start in range(starts):
        labels, _, cosines = spherical_kmeans(rows, k, [seed, start])
        if cosines > best + 1e-9:
            best, chosen = cosines, labels
    return chosen
