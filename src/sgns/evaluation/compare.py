"""Do two models differ? Paired bootstrap over the items that all answer, effect sizes, correction for many sets."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sgns.errors import ConfigError
from sgns.evaluation import statistics
from sgns.evaluation.analogy import evaluate_analogies
from sgns.evaluation.categories import evaluate_categories
from sgns.evaluation.similarity import evaluate_similarity
from sgns.evaluation.statistics import Interval, Statistic
from sgns.vectors.vectors import Method, Vectors

Kind = Literal["similarity", "analogy", "categories"]
RESAMPLES = 10_000


@dataclass(frozen=True)
class Score:
    """A model on one set, over the items that all models answer."""

    model: str
    values: tuple[float, ...]
    """One for each seed: Spearman's rho, accuracy, or purity."""

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(self.values))

    @property
    def between_seeds(self) -> float:
        """Standard deviation over seeds (n − 1); NaN for one seed."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")


@dataclass(frozen=True)
class Difference:
    """Two models on one set."""

    first: str
    second: str
    difference: float
    """Mean of the first minus mean of the second."""
    interval: Interval | None
    """95 % paired bootstrap interval of `difference`, over items, and over seeds where there are several."""
    p: float
    """Two-sided, from the same bootstrap; NaN when there is nothing to test."""
    corrected: float
    """`p` after Holm's correction for all the tests of this comparison."""
    effect: float
    """Cohen's q (difference of atanh rho) for similarity, Cohen's h (difference of 2 asin sqrt p) for shares."""


@dataclass(frozen=True)
class SetComparison:
    """All models on one set."""

    name: str
    kind: Kind
    asked: int
    common: int
    """Items that every seed of every model answers; all figures here are over these."""
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]


Answer = tuple[np.ndarray, Callable[[np.ndarray], Statistic], int]  # items, common items -> statistic, asked


def compare(
    models: Mapping[str, Sequence[Vectors]],
    similarity: Sequence[str | PathLike[str]] = (),
    analogy: Sequence[str | PathLike[str]] = (),
    categories: Sequence[str | PathLike[str]] = (),
    *,
    restrict: int | None = 30_000,
    method: Method = "add",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[SetComparison]:
    """Hold two models or more against each other on the same sets.

    The p-value asks whether the difference would stand on other items of the same kind. With one seed of each model it
    says nothing about training again; with several, seeds are resampled too.

    Args:
        models: name -> vectors of each seed.
        similarity: files, see `sgns.evaluation.similarity.read_pairs`.
        analogy: files, see `sgns.evaluation.analogy.read_questions`.
        categories: files, see `sgns.evaluation.categories.read_categories`.
        restrict: analogies among the this many most frequent words.
        method: add or mul, of the analogies.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        One comparison a set, in the order given.

    Raises:
        ConfigError: fewer than two models, or a model without vectors.
        InputError: a set cannot be read.
        FormatError: a line of a set is wrong.
    """
    if len(models) < 2 or not all(models.values()):
        raise ConfigError(f"{len(models)} models; a comparison needs at least two, each with a vector file")
    kinds: list[tuple[Kind, str | PathLike[str]]] = [
        *(("similarity", path) for path in similarity),
        *(("analogy", path) for path in analogy),
        *(("categories", path) for path in categories),
    ]
    found = []
    for kind, path in kinds:
        answers: dict[str, list[Answer]] = {
            name: [ask(kind, vectors, path, restrict, method) for vectors in seeds] for name, seeds in models.items()
        }
        found.append(one_set(kind, Path(path).name, answers, resamples, seed))
    corrected = iter(statistics.holm([d.p for comparison in found for d in comparison.differences]))
    return [
        SetComparison(
            **{
                **vars(comparison),
                "differences": tuple(
                    Difference(**{**vars(d), "corrected": next(corrected)}) for d in comparison.differences
                ),
            }
        )
        for comparison in found
    ]


def ask(kind: Kind, vectors: Vectors, path: str | PathLike[str], restrict: int | None, method: Any) -> Answer:
    """One model's answers to a set, as what can be resampled."""
    if kind == "similarity":
        pairs = evaluate_similarity(vectors, path, resamples=0)

        def rho(common: np.ndarray) -> Statistic:
            at = np.searchsorted(pairs.items, common)
            return statistics.spearman_of(pairs.human[at], pairs.cosines[at])

        return pairs.items, rho, pairs.asked
    if kind == "analogy":
        questions = evaluate_analogies(vectors, path, restrict=restrict, method=method)
        items, correct = questions.items, questions.correct
        return items, lambda common: statistics.mean_of(correct[np.searchsorted(items, common)]), questions.asked
    words = evaluate_categories(vectors, path, resamples=0)

    def purity(common: np.ndarray) -> Statistic:
        again = (
            words if len(common) == len(words.items) else evaluate_categories(vectors, path, only=common, resamples=0)
        )
        return statistics.mean_of(again.correct)

    return words.items, purity, words.asked


def one_set(kind: Kind, name: str, answers: Mapping[str, Sequence[Answer]], resamples: int, seed: int) -> SetComparison:
    """All models on one set, p-values not yet corrected."""
    everything = [answer for seeds in answers.values() for answer in seeds]
    common = everything[0][0]
    for items, _, _ in everything[1:]:
        common = np.intersect1d(common, items)
    n = len(common)
    scores, draws = [], {}
    for model, seeds in answers.items():
        if n < 3:
            scores.append(Score(model, (float("nan"),) * len(seeds)))
            continue
        functions = [statistic(common) for _, statistic, _ in seeds]
        scores.append(Score(model, tuple(float(function(np.ones((1, n)))[0]) for function in functions)))
        draws[model] = np.array(
            [np.concatenate([function(d) for d in statistics.resamples(n, resamples, seed)]) for function in functions]
        )  # (seeds, resamples); the same items are drawn for every model
    differences = [
        difference(kind, first, second, draws, seed) for i, first in enumerate(scores) for second in scores[i + 1 :]
    ]
    return SetComparison(name, kind, everything[0][2], n, tuple(scores), tuple(differences))


def difference(kind: Kind, first: Score, second: Score, draws: Mapping[str, np.ndarray], seed: int) -> Difference:
    """Two models on one set, with their paired bootstrap."""
    delta = first.mean - second.mean
    nan = float("nan")
    if not draws or not math.isfinite(delta):
        return Difference(first.model, second.model, delta, None, nan, nan, nan)
    generator = np.random.default_rng([seed, 1])
    a, b = (over_seeds(draws[score.model], generator) for score in (first, second))
    resampled = a - b
    resampled = resampled[np.isfinite(resampled)]
    low, high = np.quantile(resampled, [0.025, 0.975])
    tail = min(int((resampled <= 0).sum()), int((resampled >= 0).sum()))
    p = min(1.0, 2 * (tail + 1) / (len(resampled) + 1))
    effect = cohen(kind, first.mean) - cohen(kind, second.mean)
    return Difference(first.model, second.model, delta, Interval(float(low), float(high)), p, p, effect)


def over_seeds(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Means (resamples,) over seeds that are themselves drawn with replacement; values (seeds, resamples)."""
    seeds, count = values.shape
    if seeds == 1:
        return values[0]
    drawn = generator.integers(0, seeds, size=(seeds, count))
    return np.take_along_axis(values, drawn, axis=0).mean(axis=0)


def cohen(kind: Kind, value: float) -> float:
    """`value` on the scale on which Cohen's q or h is a difference."""
    if kind == "similarity":
        return math.atanh(max(-0.999999, min(0.999999, value)))
    return 2 * math.asin(math.sqrt(max(0.0, min(1.0, value))))
