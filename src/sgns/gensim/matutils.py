"""What `gensim.matutils` offers to those who use its models."""

from typing import Any

import numpy as np


def argsort(x: Any, topn: int | None = None, reverse: bool = False) -> np.ndarray:
    """The indices of the `topn` smallest (or, with `reverse`, largest) numbers, in order."""
    x = np.asarray(x)
    topn = x.size if topn is None else topn
    if topn <= 0:
        return np.zeros(0, np.intp)
    x = -x if reverse else x
    if topn >= x.size:
        return np.argsort(x)[:topn]
    nearest = np.argpartition(x, topn)[:topn]
    return nearest[np.argsort(x[nearest])]


def unitvec(vec: Any, norm: str = "l2", return_norm: bool = False) -> Any:
    """`vec` of length 1; a vector of zeros is returned as it is."""
    if norm not in ("l1", "l2", "unique"):
        raise ValueError(f"'{norm}' is not a supported norm. Currently supported norms are 'l1','l2', 'unique'.")
    vec = np.asarray(vec)
    kind = vec.dtype if np.issubdtype(vec.dtype, np.floating) else np.dtype(float)
    length = {
        "l1": lambda: np.abs(vec).sum(),
        "l2": lambda: np.linalg.norm(vec),
        "unique": lambda: np.count_nonzero(vec),
    }
    size = float(length[norm]())
    unit = (vec / size).astype(kind, copy=False) if size > 0 else vec
    return (unit, size if size > 0 else 1.0) if return_norm else unit


def zeros_aligned(shape: Any, dtype: Any, order: str = "C", align: int = 128) -> np.ndarray:
    """Zeros; `align` has no effect."""
    return np.zeros(shape, dtype, order=order)  # type: ignore[call-overload]
