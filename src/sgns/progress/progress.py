"""`Progress`: collects the numbers of a long job and draws them at most ten times a second."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TextIO

from sgns.progress.renderers import (
    LogRenderer,
    NotebookRenderer,
    Renderer,
    TerminalRenderer,
    in_notebook,
    is_terminal,
)
from sgns.progress.stage import REDRAW, Stage


class Progress:
    """Shows how far a long job is. Use it as a context manager.

    Args:
        quiet: Show nothing at all.
        stream: Where to write, by default stderr. A terminal gets bars, a notebook one cell output, all else gets
            lines of text.
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._quiet, self._stream = quiet, stream
        self._renderer: Renderer | None = None
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
        """Reports how far a stage is. Cheap: most calls only store the numbers.

        Args:
            stage: What is being done; a new name opens a new bar.
            done: Units done so far in this stage.
            total: Units in all, or None if unknown.
            unit: What is counted, in the plural: words, pairs, bytes.
            fields: Other figures to show, as text: {"loss": "2.31"}.
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
                self._draw(self._current)

    def note(self, text: str) -> None:
        """Prints a line that stays, above the bars."""
        if not self._quiet:
            with self._lock:
                self._show(lambda renderer: renderer.note(text))

    def warn(self, text: str) -> None:
        """Prints a warning that stays, above the bars."""
        self.note(f"warning: {text}")

    def close(self) -> None:
        """Finishes the last stage and restores the terminal; `with` calls it."""
        with self._lock:
            self._finish(time.monotonic())
            if self._renderer is not None:
                self._show(lambda renderer: renderer.close())
                self._renderer = None
            self._stages.clear()

    def _finish(self, now: float) -> None:
        if self._current is not None:
            self._current.now, self._current.finished = now, True
            self._draw(self._current)
            self._current = None

    def _draw(self, stage: Stage) -> None:
        self._show(lambda renderer: renderer.draw(stage))

    def _show(self, show: Callable[[Renderer], None]) -> None:
        """Shows something; if the stream cannot be written (closed, full, nobody reads it), nothing from now on."""
        stream = self._stream or sys.stderr
        if stream is None or self._quiet:  # a program without a console has no stderr
            return
        try:
            if self._renderer is None:
                self._renderer = self._choose_renderer(stream)
            show(self._renderer)
        except OSError:
            self._quiet = True
        except ValueError:
            if not stream.closed:
                raise
            self._quiet = True

    def _choose_renderer(self, stream: TextIO) -> Renderer:
        if self._stream is None and in_notebook():
            return NotebookRenderer()
        return TerminalRenderer(stream) if is_terminal(stream) else LogRenderer(stream)
