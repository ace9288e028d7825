"""One vocabulary for a text of which several readers have each encoded a part.

Each reader encodes its part with all of its words (`encode_part`). The words are divided into groups, and the counts of
a group are summed over all parts (`divide`, `sum_counts`); the vocabulary is chosen as for a whole text (`choose`), and
the ids of every part are replaced by ids in it (`encoded.renumber`). A single reader of the whole text would find the
same vocabulary, with equal counts in the same order. This is map-reduce (Dean & Ghemawat 2004).
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sgns.config import Config
from sgns.progress.callback import ProgressCallback
from sgns.text.cache import open_store
from sgns.text.corpus import Corpus
from sgns.text.derive import with_all_words
from sgns.text.encoded import Encoded, first_appearances
from sgns.text.phrases import Joined, PhraseOptions, join_given
from sgns.text.sources import Source
from sgns.text.vocabulary import DROPPED, most_frequent
from sgns.text.word_lists import WordLists

NO_LISTS = WordLists()


def encode_part(sources: list[Source], config: Config, progress: ProgressCallback) -> Corpus:
    """Encodes one part with all of its words, whatever their counts; or fetches it from the cache."""
    return Corpus.from_sources(sources, with_all_words(config), progress)


def join_in_part(part: Corpus, phrases: PhraseOptions | None, progress: ProgressCallback) -> Joined:
    """A part with the phrases of a list joined; one that has none of them stays as it is."""
    encoded = Encoded(part.ids, part.sentence_ends, part.vocabulary.words, part.vocabulary.counts)
    if phrases is None or phrases.given is None:
        return Joined(encoded)
    store, _ = open_store()
    return join_given(encoded, phrases.given, store.folder if store else None, progress, everywhere=False)


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


def count_part(part: Encoded, before: int) -> WordCounts:
    """The words of a part; the parts before it have `before` tokens."""
    present = np.flatnonzero(part.counts > 0)  # a word may only occur in phrases
    first = first_appearances(part.ids, len(part.words)) + before
    return WordCounts(part.words, part.counts, first).take(present)


def divide(counted: WordCounts, groups: int) -> list[WordCounts]:
    """Divides words into groups by their hash; a word is in the same group whichever part it comes from."""
    group = np.fromiter((zlib.crc32(word.encode()) % groups for word in counted.words), np.int64, len(counted.words))
    order = np.argsort(group, kind="stable")
    cuts = np.searchsorted(group[order], np.arange(groups + 1))
    return [counted.take(order[cuts[k] : cuts[k + 1]]) for k in range(groups)]


def sum_counts(
    parts: Iterable[WordCounts], config: Config, lists: WordLists = NO_LISTS
) -> tuple[WordCounts, int, int, int]:
    """Sums the counts of one group of words over all parts.

    Returns:
        The words that may be in the vocabulary; how many distinct words there are; the count of the most frequent one
        that is not dropped; how many are dropped.
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
    words = list(numbers)
    marks = lists.marks(words)
    kept = WordCounts(words, counts, first).take(most_frequent(counts, first, config, marks))
    left = marks != DROPPED
    return kept, len(words), int(counts[left].max(initial=0)), int(np.count_nonzero(~left))


def choose(groups: Iterable[WordCounts], config: Config, lists: WordLists = NO_LISTS) -> WordCounts:
    """The vocabulary, the most frequent word first, from what each group has kept."""
    found = list(groups)
    words = [word for group in found for word in group.words]
    counts = np.concatenate([group.counts for group in found])
    first = np.concatenate([group.first for group in found])
    return WordCounts(words, counts, first).take(most_frequent(counts, first, config, lists.marks(words)))
