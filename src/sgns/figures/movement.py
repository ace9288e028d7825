"""A plot of how words moved from one model to another: arrows, after the second is aligned with the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.files import check_output
from sgns.base.geometry import principal_components, unit
from sgns.errors import ConfigError
from sgns.figures.labels import overlaps, place_labels
from sgns.figures.style import COLOURS, PICTURES, new_figure, save, set_component_axes, set_title
from sgns.vectors.alignment import COMPARED_WORDS, aligned_cosines, procrustes, shared_words

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

CHOICE = 12  # words that moved most, and words that moved least, shown if none are named


@dataclass(frozen=True)
class Movement:
    """Cosine and coordinates of each word in both models, after alignment."""

    path: Path
    words: list[str]
    cosines: dict[str, float]  # of each word with itself in the other model
    start: np.ndarray  # (n, 2), in the first model
    end: np.ndarray  # (n, 2), in the second
    shared: int  # words that both models have
    title: str
    overlapping: list[tuple[str, str]]  # labels that could not be separated


def plot_movement(
    a: "Vectors",
    b: "Vectors",
    path: str | Path,
    words: Sequence[str] | None = None,
    *,
    names: tuple[str, str] = ("A", "B"),
    title: str | None = None,
) -> Movement:
    """Draws an arrow for each word from its coordinates in `a` to those in `b`.

    Both models are scaled to unit rows and `b` is rotated onto `a` by orthogonal Procrustes over the 10,000 shared
    words most frequent in both, as in `compare_spaces`: both give the same words and cosines. The plane is that of the
    first two principal components of all ends of arrows.

    Args:
        a: the first model.
        b: the second; it needs the same dimension, and at least d words in common.
        path: where to write; .png, .svg or .pdf.
        words: what to draw; by default the 12 of those 10,000 that moved most and the 12 that moved least.
        names: of the models.
        title: states what is shown; by default made from the word that moved most.

    Returns:
        Cosines and coordinates as drawn.

    Raises:
        UnknownWord: a word is missing in either model.
        ConfigError: the dimensions differ, or the models share fewer than d words.
        OutputError: `path` cannot be written.
    """
    path = check_output(path, PICTURES)
    if a.dim != b.dim:
        raise ConfigError(f"the models have {a.dim} and {b.dim} dimensions; train both with the same --dim")
    shared = shared_words([a, b])[:COMPARED_WORDS]
    if len(shared) < a.dim:
        raise ConfigError(
            f"the models share {len(shared)} words, fewer than their {a.dim} dimensions; too few to align them"
        )
    A, B = unit(a[shared]), unit(b[shared])
    R = procrustes(B, A)
    if words is None:
        moved = np.argsort(aligned_cosines(A, B), kind="stable")
        words = [shared[i] for i in dict.fromkeys([*moved[:CHOICE].tolist(), *moved[-CHOICE:].tolist()])]
    words = list(dict.fromkeys(words))
    start = unit(a[words])
    end = unit(b[words]) @ R
    cosines = dict(zip(words, np.einsum("ij,ij->i", start, end).astype(np.float64).tolist()))
    xy, explained = principal_components(np.vstack([start, end]))
    start, end = xy[: len(words)], xy[len(words) :]
    if title is None:
        far = min(cosines, key=cosines.__getitem__)
        title = f"{far} moved most from {names[0]} to {names[1]}: cosine {cosines[far]:.2f}"

    figure, axes = new_figure(9, 6.75)
    set_component_axes(axes, explained)
    median = float(np.median(list(cosines.values())))
    colours = [COLOURS[1] if cosines[word] < median else COLOURS[0] for word in words]
    for (x0, y0), (x1, y1), colour in zip(start, end, colours):
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.1, "shrinkA": 2, "shrinkB": 0}
        axes.annotate("", (x1, y1), (x0, y0), arrowprops=arrow)
    axes.scatter(start[:, 0], start[:, 1], s=14, color=colours, zorder=3)
    axes.scatter(end[:, 0], end[:, 1], s=0)
    note = f"arrows from {names[0]} to {names[1]}, aligned on {len(shared):,} shared words; orange moved more than most"
    set_title(axes, title, note)
    figure.draw_without_rendering()
    texts = place_labels(figure, axes, start, words, colours, avoid=np.stack([start, end], axis=1))
    save(figure, path)
    return Movement(path, words, cosines, start, end, len(shared), title, overlaps(figure, texts))
