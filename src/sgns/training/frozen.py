"""Rows that stay as they are while the others are trained.

Kernels know nothing of them: a thread that has trained a block puts back the frozen rows before it counts the block as
finished. So they differ from their values by the updates of the blocks in progress at most, which is what other threads
may read; and where no block is in progress, at a barrier and at the end, they are their values, bit for bit: whatever
thread writes a row last puts it back after that.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sgns.training.engines.contract import Engine, EpochEngine, Sums
from sgns.training.loop import NEVER, State
from sgns.training.tables import Tables

if TYPE_CHECKING:
    import torch


class FrozenRows:
    """Rows of the tables of a run, and the values that they keep.

    Args:
        tables: Views of what is trained; they hold the values now.
        rows: Of each table that has frozen rows, (n,) int64, ascending.
    """

    def __init__(self, tables: Tables, rows: dict[str, np.ndarray]) -> None:
        self._parts: list[tuple[np.ndarray, slice | np.ndarray, np.ndarray]] = []
        for name, some in rows.items():
            all_rows = len(some) == len(tables[name])
            which = slice(None) if all_rows else some
            self._parts.append((tables[name], which, tables[name][which].copy()))

    def restore(self) -> None:
        """Puts the rows back; any thread may call it."""
        for table, rows, values in self._parts:
            table[rows] = values


class FrozenEngine:
    """An engine whose blocks leave frozen rows as they were; see `contract.Engine`."""

    def __init__(self, engine: Engine, frozen: FrozenRows) -> None:
        self._engine, self._frozen = engine, frozen
        self.E, self.C = engine.E, engine.C
        self.concurrent, self.longest = engine.concurrent, engine.longest

    def compile(self) -> None:
        """Compiles the kernels."""
        self._engine.compile()

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Trains a block, then puts the frozen rows back."""
        sums = self._engine.train_block(epoch, block, start, stop, lr)
        self._frozen.restore()
        return sums

    def sync(self) -> None:
        """Makes E and C current."""
        self._engine.sync()

    def tables(self) -> "tuple[torch.Tensor, torch.Tensor]":
        """E and C as tensors."""
        return self._engine.tables()


class FrozenEpochEngine:
    """An engine of whole epochs that puts frozen rows back after each batch; see `contract.EpochEngine`."""

    def __init__(self, engine: EpochEngine, frozen: FrozenRows) -> None:
        self._engine, self._frozen = engine, frozen
        self.E, self.C = engine.E, engine.C

    def compile(self) -> None:
        """Prepares the training."""
        self._engine.compile()

    def train_epochs(self, on_batch: Callable[[int, int, int, float], None], on_epoch: Callable[[int], None]) -> None:
        """Trains all epochs."""

        def after_batch(epoch: int, words: int, pairs: int, loss: float) -> None:
            self._frozen.restore()
            on_batch(epoch, words, pairs, loss)

        def after_epoch(epoch: int) -> None:
            self._frozen.restore()
            on_epoch(epoch)

        self._engine.train_epochs(after_batch, after_epoch)

    def sync(self) -> None:
        """Does nothing: E and C are current."""
        self._engine.sync()


class FrozenHook:
    """Puts frozen rows back at the barriers of the hooks after it: merging may have rounded them."""

    def __init__(self, frozen: FrozenRows) -> None:
        self._frozen = frozen

    def next_barrier(self, blocks: int) -> int:
        """It needs none of its own."""
        return NEVER

    def due(self) -> bool:
        """Never."""
        return False

    def at_barrier(self, state: State) -> None:
        """Put them back."""
        self._frozen.restore()


def freeze(engine: Engine | EpochEngine, frozen: FrozenRows) -> Engine | EpochEngine:
    """The engine with frozen rows."""
    return FrozenEpochEngine(engine, frozen) if isinstance(engine, EpochEngine) else FrozenEngine(engine, frozen)
