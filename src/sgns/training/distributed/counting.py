"""The words of all ranks with their counts, added up by map-reduce; see `distributed.vocabulary`."""

from typing import NamedTuple

from sgns.config import Config
from sgns.text.joint_vocabulary import NO_LISTS, WordCounts, choose, divide, sum_counts
from sgns.text.word_lists import WordLists
from sgns.training.distributed.comm import Comm, all_gather_bytes, all_gather_objects, all_to_all_bytes


class Counted(NamedTuple):
    """The vocabulary of the whole text.

    Attributes:
        chosen: Its words, the most frequent one first.
        distinct: The number of distinct words of the text.
        highest: The count of the most frequent one that is not dropped.
        dropped: How many distinct words are dropped.
    """

    chosen: WordCounts
    distinct: int
    highest: int
    dropped: int


def count_together(comm: Comm, part: WordCounts, config: Config, lists: WordLists = NO_LISTS) -> Counted:
    """Adds up the counts of each word on one rank, and chooses the vocabulary on all.

    Args:
        comm: The ranks.
        part: The words of this rank's shard.
        config: `min_count` and `max_vocabulary` apply.
        lists: Words that are given, kept and dropped.

    Returns:
        On all ranks the same.
    """
    received = all_to_all_bytes(comm, [group.pack() for group in divide(part, comm.world_size)])
    own, *figures = sum_counts(map(WordCounts.unpack, received), config, lists)
    del received
    chosen = choose(map(WordCounts.unpack, all_gather_bytes(comm, own.pack())), config, lists)
    distinct, highest, dropped = zip(*all_gather_objects(comm, figures), strict=True)
    return Counted(chosen, sum(distinct), max(highest), sum(dropped))
