"""How far a long job is: bars on a terminal, one cell output in a notebook, a line every few seconds in a log.

    with Progress() as progress:
        progress.update("train", 120_000, 4_700_000, "words", {"loss": "2.31"})

`update` may be called a thousand times a second: it keeps the numbers and draws now and then. Rate and time left are
worked out here. Everything goes to stderr; stdout stays free for results.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from html import escape
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

REDRAW = 0.1  # seconds between two drawings of a bar
FIRST_LINE = 1.0  # a log hears nothing of a stage shorter than this
NEXT_LINE = 5.0  # seconds between two lines in a log
RATE_OVER = 10.0  # seconds over which the rate is measured


class Stage:
    """One named part of a job: how much is done, how fast, and how long it will take."""

    def __init__(self, name: str, now: float, done: int) -> None:
        self.name, self.start, self.first_done = name, now, done
        self.done, self.total, self.unit = done, None, ""  # type: int, int | None, str
        self.fields: Mapping[str, str] = {}
        self.now, self.finished = now, False
        self._samples: deque[tuple[float, int]] = deque([(now, done)])

    def set(self, now: float, done: int, total: int | None, unit: str, fields: Mapping[str, str] | None) -> None:
        """Take the newest numbers."""
        self.now, self.done, self.total, self.unit, self.finished = now, done, total, unit, False
        if fields is not None:
            self.fields = fields
        if now - self._samples[-1][0] >= REDRAW:
            self._samples.append((now, done))
            while len(self._samples) > 2 and self._samples[1][0] < now - RATE_OVER:
                self._samples.popleft()

    def resume(self, now: float) -> None:
        """Go on after another stage ran: the pause counts neither as time taken nor as slowness."""
        self.start += now - self.now
        self._samples = deque([(now, self.done)])

    @property
    def elapsed(self) -> float:
        """Seconds that the stage has run, without those of stages in between."""
        return self.now - self.start

    @property
    def rate(self) -> float:
        """Units a second: over the last seconds while it runs, over the whole stage once it is finished."""
        then, done = (self.start, self.first_done) if self.finished else self._samples[0]
        return (self.done - done) / (self.now - then) if self.now > then else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds to the end, or None while nobody can know."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0.0, self.total - self.done) / self.rate

    def figures(self, brief: bool = False) -> str:
        """Everything but the name and the bar: `45 %, 2.1M of 4.7M words, 812k words/s, loss 2.31, 0:03 left`.

        Args:
            brief: leave out the count where the percentage says as much.
        """
        parts = []
        whole = self.finished and self.done == self.total
        if self.total and not whole:
            parts.append(f"{self.done / self.total:.0%}".replace("%", " %"))
        if (self.done and not self.total) or (self.total and self.unit and (self.finished or not brief)):
            parts.append(_amount(self.done, self.unit) if whole else self._of())
        if self.rate > 0 and self.unit:
            parts.append(f"{_amount(self.rate, self.unit)}/s")
        parts += [f"{name} {value}" for name, value in self.fields.items()]
        if self.finished:
            parts.append(f"took {clock(self.elapsed)}")
        elif (left := self.seconds_left) is not None:
            parts.append(f"{clock(left)} left")
        return ", ".join(parts)

    def _of(self) -> str:
        if self.total is None or self.total == 0:
            return _amount(self.done, self.unit)
        return f"{short(self.done)} of {_amount(self.total, self.unit)}"


class Display(Protocol):
    """Where stages are shown."""

    def draw(self, stage: Stage) -> None:
        """Show the numbers of `stage`, which is running or has just finished."""

    def note(self, text: str) -> None:
        """Show a line of text that stays."""

    def close(self) -> None:
        """Leave the screen in order."""


class Progress:
    """Shows a long job at work.

    Args:
        quiet: show nothing at all.
        stream: where to write, by default stderr. A terminal gets bars, a notebook one output, all else plain lines.
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._quiet, self._stream = quiet, stream
        self._display: Display | None = None
        self._stages: dict[str, Stage] = {}
        self._current: Stage | None = None
        self._last_draw = 0.0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def update(
        self, stage: str, done: int, total: int | None, unit: str = "", fields: Mapping[str, str] | None = None
    ) -> None:
        """Say how far the job is. Cheap: most calls only keep the numbers.

        Args:
            stage: what is being done; a new name opens a new bar.
            done: units done so far in this stage.
            total: units in all, or None where nobody knows.
            unit: what is counted, in the plural: words, pairs, bytes.
            fields: other figures to show, ready for print: {"loss": "2.31"}.
        """
        if self._quiet:
            return
        with self._lock:
            now = time.monotonic()
            new = self._current is None or self._current.name != stage
            if new:
                self._finish(now)
                known = self._stages.get(stage)
                if known is not None:
                    known.resume(now)
                self._current = self._stages[stage] = known or Stage(stage, now, done)
            assert self._current is not None
            self._current.set(now, done, total, unit, fields)
            if new or now - self._last_draw >= REDRAW:
                self._last_draw = now
                self._show().draw(self._current)

    def note(self, text: str) -> None:
        """Print a line that stays, above the bars."""
        if not self._quiet:
            with self._lock:
                self._show().note(text)

    def close(self) -> None:
        """Finish the last stage and leave the screen in order; `with` does it."""
        with self._lock:
            self._finish(time.monotonic())
            if self._display is not None:
                self._display.close()
                self._display = None
            self._stages.clear()

    def _finish(self, now: float) -> None:
        if self._current is not None:
            self._current.now, self._current.finished = now, True
            self._show().draw(self._current)
            self._current = None

    def _show(self) -> Display:
        if self._display is None:
            self._display = self._choose_display(self._stream or sys.stderr)
        return self._display

    def _choose_display(self, stream: TextIO) -> Display:
        if self._stream is None and in_notebook():
            return NotebookDisplay()
        return TerminalDisplay(stream) if is_terminal(stream) else LogDisplay(stream)


class LogDisplay:
    """Plain lines: one after a second, then one every few seconds, and one at the end of each stage."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: dict[str, float] = {}

    def draw(self, stage: Stage) -> None:
        """Write a line if it is time for one."""
        last = self._last.get(stage.name)
        due = stage.elapsed >= FIRST_LINE if last is None or stage.finished else stage.now - last >= NEXT_LINE
        if due:
            self._last[stage.name] = stage.now
            self.note(f"{stage.name}: {stage.figures()}")

    def note(self, text: str) -> None:
        """Write a line."""
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing to put in order."""


class TerminalDisplay:
    """Bars drawn by rich, one for each stage; a finished one stays with its figures."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bars
        from rich.table import Column

        self.console = Console(file=stream, highlight=False)
        self._wide = self.console.width >= 100
        self.bars = Bars(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="fold")),
            BarColumn(bar_width=24 if self._wide else 10, complete_style="cyan", finished_style="green"),
            TextColumn("{task.fields[figures]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
            console=self.console,
            auto_refresh=False,
            expand=True,
        )
        self._tasks: dict[str, Any] = {}
        self._open = False

    def draw(self, stage: Stage) -> None:
        """Redraw the bar of `stage`."""
        if not self._open:
            self._open = True
            self._start()
        if stage.name not in self._tasks:
            self._tasks[stage.name] = self.bars.add_task(stage.name, total=None, figures="")
        total = stage.total if stage.total else (stage.done or 1) if stage.finished else None
        done = total if stage.finished and not stage.total else stage.done
        self.bars.update(
            self._tasks[stage.name], total=total, completed=done, figures=stage.figures(brief=not self._wide)
        )
        self._refresh()

    def note(self, text: str) -> None:
        """Print above the bars."""
        self.console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Give the cursor back."""
        if self._open:
            self._stop()

    def _start(self) -> None:
        self.bars.start()

    def _refresh(self) -> None:
        self.bars.refresh()

    def _stop(self) -> None:
        self.bars.stop()


class NotebookDisplay:
    """One output under the cell, redrawn in place; needs no widgets, and stays readable in a saved notebook."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[str, str]] = {}
        self._handle: Any = None

    def draw(self, stage: Stage) -> None:
        """Redraw the output."""
        value = (
            f' value="{stage.done}" max="{stage.total}"' if stage.total else (' value="1"' if stage.finished else "")
        )
        row = f"<td>{escape(stage.name)}</td><td><progress{value}></progress></td><td>{escape(stage.figures())}</td>"
        self._rows[stage.name] = (row, f"{stage.name}: {stage.figures()}")
        self._display()

    def note(self, text: str) -> None:
        """A line among the bars, in the order of events."""
        self._rows[f"note {len(self._rows)}"] = (f'<td colspan="3">{escape(text)}</td>', text)
        self._display()

    def close(self) -> None:
        """The last drawing stays."""

    def _display(self) -> None:
        from IPython.display import display

        rows = self._rows.values()
        table = "".join(f'<tr style="text-align:left">{row}</tr>' for row, _ in rows)
        output = {"text/html": f"<table>{table}</table>", "text/plain": "\n".join(text for _, text in rows)}
        if self._handle is None:
            self._handle = display(output, raw=True, display_id=True)
        else:
            self._handle.update(output, raw=True)


def is_terminal(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that can redraw a line."""
    import os

    return bool(getattr(stream, "isatty", lambda: False)()) and os.environ.get("TERM", "") != "dumb"


def in_notebook() -> bool:
    """Whether this code runs in a cell of a Jupyter notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def short(number: float) -> str:
    """Three digits and a letter: 950, 81.2k, 4.71M, 1.20G."""
    for letter, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * size:
            value = number / size
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{letter}"
    return f"{number:.0f}" if number >= 99.95 or number == int(number) else f"{number:.1f}"


def clock(seconds: float) -> str:
    """1.2 s below ten seconds, then 0:12, 3:05, 1:02:03."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _amount(number: float, unit: str) -> str:
    if unit == "bytes":
        text = short(number)
        return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"
    return f"{short(number)} {unit}".rstrip()
