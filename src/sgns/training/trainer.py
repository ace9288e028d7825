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
    """How far a run is.

    Attributes:
        words: Tokens trained on, over all epochs.
        pairs: Positive pairs trained on, for each epoch.
        loss: Sum of their losses, for each epoch, float64.
    """

    words: int = 0
    pairs: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    interrupted: bool = False

    @property
    def losses(self) -> list[float]:
        """Mean loss L of a positive pair with its negatives, for each epoch begun."""
        return [loss / pairs if pairs else math.nan for loss, pairs in zip(self.loss, self.pairs, strict=True)]

    def add(self, block: Block, sums: Sums) -> None:
        """Take in a finished block."""
        while len(self.loss) <= block.epoch:
            self.loss.append(0.0)
            self.pairs.append(0)
        self.words += block.stop - block.start
        self.loss[block.epoch] += sums.loss
        self.pairs[block.epoch] += sums.pairs


Watcher = Callable[[State], None]


def train(engine: Engine, schedule: Schedule, threads: int, watch: Watcher) -> State:
    """Train all blocks of `schedule`.

    Ctrl-C lets the threads finish their blocks and returns what there is; a second one raises KeyboardInterrupt.

    Args:
        engine: Changed in place.
        schedule: Which blocks, at which rates.
        threads: How many train at once.
        watch: Called about twenty times a second from the calling thread.

    Returns:
        The final state; `interrupted` tells whether Ctrl-C ended it.

    Raises:
        DivergedError: the loss of a block is no finite number, or beyond reason.
    """
    state, lock, stop = State(), threading.Lock(), threading.Event()
    failures: list[BaseException] = []
    following = iter(schedule)

    def work() -> None:
        try:
            while not stop.is_set():
                with lock:
                    block = next(following, None)
                if block is None:
                    return
                sums = engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
                check(sums, block, schedule)
                with lock:
                    state.add(block, sums)
        except BaseException as error:  # handed to the calling thread
            failures.append(error)
            stop.set()

    workers = [threading.Thread(target=work, name=f"sgns-{k}", daemon=True) for k in range(threads)]
    for worker in workers:
        worker.start()
    try:
        while any(worker.is_alive() for worker in workers):
            workers[0].join(WATCH) if workers[0].is_alive() else time.sleep(WATCH / 5)
            watch(state)
    except KeyboardInterrupt:
        state.interrupted = True
    finally:
        stop.set()
        for worker in workers:
            worker.join()  # a second Ctrl-C ends this wait
    if failures:
        raise failures[0]
    watch(state)
    return state


def check(sums: Sums, block: Block, schedule: Schedule) -> None:
    """Raise `DivergedError` where the loss of a block shows that the vectors have exploded."""
    mean = sums.loss / max(1, sums.pairs)
    if not math.isfinite(mean) or mean > 1e4:
        raise DivergedError(
            f"the loss is {mean:g} in epoch {block.epoch + 1} at lr {block.lr:g}: the vectors have diverged; "
            f"try --lr {schedule.lr / 4:g}"
        )
