"""Principal components: the plane on which a set of vectors spreads most."""

import numpy as np


def pca(X: np.ndarray, k: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Project the rows of X on their first k principal components.

    X − mean = U·S·Vᵀ; the coordinates are U·S, and S² is in proportion to the variance that each component carries
    (Jolliffe, Principal Component Analysis, 2002, §3.5). A component's sign means nothing: each is turned so that its
    largest weight is positive, so that two runs draw the same picture.

    Args:
        X: (n, d) vectors, a row each.
        k: components to keep. Where there are fewer, the missing coordinates are 0.

    Returns:
        Coordinates (n, k) and shares of variance (k,), in float64.
    """
    U, S, Vt = np.linalg.svd(X - X.mean(axis=0, dtype=np.float64), full_matrices=False)
    U *= np.where(Vt[np.arange(len(Vt)), np.abs(Vt).argmax(axis=1)] < 0, -1.0, 1.0)
    there = min(k, len(S))
    coordinates, shares = np.zeros((len(X), k)), np.zeros(k)
    coordinates[:, :there] = (U * S)[:, :there]
    shares[:there] = (S**2 / max(float(S @ S), np.finfo(float).tiny))[:there]
    return coordinates, shares


def unit_rows(X: np.ndarray) -> np.ndarray:
    """The rows of X (n, d) scaled to length 1 in float64: a product of two is their cosine. Zero rows stay zero."""
    X = np.asarray(X, dtype=np.float64)
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(lengths > 0, lengths, 1.0)
