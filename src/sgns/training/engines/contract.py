"""What every engine offers to a run: the training of one block in place, and answers about itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import torch

Spans = Callable[[int, int], Iterable[tuple[int, int]]]
"""Called as spans(start, stop): the parts (first, one past the last) of ids[start:stop] that are trained on."""


@dataclass(frozen=True)
class Sums:
    """What the training of a block adds up to.

    Attributes:
        loss: Σ L over its positive pairs, negatives included, in float64.
        pairs: Positive pairs.
        centres: Tokens that subsampling kept.
    """

    loss: float
    pairs: int
    centres: int


class Engine(Protocol):
    """E and C of a run, and the training of one block in place.

    Attributes:
        E: (V, stride) float32 in the memory of the host, current after `sync`; columns from dim on are zero.
        C: As E.
        concurrent: Whether several threads may call `train_block` at once; it releases the interpreter's lock.
        longest: Tokens of a block at most.
    """

    E: np.ndarray
    C: np.ndarray
    concurrent: bool
    longest: int

    def compile(self) -> None:
        """Compiles the kernels, or loads them from the cache of an earlier run; changes no row."""

    def train_block(self, epoch: int, block: int, start: int, stop: int, lr: float) -> Sums:
        """Trains on ids[start:stop] in place.

        Args:
            epoch: Pass over the corpus, from 0.
            block: Number of the block in the epoch; its draws depend on (seed, epoch, block) alone.
            start: First token.
            stop: One past the last token.
            lr: Learning rate of the whole block.

        Returns:
            Sums of the block; a loss of NaN or infinity is the sign of divergence.
        """

    def sync(self) -> None:
        """Makes E and C in the memory of the host current."""

    def tables(self) -> "tuple[torch.Tensor, torch.Tensor]":
        """E and C as tensors, (V, stride) float32, where the engine trains them."""


@runtime_checkable
class EpochEngine(Protocol):
    """An engine that trains whole epochs, in an order of its own; it cannot go on from a checkpoint.

    Attributes:
        E: (V, ≥ d) float32 in the memory of the host, always current.
        C: As E.
    """

    E: np.ndarray
    C: np.ndarray

    def compile(self) -> None:
        """Prepares the training; changes no row."""

    def train_epochs(self, on_batch: Callable[[int, int, int, float], None], on_epoch: Callable[[int], None]) -> None:
        """Trains all epochs in the calling thread.

        Args:
            on_batch: Called after each batch with the epoch, from 0, its tokens and positive pairs so far, and the sum
                of their losses. What it raises ends the training.
            on_epoch: Called after each epoch with its number, from 0. What it raises ends the training.
        """

    def sync(self) -> None:
        """Does nothing: E and C are current."""
