"""Geometry of row vectors, with NumPy alone: unit rows, principal components, spherical k-means."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def unit(X: np.ndarray, dtype: Any = np.float32) -> np.ndarray:
    """Scale vectors to length 1, so that the dot product of two is their cosine.

    Args:
        X: (…, d), one vector or rows of them; lengths are computed in float64.
        dtype: of the result.

    Returns:
        (…, d) of `dtype`. A zero row stays zero; a row with NaN is NaN.
    """
    X = np.asarray(X, np.float64)
    lengths = np.linalg.norm(X, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.divide(X, lengths, out=np.zeros_like(X), where=lengths != 0).astype(dtype, copy=False)


def principal_components(X: np.ndarray, k: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Project the rows of X on their first k principal components.

    X − mean = U·S·Vᵀ; the coordinates are U·S, and the variance along a component is proportional to S² (Jolliffe,
    Principal Component Analysis, 2002, §3.5). The sign of a component is arbitrary: each is turned so that its largest
    weight is positive, and two runs give the same coordinates.

    Args:
        X: (n, d), a vector a row.
        k: components to keep. Where X has fewer, the missing coordinates are 0.

    Returns:
        Coordinates (n, k) and shares of the variance (k,), both float64.
    """
    U, S, Vt = np.linalg.svd(X - X.mean(axis=0, dtype=np.float64), full_matrices=False)
    U *= np.where(Vt[np.arange(len(Vt)), np.abs(Vt).argmax(axis=1)] < 0, -1.0, 1.0)
    there = min(k, len(S))
    coordinates, shares = np.zeros((len(X), k)), np.zeros(k)
    coordinates[:, :there] = (U * S)[:, :there]
    shares[:there] = (S**2 / max(float(S @ S), np.finfo(float).tiny))[:there]
    return coordinates, shares


def spherical_kmeans(
    X: np.ndarray, k: int, seed: int | Sequence[int] = 1, iterations: int = 100
) -> tuple[np.ndarray, np.ndarray, float]:
    """Group unit vectors around k mean directions, from one start.

    Spherical k-means (Dhillon & Modha 2001) with the first centres of k-means++ (Arthur & Vassilvitskii 2007), where
    the weight of a row is 1 − its largest cosine with a centre. An empty cluster takes the row that fits worst in its
    own cluster.

    Args:
        X: (n, d) unit rows.
        k: clusters, 1 to n.
        seed: of the first centres, for `numpy.random.default_rng`.
        iterations: the most that are run; fewer if the clusters no longer change.

    Returns:
        Labels (n,) int64, the mean directions (k, d) of the type of X, and the sum of the rows' cosines with the centre
        that they are assigned to (the objective: larger is better).
    """
    random = np.random.default_rng(seed)
    centres = X[[random.integers(len(X))]]
    while len(centres) < k:
        weights = np.maximum(1 - (X @ centres.T).max(axis=1), 0).astype(np.float64) + 1e-12
        centres = np.vstack([centres, X[random.choice(len(X), p=weights / weights.sum())]])
    labels = np.full(len(X), -1)
    for _ in range(iterations):
        cosines = X @ centres.T  # (n, k)
        fit = cosines.max(axis=1)
        new = cosines.argmax(axis=1)
        if np.array_equal(new, labels):
            break
        labels = new
        sums = np.zeros_like(centres)
        np.add.at(sums, labels, X)
        empty = np.bincount(labels, minlength=k) == 0
        sums[empty] = X[np.argsort(fit, kind="stable")[: empty.sum()]]
        centres = unit(sums, X.dtype)
    return labels, centres, float(fit.sum())
