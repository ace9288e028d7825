"""What a plot shows, said in words: the nearest neighbours of each word, and the groups from tightest to loosest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sgns.base.geometry import unit
from sgns.figures.linkage import natural_groups

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class Group:
    """Words that belong together; `tightness` is the mean cosine of its pairs."""

    name: str
    words: list[str]
    tightness: float


@dataclass(frozen=True)
class Trends:
    """Neighbours of each word in the whole vocabulary, and the groups of the words themselves, tightest first."""

    neighbours: dict[str, list[tuple[str, float]]]
    groups: list[Group]

    def text(self) -> str:
        """The trends as lines for people, words in columns."""
        width = max((len(word) for word in self.neighbours), default=0)
        lines = ["Nearest neighbours (cosine)"]
        for word, near in self.neighbours.items():
            lines.append(f"  {word:<{width}}  " + ", ".join(f"{other} {_cosine(value)}" for other, value in near))
        if self.groups:
            lines += ["", "Tightest groups (mean cosine of their pairs)"]
            lines += [f"  {_cosine(group.tightness)}  {', '.join(group.words)}" for group in self.groups]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The trends as plain JSON values."""
        return {
            "neighbours": {
                word: [{"word": other, "cosine": value} for other, value in near]
                for word, near in self.neighbours.items()
            },
            "groups": [{"name": g.name, "words": g.words, "tightness": g.tightness} for g in self.groups],
        }


def trends(
    vectors: "Vectors", words: Sequence[str], groups: Mapping[str, Sequence[str]] | None = None, n: int = 3
) -> Trends:
    """Find what stands out among `words`.

    Args:
        vectors: the model.
        words: the words to speak of.
        groups: name -> words; found by average linkage on cosine where left out.
        n: neighbours a word.

    Returns:
        Neighbours, exactly as `Vectors.similar` gives them, and groups of two or more words.

    Raises:
        UnknownWord: a word is not in the vocabulary.
    """
    words = list(dict.fromkeys(words))
    near = vectors.most_similar_each(words, n) if words else []
    groups = groups if groups is not None else group_words(vectors, words)
    found = [Group(name, list(members), _tightness(vectors, members)) for name, members in groups.items()]
    found = [group for group in found if len(group.words) > 1]
    return Trends(dict(zip(words, near)), sorted(found, key=lambda group: -group.tightness))


def group_words(vectors: "Vectors", words: Sequence[str]) -> dict[str, list[str]]:
    """Groups of `words` by average linkage on cosine, as many as the silhouette asks for, named by their first word."""
    if not words:
        return {}
    X = unit(vectors.E[vectors.ids(words)], np.float64)
    labels = natural_groups(1.0 - X @ X.T)
    sets = [[word for word, at in zip(words, labels) if at == label] for label in range(labels.max() + 1)]
    return {members[0]: members for members in sets}


def _tightness(vectors: "Vectors", words: Sequence[str]) -> float:
    n = len(words)
    if n < 2:
        return 1.0
    X = unit(vectors.E[vectors.ids(words)], np.float64)
    total = X.sum(axis=0)
    return float((total @ total - np.einsum("ij,ij->", X, X)) / (n * (n - 1)))


def _cosine(value: float) -> str:
    """.71 for 0.713, as tables of cosines are printed."""
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 0.995 else f"{value:.1f}"
