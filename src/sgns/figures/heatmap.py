"""A heat map of the cosines of words, in the order of their dendrogram."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sgns.base.files import check_output
from sgns.base.geometry import unit
from sgns.errors import ConfigError
from sgns.figures.grouping import average_linkage, leaf_order
from sgns.figures.style import INK, PICTURES, SOFT, new_figure, save, set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sgns.vectors.vectors import Vectors

MOST = 120  # words whose labels fit on a page
SHOW_NUMBERS = 24  # the most words for which each cell shows its cosine


@dataclass(frozen=True)
class HeatMap:
    """Words and cosines in the order of the heat map."""

    path: Path
    words: list[str]
    cosines: np.ndarray  # (n, n)
    title: str


def plot_heatmap(vectors: "Vectors", words: Sequence[str], path: str | Path, *, title: str | None = None) -> HeatMap:
    """Draws the cosines of words with each other, ordered by average linkage, with the dendrogram above.

    Args:
        vectors: the model.
        words: 2 to 120 words.
        path: where to write; .png, .svg or .pdf.
        title: states what is shown; by default made from the closest pair.

    Returns:
        Words and cosines in the order drawn.

    Raises:
        UnknownWord: a word is not in the vocabulary.
        ConfigError: there are fewer than 2 words or more than 120.
        OutputError: `path` cannot be written.
    """
    path = check_output(path, PICTURES)
    words = list(dict.fromkeys(words))
    n = len(words)
    if not 2 <= n <= MOST:
        raise ConfigError(f"{n} words for a heat map, outside 2 to {MOST}; name others with --words")
    X = unit(vectors.E[vectors.ids(words)], np.float64)
    cosines = np.clip(X @ X.T, -1, 1)
    merges = average_linkage(1 - cosines)
    order = leaf_order(merges)
    words, cosines = [words[i] for i in order], cosines[np.ix_(order, order)]
    if title is None:
        first, second = sorted(divmod(int(np.argmax(cosines - 3 * np.eye(n))), n))
        title = f"{words[first]} and {words[second]} are the most alike: cosine {cosines[first, second]:.2f}"

    size = 3.2 + n * (0.36 if n <= SHOW_NUMBERS else 0.19)
    figure, axes = new_figure(size, size + 0.5)
    between = cosines[~np.eye(n, dtype=bool)]
    low, high = min(0.0, float(between.min())), max(0.3, float(between.max()))
    image = axes.imshow(cosines, cmap="cividis", vmin=low, vmax=high)
    for side in axes.spines.values():
        side.set_visible(False)
    font: dict[str, Any] = {"fontsize": 9 if n <= SHOW_NUMBERS else 7, "color": INK, "parse_math": False}
    axes.set_xticks(range(n), words, rotation=90, **font)
    axes.set_yticks(range(n), words, **font)
    if n <= SHOW_NUMBERS:
        for i in range(n):
            for j in range(n):
                if i != j:
                    dark = cosines[i, j] < (low + high) / 2
                    text = f"{cosines[i, j]:.2f}".replace("0.", ".", 1)
                    axes.text(j, i, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    bar = figure.colorbar(image, ax=axes, shrink=0.5, pad=0.02)
    bar.set_label("cosine", color=SOFT)
    bar.outline.set_visible(False)
    tree = axes.inset_axes((0, 1.01, 1, 0.14))
    _draw_tree(tree, merges, order)
    set_title(tree, title, f"cosines of {n} words, ordered by average linkage")
    save(figure, path)
    return HeatMap(path, words, cosines, title)


def _draw_tree(axes: "Axes", merges: np.ndarray, order: list[int]) -> None:
    """Draws the dendrogram of `merges` above columns 0 to n − 1."""
    n = len(order)
    top = {word: (float(column), 0.0) for column, word in enumerate(order)}
    for step, (a, b, height, _) in enumerate(merges):
        (xa, ya), (xb, yb) = top[int(a)], top[int(b)]
        axes.plot([xa, xa, xb, xb], [ya, height, height, yb], color=SOFT, linewidth=0.9, solid_joinstyle="miter")
        top[n + step] = ((xa + xb) / 2, height)
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_ylim(0, float(merges[:, 2].max()) * 1.05 or 1.0)
    axes.axis("off")
