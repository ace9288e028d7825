"""What is done while the training threads rest: the held-out loss at the end of each epoch, and checkpoints."""

import time
from collections.abc import Callable

from sgns.training.checkpoint import Checkpoints, Every
from sgns.training.loop import State
from sgns.training.schedule import Schedule
from sgns.training.validation import Validation
from sgns.vectors.vectors import Vectors


class EpochsAndCheckpoints:
    """The rests of a run; see `trainer.Rests`.

    Args:
        vectors: E and C of the run, as views that change with it.
        schedule: Knows where epochs end.
        validation: Evaluated at the end of each epoch, if there is one.
        checkpoints: Where they go, if they are wanted.
        every: How often, if they are wanted on the way.
        threads: For the evaluation.
        settle: Called first, so that E and C are current.
    """

    def __init__(
        self,
        vectors: Vectors,
        schedule: Schedule,
        validation: Validation | None,
        checkpoints: Checkpoints | None,
        every: Every | None,
        threads: int,
        settle: Callable[[], None],
    ) -> None:
        self._vectors, self._schedule, self._validation, self._threads = vectors, schedule, validation, threads
        self._settle = settle
        self._checkpoints = checkpoints if every is not None else None
        self._every = every or Every()
        self._last = time.monotonic()

    def after(self, blocks: int) -> int:
        """The next end of an epoch that is evaluated, or the next multiple of `20blocks`."""
        stops = []
        if self._validation is not None:
            stops.append(self._schedule.blocks_per_epoch)
        if self._checkpoints is not None and self._every.blocks is not None:
            stops.append(self._every.blocks)
        return min(((blocks // step + 1) * step for step in stops), default=2**62)

    def due(self) -> bool:
        """Whether the time for a checkpoint has come."""
        if self._checkpoints is None or self._every.seconds is None:
            return False
        return time.monotonic() - self._last >= self._every.seconds

    def rest(self, state: State) -> None:
        """Evaluate at the end of an epoch; write a checkpoint if its turn has come."""
        self._settle()
        self.evaluate(state)
        by_number = self._every.blocks is not None and state.blocks % self._every.blocks == 0
        if self._checkpoints is not None and state.blocks < self._schedule.blocks and (by_number or self.due()):
            self._checkpoints.write(self._vectors, state)
            self._last = time.monotonic()

    def evaluate(self, state: State) -> None:
        """Add the held-out loss, if an epoch has just ended that has none yet."""
        epochs, within = divmod(state.blocks, self._schedule.blocks_per_epoch)
        if self._validation is not None and within == 0 and len(state.validation) == epochs - 1:
            E, C = self._vectors.E, self._vectors.C
            assert C is not None
            state.validation.append(self._validation.loss(E, C, self._threads))
