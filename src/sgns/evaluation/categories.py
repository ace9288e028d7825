"""Categories: words are clustered without their labels; purity says how well clusters and labels agree."""

from collections import Counter
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from sgns.base.geometry import spherical_kmeans
from sgns.errors import FormatError
from sgns.evaluation import statistics
from sgns.evaluation.lookup import Lookup, lines, units
from sgns.evaluation.statistics import Interval
from sgns.vectors.vectors import Vectors

STARTS = 20  # of k-means
SHUFFLES = 200


@dataclass(frozen=True)
class Categories:
    """The answer to one set of categories."""

    name: str
    purity: float
    """Share of words whose category is the most frequent one of their cluster; NaN below two words."""
    interval: Interval | None
    """95 % bootstrap interval of `purity` over words, the clusters held fixed."""
    chance: float
    """Purity of the same clusters with shuffled labels: what purity is worth nothing."""
    clusters: int
    """As many as categories with a known word."""
    asked: int
    """Words in the set, each category's word once."""
    answered: int
    """Words that are known."""
    unknown: tuple[str, ...]
    duplicates: int
    """Lines that stood before; left out."""
    folded: int
    """Words found in another case than the set's."""
    correct: np.ndarray = field(repr=False)
    """(answered,) bool: which words are of their cluster's category."""
    items: np.ndarray = field(repr=False)
    """(answered,) int64: which words of the set."""

    @property
    def coverage(self) -> float:
        """Answered share of the words."""
        return self.answered / self.asked if self.asked else 0.0


def read_categories(path: str | PathLike[str]) -> list[tuple[str, str]]:
    """(word, category) of a set, in either of two forms, told apart by the first line.

    `word<TAB>category` a line; or, as in analogy sets, `: category` lines with the category's words below them, between
    blanks (or one a line, then blanks between tabs are part of a word). Lines that begin with # are comments.

    Raises:
        InputError: the file cannot be read.
        FormatError: a line of another form; names the line.
    """
    found: list[tuple[str, str]] = []
    sections: bool | None = None
    category = ""
    for number, line in lines(path):
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
    only: np.ndarray | None = None,
    resamples: int = statistics.RESAMPLES,
    seed: int = 0,
) -> Categories:
    """Cluster the known words (spherical k-means, the best of 20 starts) and hold the clusters against the categories.

    Args:
        vectors: asked by E.
        path: the set; see `read_categories`.
        ignore_case: find a word in another case when its own is unknown.
        only: cluster these words of the set alone (int64, places among its distinct lines), as two models are compared.
        resamples: of the bootstrap; 0 leaves the interval out.
        seed: of starts and resamples.

    Raises:
        InputError: the set cannot be read.
        FormatError: a line of the set is wrong.
    """
    read = read_categories(path)
    entries = list(dict.fromkeys(read))
    lookup = Lookup(vectors, ignore_case)
    rows = np.array([lookup.row(word) for word, _ in entries], np.int64)
    items = np.flatnonzero(rows >= 0)
    if only is not None:
        items = np.intersect1d(items, only)
    _, labels = np.unique([entries[i][1] for i in items], return_inverse=True)
    k = int(labels.max(initial=-1)) + 1
    clusters = cluster(units(vectors, rows[items]), k, seed=seed)
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
        unknown=tuple(dict.fromkeys(entries[i][0] for i in np.flatnonzero(rows < 0).tolist())),
        duplicates=sum(Counter(read).values()) - len(entries),
        folded=len(lookup.folded),
        correct=correct,
        items=items,
    )


def majority(clusters: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """(n,) bool: whether each item's label is the most frequent of its cluster (ties: the lowest label)."""
    table = np.zeros((k, k), np.int64)
    np.add.at(table, (clusters, labels), 1)
    return table.argmax(axis=1)[clusters] == labels if k else np.zeros(0, bool)


def purity_of(clusters: np.ndarray, labels: np.ndarray, k: int) -> statistics.Statistic:
    """Purity of resamples of the items, their clusters held fixed."""
    cell = np.zeros((len(labels), k * k))
    cell[np.arange(len(labels)), clusters * k + labels] = 1
    return lambda draws: (draws @ cell).reshape(-1, k, k).max(axis=2).sum(axis=1) / draws.sum(axis=1)


def cluster(rows: np.ndarray, k: int, seed: int = 0, starts: int = STARTS) -> np.ndarray:
    """Group unit vectors by spherical k-means; of several starts, the one with the largest sum of cosines is taken.

    Args:
        rows: (n, d) float32, each of length 1.
        k: clusters.
        seed: of the starts.
        starts: how many are tried.

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
