"""Hooks of a run: validation, the user's function after each epoch, checkpoints. `loop.Hook` says when they are called.

A hook reads E and C through `current`, which brings them up to date first: they may be on a card.
"""

import time
from collections.abc import Callable

from sgns.training.checkpoint import CheckpointInterval, Checkpoints
from sgns.training.distributed.comm import Comm, all_gather_objects
from sgns.training.loop import NEVER, State
from sgns.training.schedule import Schedule
from sgns.training.validation import Validation
from sgns.vectors.vectors import Vectors

OnEpoch = Callable[[int, float, float | None, Vectors], bool | None]
"""Called as on_epoch(epoch, loss, validation_loss, vectors) after each epoch; see `training.train.train`."""


class AtEpochEnds:
    """What hooks share that work at the end of each epoch alone.

    Args:
        schedule: Where epochs end.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def next_barrier(self, blocks: int) -> int:
        """The end of the next epoch."""
        return self._schedule.next_epoch_end(blocks)

    def due(self) -> bool:
        """Only at the end of an epoch."""
        return False


class ValidationHook(AtEpochEnds):
    """Appends the validation loss to the state at the end of each epoch: the mean over the pairs of all ranks.

    Args:
        comm: The ranks.
        validation: The validation sentences of this rank.
        schedule: Where epochs end.
        threads: Threads that evaluate.
        current: E and C of this rank.
    """

    def __init__(
        self, comm: Comm, validation: Validation, schedule: Schedule, threads: int, current: Callable[[], Vectors]
    ) -> None:
        super().__init__(schedule)
        self._comm, self._validation = comm, validation
        self._threads, self._current = threads, current

    def at_barrier(self, state: State) -> None:
        """Evaluate, if an epoch has just ended that has no validation loss yet."""
        epochs = self._schedule.epochs_finished(state.blocks)
        if not self._schedule.ends_epoch(state.blocks) or len(state.validation) != epochs - 1:
            return
        own = self._validation.loss_of(self._current().parts, self._threads), self._validation.pairs
        losses = all_gather_objects(self._comm, own)
        weighted = sum(loss * pairs for loss, pairs in losses) / sum(pairs for _, pairs in losses)
        state.validation.append(weighted if len(losses) > 1 else own[0])  # l·p/p is l but for rounding


class EpochHook(AtEpochEnds):
    """Calls the user's function after each epoch, on rank 0 alone; all ranks end when it returns False.

    Args:
        comm: The ranks.
        on_epoch: The function.
        schedule: Where epochs end.
        current: E and C.
        blocks: Blocks that an earlier run has finished: its epochs are over.
    """

    def __init__(
        self, comm: Comm, on_epoch: OnEpoch, schedule: Schedule, current: Callable[[], Vectors], blocks: int
    ) -> None:
        super().__init__(schedule)
        self._comm, self._on_epoch, self._current = comm, on_epoch, current
        self._epochs = schedule.epochs_finished(blocks)

    def at_barrier(self, state: State) -> None:
        """Call the function, if an epoch has just ended; set `state.stopped_early` if it returns False."""
        epochs = self._schedule.epochs_finished(state.blocks)
        if not self._schedule.ends_epoch(state.blocks) or epochs == self._epochs:
            return
        self._epochs, stop = epochs, False
        if self._comm.rank == 0:
            validation = state.validation[-1] if state.validation else None
            stop = self._on_epoch(epochs, state.losses[epochs - 1], validation, self._current()) is False
        stop = all_gather_objects(self._comm, stop)[0]
        state.stopped_early = stop and state.blocks < self._schedule.blocks


class CheckpointHook:
    """Writes checkpoints: as often as was asked for, and when the run is interrupted.

    Args:
        checkpoints: Of the output, on rank 0; None on the other ranks.
        interval: How often, the same on all ranks; None for none but that of an interruption.
        schedule: How many blocks the run has.
        current: E and C.
        blocks: Blocks that are finished already.
        on_write: Called before a checkpoint that ends the run.
    """

    def __init__(
        self,
        checkpoints: Checkpoints | None,
        interval: CheckpointInterval | None,
        schedule: Schedule,
        current: Callable[[], Vectors],
        blocks: int,
        on_write: Callable[[], None],
    ) -> None:
        self._checkpoints, self._interval, self._schedule = checkpoints, interval or CheckpointInterval(), schedule
        self._current, self._on_write = current, on_write
        self._last, self._next = time.monotonic(), self.next_barrier(blocks)

    def next_barrier(self, blocks: int) -> int:
        """The next multiple of `20blocks`."""
        every = self._interval.blocks
        return NEVER if every is None else (blocks // every + 1) * every

    def due(self) -> bool:
        """Whether the time for a checkpoint has come; rank 0 decides."""
        if self._checkpoints is None or self._interval.seconds is None:
            return False
        return time.monotonic() - self._last >= self._interval.seconds

    def at_barrier(self, state: State) -> None:
        """Write a checkpoint if the time or the number of blocks for it has come, or the run is interrupted."""
        wanted = state.interrupted or (state.blocks >= self._next or self.due())
        self._next = self.next_barrier(state.blocks)
        if self._checkpoints is None or not wanted or state.blocks >= self._schedule.blocks or state.stopped_early:
            return
        if state.interrupted:
            self._on_write()
        self._checkpoints.write(self._current(), state, wait=state.interrupted)
        self._last = time.monotonic()
