"""Clusters of thousands of words: k-means on directions, each named by its middle words."""

import numpy as np

from sgns.figures.pca import unit_rows

ROUNDS = 30


def spherical_kmeans(X: np.ndarray, k: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Group unit vectors around k mean directions (Dhillon & Modha 2001), started by k-means++ (Arthur 2007).

    Args:
        X: (n, d) unit rows.
        k: clusters, at most n.
        seed: of the first centres.

    Returns:
        Labels (n,) int, largest cluster first, and the mean directions (k, d).
    """
    random = np.random.default_rng(seed)
    centres = X[random.integers(len(X))][None]
    while len(centres) < k:
        far = np.maximum(1 - (X @ centres.T).max(axis=1), 0) + 1e-12
        centres = np.vstack([centres, X[random.choice(len(X), p=far / far.sum())]])
    labels = np.full(len(X), -1)
    for _ in range(ROUNDS):
        scores = X @ centres.T
        new = scores.argmax(axis=1)
        if np.array_equal(new, labels):
            break
        labels = new
        for cluster in range(k):
            members = labels == cluster
            # an empty cluster takes the word that fits worst where it is
            centres[cluster] = X[members].sum(axis=0) if members.any() else X[scores.max(axis=1).argmin()]
        centres = unit_rows(centres).astype(X.dtype)
    order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    return np.argsort(order)[labels], centres[order]


def name_clusters(X: np.ndarray, words: list[str], labels: np.ndarray, centres: np.ndarray) -> list[str]:
    """A name for each cluster: the three words nearest to its mean among the most frequent of its members."""
    names = []
    for cluster, centre in enumerate(centres):
        members = np.flatnonzero(labels == cluster)
        frequent = members[: max(30, len(members) // 20)]
        best = frequent[np.argsort(-(X[frequent] @ centre), kind="stable")[:3]]
        names.append(", ".join(words[i] for i in best))
    return names
