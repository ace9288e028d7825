"""Two spaces laid on each other: the words they share, the rotation that fits best, and how far each word moved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

WORDS = 10_000  # shared words compared: rare words move for lack of text


def shared_words(models: "Sequence[Vectors]") -> list[str]:
    """Words of all models, those first whose worst rank is best."""
    ranks = {word: rank for rank, word in enumerate(models[0].words)}
    for vectors in models[1:]:
        ranks = {word: max(ranks[word], rank) for rank, word in enumerate(vectors.words) if word in ranks}
    return sorted(ranks, key=lambda word: (ranks[word], word))


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The orthogonal R (d, d) that brings x R nearest to y, in the sum of squares: U Vᵀ of the SVD of xᵀ y.

    Args:
        x: (n, d), a row a word.
        y: (n, d), row by row the same words.

    Returns:
        R, of the type of x. Source: Schönemann (1966); for word vectors Hamilton et al. (2016).
    """
    u, _, vt = np.linalg.svd((x.T @ y).astype(np.float64))
    return (u @ vt).astype(x.dtype)


def aligned_cosines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Cosine (n,) float64 between the two places of each word, once `x` is turned onto `y` by `procrustes`.

    The one measure of movement: `sgns compare` prints it and `sgns plot A B` draws it. Rows are not centred first.

    Args:
        x: (n, d) rows of length 1.
        y: (n, d) the same words in the other space.
    """
    return np.clip(np.einsum("ij,ij->i", x @ procrustes(x, y), y).astype(np.float64), -1, 1)
