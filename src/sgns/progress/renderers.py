"""How stages are drawn: bars on a terminal, one cell output in a notebook, lines of text in a log."""

import sys
from html import escape
from typing import Any, Protocol, TextIO

from sgns.progress.stage import Stage

FIRST_LINE = 1.0  # seconds that a stage must last before a log gets a line
NEXT_LINE = 5.0  # seconds between two lines in a log


class Renderer(Protocol):
    """Draws stages."""

    def draw(self, stage: Stage) -> None:
        """Draws the numbers of `stage`, which is running or has just finished."""

    def note(self, text: str) -> None:
        """Prints a line of text that stays."""

    def close(self) -> None:
        """Restores the terminal."""


class LogRenderer:
    """Prints lines: one after a second, then one every five seconds, and one at the end of each stage."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: dict[str, float] = {}

    def draw(self, stage: Stage) -> None:
        """Prints a line if one is due."""
        last = self._last.get(stage.name)
        due = stage.elapsed >= FIRST_LINE if last is None or stage.finished else stage.now - last >= NEXT_LINE
        if due:
            self._last[stage.name] = stage.now
            self.note(f"{stage.name}: {stage.figures()}")

    def note(self, text: str) -> None:
        """Prints a line; a character that the stream cannot show is escaped."""
        try:
            print(text, file=self._stream, flush=True)
        except UnicodeEncodeError:
            encoding = self._stream.encoding
            text = text.encode(encoding, "backslashreplace").decode(encoding)
            print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Does nothing: there is no terminal to restore."""


class TerminalRenderer:
    """Draws one bar for each stage with rich; the bar of a finished stage stays, with its figures."""

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
        """Redraws the bar of `stage`."""
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
        """Prints a line above the bars."""
        self.console.print(text, markup=False, soft_wrap=True)

    @property
    def only_ascii(self) -> bool:
        """Whether the terminal's encoding lacks the characters of bars and plots; rich draws bars of ASCII then."""
        return self.console.options.ascii_only

    def close(self) -> None:
        """Stops drawing and shows the cursor again."""
        if self._open:
            self._stop()

    def _start(self) -> None:
        self.bars.start()

    def _refresh(self) -> None:
        self.bars.refresh()

    def _stop(self) -> None:
        self.bars.stop()


class NotebookRenderer:
    """Draws one cell output and redraws it in place; needs no widgets, and stays readable in a saved notebook."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[str, str]] = {}
        self._handle: Any = None

    def draw(self, stage: Stage) -> None:
        """Redraws the output."""
        value = (
            f' value="{stage.done}" max="{stage.total}"' if stage.total else (' value="1"' if stage.finished else "")
        )
        row = f"<td>{escape(stage.name)}</td><td><progress{value}></progress></td><td>{escape(stage.figures())}</td>"
        self._rows[stage.name] = (row, f"{stage.name}: {stage.figures()}")
        self._display()

    def note(self, text: str) -> None:
        """Adds a line below the bars there are."""
        self._rows[f"note {len(self._rows)}"] = (f'<td colspan="3">{escape(text)}</td>', text)
        self._display()

    def close(self) -> None:
        """Does nothing: the last drawing stays."""

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
