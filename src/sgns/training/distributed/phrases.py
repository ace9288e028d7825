"""Phrases of a text of which each rank has a shard: those that one process finds that reads all of it.

Rank 0 gets the ids of all ranks, in a file, and finds the phrases; each rank joins them in its shard. An id takes 4
bytes, and counting pairs is a small part of training, so the other ranks wait.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from sgns.base.folders import temporary_file
from sgns.config import Config
from sgns.errors import OutputError
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import open_store
from sgns.text.corpus import Corpus
from sgns.text.derive import with_all_words
from sgns.text.encoded import Encoded, renumber
from sgns.text.joint_vocabulary import count_part
from sgns.text.phrase_list import Phrase
from sgns.text.phrases import PhraseOptions, join_phrases
from sgns.text.spill import write_all
from sgns.training.distributed.comm import Comm, all_gather_bytes, all_gather_objects, on_all_ranks
from sgns.training.distributed.counting import count_together

BLOCK = 1 << 20  # numbers that each rank sends at once


def find_together(
    comm: Comm, part: Corpus, options: PhraseOptions | None, config: Config, progress: ProgressCallback
) -> PhraseOptions | None:
    """The phrases of the whole text as a list to be joined; `options` themselves where they are a list already.

    Args:
        comm: The ranks.
        part: This rank's shard, with all of its words.
        options: How phrases are found.
        config: The options of the text.
        progress: Called with the progress of this rank.

    Raises:
        OutputError: the disk of a rank is full.
    """
    if options is None or options.given is not None:
        return options
    store, _ = open_store()
    folder = store.folder if store else None
    encoded = Encoded(part.ids, part.sentence_ends, part.vocabulary.words, part.vocabulary.counts)
    sizes = all_gather_objects(comm, part.tokens)
    before = sum(sizes[: comm.rank])
    progress("find phrases together", 0, None, "")
    counted = count_together(comm, count_part(encoded, before), with_all_words(config)).chosen
    ids, ends = on_all_ranks(comm, lambda: renumber(encoded, counted.words, folder))
    all_ids, all_ends = gathered(comm, ids, folder), gathered(comm, ends + before, folder)

    def find() -> list[Phrase]:
        if comm.rank:
            return []
        return join_phrases(
            Encoded(all_ids, all_ends, counted.words, counted.counts), options, folder, progress
        ).phrases

    found = on_all_ranks(comm, find)
    listed = all_gather_objects(comm, [[phrase.name, phrase.words, phrase.number] for phrase in found])[0]
    passes: dict[int, list[Phrase]] = {}
    for name, words, number in listed:
        passes.setdefault(number, []).append(Phrase(name, tuple(words), number))
    return replace(options, passes=0, given=list(passes.values()))


def gathered(comm: Comm, array: np.ndarray, folder: Path | None) -> np.ndarray:
    """The arrays (n,) of all ranks, one after the other, mapped from a file, on rank 0; an empty array on the others.

    Args:
        comm: The ranks.
        array: Of this rank.
        folder: Where the file goes, which vanishes with the process.

    Raises:
        OutputError: the disk of rank 0 is full.
    """
    sizes = all_gather_objects(comm, len(array))
    file = on_all_ranks(comm, lambda: temporary_file(folder) if comm.rank == 0 else None)
    full: OutputError | None = None
    for start in range(0, max(sizes), BLOCK):
        for offset, data in zip(np.cumsum([0, *sizes]).tolist(), all_gather_bytes(comm, send(array, start))):
            if file is None or full is not None:
                continue
            try:
                file.seek((offset + start) * array.itemsize)
                write_all(file, np.frombuffer(data, array.dtype))
            except OutputError as error:  # the other ranks send all the same; `whole` raises it on all
                full = error

    def whole() -> np.ndarray:
        if full is not None:
            raise full
        if file is None or not sum(sizes):
            return array[:0]
        return np.memmap(file, array.dtype, "r", shape=(sum(sizes),))

    return on_all_ranks(comm, whole)


def send(array: np.ndarray, start: int) -> bytes:
    """The block that begins at `start`, which may be behind the end."""
    return np.ascontiguousarray(array[start : start + BLOCK]).tobytes()
