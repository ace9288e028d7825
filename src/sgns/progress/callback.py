"""How far work is, and what went wrong on the way: the two functions that long work calls, and the display behind them."""

from collections.abc import Callable
from typing import Protocol

ProgressCallback = Callable[[str, int, int | None, str], None]
"""Called as progress(stage, done, total or None, unit) from the main thread, about ten times a second."""

WarningCallback = Callable[[str], None]
"""Called with one sentence for the user: the work goes on, but not quite as asked."""


class Display(Protocol):
    """Where progress is shown; `sgns.progress.Progress` is one."""

    def update(
        self, stage: str, done: int, total: int | None, unit: str = "", fields: dict[str, str] | None = None
    ) -> None:
        """Shows how far a stage is."""

    def note(self, text: str) -> None:
        """Shows a line that stays."""
