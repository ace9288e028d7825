"""Mean ranks, correlations, bootstrap intervals and corrected p-values, with NumPy alone.

The bootstrap resamples the items of a test set (pairs, questions, words). A resample is stored as the number of times
each item was drawn, so that Spearman's rho of thousands of resamples needs no sort for each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000
CHUNK = 2**16  # items drawn at once: their arrays fit in the cache


@dataclass(frozen=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.low:.3f} to {self.high:.3f}"


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """Returns the ranks (n,) float64 of values, from 1; equal values have the mean of their ranks."""
    values = np.asarray(values, np.float64)
    return weighted_mean_ranks(np.ones((1, len(values))), values)[0]


def weighted_mean_ranks(draws: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Returns the mean rank of each item within resamples that contain it `draws` times.

    Args:
        draws: (b, n), how many times each item was drawn.
        values: (n,) float64.

    Returns:
        (b, n) float64, the mean rank of the copies of an item and of its ties; undefined for items not drawn.
    """
    order = np.argsort(values, kind="stable")
    if not len(order):
        return np.zeros(draws.shape)
    new = np.diff(values[order], prepend=np.nan) != 0  # the first item of each group of ties
    first, group = np.flatnonzero(new), np.cumsum(new) - 1
    sizes = np.add.reduceat(draws[:, order], first, axis=1)  # (b, groups)
    mean_rank = np.cumsum(sizes, axis=1) - (sizes - 1) / 2
    back = np.empty(len(order), np.int64)
    back[order] = group
    return mean_rank[:, back]


def weighted_correlation(draws: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns Pearson's r (b,) in each resample: draws (b, n), x and y (b, n) or (n,); NaN if x or y is constant."""
    n = draws.sum(axis=1)
    x = x - (np.sum(draws * x, axis=1) / n)[:, None]
    y = y - (np.sum(draws * y, axis=1) / n)[:, None]
    xy, xx, yy = (np.sum(draws * product, axis=1) for product in (x * y, x * x, y * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = xy / np.sqrt(xx * yy)
    return np.where((xx > 1e-12 * n) & (yy > 1e-12 * n), np.clip(r, -1, 1), np.nan)


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Returns Pearson's r of x (n,) and y (n,); NaN if one is constant or n < 2."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    x, y = (x - x.mean()) / np.ptp(x), (y - y.mean()) / np.ptp(y)
    return float(np.clip((x @ y) / np.sqrt((x @ x) * (y @ y)), -1, 1))


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Returns Spearman's rho of x (n,) and y (n,), with mean ranks for ties; NaN as in `pearson`."""
    return pearson(mean_ranks(x), mean_ranks(y))


def resamples(n: int, count: int = RESAMPLES, seed: int = 0) -> Iterator[np.ndarray]:
    """Draws `count` resamples of n items. Yields chunks (b, n) float64: how many times each item was drawn."""
    generator = np.random.default_rng(seed)
    rows = max(1, CHUNK // max(1, n))
    for start in range(0, count, rows):
        b = min(rows, count - start)
        drawn = generator.integers(0, n, size=(b, n)) + np.arange(b)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=b * n).reshape(b, n).astype(np.float64)


Statistic = Callable[[np.ndarray], np.ndarray]  # draws (b, n) -> (b,)


def spearman_of(x: np.ndarray, y: np.ndarray) -> Statistic:
    """Returns the statistic that computes Spearman's rho of resamples of the pairs (x, y)."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return lambda draws: weighted_correlation(draws, weighted_mean_ranks(draws, x), weighted_mean_ranks(draws, y))


def pearson_of(x: np.ndarray, y: np.ndarray) -> Statistic:
    """Returns the statistic that computes Pearson's r of resamples of the pairs (x, y)."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return lambda draws: weighted_correlation(draws, x, y)


def mean_of(values: np.ndarray) -> Statistic:
    """Returns the statistic that computes the mean of resamples of values (n,)."""
    values = np.asarray(values, np.float64)
    return lambda draws: draws @ values / draws.sum(axis=1)


def bootstrap(
    statistic: Statistic, n: int, level: float = 0.95, count: int = RESAMPLES, seed: int = 0
) -> Interval | None:
    """Computes the percentile bootstrap interval (Efron 1979) of a statistic of n items.

    Args:
        statistic: resamples (b, n) -> values (b,).
        n: items.
        level: nominal coverage.
        count: resamples.
        seed: of the draws.

    Returns:
        The interval; None for fewer than 3 items, or if the statistic is not finite in half of the resamples.
    """
    if n < 3:
        return None
    values = np.concatenate([statistic(draws) for draws in resamples(n, count, seed)])
    values = values[np.isfinite(values)]
    if len(values) < 0.5 * count:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)


def proportion(right: int, n: int, level: float = 0.95) -> Interval | None:
    """Computes the interval of a proportion `right` of n: the percentile bootstrap, binomial(n, right / n).

    If none or all are right, the bootstrap interval has no width, and Wilson's (1927) bound is used instead. None if n
    is 0.
    """
    if n == 0:
        return None
    if right in (0, n):
        z2 = normal_quantile((1 + level) / 2) ** 2
        bound = z2 / (n + z2)
        return Interval(0.0, bound, level) if right == 0 else Interval(1 - bound, 1.0, level)
    k = np.arange(n + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    p = right / n
    cumulative = np.cumsum(np.exp(logs[n] - logs[k] - logs[n - k] + k * np.log(p) + (n - k) * np.log(1 - p)))
    low, high = np.searchsorted(cumulative, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low / n), float(min(high, n) / n), level)


def normal_quantile(p: float) -> float:
    """Returns the p-quantile of the standard normal distribution."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def holm(p_values: list[float]) -> list[float]:
    """Corrects p-values for their number (Holm 1979), in the order given; NaN stays NaN and does not count."""
    order = [i for i in sorted(range(len(p_values)), key=lambda i: p_values[i]) if p_values[i] == p_values[i]]
    corrected = list(p_values)
    largest = 0.0
    for smaller, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - smaller) * p_values[i]))
        corrected[i] = largest
    return corrected
