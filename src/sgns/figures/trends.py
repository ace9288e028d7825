"""What a plot shows, as text: the nearest neighbours of each word, and the groups from tightest to loosest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sgns.base.geometry import unit
from sgns.figures.grouping import group_words

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class Group:
    """Words that belong together; `tightness` is the mean cosine of their pairs."""

    name: str
    words: list[str]
    tightness: float


@dataclass(frozen=True)
class Trends:
    """Neighbours of each word in the whole vocabulary, and the groups of the words themselves, tightest first."""

    neighbours: dict[str, list[tuple[str, float]]]
    groups: list[Group]

    def text(self) -> str:
        """Returns the trends as lines of text, the words in columns."""
        width = max((len(word) for word in self.neighbours), default=0)
        lines = ["Nearest neighbours (cosine)"]
        for word, near in self.neighbours.items():
            lines.append(f"  {word:<{width}}  " + ", ".join(f"{other} {_cosine(value)}" for other, value in near))
        if self.groups:
            lines += ["", "Tightest groups (mean cosine of their pairs)"]
            lines += [f"  {_cosine(group.tightness)}  {', '.join(group.words)}" for group in self.groups]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Returns the trends as plain JSON values."""
        return {
            "neighbours": {
                word: [{"word": other, "cosine": value} for other, value in near]
                for word, near in self.neighbours.items()
            },
            "groups": [{"name": g.name, "words": g.words, "tightness": g.tightness} for g in self.groups],
        }


def find_trends(
    vectors: "Vectors", words: Sequence[str], groups: Mapping[str, Sequence[str]] | None = None, n: int = 3
) -> Trends:
    """Finds the nearest neighbours of words and the tightness of their groups.

    Args:
        vectors: the model.
        words: the words to describe.
        groups: name -> words; by default found by `group_words`.
        n: neighbours of each word.

    Returns:
        Neighbours, the same as from `Vectors.most_similar`, and the groups of two words or more.

    Raises:
        UnknownWord: a word is not in the vocabulary.
    """
    words = list(dict.fromkeys(words))
    near = vectors.most_similar_each(words, n) if words else []
    groups = groups if groups is not None else group_words(vectors, words)
    found = [Group(name, list(members), _tightness(vectors, members)) for name, members in groups.items()]
    found = [group for group in found if len(group.words) > 1]
    return Trends(dict(zip(words, near)), sorted(found, key=lambda group: -group.tightness))


def _tightness(vectors: "Vectors", words: Sequence[str]) -> float:
    n = len(words)
    if n < 2:
        return 1.0
    X = unit(vectors.E[vectors.ids(words)], np.float64)
    total = X.sum(axis=0)
    return float((total @ total - np.einsum("ij,ij->", X, X)) / (n * (n - 1)))


def _cosine(value: float) -> str:
    """Formats a cosine as tables print it: .71 for 0.713."""
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 0.995 else f"{value:.1f}"
