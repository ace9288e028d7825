"""Clusters of thousands of words: k-means on directions, each named by its middle words."""

import numpy as np

from sgns.base.geometry import spherical_kmeans

ROUNDS = 30


def largest_first(X: np.ndarray, k: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Spherical k-means of unit rows X (n, d): labels (n,), the largest cluster first, and mean directions (k, d)."""
    labels, centres, _ = spherical_kmeans(X, k, seed, ROUNDS)
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
