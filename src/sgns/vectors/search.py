"""Exact nearest neighbours by cosine: one blocked matrix product, no index and no copy of the matrix."""

import numpy as np

from sgns.base.parallel import run_threads, usable_cores
from sgns.errors import FormatError

WORTH_THREADS = 2**24  # numbers in E from which on threads are started
MOST_THREADS = 4  # more would wait for memory
IN_CACHE = 2**17  # numbers of E that a core's cache holds while they are read twice
BLOCK_BYTES = 32 * 2**20  # of scores that are held at once


def usable(E: np.ndarray) -> np.ndarray:
    """Whether each row has a length: (V,) bool, False for NaN, infinity and numbers whose squares overflow."""
    good = np.empty(len(E), bool)
    rows = max(1, IN_CACHE // max(1, E.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(E), rows):
            block = E[start : start + rows]
            np.isfinite(np.einsum("ij,ij->i", block, block), out=good[start : start + rows])
    return good


def row_norms(E: np.ndarray) -> np.ndarray:
    """The Euclidean length of each row, (V,) float32. Raises as `norms_and_products`."""
    return norms_and_products(E, None)[0]


def norms_and_products(E: np.ndarray, direction: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The Euclidean length of each row and its product with a direction, in one pass: reading E takes the time.

    Args:
        E: (V, d) float32; may be memory-mapped or a strided view.
        direction: (d,) float32; None leaves the products at 0.

    Returns:
        Lengths and products, each (V,) float32.

    Raises:
        FormatError: A row holds NaN or infinity (or numbers so large that their squares overflow).
    """
    norms, products = np.empty(len(E), np.float32), np.zeros(len(E), np.float32)
    rows = max(1, IN_CACHE // max(1, E.shape[1]))
    starts = iter(range(0, len(E), rows))

    def work(_: object = None) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            for start in starts:
                block = E[start : start + rows]
                np.sqrt(np.einsum("ij,ij->i", block, block), out=norms[start : start + rows])
                if direction is not None:
                    np.matmul(block, direction, out=products[start : start + rows])

    if E.size < WORTH_THREADS:
        work()
    else:
        run_threads(work, min(MOST_THREADS, usable_cores()), lambda: None)
    finite = np.isfinite(norms)
    if not finite.all():
        bad = int(np.argmin(finite))
        raise FormatError(
            f"row {bad} is not finite (NaN, infinity or beyond 1e19; {len(E) - int(finite.sum())} such rows);"
            " train again with a lower lr, or drop them: sgns convert IN OUT --repair"
        )
    return norms, products


def inverse(lengths: np.ndarray) -> np.ndarray:
    """1 / length, and 0 for a zero row, so that it has cosine 0 with everything."""
    return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)


def top(scores: np.ndarray, n: int) -> np.ndarray:
    """The indices of the n largest of `scores` (m,), largest first; of equal scores the lower index comes first."""
    n = min(n, len(scores))
    if n <= 0:
        return np.empty(0, np.int64)
    least = np.partition(scores, len(scores) - n)[len(scores) - n]
    above = np.flatnonzero(scores > least)
    equal = np.flatnonzero(scores == least)[: n - len(above)]
    chosen = np.concatenate([above, equal])
    return chosen[np.lexsort((chosen, -scores[chosen]))]


def norms_and_nearest(E: np.ndarray, direction: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lengths of all rows and the n rows nearest to a unit vector, for which E is read once.

    Args:
        E: (V, d) float32.
        direction: (d,) float32 of length 1.
        n: Number of neighbours; fewer come back when V < n.

    Returns:
        Lengths (V,) float32, and of the n nearest rows: ids (n,) int64 and cosines (n,) float32.

    Raises:
        FormatError: as `norms_and_products`.
    """
    norms, scores = norms_and_products(E, direction)
    scores *= inverse(norms)
    ids = top(scores, n)
    return norms, ids, np.clip(scores[ids], -1, 1)


def nearest(
    E: np.ndarray, norms: np.ndarray, queries: np.ndarray, n: int, block_bytes: int = BLOCK_BYTES
) -> tuple[np.ndarray, np.ndarray]:
    """The n rows of E nearest to each query by cosine, exactly.

    After the first block only the scores above the n-th best of a query so far are sorted, so the matrix product takes
    almost all of the time.

    Args:
        E: (V, d) float32.
        norms: (V,) float32, the lengths of its rows; a zero row has cosine 0 with everything.
        queries: (q, d) float32, each of length 1.
        n: Number of neighbours for each query; fewer come back when V < n.
        block_bytes: Memory for scores.

    Returns:
        ids (q, n) int64 and cosines (q, n) float32, nearest first, ties in the order of E.
    """
    V, q = len(E), len(queries)
    n = max(0, min(n, V))
    ids = np.zeros((q, n), np.int64)
    cosines = np.zeros((q, n), np.float32)
    if not n or not q:
        return ids, cosines
    rows = max(n, block_bytes // (4 * q))
    for start in range(0, V, rows):
        block = E[start : start + rows]
        lengths = norms[start : start + rows]
        scores = queries @ block.T  # (q, rows)
        scores *= inverse(lengths)
        if start == 0:
            for i in range(q):
                ids[i] = top(scores[i], n)
                cosines[i] = scores[i, ids[i]]
            continue
        better = np.flatnonzero(scores > cosines[:, -1:])  # few; NumPy finds them ten times faster in one dimension
        better_query, better_column = np.divmod(better, len(block))
        bounds = np.searchsorted(better_query, np.arange(q + 1))
        for i in np.flatnonzero(np.diff(bounds)).tolist():
            columns = better_column[bounds[i] : bounds[i + 1]]
            all_ids = np.concatenate([ids[i], columns + start])
            all_scores = np.concatenate([cosines[i], scores[i, columns]])
            kept = top(all_scores, n)  # earlier rows stand first, so ties keep the order of E
            ids[i], cosines[i] = all_ids[kept], all_scores[kept]
    return ids, np.clip(cosines, -1, 1)
