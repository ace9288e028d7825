"""The training loop: threads take blocks from one counter, the main thread watches. It knows no device."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sgns.errors import DivergedError
from sgns.training.schedule import Block, Schedule

WATCH = 0.05  # seconds between two looks at the threads
GRACE = 0.5  # seconds that threads have to end their blocks when everything is to stop at once
BEYOND_REASON = (
    10  # a block's loss, in units of the loss of vectors that are all zero, that only exploding vectors have
)
SAFE_LR = 0.05  # no text is known on which this diverges


class Sums(Protocol):
    """What an engine returns for a block."""

    @property
    def loss(self) -> float:
        """Sum over its positive pairs of L, negatives included."""

    @property
    def pairs(self) -> int:
        """Positive pairs."""


class Engine(Protocol):
    """Trains blocks in place. Several threads may call `train_block` at once; it releases the interpreter's lock."""

    E: np.ndarray  # (V, stride) float32
    C: np.ndarray  # (V, stride) float32

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Train on tokens start:stop at rate lr; draws depend on (seed, epoch, block) alone."""


@dataclass
class State:
    """How far a run is; with E and C, all that is needed to go on.

    Attributes:
        blocks: Blocks trained on, over all epochs.
        words: Tokens trained on, over all epochs.
        pairs: Positive pairs trained on, for each epoch.
        loss: Sum of their losses, for each epoch, float64.
        validation: Mean loss of held-out text after each finished epoch.
        interrupted: Whether the run was asked to end early.
        signal: By which signal, if it was one.
    """

    blocks: int = 0
    words: int = 0
    pairs: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    interrupted: bool = False
    signal: int | None = None

    @property
    def losses(self) -> list[float]:
        """Mean loss L of a positive pair with its negatives, for each epoch begun."""
        return [loss / pairs if pairs else math.nan for loss, pairs in zip(self.loss, self.pairs, strict=True)]

    def add(self, block: Block, sums: Sums) -> None:
        """Take in a finished block."""
        while len(self.loss) <= block.epoch:
            self.loss.append(0.0)
            self.pairs.append(0)
        self.blocks += 1
        self.words += block.stop - block.start
        self.loss[block.epoch] += sums.loss
        self.pairs[block.epoch] += sums.pairs


class Rests(Protocol):
    """What is done between blocks while all threads rest: an evaluation, a checkpoint."""

    def after(self, blocks: int) -> int:
        """The number of blocks, more than `blocks`, after which the next rest is due."""

    def due(self) -> bool:
        """Whether to rest as soon as may be."""

    def rest(self, state: State) -> None:
        """The work; E and C stand still, and every block that was begun is in `state`."""


class NoRests:
    """Threads never rest."""

    def after(self, blocks: int) -> int:
        """Beyond every run."""
        return 2**62

    def due(self) -> bool:
        """Never."""
        return False

    def rest(self, state: State) -> None:
        """Nothing to do."""


class Blocks:
    """The counter from which threads take their blocks, and the door that closes for a rest."""

    def __init__(self, schedule: Schedule, state: State, rests: Rests) -> None:
        self.schedule, self.state, self._rests = schedule, state, rests
        self._change = threading.Condition()
        self._next = state.blocks
        self._door = rests.after(state.blocks)  # blocks from this one on wait for the rest
        self._over = False

    def take(self) -> Block | None:
        """The next block; None when there is no more."""
        with self._change:
            while not self._over and self._next >= self._door and self._next < self.schedule.blocks:
                self._change.wait()
            if self._over or self._next >= self.schedule.blocks:
                return None
            self._next += 1
            return self.schedule.block(self._next - 1)

    def done(self, block: Block, sums: Sums) -> None:
        """Hand a finished block in."""
        with self._change:
            self.state.add(block, sums)
            if self.state.blocks >= min(self._door, self.schedule.blocks):
                self._change.notify_all()

    def close(self) -> None:
        """No more blocks."""
        with self._change:
            self._over = True
            self._change.notify_all()

    def attend(self, seconds: float) -> None:
        """Wait for a while; see to the rest when it is due."""
        with self._change:
            if self._rests.due():
                self._door = min(self._door, self._next)
            if not self._resting():
                self._change.wait(seconds)
            if not self._resting():
                return
        self._rests.rest(self.state)  # nobody works: the door is closed and all blocks are in
        with self._change:
            self._door = self._rests.after(self.state.blocks)
            self._change.notify_all()

    def _resting(self) -> bool:
        return not self._over and self.state.blocks >= self._door


def train(
    engine: Engine,
    schedule: Schedule,
    threads: int,
    watch: Callable[[State], None],
    *,
    state: State | None = None,
    rests: Rests | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> State:
    """Train the blocks of `schedule` that `state` has not seen.

    Args:
        engine: Changed in place.
        schedule: Which blocks, at which rates.
        threads: How many train at once.
        watch: Called about twenty times a second from the calling thread.
        state: Where to go on; default is the beginning.
        rests: What is done while all threads rest, and when.
        stop: Asked as often; when it says yes the threads finish their blocks and the run ends, `interrupted`.

    Returns:
        The final state.

    Raises:
        DivergedError: the loss of a block is no finite number, or beyond reason.
        KeyboardInterrupt: at once, without waiting for blocks to end.
    """
    state = state or State()
    state.interrupted = False
    blocks = Blocks(schedule, state, rests or NoRests())
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while (block := blocks.take()) is not None:
                sums = engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
                check(sums, block, schedule)
                blocks.done(block, sums)
        except BaseException as error:  # handed to the calling thread
            failures.append(error)
            blocks.close()

    workers = [threading.Thread(target=work, name=f"sgns-{k}", daemon=True) for k in range(threads)]
    for worker in workers:
        worker.start()
    try:
        while any(worker.is_alive() for worker in workers):
            blocks.attend(WATCH)
            watch(state)
            if stop() and state.blocks < schedule.blocks:
                state.interrupted = True
                blocks.close()
    except BaseException:
        blocks.close()
        patience = time.monotonic() + GRACE
        for worker in workers:
            worker.join(max(0.0, patience - time.monotonic()))
        raise
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    blocks.attend(0.0)  # the rest after the last block
    state.interrupted = state.interrupted and state.blocks < schedule.blocks
    watch(state)
    return state


def check(sums: Sums, block: Block, schedule: Schedule) -> None:
    """Raise `DivergedError` where the loss of a block shows that the vectors have exploded.

    Vectors that are all zero have the loss (1 + k)·log 2; training starts there and falls. Exploding rows have scores
    in the hundreds, and a score x of the wrong sign costs |x|.
    """
    mean = sums.loss / max(1, sums.pairs)
    if math.isfinite(mean) and mean < BEYOND_REASON * schedule.first_loss:
        return
    raise DivergedError(
        f"the vectors diverged: the loss is {mean:.3g} in epoch {block.epoch + 1}, block {block.number + 1}, "
        f"at lr {block.lr:.3g}; try --lr {min(SAFE_LR, schedule.lr / 4):.2g}"
    )
