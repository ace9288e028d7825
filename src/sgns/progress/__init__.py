"""How far a long job is: bars on a terminal, one cell output in a notebook, a line every few seconds in a log.

    with Progress() as progress:
        progress.update("train", 120_000, 4_700_000, "words", {"loss": "2.31"})

`update` may be called a thousand times a second: it keeps the numbers and draws now and then. Rate and time left are
worked out here. Everything goes to stderr; stdout stays free for results.
"""

import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

from sgns.progress.displays import Display, LogDisplay, NotebookDisplay, TerminalDisplay, in_notebook, is_terminal
from sgns.progress.stage import REDRAW, Stage


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
