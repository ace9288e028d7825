"""Average linkage: which of a few hundred words belong together, in which order, and in how many groups."""

import numpy as np


def average_linkage(D: np.ndarray) -> np.ndarray:
    """Merge the two closest clusters until one is left (UPGMA; Sokal & Michener 1958).

    The distance between two clusters is the mean distance between their members, which a merge of clusters a and b of
    sizes |a| and |b| keeps up to date: D(a∪b, x) = (|a|·D(a, x) + |b|·D(b, x)) / (|a| + |b|).

    Args:
        D: (n, n) symmetric distances.

    Returns:
        (n − 1, 4) merges as SciPy writes them: the two clusters (n + i is the one that merge i made), their distance,
        the number of words in the new one.
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
    """The words from left to right under the dendrogram of `merges`, so that no branches cross."""
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
    """Labels (n,) int of the `groups` clusters that stand before the last merges, numbered by first appearance."""
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
    """Mean silhouette (Rousseeuw 1987) of a grouping, −1 to 1; a word alone in its group counts 0."""
    inside = labels[:, None] == labels[None, :]
    sizes = np.array([(labels == g).sum() for g in range(labels.max() + 1)])
    to_group = np.stack([D[:, labels == g].mean(axis=1) for g in range(len(sizes))], axis=1)
    own = sizes[labels]
    a = (D * inside).sum(axis=1) / np.maximum(own - 1, 1)
    to_group[np.arange(len(labels)), labels] = np.inf
    b = to_group.min(axis=1)
    worth = np.where(own > 1, (b - a) / np.maximum(np.maximum(a, b), np.finfo(float).tiny), 0.0)
    return float(worth.mean())


def natural_groups(D: np.ndarray, most: int = 8) -> np.ndarray:
    """The grouping (n,) of 2 to `most` clusters whose silhouette is best; up to three words are one group."""
    n = len(D)
    if n <= 3:
        return np.zeros(n, dtype=int)
    merges = average_linkage(D)
    grouping = [cut(merges, groups) for groups in range(2, min(most, n - 1) + 1)]
    return max(grouping, key=lambda labels: silhouette(D, labels))
