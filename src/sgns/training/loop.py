"""The training loop: threads take blocks from one counter, the main thread watches. It knows no device.

At a barrier all threads pause: every block that was taken is finished, E and C stand still. Hooks say when barriers are
and work there: validation, checkpoints, merging between ranks, the user's function after each epoch.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sgns.base.parallel import start_all
from sgns.errors import DivergedError
from sgns.training.engines.contract import Engine, EpochEngine, Sums
from sgns.training.schedule import Block, Schedule

WATCH = 0.05  # seconds between two looks at the threads
GRACE = 0.5  # seconds that threads have to end their blocks when everything is to stop at once
DIVERGED = (
    10  # mean loss of a block, in units of the loss of vectors that are all zero, that diverging vectors alone have
)
SAFE_LR = 0.05  # no text is known on which this diverges
NEVER = 2**62  # a number of blocks that no run reaches


@dataclass
class State:
    """How far a run is; with E and C, all that is needed to go on.

    Attributes:
        blocks: Blocks trained on, over all epochs.
        words: Tokens trained on, over all epochs.
        pairs: Positive pairs trained on, for each epoch.
        loss: Sum of their losses, for each epoch, float64.
        validation: Mean loss on the validation sentences after each finished epoch.
        interrupted: Whether a signal ended the run before its last block.
        stopped_early: Whether the user's function ended it before its last block.
        signal: The signal that ended it, if one did.
    """

    blocks: int = 0
    words: int = 0
    pairs: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    interrupted: bool = False
    stopped_early: bool = False
    signal: int | None = None

    @property
    def losses(self) -> list[float]:
        """Mean loss L of a positive pair with its negatives, for each epoch that was begun; 0 without a pair."""
        return [loss / pairs if pairs else 0.0 for loss, pairs in zip(self.loss, self.pairs, strict=True)]

    @property
    def ended(self) -> bool:
        """Whether the run was asked to end before its last block."""
        return self.interrupted or self.stopped_early

    def begin_epoch(self, epoch: int) -> None:
        """Make room for the sums of an epoch and of all before it."""
        while len(self.loss) <= epoch:
            self.loss.append(0.0)
            self.pairs.append(0)

    def add(self, block: Block, sums: Sums) -> None:
        """Count a finished block."""
        self.begin_epoch(block.epoch)
        self.blocks += 1
        self.words += block.stop - block.start
        self.loss[block.epoch] += sums.loss
        self.pairs[block.epoch] += sums.pairs


class Hook(Protocol):
    """Work at barriers, where all threads pause and E and C stand still."""

    def next_barrier(self, blocks: int) -> int:
        """The number of finished blocks, more than `blocks`, at which this hook needs a barrier; `NEVER` for none."""

    def due(self) -> bool:
        """Whether this hook wants a barrier as soon as possible. It is asked about twenty times a second."""

    def at_barrier(self, state: State) -> None:
        """Work. It is called at the barriers of all hooks, and once more after an interruption.

        A hook ends the run by setting `state.interrupted` or `state.stopped_early`.
        """


class BlockCounter:
    """The counter from which threads take their blocks; it hands out none beyond the next barrier.

    Args:
        schedule: The blocks.
        state: Where to begin; it counts the finished blocks.
        hooks: Called at barriers, in this order.
    """

    def __init__(self, schedule: Schedule, state: State, hooks: Sequence[Hook]) -> None:
        self._schedule, self._state, self._hooks = schedule, state, hooks
        self._change = threading.Condition()
        self._next = state.blocks
        self._barrier = self._next_barrier()
        self._closed = False

    def take(self) -> Block | None:
        """The next block, waiting while a barrier is ahead of it; None when there is no more."""
        with self._change:
            while not self._closed and self._next >= self._barrier and self._next < self._schedule.blocks:
                self._change.wait()
            if self._closed or self._next >= self._schedule.blocks:
                return None
            self._next += 1
            return self._schedule.block(self._next - 1)

    def finish(self, block: Block, sums: Sums) -> None:
        """Count a finished block."""
        with self._change:
            self._state.add(block, sums)
            if self._state.blocks >= min(self._barrier, self._schedule.blocks):
                self._change.notify_all()

    def close(self) -> None:
        """Hand out no more blocks."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until a barrier is reached, at most `seconds`; call the hooks if it is, and let the threads go on."""
        with self._change:
            if any(hook.due() for hook in self._hooks):
                self._barrier = min(self._barrier, self._next)
            if self._closed or not self._reached():
                self._change.wait(seconds)
            if self._closed or not self._reached():
                return
        self._call_hooks()  # no thread works: all blocks that were taken are finished
        with self._change:
            self._barrier = self._next_barrier()
            self._closed = self._closed or self._state.ended
            self._change.notify_all()

    def end(self) -> None:
        """After the last thread: call the hooks if a barrier is reached or the run was interrupted."""
        if self._state.interrupted or self._reached():
            self._call_hooks()

    def _reached(self) -> bool:
        return self._state.blocks >= self._barrier

    def _next_barrier(self) -> int:
        return min((hook.next_barrier(self._state.blocks) for hook in self._hooks), default=NEVER)

    def _call_hooks(self) -> None:
        for hook in self._hooks:
            hook.at_barrier(self._state)


def train_blocks(
    engine: Engine,
    schedule: Schedule,
    threads: int,
    watch: Callable[[State], None],
    *,
    state: State | None = None,
    hooks: Sequence[Hook] = (),
    stop: Callable[[], bool] = lambda: False,
) -> State:
    """Train the blocks of `schedule` that `state` has not counted.

    Args:
        engine: Changed in place.
        schedule: The blocks and their learning rates.
        threads: How many train at once.
        watch: Called about twenty times a second from the calling thread.
        state: Where to go on; default is the beginning.
        hooks: Called at barriers from the calling thread, in this order.
        stop: Asked about twenty times a second; once it is true, threads finish their blocks and the run ends,
            `interrupted`.

    Returns:
        The final state.

    Raises:
        DivergedError: the loss of a block is not finite, or larger than that of any vectors that learn.
        KeyboardInterrupt: at once, without waiting for blocks to end.
        Exception: what a hook raises; threads finish their blocks, within `GRACE` seconds.
    """
    state = state or State()
    state.interrupted = state.stopped_early = False
    counter = BlockCounter(schedule, state, hooks)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while (block := counter.take()) is not None:
                sums = engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
                check_loss(sums, block, schedule)
                counter.finish(block, sums)
        except BaseException as error:  # raised in the calling thread
            failures.append(error)
            counter.close()

    workers = [threading.Thread(target=work, name=f"sgns-{k}", daemon=True) for k in range(threads)]
    try:
        start_all(workers)
        while any(worker.is_alive() for worker in workers):
            counter.wait(WATCH)
            watch(state)
            if stop() and state.blocks < schedule.blocks:
                state.interrupted = True
                counter.close()
    except BaseException:
        counter.close()
        end = time.monotonic() + GRACE
        for worker in workers:
            if worker.ident is not None:  # it was started
                worker.join(max(0.0, end - time.monotonic()))
        raise
    if failures:
        raise failures[0]
    state.interrupted = state.interrupted and state.blocks < schedule.blocks
    counter.end()
    watch(state)
    return state


class _Ended(Exception):
    """Leaves an engine's own loop."""


def train_epochs(
    engine: EpochEngine,
    schedule: Schedule,
    watch: Callable[[State], None],
    *,
    hooks: Sequence[Hook] = (),
    stop: Callable[[], bool] = lambda: False,
) -> State:
    """Train all epochs of `schedule` with an engine that goes through them by itself; a barrier follows each epoch.

    Args:
        engine: Changed in place.
        schedule: Its tokens and epochs; a finished epoch counts as all of its blocks.
        watch: Called after each batch.
        hooks: As for `train_blocks`.
        stop: Asked after each batch; once it is true, the run ends, `interrupted`.

    Returns:
        The final state.
    """
    state = State()

    def on_batch(epoch: int, words: int, pairs: int, loss: float) -> None:
        state.begin_epoch(epoch)
        state.words = epoch * schedule.tokens + words
        state.pairs[epoch], state.loss[epoch] = pairs, loss
        watch(state)
        if stop():
            state.interrupted = True
            raise _Ended

    def on_epoch(epoch: int) -> None:
        state.begin_epoch(epoch)  # an epoch may have had no pair
        state.words, state.blocks = (epoch + 1) * schedule.tokens, (epoch + 1) * schedule.blocks_per_epoch
        for hook in hooks:
            hook.at_barrier(state)
        if state.ended:
            raise _Ended

    with suppress(_Ended):
        engine.train_epochs(on_batch, on_epoch)
    if state.interrupted:
        for hook in hooks:
            hook.at_barrier(state)
    watch(state)
    return state


def check_loss(sums: Sums, block: Block, schedule: Schedule) -> None:
    """Raise `DivergedError` if the mean loss of a block shows that E and C diverge.

    Vectors that are all zero have the loss (1 + k)·log 2; training starts there and falls. Diverging rows have scores
    in the hundreds, and a score x of the wrong sign costs |x|.
    """
    mean = sums.loss / max(1, sums.pairs)
    if math.isfinite(mean) and mean < DIVERGED * schedule.first_loss:
        return
    raise DivergedError(
        f"the vectors diverged: the loss is {mean:.3g} in epoch {block.epoch + 1}, block {block.number + 1}, "
        f"at lr {block.lr:.3g}; try --lr {min(SAFE_LR, schedule.lr / 4):.2g}"
    )
