"""Lines of text in boxes, numbers and arrows, measured and drawn in points with matplotlib."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sgns.learn.graphs.layout import Box

PAD, LEADING = 6.0, 1.3


@dataclass(frozen=True)
class Line:
    """One line of text in a box: words in grey, then a formula or value, shown from a step on."""

    words: str
    text: str
    size: float
    since: int = 0
    bold: bool = False


class Ruler:
    """Measures text as matplotlib will set it, in points."""

    def __init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(1, 1), dpi=72)
        self.renderer = FigureCanvasAgg(self.figure).get_renderer()

    def width(self, line: Line) -> float:
        """How wide a line is."""
        text = self.figure.text(0, 0, line.text, **style(line))
        wide = float(text.get_window_extent(self.renderer).width)
        text.remove()
        return wide + (words_width(line) if line.words else 0)

    def box(self, lines: list[Line]) -> tuple[float, float]:
        """Width and height of a box around lines."""
        return (
            max(self.width(line) for line in lines) + 2 * PAD + 4,
            sum(line.size * LEADING for line in lines) + 2 * PAD - 2,
        )


def words_width(line: Line) -> float:
    """Room for the grey words before a value, the same for all lines of a size."""
    return {"value": 2.9 * line.size}.get(line.words, 5.7 * line.size)


def style(line: Line) -> dict[str, Any]:
    """The font of a line: STIX comes with matplotlib, so a picture looks the same on every machine."""
    return {"fontsize": line.size, "math_fontfamily": "stix", "fontfamily": "STIXGeneral", "va": "baseline"}


class Pen:
    """Draws in points on a figure."""

    def __init__(self, figure: Any, width: float, height: float, left: float, low: float) -> None:
        self.axes = figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")
        self.left, self.low = left, low

    def lines(self, x: float, top: float, lines: list[Line], last: int = 10**9) -> None:
        """Lines of text under each other; what is shown only after step `last` leaves its place free."""
        for line in lines:
            top -= line.size * LEADING
            if line.since > last:
                continue
            at = x
            if line.words:
                grey = {"color": "#444444", "fontsize": line.size - 0.5}
                self.axes.text(at, top + 3, line.words, **style(line) | grey)
                at += words_width(line)
            self.axes.text(at, top + 3, line.text, **style(line))

    def box(
        self,
        box: Box,
        lines: list[Line],
        last: int,
        marks: list[int],
        *,
        current: bool,
        frame: bool = True,
        round: bool = False,
    ) -> None:
        """A box with its lines and the numbers of its steps; `current` is the step just taken."""
        from matplotlib.patches import FancyBboxPatch

        x, y = self.left + box.left, self.low + box.middle - box.height / 2
        radius = 7 if round else 0.01
        pending = bool(marks) and min(marks) > last
        self.axes.add_patch(
            FancyBboxPatch(
                (x, y),
                box.width,
                box.height,
                boxstyle=f"round,pad=0,rounding_size={radius}",
                facecolor="white" if frame else "#f1f1f1",
                edgecolor="black" if frame or current else "#f1f1f1",
                linewidth=2.4 if current else 1.0,
                linestyle="--" if pending and frame else "-",
                zorder=2,
            )
        )
        self.lines(x + PAD + 2, y + box.height - PAD + 1, lines, last)
        for corner, mark in zip(((x, y + box.height), (x, y)), marks):
            if mark <= last:
                self.axes.text(
                    *corner, str(mark), fontsize=8.5, color="white", ha="center", va="center_baseline", zorder=4,
                    bbox={"boxstyle": "circle,pad=0.18", "facecolor": "black", "edgecolor": "white", "linewidth": 0.8},
                )  # fmt: skip

    def line(self, points: list[tuple[float, float]], *, shown: bool, current: bool) -> None:
        """An arrow through points; dashed before its target is computed."""
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path as Curve

        moved = [(self.left + x, self.low + y) for x, y in points]
        vertices, codes = [moved[0]], [Curve.MOVETO]
        for number, ((x0, y0), (x1, y1)) in enumerate(pairwise(moved)):
            if (x0, y0) == (x1, y1):
                continue
            if number % 2 == 0:  # inside a column
                vertices.append((x1, y1))
                codes.append(Curve.LINETO)
            else:  # across the gap between two columns
                bend = (x1 - x0) / 2
                vertices += [(x0 + bend, y0), (x1 - bend, y1), (x1, y1)]
                codes += [Curve.CURVE4] * 3
        self.axes.add_patch(
            FancyArrowPatch(
                path=Curve(vertices, codes),
                arrowstyle="-|>,head_length=4.5,head_width=2.4",
                color="black" if shown else "#aaaaaa",
                linewidth=2.2 if current else 1.0,
                linestyle="-" if shown else "--",
                shrinkA=0,
                shrinkB=0,
                zorder=1,
            )
        )
