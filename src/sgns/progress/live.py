"""`LivePlot`: a plot of the loss during training, above the bars of a terminal and redrawn with them."""

import math
from collections.abc import Sequence
from typing import Any, TextIO

from sgns.progress.progress import Progress
from sgns.progress.renderers import Renderer, TerminalRenderer
from sgns.progress.stage import Stage, short

ROWS = 8  # lines of the plot
COLUMNS = 72  # characters of a line of the plot, at most
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # a braille cell: 4 rows of 2 dots (Unicode U+2800)


class LivePlot(Progress):
    """A `Progress` that also plots one figure of every update; in a log or notebook, or on a terminal
    without Unicode, it plots nothing.

    Args:
        quiet: Show nothing at all.
        stream: Where to write, by default stderr.
        field: Name of the figure to plot, one of `fields` in `update`.
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None, field: str = "loss") -> None:
        super().__init__(quiet, stream)
        self._field = field

    def _choose_renderer(self, stream: TextIO) -> Renderer:
        chosen = super()._choose_renderer(stream)
        drawable = isinstance(chosen, TerminalRenderer) and not chosen.only_ascii
        return PlotRenderer(stream, self._field) if drawable else chosen


class PlotRenderer(TerminalRenderer):
    """Draws bars with a curve above them."""

    def __init__(self, stream: TextIO, field: str) -> None:
        super().__init__(stream)
        self._field = field
        self._curve = Curve()
        self._live: Any = None

    def draw(self, stage: Stage) -> None:
        """Appends the newest value to the curve and redraws."""
        try:
            value = float(stage.fields.get(self._field, "nan"))
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            self._curve.add(value)
        super().draw(stage)

    def _start(self) -> None:
        from rich.live import Live

        self._live = Live(console=self.console, auto_refresh=False, get_renderable=self._picture)
        self._live.start()

    def _refresh(self) -> None:
        self._live.refresh()

    def _stop(self) -> None:
        self._live.refresh()
        self._live.stop()

    def _picture(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        width = min(COLUMNS, self.console.width - 12)
        if len(self._curve.values) < 2 or width < 20:
            return self.bars.get_renderable()
        plot = braille_plot(self._curve.values, width, ROWS)
        return Group(Text(self._field, style="bold"), Text(plot, style="cyan"), self.bars.get_renderable())


class Curve:
    """Values in order, at most 511 of them: when there are 512, each two neighbours are replaced by their mean."""

    MOST = 512

    def __init__(self) -> None:
        self.values: list[float] = []
        self._stride, self._sum, self._taken = 1, 0.0, 0

    def add(self, value: float) -> None:
        """Appends a value."""
        self._sum += value
        self._taken += 1
        if self._taken < self._stride:
            return
        self.values.append(self._sum / self._taken)
        self._sum, self._taken = 0.0, 0
        if len(self.values) >= self.MOST:
            self.values = [(a + b) / 2 for a, b in zip(self.values[::2], self.values[1::2])]
            self._stride *= 2


def braille_plot(values: Sequence[float], width: int, rows: int) -> str:
    """Draws a curve as lines of text, 2 × 4 dots a character, with the largest and smallest value on the left.

    Args:
        values: Two or more, from left to right.
        width: Characters of each line, without those on the left.
        rows: Number of lines.
    """
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    across, down = 2 * width, 4 * rows
    cells = [[0] * width for _ in range(rows)]
    before: int | None = None
    for x in range(across):
        value = values[round(x * (len(values) - 1) / (across - 1))]
        y = min(down - 1, int((high - value) / span * (down - 1) + 0.5))
        # a steep step is drawn as a vertical line, so that the curve has no gaps
        for dot in range(min(y, before if before is not None else y), max(y, before if before is not None else y) + 1):
            cells[dot // 4][x // 2] |= DOTS[dot % 4][x % 2]
        before = y
    marks = {0: _tick(high), rows - 1: _tick(low)}
    return "\n".join(
        f"{marks.get(i, ''):>8} ┤{''.join(chr(0x2800 + cell) for cell in row)}" for i, row in enumerate(cells)
    )


def _tick(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1000 else short(value)
