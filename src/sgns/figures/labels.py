"""Labels beside their points, none on top of another."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

SIZES = (10.0, 9.0, 8.0, 7.0, 6.0)  # points, tried in this order
CAREFUL = 60  # the most words for which several layouts are tried, so that labels cover no point
MARK = 3.5  # points from the middle of a mark to its edge


def place_labels(
    figure: "Figure",
    axes: "Axes",
    xy: np.ndarray,
    words: "Sequence[str]",
    colours: "Sequence[str]",
    avoid: np.ndarray | None = None,
) -> list["Text"]:
    """Writes each word near its point, with a line (leader) to the point if it is further off.

    textalloc finds the positions. If labels overlap or cover points, or leaders cross, larger distances and smaller
    text are tried. If labels still overlap, the page is enlarged until none do.

    Args:
        figure: the page; it must have been drawn once.
        axes: its axes, with final limits.
        xy: (n, 2), the points.
        words: n labels.
        colours: n colours.
        avoid: (m, 2, 2), lines from point to point that labels do not cover.

    Returns:
        The labels.
    """
    import textalloc

    lines = {} if avoid is None else {"x_lines": list(avoid[:, :, 0]), "y_lines": list(avoid[:, :, 1])}

    def write(size: float, reach: float) -> tuple[list["Text"], list[object]]:
        *_, texts, leaders = textalloc.allocate(
            axes,
            xy[:, 0],
            xy[:, 1],
            list(words),
            x_scatter=xy[:, 0],
            y_scatter=xy[:, 1],
            **lines,
            textsize=size,
            textcolor=list(colours),
            linecolor=list(colours),
            linewidth=0.5,
            margin=0.004,
            min_distance=0.009,
            max_distance=reach,
            nbr_candidates=300,
            avoid_label_lines_overlap=True,
            avoid_crossing_label_lines=True,
            draw_all=True,
            parse_math=False,  # a word with two dollar signs is not a formula
        )
        for text in texts:
            text.set_in_layout(False)  # or the layout would move the axes under labels that are already placed
        return texts, [artist for artist in [*texts, *leaders] if artist is not None]

    axes.autoscale(False)  # leaders must not change the limits
    careful = len(words) <= CAREFUL
    tries = [(10.0, 0.12), (10.0, 0.2), (9.0, 0.2), (8.0, 0.2)] if careful else []
    tries += [(size, 0.12) for size in SIZES]
    best, faults = tries[-1], np.inf
    for number, (size, reach) in enumerate(tries):
        texts, drawn = write(size, reach)
        found = 1000 * len(overlaps(figure, texts))
        if careful:
            found += covered(figure, axes, xy, texts) + crossings(leaders_of(drawn))
        if found == 0:
            return texts
        for artist in drawn:
            artist.remove()  # type: ignore[attr-defined]
        if found < faults:
            best, faults = (size, reach), found
        if faults < 1000 and number >= 3:
            break  # smaller text would be hard to read, and no label overlaps another
    for _ in range(8):
        texts, drawn = write(*best)
        if faults < 1000 or not overlaps(figure, texts):
            break
        for artist in drawn:
            artist.remove()  # type: ignore[attr-defined]
        width, height = figure.get_size_inches()
        figure.set_size_inches(1.25 * float(width), 1.25 * float(height))
        best = tries[-1]
    else:
        texts, drawn = write(*best)
    return texts


def covered(figure: "Figure", axes: "Axes", xy: np.ndarray, texts: "Sequence[Text]") -> int:
    """Counts the points of xy (n, 2) that a label covers."""
    if not texts:
        return 0
    figure.draw_without_rendering()
    x0, y0, x1, y1 = np.array([text.get_window_extent().extents for text in texts]).T[:, :, None]
    x, y = axes.transData.transform(xy).T
    reach = MARK * figure.dpi / 72
    on_top = (x0 < x + reach) & (x1 > x - reach) & (y0 < y + reach) & (y1 > y - reach)
    return int(on_top.any(axis=0).sum())


def leaders_of(drawn: "Sequence[object]") -> np.ndarray:
    """Returns the lines among drawn artists, (n, 2, 2): both ends of each."""
    from matplotlib.lines import Line2D

    return np.array([line.get_xydata() for line in drawn if isinstance(line, Line2D)]).reshape(-1, 2, 2)


def crossings(lines: np.ndarray) -> int:
    """Counts the pairs of lines (n, 2, 2) that cross; a common end is not a crossing."""
    a, b = lines[:, None, 0], lines[:, None, 1]

    def side(p: np.ndarray) -> np.ndarray:  # the side of each line on which p is
        return np.sign((b - a)[..., 0] * (p - a)[..., 1] - (b - a)[..., 1] * (p - a)[..., 0])

    apart = side(lines[None, :, 0]) * side(lines[None, :, 1]) < 0  # [i, j]: the ends of j are on different sides of i
    return int(np.triu(apart & apart.T, 1).sum())


def overlaps(figure: "Figure", texts: "Sequence[Text]") -> list[tuple[str, str]]:
    """Returns the pairs of labels whose boxes on the page overlap."""
    if not texts:
        return []
    figure.draw_without_rendering()
    boxes = np.array([text.get_window_extent().extents for text in texts])
    x0, y0, x1, y1 = boxes.T
    wide = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0) > 0
    high = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0) > 0
    first, second = (found.tolist() for found in np.nonzero(np.triu(wide & high, 1)))
    return [(texts[i].get_text(), texts[j].get_text()) for i, j in zip(first, second)]
