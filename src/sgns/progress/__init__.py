"""Progress of a long job: bars on a terminal, one cell output in a notebook, a line every few seconds in a log.

    with Progress() as progress:
        progress.update("train", 120_000, 4_700_000, "words", {"loss": "2.31"})

`update` may be called a thousand times a second: it stores the numbers, and draws at most ten times a second. Rate and
remaining time are computed here. Everything is written to stderr; stdout stays free for results.
"""

from sgns.progress.callback import Display, ProgressCallback, WarningCallback
from sgns.progress.progress import Progress

__all__ = ["Display", "Progress", "ProgressCallback", "WarningCallback"]
