"""Words beside their points, none on top of another."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

SIZES = (10.0, 9.0, 8.0, 7.0, 6.0)  # points; smaller where many words crowd
CAREFUL = 60  # up to so many words, their places are tried several times so that they cover no point
POINT = 3.5  # points from the middle of a mark to its edge


def place_labels(
    figure: "Figure",
    axes: "Axes",
    xy: np.ndarray,
    words: "Sequence[str]",
    colours: "Sequence[str]",
    avoid: np.ndarray | None = None,
) -> list["Text"]:
    """Write each word near its point; textalloc finds the places, and we check that no two labels overlap.

    Where they do, where a label covers a point or lines from words to points cross, labels may stand further off and
    the text is made smaller; where labels overlap even so, the page becomes larger until all stand free.

    Args:
        figure: the page, drawn once already.
        axes: its axes, with final limits.
        xy: (n, 2) the points.
        words: n labels.
        colours: n colours.
        avoid: (m, 2, 2) lines from point to point to keep clear of.

    Returns:
        The labels drawn.
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
            parse_math=False,  # a word with two dollar signs is no formula
        )
        for text in texts:
            text.set_in_layout(False)  # or the axes would move under labels already placed
        return texts, [artist for artist in [*texts, *leaders] if artist is not None]

    axes.autoscale(False)  # the lines from words to points must not widen the view
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
    """How many points have a label on top of them."""
    if not texts:
        return 0
    figure.draw_without_rendering()
    x0, y0, x1, y1 = np.array([text.get_window_extent().extents for text in texts]).T[:, :, None]
    x, y = axes.transData.transform(xy).T
    reach = POINT * figure.dpi / 72
    on_top = (x0 < x + reach) & (x1 > x - reach) & (y0 < y + reach) & (y1 > y - reach)
    return int(on_top.any(axis=0).sum())


def leaders_of(drawn: "Sequence[object]") -> np.ndarray:
    """The lines from words to points among what was drawn: (n, 2, 2), an end a row."""
    from matplotlib.lines import Line2D

    return np.array([line.get_xydata() for line in drawn if isinstance(line, Line2D)]).reshape(-1, 2, 2)


def crossings(lines: np.ndarray) -> int:
    """How many pairs of `lines` (n, 2, 2) cross; a common end is no crossing."""
    a, b = lines[:, None, 0], lines[:, None, 1]

    def side(p: np.ndarray) -> np.ndarray:  # of each line, on which p lies
        return np.sign((b - a)[..., 0] * (p - a)[..., 1] - (b - a)[..., 1] * (p - a)[..., 0])

    apart = side(lines[None, :, 0]) * side(lines[None, :, 1]) < 0  # [i, j]: the ends of j lie on two sides of i
    return int(np.triu(apart & apart.T, 1).sum())


def overlaps(figure: "Figure", texts: "Sequence[Text]") -> list[tuple[str, str]]:
    """Pairs of labels whose boxes on the page share any area."""
    if not texts:
        return []
    figure.draw_without_rendering()
    boxes = np.array([text.get_window_extent().extents for text in texts])
    x0, y0, x1, y1 = boxes.T
    wide = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0) > 0
    high = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0) > 0
    first, second = (found.tolist() for found in np.nonzero(np.triu(wide & high, 1)))
    return [(texts[i].get_text(), texts[j].get_text()) for i, j in zip(first, second)]
