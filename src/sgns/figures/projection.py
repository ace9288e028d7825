"""Words on a plane for the map: PCA, or UMAP where its library is installed."""

from typing import Literal

import numpy as np

from sgns.base.geometry import principal_components, unit
from sgns.errors import ConfigError, MissingExtra

Projection = Literal["pca", "umap"]


def project(E: np.ndarray, how: Projection = "pca", seed: int = 1) -> tuple[np.ndarray, np.ndarray | None]:
    """Coordinates of words in the square from −1 to 1.

    Args:
        E: (n, d) vectors; scaled to length 1 first.
        how: pca keeps distances as far as a plane can; umap keeps neighbours together and makes islands (McInnes et al.
            2018), with cosine distance and 15 neighbours.
        seed: of umap.

    Returns:
        (n, 2) float32, and the shares of variance (2,) for pca.

    Raises:
        MissingExtra: umap-learn is not installed.
        ConfigError: too few words for umap, or another projection.
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

    with warnings.catch_warnings():  # it warns that a seed costs it its threads; that is what a seed is for
        warnings.simplefilter("ignore")
        return UMAP(metric="cosine", n_neighbors=15, min_dist=0.1, random_state=seed).fit_transform(unit(E, np.float64))


def turn_onto(xy: np.ndarray, target: np.ndarray, shared: np.ndarray, shared_target: np.ndarray) -> np.ndarray:
    """Turn and mirror the map xy (n, 2) so that its shared words lie as near as can be to where `target` has them.

    Args:
        xy: the map to turn.
        target: (m, 2) the map that stays.
        shared: rows of xy whose words stand in both maps.
        shared_target: their rows in `target`.
    """
    from sgns.vectors.alignment import procrustes

    if len(shared) < 3:
        return xy
    return (xy @ procrustes(xy[shared], target[shared_target])).astype(np.float32)
