"""The vocabulary of all ranks: each counts the words of its shard, and the counts of a word are added up on one rank.

Map-reduce (Dean & Ghemawat 2004): exact, and no rank holds the words of all shards at once.
"""

import time

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import digest, open_store
from sgns.text.corpus import Corpus
from sgns.text.derive import Derivation, facts_of, none_chosen
from sgns.text.encoded import renumber, without_empty
from sgns.text.joint_vocabulary import count_part, encode_part, join_in_part
from sgns.text.known_words import KnownWords
from sgns.text.phrases import Joined, no_phrase
from sgns.text.sentences import INTEGER, integers_and_string
from sgns.text.shards import Shard
from sgns.text.vocabulary import Vocabulary
from sgns.text.warnings import warnings_of
from sgns.text.word_lists import WordLists
from sgns.training.distributed.comm import (
    Comm,
    all_gather_objects,
    on_all_ranks,
    raised_on_all_ranks,
)
from sgns.training.distributed.counting import count_together
from sgns.training.distributed.documents import FACTS, common_documents, common_warnings, documents_of_shard
from sgns.training.distributed.phrases import find_together


def read_shard(
    comm: Comm, shard: Shard, config: Config, progress: ProgressCallback, known: KnownWords | None = None
) -> Corpus:
    """Encode this rank's shard of the text in the vocabulary of all ranks.

    Args:
        comm: The ranks.
        shard: What this rank reads.
        config: Text options and threads.
        progress: Called with the progress of this rank.
        known: Words of a model that the run starts from, the same on all ranks.

    Returns:
        A corpus with the ids of this shard, and the vocabulary and the hash of the whole text.

    Raises:
        InputError: of any rank; or nothing is left of the text, or of the shard of a rank.
    """
    began = time.perf_counter()
    derivation = on_all_ranks(comm, lambda: Derivation.of(config, known))
    phrases, lists = (None, WordLists()) if derivation is None else (derivation.phrases, derivation.lists)
    read = on_all_ranks(comm, lambda: encode_part(shard.sources, config, progress))
    listed = find_together(comm, read, phrases, config, progress)
    joined = on_all_ranks(comm, lambda: join_in_part(read, listed, progress))
    text, unknown = joined.text, unknown_phrases(comm, joined)
    documents = documents_of_shard(comm, read, shard, config)
    shards = all_gather_objects(comm, (len(text.ids), len(read.ids), read.hash))
    content = digest(all_gather_objects(comm, read.content))
    lists = lists.beside(content)
    integers = integers_of(comm, read)
    progress("count words together", 0, None, "")
    before = sum(tokens for tokens, _, _ in shards[: comm.rank])
    chosen, distinct, highest, dropped = count_together(comm, count_part(text, before), config, lists)

    try:
        missing = lists.check(set(chosen.words), dropped)
        if not chosen.words:
            raise none_chosen(sum(raw for _, raw, _ in shards), distinct, highest, config)
    except InputError as error:  # all ranks have found the same
        raise raised_on_all_ranks(error) from None
    words, counts = lists.complete(chosen.words, chosen.counts, config.max_vocabulary)

    def numbered() -> tuple[np.ndarray, np.ndarray]:
        store, _ = open_store()
        ids, ends = renumber(text, words, store.folder if store else None)
        if not len(ids):
            raise InputError(
                f"none of its {len(text.ids):,} tokens is in the common vocabulary of {len(words):,} words; "
                "start fewer ranks, or lower --min-count"
            )
        return ids, ends

    ids, ends = on_all_ranks(comm, numbered)
    warnings = [*read.warnings, *(warnings_of(facts_of(missing, unknown), []) if comm.rank == 0 else [])]
    if documents is not None:
        warnings += common_warnings(comm, documents.facts_without(ends, read.facts[FACTS]))
        documents, ends = documents.without_empty(ends)
        documents = common_documents(comm, documents)
    ends = without_empty(ends)
    if shard.cut_sentences:
        warnings.append(
            "a sentence is longer than the shard of a rank, so it was cut between two words where shards meet"
        )
    vocabulary = Vocabulary(words, counts, least=0)
    vocabulary.integers = integers
    derived = [] if derivation is None else [derivation.for_hash()]
    return Corpus(
        ids,
        ends,
        vocabulary,
        digest([name for _, _, name in shards] + [config.min_count, config.max_vocabulary, *derived]),
        len(read.ids),
        scan_seconds=time.perf_counter() - began,
        from_cache=read.from_cache,
        warnings=warnings,
        documents=documents,
        content=content,
    )


def unknown_phrases(comm: Comm, joined: Joined) -> list[str]:
    """Phrases of a list that have a word which no rank's shard has. Raises `InputError` if these are all."""
    found = all_gather_objects(comm, (len(joined.phrases), joined.unknown))
    first, *others = [unknown for _, unknown in found]
    common = set(first).intersection(*others)
    if common and not any(known for known, _ in found):
        raise raised_on_all_ranks(no_phrase(first))
    return [name for name in first if name in common]


def integers_of(comm: Comm, text: Corpus) -> bool:
    """Whether words of the whole text were given as integers, as one process that reads all of it finds.

    Raises:
        InputError: on some ranks integers were given, and on another one a string that looks like an integer.
    """
    given = text.vocabulary.integers
    string = None if given else next((word for word in text.vocabulary.words if INTEGER.fullmatch(word)), None)
    found = all_gather_objects(comm, (given, string))
    strings = [string for _, string in found if string is not None]
    integers = any(given for given, _ in found)
    if integers and strings:
        raise raised_on_all_ranks(integers_and_string(strings[0]))
    return integers
