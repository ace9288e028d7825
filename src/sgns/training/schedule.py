"""The order of work: a corpus cut into blocks, epoch after epoch, each block with its learning rate."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sgns.config import Config

LONGEST, SHORTEST = 40_000, 1_000  # tokens in a block
BLOCKS_AT_LEAST = 200  # in a run, so that the learning rate falls smoothly on a small corpus too


@dataclass(frozen=True)
class Block:
    """A piece of one epoch's work."""

    epoch: int
    number: int  # in its epoch
    start: int  # first token
    stop: int  # one past the last token
    lr: float


@dataclass(frozen=True)
class Schedule:
    """All blocks of a run. It depends on the corpus and the options, never on the number of threads.

    Attributes:
        tokens: Tokens of the corpus, n.
        epochs: Passes over it.
        lr: Learning rate at the first token.
        min_lr: Learning rate after the last.
        first_loss: Loss of a pair before training, (1 + k)·log 2.
        longest: Tokens of a block at most.
    """

    tokens: int
    epochs: int
    lr: float
    min_lr: float
    first_loss: float = 6 * math.log(2)
    longest: int = LONGEST

    @classmethod
    def of(cls, tokens: int, config: Config, longest: int = LONGEST) -> "Schedule":
        """The schedule of a corpus of so many tokens under these options, for an engine with blocks up to `longest`."""
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
    def blocks(self) -> int:
        """Blocks in the run."""
        return self.blocks_per_epoch * self.epochs

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

    def __iter__(self) -> Iterator[Block]:
        return (self.block(index) for index in range(self.blocks))
