"""The order of work on many ranks: every epoch is cut into rounds, and all ranks are in the same round.

A rank's part of a round is in proportion to its part of the text, so all ranks finish an epoch together, and the
learning rate, which falls with the rounds, falls with the words of all ranks. Nothing depends on the clock.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sgns.config import Config
from sgns.training.schedule import LONGEST, Block

SHORTEST_ROUND = 2_000  # words of a rank
ROUNDS_AT_LEAST = 1024  # in an epoch: with 512, 8 ranks lose analogies on a text of 17M tokens (docs/scale.md)


@dataclass(frozen=True)
class Rounds:
    """All blocks of one rank; see `schedule.Schedule`.

    Attributes:
        tokens: Tokens of this rank's part.
        of_all: Tokens of all parts.
        most: Tokens of the largest part.
        epochs: Passes over them.
        lr: Learning rate at the first token.
        min_lr: Learning rate after the last.
        first_loss: Loss of a pair before training.
        round_words: Words of the largest part in a round, about.
        longest: Tokens of a block at most.
    """

    tokens: int
    of_all: int
    most: int
    epochs: int
    lr: float
    min_lr: float
    first_loss: float
    round_words: int
    longest: int = LONGEST

    @classmethod
    def of(cls, parts: list[int], rank: int, config: Config, round_words: int, longest: int = LONGEST) -> "Rounds":
        """The rounds of a rank; `parts` are the tokens of all ranks."""
        lost = (1 + config.negatives) * math.log(2)
        fitting = cls.fitting(round_words, parts)
        return cls(
            parts[rank], sum(parts), max(parts), config.epochs, config.lr, config.min_lr, lost, fitting,
            min(longest, fitting),
        )  # fmt: skip

    @staticmethod
    def fitting(round_words: int, parts: list[int]) -> int:
        """Words of the largest part in a round: as wanted, or fewer where the text is small."""
        return max(SHORTEST_ROUND, min(round_words, max(parts) // ROUNDS_AT_LEAST))

    @property
    def rounds_per_epoch(self) -> int:
        """Rounds in an epoch."""
        return -(-self.most // self.round_words)

    @property
    def blocks_per_round(self) -> int:
        """Blocks in a round."""
        return -(-self.round_words // self.longest)

    @property
    def blocks_per_epoch(self) -> int:
        """Blocks in an epoch."""
        return self.rounds_per_epoch * self.blocks_per_round

    @property
    def blocks(self) -> int:
        """Blocks in the run."""
        return self.blocks_per_epoch * self.epochs

    @property
    def words(self) -> int:
        """Tokens of all epochs and ranks."""
        return self.of_all * self.epochs

    def block(self, index: int) -> Block:
        """Block `index` of the run; its lr falls linearly with the blocks before it."""
        epoch, number = divmod(index, self.blocks_per_epoch)
        start, stop = (self.tokens * (number + k) // self.blocks_per_epoch for k in (0, 1))
        lr = self.lr - (self.lr - self.min_lr) * index / self.blocks
        return Block(epoch, number, start, stop, lr)

    def __iter__(self) -> Iterator[Block]:
        return (self.block(index) for index in range(self.blocks))
