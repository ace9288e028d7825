"""Word similarity: the correlation of cosines with human scores of pairs of words (Spearman's rho)."""

from collections import Counter
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from sgns.errors import ConfigError, FormatError
from sgns.evaluation import statistics
from sgns.evaluation.sets import Lookup, Unknown, read_lines
from sgns.evaluation.statistics import Interval
from sgns.vectors.vectors import Vectors

Duplicates = Literal["keep", "merge"]


@dataclass(frozen=True)
class Similarity:
    """The score on one similarity set."""

    name: str
    spearman: float
    """Over the answered pairs, with mean ranks for ties; NaN for fewer than two pairs."""
    interval: Interval | None
    """95 % bootstrap interval of `spearman`."""
    pearson: float
    pearson_interval: Interval | None
    asked: int
    """Pairs in the set."""
    answered: int
    """Pairs of which both words have a vector; the others are left out of all figures."""
    composed: int
    """Answered pairs with a word that is not in the vocabulary, whose vector was composed of its n-grams."""
    unknown: tuple[str, ...]
    """Words without a vector, in the order of the set."""
    duplicates: int
    """Pairs that repeat an earlier one, in either order; they count again, or are merged with duplicates="merge"."""
    folded: int
    """Words found only in another case."""
    tied: int
    """Answered pairs with the same human score as another."""
    human: np.ndarray = field(repr=False)
    """(answered,) float64: the human scores."""
    cosines: np.ndarray = field(repr=False)
    """(answered,) float64: the cosines."""
    items: np.ndarray = field(repr=False)
    """(answered,) int64: the numbers of these pairs in the set, which pair two models."""

    @property
    def coverage(self) -> float:
        """Share of the pairs that were answered."""
        return self.answered / self.asked if self.asked else 0.0


def read_pairs(path: str | PathLike[str]) -> list[tuple[str, str, float]]:
    """Reads a similarity set: word, word, score on a line, separated by tabs, commas or blanks.

    Further columns are ignored. A first line whose third column is not a number is a heading; lines that begin with #
    are comments.

    Returns:
        (word, word, score) of each pair.

    Raises:
        InputError: the file cannot be read.
        FormatError: a line has fewer than three columns, or a score that is not a finite number (the message has the
            number of the line); or there is no pair.
    """
    pairs: list[tuple[str, str, float]] = []
    heading_allowed = True
    for number, line in read_lines(path):
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
    unknown: Unknown = "skip",
    resamples: int = statistics.RESAMPLES,
    seed: int = 0,
) -> Similarity:
    """Computes Spearman's rho (and Pearson's r) between cosines and human scores.

    Pairs with an unknown word are left out and counted; no vector is substituted, unless `unknown` is compose.

    Args:
        vectors: the model; E is used.
        path: the set; see `read_pairs`.
        ignore_case: whether to find a word in another case if it is unknown as written.
        duplicates: keep counts a pair as often as it occurs, as gensim and published figures do; merge averages the
            scores of a pair that occurs more than once, in either order.
        unknown: skip leaves pairs with an unknown word out; compose makes vectors of unknown words of their n-grams.
        resamples: of the bootstrap; 0 computes no intervals.
        seed: of the bootstrap.

    Raises:
        InputError: the set cannot be read.
        FormatError: a line of the set is wrong, or a vector it asks for is not finite.
        ConfigError: duplicates or unknown has another value, or unknown is compose and the vectors have no subwords.
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
    lookup = Lookup(vectors, ignore_case, unknown)
    found = [[lookup.row_or_composed(a), lookup.row_or_composed(b)] for a, b, _ in pairs]
    rows = np.array(found, np.int64).reshape(-1, 2)
    items = np.flatnonzero((rows >= 0).all(axis=1))
    human = np.array([pairs[i][2] for i in items])
    left, right = (lookup.unit_rows(rows[items, side]).astype(np.float64) for side in (0, 1))
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
        composed=int((rows[items] >= len(vectors)).any(axis=1).sum()),
        unknown=tuple(dict.fromkeys(absent)),
        duplicates=sum(times.values()) - len(times),
        folded=len(lookup.folded),
        tied=int(same[same > 1].sum()),
        human=human,
        cosines=cosines,
        items=items,
    )
