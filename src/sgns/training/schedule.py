"""The order of work: a corpus cut into blocks, epoch after epoch, each block with its learning rate."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from sgns.config import Config

LONGEST, SHORTEST = 40_000, 1_000  # tokens in a block
BLOCKS_AT_LEAST = 200  # in a run, so that the learning rate falls smoothly on a small corpus too


@dataclass(frozen=True)
class Block:
    """A stretch of the corpus that is trained on as a whole, in one epoch and at one learning rate."""

    epoch: int
    number: int  # in its epoch
    start: int  # first token
    stop: int  # one past the last token
    lr: float


@dataclass(frozen=True)
class Schedule(ABC):
    """All blocks of a run in their order. It depends on the corpus and the options, never on the number of threads.

    Attributes:
        tokens: Tokens that this process trains on in an epoch.
        epochs: Passes over them.
        lr: Learning rate at the first token.
        min_lr: Learning rate after the last.
        first_loss: Loss of a pair before training, (1 + k)·log 2.
    """

    tokens: int
    epochs: int
    lr: float
    min_lr: float
    first_loss: float = 6 * math.log(2)

    @property
    @abstractmethod
    def blocks_per_epoch(self) -> int:
        """Blocks in an epoch."""

    @property
    @abstractmethod
    def words(self) -> int:
        """Tokens of all epochs, trained on by all processes."""

    @abstractmethod
    def block(self, index: int) -> Block:
        """Block `index` of the run."""

    @abstractmethod
    def position(self, blocks: int) -> str:
        """How far a run with `blocks` finished blocks is, for the user: `block 7 of 400`."""

    @property
    def blocks(self) -> int:
        """Blocks in the run."""
        return self.blocks_per_epoch * self.epochs

    def epochs_finished(self, blocks: int) -> int:
        """Whole epochs in the first `blocks` blocks."""
        return blocks // self.blocks_per_epoch

    def ends_epoch(self, blocks: int) -> bool:
        """Whether an epoch ends with the last of the first `blocks` blocks."""
        return blocks > 0 and blocks % self.blocks_per_epoch == 0

    def next_epoch_end(self, blocks: int) -> int:
        """The number of finished blocks, more than `blocks`, with which the next epoch ends."""
        return (self.epochs_finished(blocks) + 1) * self.blocks_per_epoch

    def __iter__(self) -> Iterator[Block]:
        return (self.block(index) for index in range(self.blocks))


@dataclass(frozen=True)
class BlockSchedule(Schedule):
    """The schedule of one process: blocks of equal length; the learning rate falls with the words before a block.

    Attributes:
        longest: Tokens of a block at most.
    """

    longest: int = LONGEST

    @classmethod
    def of(cls, tokens: int, config: Config, longest: int = LONGEST) -> "BlockSchedule":
        """The schedule of `tokens` tokens under these options, for an engine with blocks of up to `longest` tokens."""
        return cls(tokens, config.epochs, config.lr, config.min_lr, (1 + config.negatives) * math.log(2), longest)

    @property
    def length(self) -> int:
        """Tokens in a block; the last one of an epoch may be shorter."""
        return max(SHORTEST, min(self.longest, self.tokens * self.epochs // BLOCKS_AT_LEAST))

    @property
    def blocks_per_epoch(self) -> int:
        """Blocks in an epoch."""
        return -(-self.tokens // self.length)

    @property
    def words(self) -> int:
        """Tokens of all epochs."""
        return self.tokens * self.epochs

    def block(self, index: int) -> Block:
        """Block `index` of the run; its lr falls linearly with the words before it, as in word2vec.c."""
        epoch, number = divmod(index, self.blocks_per_epoch)
        start = number * self.length
        before = epoch * self.tokens + start
        lr = self.lr - (self.lr - self.min_lr) * before / self.words
        return Block(epoch, number, start, min(self.tokens, start + self.length), lr)

    def position(self, blocks: int) -> str:
        """How far the run is: `block 7 of 400`."""
        return f"block {blocks:,} of {self.blocks:,}"
