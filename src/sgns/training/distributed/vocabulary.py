"""One vocabulary for all ranks: each counts its part, the counts are added up where each word is dealt to.

Map-reduce (Dean & Ghemawat 2004): exact, and no rank holds the words of all parts at once.
"""

import time
from dataclasses import dataclass

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import digest
from sgns.text.corpus import Corpus
from sgns.text.joint_vocabulary import WordCounts, choose, count_part, divide, encode_part, renumber, sum_counts
from sgns.text.shards import Shard
from sgns.text.vocabulary import Vocabulary, nothing_left
from sgns.training.distributed.comm import Group, collect_bytes, collect_things, swap_bytes, together


@dataclass(frozen=True)
class Totals:
    """Figures of the whole text: tokens of the vocabulary, raw tokens, and sentences with a word of the vocabulary."""

    tokens: int
    raw_tokens: int
    sentences: int


def read_part(group: Group, shard: Shard, config: Config, progress: ProgressCallback) -> tuple[Corpus, Totals]:
    """This rank's part of the text, in the vocabulary of all.

    Args:
        group: The ranks.
        shard: What this rank reads.
        config: Text options and threads.
        progress: Told how far this rank is.

    Returns:
        A corpus whose ids are those of this part, whose vocabulary and hash are those of the whole text; and totals.

    Raises:
        InputError: of any rank; or nothing is left of the text, or of the part of a rank.
    """
    began = time.perf_counter()
    text = together(group, lambda: encode_part(shard.sources, config, progress))
    parts = collect_things(group, (len(text.ids), text.hash))
    progress("count words together", 0, None, "")
    before = sum(tokens for tokens, _ in parts[: group.rank])
    dealt = swap_bytes(group, [piece.pack() for piece in divide(count_part(text, before), group.ranks)])
    mine, distinct, highest = sum_counts(map(WordCounts.unpack, dealt), config)
    del dealt
    chosen = choose(map(WordCounts.unpack, collect_bytes(group, mine.pack())), config)
    raw_tokens = sum(tokens for tokens, _ in parts)
    figures = collect_things(group, (distinct, highest))
    if not chosen.words:
        raise nothing_left(raw_tokens, sum(n for n, _ in figures), max(n for _, n in figures), config)

    def numbered() -> tuple[np.ndarray, np.ndarray]:
        ids, ends = renumber(text, chosen.words)
        if len(ids) == 0:
            raise InputError(
                f"none of its {len(text.ids):,} tokens is in the common vocabulary of {len(chosen.words):,} words; "
                "start fewer ranks, or lower --min-count"
            )
        return ids, ends

    ids, ends = together(group, numbered)
    notes = list(text.warnings)
    if shard.cut_sentences:
        notes.append("a sentence is longer than the part of a rank, so it was cut between two words where parts meet")
    corpus = Corpus(
        ids,
        ends,
        Vocabulary(chosen.words, chosen.counts),
        digest([name for _, name in parts] + [config.min_count, config.max_vocabulary]),
        len(text.ids),
        scan_seconds=time.perf_counter() - began,
        from_cache=text.from_cache,
        warnings=notes,
    )
    sentences = sum(collect_things(group, len(ends)))
    return corpus, Totals(int(chosen.counts.sum()), raw_tokens, sentences)
