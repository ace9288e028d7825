"""How our figures look: colours that colour-blind readers tell apart, plain axes, and files written whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.figures.output import write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito (2008) without yellow, which nobody can read on white; light hues darkened for text. Shapes say it twice.
COLOURS = ("#0072b2", "#d55e00", "#008a64", "#b0478b", "#8a6d00", "#2f93d0", "#4d4d4d", "#9a3412")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, SOFT, FAINT = "#222222", "#666666", "#dddddd"


def new_figure(width: float, height: float) -> tuple["Figure", "Axes"]:
    """An empty figure of `width` × `height` inches with one pair of axes; no global state, no window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=SOFT, labelsize=8, length=0)
    return figure, axes


def set_title(axes: "Axes", title: str, below: str = "") -> None:
    """A title that states what is seen, and under it in grey how it was made."""
    axes.set_title(
        title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=22 if below else 10, parse_math=False
    )
    if below:
        axes.text(0, 1, below, transform=_above(axes), fontsize=9, color=SOFT, va="bottom", ha="left", parse_math=False)


def _above(axes: "Axes") -> Any:
    from matplotlib.transforms import ScaledTranslation

    return axes.transAxes + ScaledTranslation(0, 7 / 72, axes.figure.dpi_scale_trans)


def save(figure: "Figure", path: Path) -> None:
    """Write `figure` as PNG (200 dpi), SVG or PDF, by the ending of `path`; the same picture gives the same bytes."""
    from io import BytesIO

    import matplotlib

    _fit_titles(figure)
    kind = path.suffix.lower()[1:]
    metadata: dict[str, Any] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    buffer = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "sgns", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=kind, dpi=200, facecolor="white", metadata=metadata[kind])
    write(path, buffer.getvalue())


def _fit_titles(figure: "Figure") -> None:
    """Make a title smaller that would run out of the page."""
    for axes in figure.axes:
        title = axes._left_title  # type: ignore[attr-defined]  # there is no public way to the title on the left
        figure.draw_without_rendering()
        box = title.get_window_extent()
        room = figure.bbox.width - box.x0 - 6
        if box.width > room:
            title.set_fontsize(max(7.0, title.get_fontsize() * room / box.width))
