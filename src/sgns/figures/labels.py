"""Words beside their points, none on top of another."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

SIZES = (10.0, 9.0, 8.0, 7.0, 6.0)  # points; smaller where many words crowd


def place_labels(
    figure: "Figure",
    axes: "Axes",
    xy: np.ndarray,
    words: "Sequence[str]",
    colours: "Sequence[str]",
    avoid: np.ndarray | None = None,
) -> list["Text"]:
    """Write each word near its point; textalloc finds the places, and we check that no two labels overlap.

    Where they do, the text is made smaller, and at last the page larger, until all stand free.

    Args:
        figure: the page, drawn once already.
        axes: itsaxes, with final limits.
        xy: (n, 2) the points.
        words: n labels.
        colours: n colours.
        avoid: (m, 2, 2) lines from point to point to keep clear of.

    Returns:
        The labels drawn.
    """
    import textalloc

    lines = {} if avoid is None else {"x_lines": list(avoid[:, :, 0]), "y_lines": list(avoid[:, :, 1])}
    size, texts = SIZES[0], []
    for attempt in range(12):
        size = SIZES[min(attempt, len(SIZES) - 1)]
        if attempt >= len(SIZES):
            width, height = figure.get_size_inches()
            figure.set_size_inches(1.25 * float(width), 1.25 * float(height))
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
            max_distance=0.12,
            nbr_candidates=300,
            avoid_label_lines_overlap=True,
            draw_all=True,
            parse_math=False,  # a word with two dollar signs is no formula
        )
        if not overlaps(figure, texts):
            return texts
        if attempt < 11:
            for artist in [*texts, *leaders]:
                if artist is not None:
                    artist.remove()
    return texts


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
