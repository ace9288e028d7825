"""A plot of words on their first two principal components; colour, marker and outline show the groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.files import check_output
from sgns.base.geometry import principal_components, unit
from sgns.figures.grouping import group_words
from sgns.figures.labels import overlaps, place_labels
from sgns.figures.style import (
    COLOURS,
    MARKERS,
    PICTURES,
    SOFT,
    new_figure,
    percent,
    save,
    set_component_axes,
    set_title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sgns.vectors.vectors import Vectors


@dataclass(frozen=True)
class WordPlot:
    """The coordinates and groups that a plot shows."""

    path: Path
    words: list[str]
    coordinates: np.ndarray  # (n, 2) float64, a row for each word
    explained: np.ndarray  # (2,) share of the words' variance on each axis
    groups: dict[str, list[str]]
    title: str
    overlapping: list[tuple[str, str]]  # labels that could not be separated; empty unless there are hundreds of words


def plot_words(
    vectors: "Vectors",
    words: Sequence[str],
    path: str | Path,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    title: str | None = None,
) -> WordPlot:
    """Draws words on the plane of their first two principal components.

    The vectors are scaled to length 1 first, since length depends on frequency more than on meaning. The components are
    those of the words drawn, not of the whole vocabulary, so these words differ most on this plane.

    Args:
        vectors: the model.
        words: two or more words; a repeated one is drawn once.
        path: where to write; .png, .svg or .pdf.
        groups: name -> words; by default found by `group_words`. Words in no group are grey.
        title: states what is shown; by default made from the groups.

    Returns:
        Coordinates, shares of variance and groups, as drawn.

    Raises:
        UnknownWord: a word is not in the vocabulary.
        OutputError: `path` cannot be written.
    """
    path = check_output(path, PICTURES)
    words = list(dict.fromkeys([*words, *(word for members in (groups or {}).values() for word in members)]))
    X = unit(vectors.E[vectors.ids(words)], np.float64)
    xy, explained = principal_components(X)
    if groups is None:
        shown = group_words(vectors, words)
    else:
        shown = {name: list(dict.fromkeys(members)) for name, members in groups.items()}
    title = title or _title(words, shown)

    figure, axes = new_figure(9, 6.75)
    axes.axhline(0, color="#eeeeee", linewidth=0.8, zorder=0)
    axes.axvline(0, color="#eeeeee", linewidth=0.8, zorder=0)
    set_component_axes(axes, explained)
    kept = percent(explained.sum())
    set_title(axes, title, f"PCA of {len(words)} word vectors; this plane keeps {kept} of their variance")
    colours = _scatter(axes, xy, words, shown)
    figure.draw_without_rendering()
    texts = place_labels(figure, axes, xy, words, colours)
    save(figure, path)
    return WordPlot(path, words, xy, explained, shown, title, overlaps(figure, texts))


def _title(words: list[str], groups: dict[str, list[str]]) -> str:
    if len(groups) < 2:
        return f"{len(words)} words by their principal components"
    names = ", ".join(list(groups)[:6]) + (" …" if len(groups) > 6 else "")
    return f"{len(groups)} groups of words: {names}"


def _scatter(axes: "Axes", xy: np.ndarray, words: list[str], groups: dict[str, list[str]]) -> list[str]:
    """Draws points and outlines; returns the colour of each word."""
    colours = [SOFT] * len(words)
    at = {word: i for i, word in enumerate(words)}
    reach = 0.022 * float(np.ptp(xy, axis=0).max() or 1.0)
    for number, members in enumerate(groups.values()):
        ids = [at[word] for word in members]
        colour = COLOURS[number % len(COLOURS)]
        for i in ids:
            colours[i] = colour
        outline = convex_hull(around(xy[ids], reach))
        if len(ids) > 1:
            axes.fill(outline[:, 0], outline[:, 1], color=colour, alpha=0.09, linewidth=0, zorder=1)
        axes.scatter(
            xy[ids, 0],
            xy[ids, 1],
            s=44 if number % len(MARKERS) > 3 else 28,
            color=colour,
            marker=MARKERS[number % len(MARKERS)],
            edgecolor="white",
            linewidth=0.6,
            zorder=3,
        )
    alone = [i for i, colour in enumerate(colours) if colour == SOFT]
    axes.scatter(xy[alone, 0], xy[alone, 1], s=28, color=SOFT, edgecolor="white", linewidth=0.6, zorder=3)
    return colours


def around(xy: np.ndarray, radius: float) -> np.ndarray:
    """Points (24·n, 2) on circles around the points of xy (n, 2): their hull is the hull of xy, wider and rounded."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return (xy[:, None, :] + ring).reshape(-1, 2)


def convex_hull(xy: np.ndarray) -> np.ndarray:
    """Corners (m, 2) of the convex hull of xy (n, 2), anticlockwise (Andrew's monotone chain, 1979)."""
    points = sorted(set(map(tuple, xy.tolist())))
    if len(points) < 3:
        return np.array(points)

    def half(points: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        chain: list[tuple[float, ...]] = []
        for x, y in points:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2], chain[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return np.array(half(points) + half(points[::-1]))
