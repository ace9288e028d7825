"""Alignment of two spaces: the words they share, the rotation that fits best, and the cosine after it."""

from collections.abc import Sequence

import numpy as np

from sgns.vectors.vectors import Vectors

COMPARED_WORDS = 10_000  # shared words that are compared: the vectors of rare words differ for lack of text


def shared_words(models: Sequence[Vectors]) -> list[str]:
    """The words that all models have, ordered by the highest of their row numbers, then by spelling."""
    highest = {word: row for row, word in enumerate(models[0].words)}
    for vectors in models[1:]:
        highest = {word: max(highest[word], row) for row, word in enumerate(vectors.words) if word in highest}
    return sorted(highest, key=lambda word: (highest[word], word))


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The orthogonal R (d, d) that minimises ‖x R − y‖²: U Vᵀ of the singular value decomposition of xᵀ y.

    Source: Schönemann (1966), "A generalized solution of the orthogonal Procrustes problem"; for word vectors Hamilton
    et al. (2016).

    Args:
        x: (n, d), a row for each word.
        y: (n, d), the same words in the same order.

    Returns:
        R, of the dtype of x.
    """
    u, _, vt = np.linalg.svd((x.T @ y).astype(np.float64))
    return (u @ vt).astype(x.dtype)


def aligned_cosines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The cosine of each word's two vectors after `x` was rotated onto `y` by `procrustes`.

    `sgns compare` prints it and `sgns plot A B` draws it. Rows are not centred first.

    Args:
        x: (n, d), rows of length 1.
        y: (n, d), rows of length 1: the same words in the other space.

    Returns:
        (n,) float64.
    """
    return np.clip(np.einsum("ij,ij->i", x @ procrustes(x, y), y).astype(np.float64), -1, 1)
