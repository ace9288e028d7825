"""Coordinates of words in a plane for the map: principal components, or UMAP if umap-learn is installed."""

from typing import Literal

import numpy as np

from sgns.base.geometry import principal_components, unit
from sgns.errors import ConfigError, MissingExtra
from sgns.vectors.alignment import procrustes

Projection = Literal["pca", "umap"]


def project(E: np.ndarray, how: Projection = "pca", seed: int = 1) -> tuple[np.ndarray, np.ndarray | None]:
    """Projects vectors, scaled to length 1, into the square from −1 to 1.

    Args:
        E: (n, d).
        how: pca preserves distances as well as a plane can; umap preserves neighbourhoods (McInnes et al. 2018), here
            with cosine distance and 15 neighbours.
        seed: of umap.

    Returns:
        Coordinates (n, 2) float32; for pca the shares of variance (2,), else None.

    Raises:
        MissingExtra: umap-learn is not installed.
        ConfigError: fewer than 16 words for umap, or another projection.
    """
    explained = None
    if how == "pca":
        xy, explained = principal_components(unit(E, np.float64))
    elif how == "umap":
        xy = _umap(E, seed)
    else:
        raise ConfigError(f"projection is {how!r}; choose pca or umap")
    centre = (xy.min(axis=0) + xy.max(axis=0)) / 2
    reach = float(np.abs(xy - centre).max()) or 1.0
    return ((xy - centre) * (0.95 / reach)).astype(np.float32), explained


def _umap(E: np.ndarray, seed: int) -> np.ndarray:
    if len(E) < 16:
        raise ConfigError(f"{len(E)} words for umap, 16 are needed; use --projection pca")
    try:
        from umap import UMAP
    except ImportError:
        raise MissingExtra("umap-learn is not installed; install it with: pip install 'sgns[map]'") from None
    import warnings

    X = unit(E, np.float64)
    with warnings.catch_warnings():  # UMAP warns that a seed limits it to one thread, which is intended here
        warnings.simplefilter("ignore")
        return UMAP(metric="cosine", n_neighbors=15, min_dist=0.1, random_state=seed).fit_transform(X)


def turn_onto(xy: np.ndarray, target: np.ndarray, shared: np.ndarray, shared_target: np.ndarray) -> np.ndarray:
    """Rotates (and mirrors) a map so that its shared words are as near as possible to their places in another.

    Args:
        xy: (n, 2), the map to rotate.
        target: (m, 2), the other map.
        shared: rows of xy whose words are in both maps.
        shared_target: their rows in `target`.

    Returns:
        (n, 2) float32; xy itself if fewer than 3 words are shared.
    """
    if len(shared) < 3:
        return xy
    return (xy @ procrustes(xy[shared], target[shared_target])).astype(np.float32)
