"""Ctrl-C and SIGTERM: the first one asks the run to end in order, a second Ctrl-C ends it at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupts:
    """Within its context, the first signal is kept in `asked`; the second Ctrl-C raises KeyboardInterrupt.

    Outside the main thread Python lets nobody handle signals, and nothing changes.

    Attributes:
        asked: The first signal, such as signal.SIGTERM; None before.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self.receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        if self.asked is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = self.asked or number
