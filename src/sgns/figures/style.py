"""The look of the figures: colours, markers, fonts for every script, titles; and how a figure is written to a file."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.base.files import write_bytes
from sgns.base.folders import give_matplotlib_a_folder
from sgns.progress.callback import WarningCallback

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURES = (".png", ".svg", ".pdf")  # endings that `save` knows
# Okabe & Ito (2008), which colour-blind readers tell apart, without yellow, which is illegible on white; light hues are
# darkened for text. Each group also has a marker of its own.
COLOURS = ("#0072b2", "#d55e00", "#008a64", "#b0478b", "#8a6d00", "#2f93d0", "#4d4d4d", "#9a3412")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, SOFT, FAINT = "#222222", "#666666", "#dddddd"

WIDE_FONTS = re.compile(
    r"CJK|Noto Sans|Noto Naskh|WenQuanYi|Nanum|Malgun|YaHei|Meiryo|PingFang|Hiragino|Unifont|Arial Unicode"
)
FALLBACKS = 20  # the most fonts that are tried for a character
REPORTED = 8  # characters in the warning
MISSING = re.compile(r"Glyph (\d+) .* missing from (?:font|current font)")


def new_figure(width: float, height: float) -> tuple["Figure", "Axes"]:
    """Makes an empty figure of `width` × `height` inches with one pair of axes, without pyplot's global state."""
    give_matplotlib_a_folder()
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
    """Sets a title that states what the figure shows and, below it in grey, how the figure was made."""
    axes.set_title(
        title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=22 if below else 10, parse_math=False
    )
    if below:
        axes.text(0, 1, below, transform=_above(axes), fontsize=9, color=SOFT, va="bottom", ha="left", parse_math=False)


def _above(axes: "Axes") -> Any:
    from matplotlib.transforms import ScaledTranslation

    return axes.transAxes + ScaledTranslation(0, 7 / 72, axes.figure.dpi_scale_trans)


def set_component_axes(axes: "Axes", shares: "np.ndarray") -> None:
    """Prepares axes for a plane of two principal components, which have these shares (2,) of the variance."""
    axes.margins(0.08)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel(f"first principal component, {percent(shares[0], 1)} of the variance", color=SOFT)
    axes.set_ylabel(f"second principal component, {percent(shares[1], 1)} of the variance", color=SOFT)


def percent(share: float, digits: int = 0) -> str:
    """A share from 0 to 1 as a percentage: 12.3 %."""
    return f"{share:.{digits}%}".replace("%", " %")


@contextmanager
def all_scripts(on_warning: WarningCallback) -> Iterator[None]:
    """Within this context, a character is drawn in any installed font that has it.

    matplotlib falls back from font to font if it is given a list, and warns of each missing character at each drawing;
    here one warning names them all.

    Args:
        on_warning: called at the end if no font has some of the characters.
    """
    import matplotlib
    from matplotlib import font_manager

    installed = sorted({font.name for font in font_manager.fontManager.ttflist if WIDE_FONTS.search(font.name)})
    families = ["sans-serif", *sorted(installed, key=lambda name: "CJK" not in name)[:FALLBACKS]]
    with matplotlib.rc_context({"font.family": families}), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    missing: dict[str, None] = {}
    for warning in caught:
        if found := MISSING.match(str(warning.message)):
            missing[chr(int(found[1]))] = None
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if missing:
        some = "".join(list(missing)[:REPORTED]) + ("…" if len(missing) > REPORTED else "")
        on_warning(
            f"no font here has {some} and the picture shows boxes; on Debian: apt-get install fonts-noto-cjk fonts-noto"
        )


def save(figure: "Figure", path: Path) -> None:
    """Writes a figure as PNG (200 dpi), SVG or PDF, by the ending of `path`. The same figure gives the same bytes."""
    from io import BytesIO

    import matplotlib

    _fit_titles(figure)
    kind = path.suffix.lower()[1:]
    metadata: dict[str, Any] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    buffer = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "sgns", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=kind, dpi=200, facecolor="white", metadata=metadata[kind])
    write_bytes(path, buffer.getvalue())


def _fit_titles(figure: "Figure") -> None:
    """Reduces the font size of titles that are wider than the page."""
    for axes in figure.axes:
        title = axes._left_title  # type: ignore[attr-defined]  # there is no public way to the title on the left
        figure.draw_without_rendering()
        box = title.get_window_extent()
        available = figure.bbox.width - box.x0 - 6
        if box.width > available:
            title.set_fontsize(max(7.0, title.get_fontsize() * available / box.width))
