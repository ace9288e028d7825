"""One vocabulary for a text that several readers have encoded, each a part of it.

Each reader encodes its part with every word it meets (`encode_part`). The words of all parts are counted together,
each word in one place (`deal`, `Tally`), the vocabulary is chosen as for a whole text, and every part is numbered anew
(`renumber`). The vocabulary is that of one reader of the whole text, equal counts in the same order.
"""

import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from sgns.config import Config
from sgns.text.encode import Progress, open_store, read, read_only
from sgns.text.encoded import EncodedText
from sgns.text.ranking import most_frequent
from sgns.text.sources import Source
from sgns.text.spill import write_all

STEP = 1 << 22  # tokens looked at together


def encode_part(sources: list[Source], config: Config, progress: Progress) -> EncodedText:
    """One reader's part with every word of it, whatever its count; from the cache if it is there."""
    return read(sources, replace(config, min_count=1, max_vocabulary=None), progress)


@dataclass
class Counted:
    """Words with their counts in some part of the text, or in all of it.

    Attributes:
        words: Distinct words.
        counts: (t,) int64.
        first: (t,) int64, the place in the whole text where each stands first.
    """

    words: list[str]
    counts: np.ndarray
    first: np.ndarray

    def take(self, places: np.ndarray) -> "Counted":
        """Some of the words."""
        return Counted([self.words[i] for i in places.tolist()], self.counts[places], self.first[places])

    def pack(self) -> bytes:
        """As bytes, for another process."""
        head = np.array([len(self.words)], np.int64).tobytes()
        return head + self.counts.tobytes() + self.first.tobytes() + "\n".join(self.words).encode()

    @classmethod
    def unpack(cls, data: bytes) -> "Counted":
        """The inverse of `pack`."""
        n = int(np.frombuffer(data, np.int64, 1)[0])
        counts, first = (np.frombuffer(data, np.int64, n, 8 + 8 * n * k) for k in (0, 1))
        return cls(data[8 + 16 * n :].decode().split("\n") if n else [], counts, first)


def count_part(text: EncodedText, before: int) -> Counted:
    """The words of a part; `before` is how many tokens the parts before it have."""
    first = np.zeros(len(text.words), np.int64)
    for start in reversed(range(0, len(text.ids), STEP)):  # backwards: the first appearance is noted last
        ids = text.ids[start : start + STEP][::-1]
        first[ids] = np.arange(start + len(ids) - 1, start - 1, -1)
    return Counted(text.words, text.counts, first + before)


def deal(counted: Counted, places: int) -> list[Counted]:
    """Deal words out among so many places; every part deals a word to the same place."""
    where = np.fromiter((zlib.crc32(word.encode()) % places for word in counted.words), np.int64, len(counted.words))
    order = np.argsort(where, kind="stable")
    cuts = np.searchsorted(where[order], np.arange(places + 1))
    return [counted.take(order[cuts[k] : cuts[k + 1]]) for k in range(places)]


@dataclass
class Tally:
    """What is known of a whole text once its words are counted: enough to say why nothing was left."""

    distinct: int = 0
    highest: int = 0


def add_up(parts: Iterable[Counted], config: Config) -> tuple[Counted, Tally]:
    """Count the words that were dealt to one place, and keep those that may be in the vocabulary."""
    numbers: dict[str, int] = {}
    counts, first = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for part in parts:
        at = np.fromiter((numbers.setdefault(word, len(numbers)) for word in part.words), np.int64, len(part.words))
        room = len(numbers) - len(counts)
        counts = np.concatenate([counts, np.zeros(room, np.int64)])
        first = np.concatenate([first, np.full(room, 2**62)])
        counts[at] += part.counts  # a part has each word once
        first[at] = np.minimum(first[at], part.first)
    tally = Tally(len(numbers), int(counts.max(initial=0)))
    # the most frequent words of the whole text are among the most frequent ones of each place
    return Counted(list(numbers), counts, first).take(most_frequent(counts, first, config)), tally


def choose(candidates: Iterable[Counted], config: Config) -> Counted:
    """The vocabulary, the most frequent word first: from what each place has kept."""
    found = list(candidates)
    words = [word for one in found for word in one.words]
    counts = np.concatenate([one.counts for one in found])
    first = np.concatenate([one.first for one in found])
    return Counted(words, counts, first).take(most_frequent(counts, first, config))


def renumber(text: EncodedText, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """A part's ids and sentence ends in the common vocabulary; words outside it and empty sentences are left out.

    They are written to a file that vanishes with the process, and mapped.

    Raises:
        OutputError: no room on the disk.
    """
    numbers = {word: number for number, word in enumerate(words)}
    final = np.fromiter((numbers.get(word, -1) for word in text.words), np.int32, len(text.words))
    ends, stops, n, sentence = text.ends, list[np.ndarray](), 0, 0
    store, _ = open_store()
    with tempfile.TemporaryFile(dir=store.folder if store else None, buffering=0) as file:
        for start in range(0, len(text.ids), STEP):
            ids = final[text.ids[start : start + STEP]]
            kept = ids >= 0
            before = np.zeros(len(ids) + 1, np.int64)
            np.cumsum(kept, out=before[1:])
            last = int(np.searchsorted(ends, start + len(ids), side="right"))
            stops.append(n + before[np.asarray(ends[sentence:last]) - start])
            write_all(file, ids[kept])
            n, sentence = n + int(before[-1]), last
        mapped = np.memmap(file, np.int32, "r", shape=(n,)) if n else np.zeros(0, np.int32)
    kept_ends = np.unique(np.concatenate(stops)) if stops else np.zeros(0, np.int64)
    return read_only(mapped), kept_ends[kept_ends > 0]
