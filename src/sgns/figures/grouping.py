"""Groups of a few hundred words: average linkage on cosine, its dendrogram, and how many groups to cut it into."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.geometry import unit

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors


def group_words(vectors: "Vectors", words: Sequence[str]) -> dict[str, list[str]]:
    """Groups words by average linkage on 1 − cosine; the number of groups has the best silhouette.

    Returns:
        name -> words; a group has the name of its first word.

    Raises:
        UnknownWord: a word is not in the vocabulary.
    """
    if not words:
        return {}
    X = unit(vectors.E[vectors.ids(words)], np.float64)
    labels = natural_groups(1.0 - X @ X.T)
    sets = [[word for word, at in zip(words, labels) if at == label] for label in range(labels.max() + 1)]
    return {members[0]: members for members in sets}


def average_linkage(D: np.ndarray) -> np.ndarray:
    """Merges the two closest clusters until one is left (UPGMA; Sokal & Michener 1958).

    The distance between two clusters is the mean distance between their members. A merge of clusters a and b of sizes
    |a| and |b| updates it: D(a∪b, x) = (|a|·D(a, x) + |b|·D(b, x)) / (|a| + |b|).

    Args:
        D: (n, n) symmetric distances.

    Returns:
        (n − 1, 4) merges in the form of `scipy.cluster.hierarchy.linkage`: the two clusters (merge i makes cluster
        n + i), their distance, and the number of words in the new cluster.
    """
    n = len(D)
    D = np.array(D, dtype=np.float64)
    np.fill_diagonal(D, np.inf)
    name, size = np.arange(n), np.ones(n)
    merges = np.empty((max(n - 1, 0), 4))
    for step in range(n - 1):
        a, b = sorted(np.unravel_index(np.argmin(D), D.shape))
        merges[step] = *sorted((name[a], name[b])), D[a, b], size[a] + size[b]
        joined = (size[a] * D[a] + size[b] * D[b]) / (size[a] + size[b])
        D[a], D[:, a], D[a, a] = joined, joined, np.inf
        D[b], D[:, b] = np.inf, np.inf
        name[a], size[a] = n + step, size[a] + size[b]
    return merges


def leaf_order(merges: np.ndarray) -> list[int]:
    """Returns the leaves of a dendrogram from left to right, in an order in which no branches cross."""
    n = len(merges) + 1
    order: list[int] = []
    todo = [2 * n - 2]
    while todo:
        node = todo.pop()
        if node < n:
            order.append(node)
        else:
            left, right = merges[node - n, :2].astype(int)
            todo += [right, left]
    return order


def cut(merges: np.ndarray, groups: int) -> np.ndarray:
    """Cuts a dendrogram into `groups` clusters: labels (n,) int, numbered by first appearance."""
    n = len(merges) + 1
    members: dict[int, list[int]] = {i: [i] for i in range(n)}
    for step in range(n - groups):
        a, b = merges[step, :2].astype(int)
        members[n + step] = members.pop(a) + members.pop(b)
    labels = np.empty(n, dtype=int)
    for label, words in enumerate(sorted(members.values(), key=min)):
        labels[words] = label
    return labels


def silhouette(D: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette (Rousseeuw 1987) of a grouping, −1 to 1; a word alone in its group counts 0.

    Args:
        D: (n, n) distances.
        labels: (n,) int, the group of each word.
    """
    same = labels[:, None] == labels[None, :]
    sizes = np.array([(labels == g).sum() for g in range(labels.max() + 1)])
    to_group = np.stack([D[:, labels == g].mean(axis=1) for g in range(len(sizes))], axis=1)
    own = sizes[labels]
    a = (D * same).sum(axis=1) / np.maximum(own - 1, 1)
    to_group[np.arange(len(labels)), labels] = np.inf
    b = to_group.min(axis=1)
    values = np.where(own > 1, (b - a) / np.maximum(np.maximum(a, b), np.finfo(float).tiny), 0.0)
    return float(values.mean())


def natural_groups(D: np.ndarray, most: int = 8) -> np.ndarray:
    """Groups by average linkage into the 2 to `most` clusters with the best silhouette.

    Args:
        D: (n, n) distances.
        most: the most groups.

    Returns:
        Labels (n,) int; up to three words are one group.
    """
    n = len(D)
    if n <= 3:
        return np.zeros(n, dtype=int)
    merges = average_linkage(D)
    groupings = [cut(merges, groups) for groups in range(2, min(most, n - 1) + 1)]
    return max(groupings, key=lambda labels: silhouette(D, labels))
