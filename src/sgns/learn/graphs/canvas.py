"""Measures and draws boxes with lines of text, step numbers and arrows, in points, with matplotlib."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sgns.base.folders import give_matplotlib_a_folder
from sgns.learn.graphs.layout import PlacedBox

PAD, LEADING = 6.0, 1.3


@dataclass(frozen=True)
class Line:
    """One line of text in a box.

    Attributes:
        label: Words in grey before the text, or "".
        text: A formula or a value.
        size: Font size.
        since: The first step at which the line is shown.
    """

    label: str
    text: str
    size: float
    since: int = 0


class TextMeasure:
    """Measures text as matplotlib draws it."""

    def __init__(self) -> None:
        give_matplotlib_a_folder()
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(1, 1), dpi=72)
        self.renderer = FigureCanvasAgg(self.figure).get_renderer()

    def width(self, line: Line) -> float:
        """Returns the width of a line."""
        text = self.figure.text(0, 0, line.text, **style(line))
        wide = float(text.get_window_extent(self.renderer).width)
        text.remove()
        return wide + (label_width(line) if line.label else 0)

    def box(self, lines: list[Line]) -> tuple[float, float]:
        """Returns width and height of a box around lines."""
        return (
            max(self.width(line) for line in lines) + 2 * PAD + 4,
            sum(line.size * LEADING for line in lines) + 2 * PAD - 2,
        )


def label_width(line: Line) -> float:
    """Returns the width reserved for a line's label, the same for all labels that stand under each other."""
    return {"value": 2.9 * line.size}.get(line.label, 5.7 * line.size)


def style(line: Line) -> dict[str, Any]:
    """Returns the font of a line. matplotlib includes STIX, so a picture looks the same on every machine."""
    return {"fontsize": line.size, "math_fontfamily": "stix", "fontfamily": "STIXGeneral", "va": "baseline"}


class Canvas:
    """Draws on a figure, in points.

    Args:
        figure: A matplotlib figure.
        width: Its width.
        height: Its height.
        left: x of the layout's left edge on the figure.
        low: y of the layout's lower edge on the figure.
    """

    def __init__(self, figure: Any, width: float, height: float, left: float, low: float) -> None:
        self.axes = figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")
        self.left, self.low = left, low

    def lines(self, x: float, top: float, lines: list[Line], last: int = 10**9) -> None:
        """Draws lines of text under each other; a line that is first shown after step `last` leaves its space empty."""
        for line in lines:
            top -= line.size * LEADING
            if line.since > last:
                continue
            at = x
            if line.label:
                grey = {"color": "#444444", "fontsize": line.size - 0.5}
                self.axes.text(at, top + 3, line.label, **style(line) | grey)
                at += label_width(line)
            self.axes.text(at, top + 3, line.text, **style(line))

    def box(
        self,
        box: PlacedBox,
        lines: list[Line],
        last: int,
        marks: list[int],
        *,
        current: bool,
        frame: bool = True,
        round: bool = False,
    ) -> None:
        """Draws a box with its lines of text.

        Args:
            box: Its position in the layout.
            lines: Its text.
            last: The last step whose results are shown.
            marks: The steps that compute what the box shows; their numbers stand at its left corners.
            current: Draw a thick frame, because step `last` computes the box.
            frame: Draw a frame; without one the box is grey.
            round: Round the corners.
        """
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
        """Draws an arrow through the points of a layout's line: dashed if not `shown`, thick if `current`."""
        from matplotlib.patches import FancyArrowPatch

        moved = [(self.left + x, self.low + y) for x, y in points]
        self.axes.add_patch(
            FancyArrowPatch(
                path=curve(moved),
                arrowstyle="-|>,head_length=4.5,head_width=2.4",
                color="black" if shown else "#aaaaaa",
                linewidth=2.2 if current else 1.0,
                linestyle="-" if shown else "--",
                shrinkA=0,
                shrinkB=0,
                zorder=1,
            )
        )


def curve(points: list[tuple[float, float]]) -> Any:
    """Returns the matplotlib path through the points of a layout's line: straight inside a column, bent between two."""
    from matplotlib.path import Path as Curve

    vertices, codes = [points[0]], [Curve.MOVETO]
    for number, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        if (x0, y0) == (x1, y1):
            continue
        if number % 2 == 0:  # inside a column
            vertices.append((x1, y1))
            codes.append(Curve.LINETO)
        else:  # across the gap between two columns
            bend = (x1 - x0) / 2
            vertices += [(x0 + bend, y0), (x1 - bend, y1), (x1, y1)]
            codes += [Curve.CURVE4] * 3
    return Curve(vertices, codes)
