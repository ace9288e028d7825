"""Word similarity: how well cosines order pairs of words as people do (Spearman's rho)."""

from collections import Counter
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from sgns.errors import ConfigError, FormatError
from sgns.evaluation import statistics
from sgns.evaluation.lookup import Lookup, lines, units
from sgns.evaluation.statistics import Interval
from sgns.vectors.vectors import Vectors

Duplicates = Literal["keep", "merge"]


@dataclass(frozen=True)
class Similarity:
    """The answer to one similarity set."""

    name: str
    spearman: float
    """Over the answered pairs, mean ranks for ties; NaN below two pairs."""
    interval: Interval | None
    """95 % bootstrap interval of `spearman`."""
    pearson: float
    pearson_interval: Interval | None
    asked: int
    """Pairs in the set."""
    answered: int
    """Pairs of which both words are known; the others count for nothing, here or in the figures."""
    unknown: tuple[str, ...]
    """Words without a vector, in the order of the set."""
    duplicates: int
    """Pairs that stood before, in either order; counted again, or averaged into one with duplicates="merge"."""
    folded: int
    """Words found in another case than the set's."""
    tied: int
    """Answered pairs that share their human score with another."""
    human: np.ndarray = field(repr=False)
    """(answered,) float64: people's scores."""
    cosines: np.ndarray = field(repr=False)
    """(answered,) float64: ours."""
    items: np.ndarray = field(repr=False)
    """(answered,) int64: which pairs of the set, so that two models can be paired."""

    @property
    def coverage(self) -> float:
        """Answered share of the pairs."""
        return self.answered / self.asked if self.asked else 0.0


def read_pairs(path: str | PathLike[str]) -> list[tuple[str, str, float]]:
    """Pairs of a similarity set: word, word, score a line, between tabs, commas or blanks; extra columns are left out.

    A first line whose third column is no number is taken for a heading; lines that begin with # are comments.

    Raises:
        InputError: the file cannot be read.
        FormatError: a line without three columns or with a score that is no finite number; names the line.
    """
    pairs: list[tuple[str, str, float]] = []
    heading_allowed = True
    for number, line in lines(path):
        if line.startswith("#"):
            continue
        separator = "\t" if "\t" in line else "," if "," in line else None
        columns = [column.strip() for column in line.split(separator)]
        if len(columns) < 3 or not columns[0] or not columns[1]:
            raise FormatError(f"{path}: line {number} has {len(columns)} columns; a pair is word, word, score")
        try:
            score = float(columns[2])
        except ValueError:
            if heading_allowed:
                heading_allowed = False
                continue
            raise FormatError(f"{path}: line {number}: the score {columns[2]!r} is no number") from None
        if not np.isfinite(score):
            raise FormatError(f"{path}: line {number}: the score {columns[2]!r} is not finite; take the line out")
        heading_allowed = False
        pairs.append((columns[0], columns[1], score))
    if not pairs:
        raise FormatError(f"{path}: no pairs in it; a pair is a line of word, word, score")
    return pairs


def evaluate_similarity(
    vectors: Vectors,
    path: str | PathLike[str],
    *,
    ignore_case: bool = True,
    duplicates: Duplicates = "keep",
    resamples: int = statistics.RESAMPLES,
    seed: int = 0,
) -> Similarity:
    """Spearman's rho (and Pearson's r) between cosines and people's scores.

    Pairs with an unknown word are left out and counted, never given a made-up vector.

    Args:
        vectors: asked by E.
        path: the set; see `read_pairs`.
        ignore_case: find a word in another case when its own is unknown.
        duplicates: keep counts a pair as often as it stands (as gensim and published figures do); merge averages the
            scores of a pair that stands more than once, in either order.
        resamples: of the bootstrap; 0 leaves the intervals out.
        seed: of the bootstrap.

    Raises:
        InputError: the set cannot be read.
        FormatError: a line of the set is wrong, or a vector it asks for is not finite.
        ConfigError: another value of duplicates.
    """
    if duplicates not in ("keep", "merge"):
        raise ConfigError(f"duplicates is {duplicates!r}; choose keep or merge")
    pairs = read_pairs(path)
    times = Counter(frozenset((a.lower(), b.lower())) for a, b, _ in pairs)
    if duplicates == "merge":
        scores: dict[frozenset[str], list[float]] = {}
        first: dict[frozenset[str], tuple[str, str]] = {}
        for a, b, score in pairs:
            key = frozenset((a.lower(), b.lower()))
            scores.setdefault(key, []).append(score)
            first.setdefault(key, (a, b))
        pairs = [(*first[key], float(np.mean(values))) for key, values in scores.items()]
    lookup = Lookup(vectors, ignore_case)
    rows = np.array([[lookup.row(a), lookup.row(b)] for a, b, _ in pairs], np.int64).reshape(-1, 2)
    items = np.flatnonzero((rows >= 0).all(axis=1))
    human = np.array([pairs[i][2] for i in items])
    left, right = (units(vectors, rows[items, side]).astype(np.float64) for side in (0, 1))
    cosines = np.einsum("ij,ij->i", left, right)
    absent = [word for (a, b, _), row in zip(pairs, rows) for word, at in zip((a, b), row) if at < 0]
    _, same = np.unique(human, return_counts=True)
    rho = r = None
    if resamples:
        rho = statistics.bootstrap(statistics.spearman_of(human, cosines), len(items), count=resamples, seed=seed)
        r = statistics.bootstrap(statistics.pearson_of(human, cosines), len(items), count=resamples, seed=seed)
    return Similarity(
        name=Path(path).name,
        spearman=statistics.spearman(human, cosines),
        interval=rho,
        pearson=statistics.pearson(human, cosines),
        pearson_interval=r,
        asked=len(pairs),
        answered=len(items),
        unknown=tuple(dict.fromkeys(absent)),
        duplicates=sum(times.values()) - len(times),
        folded=len(lookup.folded),
        tied=int(same[same > 1].sum()),
        human=human,
        cosines=cosines,
        items=items,
    )
