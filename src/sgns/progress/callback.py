"""What long work calls to report: the type of a progress function, of a warning function, and of both in one object."""

from collections.abc import Callable
from typing import Protocol

ProgressCallback = Callable[[str, int, int | None, str], None]
"""Called as progress(stage, done, total or None, unit) from the main thread, about ten times a second."""

WarningCallback = Callable[[str], None]
"""Called with one sentence for the user: the work goes on, but not quite as asked."""


class Display(Protocol):
    """Where a run reports its progress and its warnings; `sgns.progress.Progress` is one."""

    def update(
        self, stage: str, done: int, total: int | None, unit: str = "", fields: dict[str, str] | None = None
    ) -> None:
        """Shows how far a stage is; see `sgns.progress.Progress.update`."""

    def note(self, text: str) -> None:
        """Shows a line that stays."""

    def warn(self, text: str) -> None:
        """Shows a warning that stays."""
