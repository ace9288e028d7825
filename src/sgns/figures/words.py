"""Which words a figure shows: those that are named, those of a file, or groups that are chosen from the model."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.files import remedy_for
from sgns.base.geometry import principal_components, unit
from sgns.errors import InputError

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

Groups = dict[str, list[str]]

CANDIDATES = 1500  # the most frequent words; the vectors of rarer ones are noisier
SPARE_GROUPS = 3  # chosen beyond those asked for, so that groups that overlap in the picture can be left out
MIN_COUNT = 20  # of a candidate


def words_to_show(vectors: "Vectors", asked: Sequence[str] | None) -> tuple[list[str], Groups | None]:
    """Finds the words to show, and their groups if these are known.

    Args:
        vectors: the model.
        asked: words, or one name of a file: its words stand between blanks and line ends, and a line
            `fruit: apple pear plum` makes a group. One name is read as a file if it is no word of the model but looks
            like a path. If None or empty, groups are chosen by `choose_groups`.

    Returns:
        The words without repeats, and name -> words, or None if the words are not grouped.

    Raises:
        UnknownWord: a word is not in the vocabulary; the message has its nearest spellings.
        InputError: the file cannot be read or has no word.
    """
    vectors = vectors.with_text_words()
    if not asked:
        chosen = choose_groups(vectors)
        if not chosen:
            raise InputError("0 words in the vectors, 1 is needed to draw; train on more text")
        return [word for group in chosen for word in group], {group[0]: group for group in chosen}
    if len(asked) == 1 and asked[0] not in vectors and _looks_like_file(asked[0]):
        words, groups = read_words(Path(asked[0]))
    else:
        words, groups = list(dict.fromkeys(asked)), None
    vectors.ids(words)
    return words, groups


def read_words(path: Path) -> tuple[list[str], Groups | None]:
    """Reads words and groups from a file, as `words_to_show` describes. Raises `InputError`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        remedy = remedy_for(error, "give a file of words or the words themselves")
        raise InputError(f"{path} cannot be read: {error.strerror}; {remedy}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8 text") from None
    words: dict[str, None] = {}
    groups: Groups = {}
    for line in lines:
        name, colon, rest = line.partition(": ")
        members = rest.split() if colon else line.removesuffix(":").split()
        if colon and name.strip():
            group = groups.setdefault(name.strip(), [])
            group += [word for word in dict.fromkeys(members) if word not in group]
        words |= dict.fromkeys(members)
    if not words:
        raise InputError(f"{path} holds no word; write words separated by blanks, or lines like: fruit: apple pear")
    return list(words), groups or None


def choose_groups(vectors: "Vectors", groups: int = 6, size: int = 6) -> list[list[str]]:
    """Chooses tight groups of frequent words that are far from each other.

    A word and its nearest neighbours are a group; its tightness is the mean cosine of its pairs. Groups are taken
    greedily: first the tightest, then repeatedly the one whose tightness minus half its cosine with the nearest chosen
    group is largest. A few more are chosen than asked for; those are kept that are best separated in the plane of their
    principal components.

    The mean of all candidates is subtracted first: in a small model all words have a common direction, and every cosine
    is near 1 (Mu & Viswanath, All-but-the-Top, 2018).

    Args:
        vectors: the model.
        groups: the most groups to choose.
        size: words in each.

    Returns:
        The groups; the first word of each is its centre. Small models give fewer groups.
    """
    ids = _candidates(vectors)
    size = min(size, len(ids))
    if size < 2:
        return [[vectors.words[i] for i in ids]] if ids else []
    X = unit(vectors.E[ids], np.float64)
    X = unit(X - X.mean(axis=0), np.float64)
    cosines = X @ X.T
    np.fill_diagonal(cosines, 2.0)  # a word comes first in its own group, also among words with equal vectors
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :size]
    centres = X[near].sum(axis=1)
    tightness = ((centres**2).sum(axis=1) - size) / (size * (size - 1))
    centres = unit(centres, np.float64)

    free, nearest = np.ones(len(ids), dtype=bool), np.zeros(len(ids))
    chosen: list[int] = []
    while len(chosen) < groups + SPARE_GROUPS:
        available = free[near].all(axis=1)
        if not available.any():
            break
        best = int(np.where(available, tightness - 0.5 * nearest, -np.inf).argmax())
        if len(chosen) >= groups and tightness[best] < 0.8 * tightness[chosen].min():
            break  # a spare group must be about as tight as the others
        free[near[best]] = False
        nearest = np.maximum(nearest, centres @ centres[best])
        chosen.append(best)
    rows = unit(vectors.E[ids], np.float64)
    kept = max(combinations(chosen, min(groups, len(chosen))), key=lambda some: _separation(rows[near[list(some)]]))
    return [[vectors.words[ids[i]] for i in near[group]] for group in kept]


def _separation(groups: np.ndarray) -> float:
    """How well groups (g, size, d) are separated in the plane of their principal components.

    The least distance between the means of two groups, divided by the sum of their mean distances from these means.
    """
    count, size, d = groups.shape
    if count < 2:
        return 0.0
    xy = principal_components(groups.reshape(-1, d))[0].reshape(count, size, 2)
    means = xy.mean(axis=1)
    spread = np.linalg.norm(xy - means[:, None], axis=2).mean(axis=1)
    apart = np.linalg.norm(means[:, None] - means, axis=2) / (spread[:, None] + spread + np.finfo(float).tiny)
    return float(apart[~np.eye(count, dtype=bool)].min())


def _candidates(vectors: "Vectors") -> list[int]:
    """Rows of frequent words of letters alone; of all frequent words if there are few of these."""
    few = min(len(vectors.words), 4 * CANDIDATES)
    counts = vectors.counts if vectors.counts is not None else np.full(len(vectors.words), MIN_COUNT)
    frequent = np.argsort(-np.asarray(counts), kind="stable")[:few]
    good = [int(i) for i in frequent if counts[i] >= MIN_COUNT and _is_legible(vectors.words[i])][:CANDIDATES]
    return good if len(good) >= 30 else [int(i) for i in frequent[:CANDIDATES]]


def _is_legible(word: str) -> bool:
    return word.isalpha() and (len(word) >= 3 or not word.isascii())


def _looks_like_file(name: str) -> bool:
    return (
        "/" in name or "\\" in name or Path(name).suffix in (".txt", ".tsv", ".words", ".lst") or Path(name).is_file()
    )
