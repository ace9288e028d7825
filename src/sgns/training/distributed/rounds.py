"""The schedule of one rank among several: every epoch is cut into rounds, and all ranks are in the same round.

A rank's part of a round is in proportion to its shard of the text, so all ranks finish an epoch together, and the
learning rate, which falls with the rounds, falls with the words of all ranks. Nothing depends on the clock.
"""

import math
from dataclasses import dataclass

from sgns.config import Config
from sgns.training.distributed.comm import Comm, all_gather_objects
from sgns.training.schedule import LONGEST, Block, Schedule

ROUND_WORDS = 2_000_000  # of a rank at most
SHORTEST_ROUND = 2_000  # words of a rank
BLOCKS_PER_THREAD = 4  # in a round, so that threads end it together
SHORTEST_BLOCK = 500  # tokens
ROUNDS_AT_LEAST = 1024  # in an epoch: with 512, 8 ranks lose analogies on a text of 17M tokens (docs/scale.md)


@dataclass(frozen=True, kw_only=True)
class RoundSchedule(Schedule):
    """All blocks of one rank. `tokens` are those of its shard.

    Attributes:
        total_tokens: Tokens of all shards.
        largest_shard: Tokens of the largest shard.
        round_words: Words of the largest shard in a round, about.
        longest: Tokens of a block at most.
        world_size: Number of ranks.
    """

    total_tokens: int
    largest_shard: int
    round_words: int
    longest: int
    world_size: int

    @classmethod
    def of(
        cls, shards: list[int], rank: int, config: Config, round_words: int, longest: int = LONGEST
    ) -> "RoundSchedule":
        """The schedule of a rank.

        Args:
            shards: Tokens of the shards of all ranks.
            rank: Of this process.
            config: Epochs and learning rates.
            round_words: Words of a rank in a round at most.
            longest: Tokens of a block at most.
        """
        fitting = cls.fitting(round_words, shards)
        return cls(
            shards[rank],
            config.epochs,
            config.lr,
            config.min_lr,
            (1 + config.negatives) * math.log(2),
            total_tokens=sum(shards),
            largest_shard=max(shards),
            round_words=fitting,
            longest=min(longest, fitting),
            world_size=len(shards),
        )

    @staticmethod
    def fitting(round_words: int, shards: list[int]) -> int:
        """Words of the largest shard in a round: `round_words`, or fewer where the text is small."""
        return max(SHORTEST_ROUND, min(round_words, max(shards) // ROUNDS_AT_LEAST))

    @property
    def rounds_per_epoch(self) -> int:
        """Rounds in an epoch."""
        return -(-self.largest_shard // self.round_words)

    @property
    def blocks_per_round(self) -> int:
        """Blocks in a round."""
        return -(-self.round_words // self.longest)

    @property
    def blocks_per_epoch(self) -> int:
        """Blocks in an epoch."""
        return self.rounds_per_epoch * self.blocks_per_round

    @property
    def words(self) -> int:
        """Tokens of all epochs and ranks."""
        return self.total_tokens * self.epochs

    @property
    def mean_round_words(self) -> float:
        """Words of a round on one rank, averaged over the ranks."""
        return self.total_tokens / self.world_size / self.rounds_per_epoch

    def block(self, index: int) -> Block:
        """Block `index` of the run; its lr falls linearly with the blocks before it."""
        epoch, number = divmod(index, self.blocks_per_epoch)
        start, stop = (self.tokens * (number + k) // self.blocks_per_epoch for k in (0, 1))
        lr = self.lr - (self.lr - self.min_lr) * index / self.blocks
        return Block(epoch, number, start, stop, lr)

    def position(self, blocks: int) -> str:
        """How far the run is: `round 3 of 40`."""
        return f"round {blocks // self.blocks_per_round:,} of {self.blocks // self.blocks_per_round:,}"


def agree_on_rounds(comm: Comm, tokens: int, config: Config, longest: int, threads: int | None) -> RoundSchedule:
    """The schedule of this rank: the same blocks on all ranks, however many threads each has.

    Args:
        comm: The ranks.
        tokens: Of this rank's shard.
        config: Epochs and learning rates.
        longest: Tokens of a block of the engine at most.
        threads: Threads that train blocks at the same time on this rank; None for an engine that trains one at a time.
    """
    shards = all_gather_objects(comm, tokens)
    if threads is not None:
        most = max(all_gather_objects(comm, threads))
        longest = min(
            longest, max(SHORTEST_BLOCK, RoundSchedule.fitting(ROUND_WORDS, shards) // (BLOCKS_PER_THREAD * most))
        )
    return RoundSchedule.of(shards, comm.rank, config, ROUND_WORDS, longest)
