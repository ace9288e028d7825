"""One vocabulary for a text of which several readers have each encoded a part.

Each reader encodes its part with all of its words (`encode_part`). The words are divided into groups, and the counts of
a group are summed over all parts (`divide`, `sum_counts`); the vocabulary is chosen as for a whole text (`choose`), and
the ids of every part are replaced by ids in it (`renumber`). A single reader of the whole text would find the same
vocabulary, with equal counts in the same order. This is map-reduce (Dean & Ghemawat 2004).
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from sgns.base.folders import temporary_file
from sgns.config import Config
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import open_store
from sgns.text.corpus import Corpus
from sgns.text.sources import Source
from sgns.text.spill import write_all
from sgns.text.vocabulary import most_frequent

STEP = 1 << 22  # tokens in a block


def encode_part(sources: list[Source], config: Config, progress: ProgressCallback) -> Corpus:
    """Encodes one part with all of its words, whatever their counts; or fetches it from the cache."""
    return Corpus.from_sources(sources, replace(config, min_count=1, max_vocabulary=None), progress)


@dataclass
class WordCounts:
    """Words with their counts, in a part of the text or in all of it.

    Attributes:
        words: distinct words.
        counts: (t,) int64.
        first: (t,) int64, index of each word's first token in the whole text.
    """

    words: list[str]
    counts: np.ndarray
    first: np.ndarray

    def take(self, indices: np.ndarray) -> "WordCounts":
        """The words with these indices."""
        return WordCounts([self.words[i] for i in indices.tolist()], self.counts[indices], self.first[indices])

    def pack(self) -> bytes:
        """As bytes, for another process."""
        head = np.array([len(self.words)], np.int64).tobytes()
        return head + self.counts.tobytes() + self.first.tobytes() + "\n".join(self.words).encode()

    @classmethod
    def unpack(cls, data: bytes) -> "WordCounts":
        """The inverse of `pack`."""
        n = int(np.frombuffer(data, np.int64, 1)[0])
        counts, first = (np.frombuffer(data, np.int64, n, 8 + 8 * n * k) for k in (0, 1))
        return cls(data[8 + 16 * n :].decode().split("\n") if n else [], counts, first)


def count_part(part: Corpus, before: int) -> WordCounts:
    """The words of a part; the parts before it have `before` tokens."""
    first = np.zeros(len(part.vocabulary), np.int64)
    for start in reversed(range(0, len(part.ids), STEP)):  # backwards: the first appearance is written last
        ids = part.ids[start : start + STEP][::-1]
        first[ids] = np.arange(start + len(ids) - 1, start - 1, -1)
    return WordCounts(part.vocabulary.words, part.vocabulary.counts, first + before)


def divide(counted: WordCounts, groups: int) -> list[WordCounts]:
    """Divides words into groups by their hash; a word is in the same group whichever part it comes from."""
    group = np.fromiter((zlib.crc32(word.encode()) % groups for word in counted.words), np.int64, len(counted.words))
    order = np.argsort(group, kind="stable")
    cuts = np.searchsorted(group[order], np.arange(groups + 1))
    return [counted.take(order[cuts[k] : cuts[k + 1]]) for k in range(groups)]


def sum_counts(parts: Iterable[WordCounts], config: Config) -> tuple[WordCounts, int, int]:
    """Sums the counts of one group of words over all parts.

    Returns:
        The words that may be in the vocabulary; how many distinct words there are; the count of the most frequent one.
    """
    numbers: dict[str, int] = {}
    counts, first = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for part in parts:
        at = np.fromiter((numbers.setdefault(word, len(numbers)) for word in part.words), np.int64, len(part.words))
        added = len(numbers) - len(counts)
        counts = np.concatenate([counts, np.zeros(added, np.int64)])
        first = np.concatenate([first, np.full(added, 2**62)])
        counts[at] += part.counts  # a part has each word once
        first[at] = np.minimum(first[at], part.first)
    # The most frequent words of the whole text are among the most frequent ones of each group.
    kept = WordCounts(list(numbers), counts, first).take(most_frequent(counts, first, config))
    return kept, len(numbers), int(counts.max(initial=0))


def choose(groups: Iterable[WordCounts], config: Config) -> WordCounts:
    """The vocabulary, the most frequent word first, from what each group has kept."""
    found = list(groups)
    words = [word for group in found for word in group.words]
    counts = np.concatenate([group.counts for group in found])
    first = np.concatenate([group.first for group in found])
    return WordCounts(words, counts, first).take(most_frequent(counts, first, config))


def renumber(part: Corpus, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """A part's ids and sentence ends in the joint vocabulary, without other words and without empty sentences.

    The ids are written to a file that vanishes with the process, and mapped.

    Returns:
        ids: (n,) int32.
        sentence_ends: (s,) int64.

    Raises:
        OutputError: the disk is full.
    """
    numbers = {word: number for number, word in enumerate(words)}
    id_of = np.fromiter((numbers.get(word, -1) for word in part.vocabulary.words), np.int32, len(part.vocabulary))
    ends, stops, n, sentence = part.sentence_ends, list[np.ndarray](), 0, 0
    store, _ = open_store()
    with temporary_file(store.folder if store else None) as file:
        for start in range(0, len(part.ids), STEP):
            ids = id_of[part.ids[start : start + STEP]]
            kept = ids >= 0
            kept_before = np.zeros(len(ids) + 1, np.int64)
            np.cumsum(kept, out=kept_before[1:])
            last = int(np.searchsorted(ends, start + len(ids), side="right"))
            stops.append(n + kept_before[np.asarray(ends[sentence:last]) - start])
            write_all(file, ids[kept])
            n, sentence = n + int(kept_before[-1]), last
        mapped = np.memmap(file, np.int32, "r", shape=(n,)) if n else np.zeros(0, np.int32)
    kept_ends = np.unique(np.concatenate(stops)) if stops else np.zeros(0, np.int64)
    return mapped, kept_ends[kept_ends > 0]
