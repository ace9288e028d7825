"""The vocabulary of all ranks: each counts the words of its shard, and the counts of a word are added up on one rank.

Map-reduce (Dean & Ghemawat 2004): exact, and no rank holds the words of all shards at once.
"""

import time

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import digest
from sgns.text.corpus import Corpus
from sgns.text.joint_vocabulary import WordCounts, choose, count_part, divide, encode_part, renumber, sum_counts
from sgns.text.shards import Shard
from sgns.text.vocabulary import Vocabulary, nothing_left
from sgns.training.distributed.comm import (
    Comm,
    all_gather_bytes,
    all_gather_objects,
    all_to_all_bytes,
    on_all_ranks,
    raised_on_all_ranks,
)


def read_shard(comm: Comm, shard: Shard, config: Config, progress: ProgressCallback) -> Corpus:
    """Encode this rank's shard of the text in the vocabulary of all ranks.

    Args:
        comm: The ranks.
        shard: What this rank reads.
        config: Text options and threads.
        progress: Called with the progress of this rank.

    Returns:
        A corpus with the ids of this shard, and the vocabulary and the hash of the whole text.

    Raises:
        InputError: of any rank; or nothing is left of the text, or of the shard of a rank.
    """
    began = time.perf_counter()
    text = on_all_ranks(comm, lambda: encode_part(shard.sources, config, progress))
    shards = all_gather_objects(comm, (len(text.ids), text.hash))
    progress("count words together", 0, None, "")
    before = sum(tokens for tokens, _ in shards[: comm.rank])
    parts = divide(count_part(text, before), comm.world_size)
    received = all_to_all_bytes(comm, [part.pack() for part in parts])
    own, distinct, highest = sum_counts(map(WordCounts.unpack, received), config)
    del parts, received
    chosen = choose(map(WordCounts.unpack, all_gather_bytes(comm, own.pack())), config)
    raw_tokens = sum(tokens for tokens, _ in shards)
    figures = all_gather_objects(comm, (distinct, highest))
    if not chosen.words:
        distinct, highest = sum(n for n, _ in figures), max(n for _, n in figures)
        raise raised_on_all_ranks(nothing_left(raw_tokens, distinct, highest, config))

    def numbered() -> tuple[np.ndarray, np.ndarray]:
        ids, ends = renumber(text, chosen.words)
        if len(ids) == 0:
            raise InputError(
                f"none of its {len(text.ids):,} tokens is in the common vocabulary of {len(chosen.words):,} words; "
                "start fewer ranks, or lower --min-count"
            )
        return ids, ends

    ids, ends = on_all_ranks(comm, numbered)
    warnings = list(text.warnings)
    if shard.cut_sentences:
        warnings.append(
            "a sentence is longer than the shard of a rank, so it was cut between two words where shards meet"
        )
    return Corpus(
        ids,
        ends,
        Vocabulary(chosen.words, chosen.counts),
        digest([name for _, name in shards] + [config.min_count, config.max_vocabulary]),
        len(text.ids),
        scan_seconds=time.perf_counter() - began,
        from_cache=text.from_cache,
        warnings=warnings,
    )
