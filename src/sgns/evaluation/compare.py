"""Differences between models on test sets: paired bootstrap, effect sizes, correction for multiple tests."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from sgns.errors import ConfigError
from sgns.evaluation import statistics
from sgns.evaluation.analogy import evaluate_analogies
from sgns.evaluation.categories import evaluate_categories
from sgns.evaluation.downstream import check_test_texts, evaluate_texts
from sgns.evaluation.similarity import evaluate_similarity
from sgns.evaluation.statistics import Interval, Statistic
from sgns.vectors.texts import Weights
from sgns.vectors.vectors import Method, Vectors

SetKind = Literal["similarity", "analogy", "categories", "texts"]
RESAMPLES = 10_000


@dataclass(frozen=True)
class Score:
    """The score of a model on one set, over the items that all models answer."""

    model: str
    values: tuple[float, ...]
    """Spearman's rho, accuracy or purity of each seed."""

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return float(np.mean(self.values))

    @property
    def between_seeds(self) -> float:
        """Standard deviation over seeds (n − 1); NaN for one seed."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")


@dataclass(frozen=True)
class Difference:
    """The difference of two models on one set."""

    first: str
    second: str
    difference: float
    """Mean of the first minus mean of the second."""
    interval: Interval | None
    """95 % paired bootstrap interval of `difference`, over items, and over seeds if there are several."""
    p: float
    """Two-sided p-value from the same bootstrap; NaN if there are too few items."""
    corrected: float
    """`p` after Holm's correction for all tests of this comparison."""
    effect: float
    """Cohen's q (difference of atanh rho) for similarity, Cohen's h (difference of 2 asin sqrt p) for shares."""


@dataclass(frozen=True)
class SetComparison:
    """The scores and differences of all models on one set."""

    name: str
    kind: SetKind
    asked: int
    """Items in the set."""
    common: int
    """Items that every seed of every model answers; the figures are over these."""
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Answered:
    """The answers of one model to one set, in the form that the bootstrap resamples."""

    items: np.ndarray
    """(answered,) int64: the numbers of the items that the model answers."""
    statistic: Callable[[np.ndarray], Statistic]
    """Common items (n,) -> the statistic of resamples of these."""
    asked: int
    """Items in the set."""


def compare_models(
    models: Mapping[str, Sequence[Vectors]],
    similarity: Sequence[str | PathLike[str]] = (),
    analogy: Sequence[str | PathLike[str]] = (),
    categories: Sequence[str | PathLike[str]] = (),
    texts: Sequence[str | PathLike[str]] = (),
    *,
    test_texts: str | PathLike[str] | None = None,
    weights: Weights = "mean",
    restrict: int | None = 30_000,
    method: Method = "add",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[SetComparison]:
    """Compares two models or more on the same sets.

    The p-value tests whether the difference generalises to other items of the same kind. With one seed of each model it
    does not tell whether the difference recurs in another training; with several, seeds are resampled too.

    Args:
        models: name -> vectors of each seed.
        similarity: files, see `sgns.evaluation.similarity.read_pairs`.
        analogy: files, see `sgns.evaluation.analogy.read_questions`.
        categories: files, see `sgns.evaluation.categories.read_categories`.
        texts: files, see `sgns.evaluation.downstream.read_labelled_texts`; the folds are the same for all models.
        test_texts: test texts for the one file of `texts`.
        weights: of the words of a text; see `sgns.evaluation.downstream.evaluate_texts`.
        restrict: how many words may ask and answer analogies, the most frequent ones; None for all.
        method: of the analogies, add or mul.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        A comparison for each set, in the order given.

    Raises:
        ConfigError: there are fewer than two models, or a model has no vectors.
        InputError: a set cannot be read.
        FormatError: a line of a set is wrong.
    """
    if len(models) < 2 or not all(models.values()):
        raise ConfigError(f"{len(models)} models; a comparison needs at least two, each with a vector file")
    kinds: list[tuple[SetKind, str | PathLike[str]]] = [
        *(("similarity", path) for path in similarity),
        *(("analogy", path) for path in analogy),
        *(("categories", path) for path in categories),
        *(("texts", path) for path in texts),
    ]
    check_test_texts(texts, test_texts)
    found = []
    for kind, path in kinds:
        answers: dict[str, list[Answered]] = {
            name: [
                answer_texts(vectors, path, test_texts, weights)
                if kind == "texts"
                else answer_set(kind, vectors, path, restrict, method)
                for vectors in seeds
            ]
            for name, seeds in models.items()
        }
        found.append(
            compare_on_set(
                kind, Path(test_texts if kind == "texts" and test_texts else path).name, answers, resamples, seed
            )
        )
    corrected = iter(statistics.holm([d.p for comparison in found for d in comparison.differences]))
    return [
        replace(comparison, differences=tuple(replace(d, corrected=next(corrected)) for d in comparison.differences))
        for comparison in found
    ]


def answer_set(
    kind: SetKind, vectors: Vectors, path: str | PathLike[str], restrict: int | None, method: Method
) -> Answered:
    """Computes the answers of one model to one set."""
    if kind == "similarity":
        pairs = evaluate_similarity(vectors, path, resamples=0)

        def rho(common: np.ndarray) -> Statistic:
            at = np.searchsorted(pairs.items, common)
            return statistics.spearman_of(pairs.human[at], pairs.cosines[at])

        return Answered(pairs.items, rho, pairs.asked)
    if kind == "analogy":
        questions = evaluate_analogies(vectors, path, restrict=restrict, method=method)
        items, correct = questions.items, questions.correct
        return Answered(
            items, lambda common: statistics.mean_of(correct[np.searchsorted(items, common)]), questions.asked
        )
    words = evaluate_categories(vectors, path, resamples=0)

    def purity(common: np.ndarray) -> Statistic:
        again = (
            words if len(common) == len(words.items) else evaluate_categories(vectors, path, only=common, resamples=0)
        )
        return statistics.mean_of(again.correct)

    return Answered(words.items, purity, words.asked)


def answer_texts(
    vectors: Vectors, path: str | PathLike[str], test: str | PathLike[str] | None, weights: Weights
) -> Answered:
    """Classifies the texts of one set with the vectors of one model."""
    found = evaluate_texts(vectors, path, test, weights=weights)
    items, correct = found.items, found.correct
    return Answered(items, lambda common: statistics.mean_of(correct[np.searchsorted(items, common)]), found.asked)


def compare_on_set(
    kind: SetKind, name: str, answers: Mapping[str, Sequence[Answered]], resamples: int, seed: int
) -> SetComparison:
    """Compares all models on one set; the p-values are not corrected yet.

    Args:
        kind: similarity, analogy, categories or texts.
        name: of the set.
        answers: name of a model -> the answers of each seed.
        resamples: of the bootstrap.
        seed: of the bootstrap.
    """
    everything = [answered for seeds in answers.values() for answered in seeds]
    common = everything[0].items
    for answered in everything[1:]:
        common = np.intersect1d(common, answered.items)
    n = len(common)
    scores, draws = [], {}
    for model, seeds in answers.items():
        if n < 3:
            scores.append(Score(model, (float("nan"),) * len(seeds)))
            continue
        functions = [answered.statistic(common) for answered in seeds]
        scores.append(Score(model, tuple(float(function(np.ones((1, n)))[0]) for function in functions)))
        draws[model] = np.array(
            [np.concatenate([function(d) for d in statistics.resamples(n, resamples, seed)]) for function in functions]
        )  # (seeds, resamples); the same items are drawn for every model
    differences = [
        difference(kind, first, second, draws, seed) for i, first in enumerate(scores) for second in scores[i + 1 :]
    ]
    return SetComparison(name, kind, everything[0].asked, n, tuple(scores), tuple(differences))


def difference(kind: SetKind, first: Score, second: Score, draws: Mapping[str, np.ndarray], seed: int) -> Difference:
    """Tests the difference of two models on one set by the paired bootstrap.

    Args:
        kind: of the set.
        first: the score of one model.
        second: the score of the other.
        draws: name of a model -> its score in each resample, (seeds, resamples); empty if there are too few items.
        seed: of the draws of seeds.
    """
    delta = first.mean - second.mean
    nan = float("nan")
    if not draws or not math.isfinite(delta):
        return Difference(first.model, second.model, delta, None, nan, nan, nan)
    generator = np.random.default_rng([seed, 1])
    a, b = (mean_over_seeds(draws[score.model], generator) for score in (first, second))
    resampled = a - b
    resampled = resampled[np.isfinite(resampled)]
    low, high = np.quantile(resampled, [0.025, 0.975])
    tail = min(int((resampled <= 0).sum()), int((resampled >= 0).sum()))
    p = min(1.0, 2 * (tail + 1) / (len(resampled) + 1))
    effect = effect_scale(kind, first.mean) - effect_scale(kind, second.mean)
    return Difference(first.model, second.model, delta, Interval(float(low), float(high)), p, p, effect)


def mean_over_seeds(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Averages values (seeds, resamples) over seeds, which are drawn with replacement as well: (resamples,)."""
    seeds, count = values.shape
    if seeds == 1:
        return values[0]
    drawn = generator.integers(0, seeds, size=(seeds, count))
    return np.take_along_axis(values, drawn, axis=0).mean(axis=0)


def effect_scale(kind: SetKind, value: float) -> float:
    """Transforms a score to the scale on which the difference of two is Cohen's q (correlations) or h (shares)."""
    if kind == "similarity":
        return math.atanh(max(-0.999999, min(0.999999, value)))
    return 2 * math.asin(math.sqrt(max(0.0, min(1.0, value))))
