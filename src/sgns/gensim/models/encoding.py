"""Token lists as numbers of words, for training: what is in the vocabulary, sentence ends, the tags of documents."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

CHUNK = 10_000  # sentences that are encoded at once


@dataclass(frozen=True)
class EncodedText:
    """Sentences without the words that are not in the vocabulary, and without those that are then empty.

    Attributes:
        ids: (n,) int32.
        sentence_ends: (s,) int64.
        examples: Sentences that were given.
        raw_words: Words that were given.
        tag_starts: (s + 1,) int64, the tags of sentence i are tags[starts[i]:starts[i + 1]]; None without tags.
        tags: (t,) int32.
    """

    ids: np.ndarray
    sentence_ends: np.ndarray
    examples: int
    raw_words: int
    tag_starts: np.ndarray | None = None
    tags: np.ndarray | None = None

    @property
    def longest(self) -> int:
        """Words of the longest sentence; 0 where there is none."""
        return int(np.diff(self.sentence_ends, prepend=0).max(initial=0))

    def same_as(self, other: "EncodedText | None") -> bool:
        """Whether both hold the same words in the same sentences, with the same tags."""
        if other is None or (self.tags is None) != (other.tags is None):
            return False
        pairs = [(self.ids, other.ids), (self.sentence_ends, other.sentence_ends)]
        if self.tags is not None:
            pairs += [(self.tags, other.tags), (self.tag_starts, other.tag_starts)]  # type: ignore[list-item]
        return all(np.array_equal(one, two) for one, two in pairs)


def encode(
    corpus: Iterable[Any],
    numbers: dict[Any, int],
    words_of: Callable[[Any], Any] | None = None,
    tags_of: Callable[[Any], list[int]] | None = None,
) -> EncodedText:
    """Encodes a corpus; it is gone through once.

    Args:
        corpus: Sentences, or documents.
        numbers: The number of each word.
        words_of: The words of a document; sentences are their own words.
        tags_of: The numbers of the tags of a document.
    """
    ids, lengths, tags, tag_counts = (
        [np.zeros(0, np.int32)],
        [np.zeros(0, np.int64)],
        [np.zeros(0, np.int32)],
        [np.zeros(0, np.int64)],
    )
    for documents in chunks(corpus):
        sentences = documents if words_of is None else [words_of(document) for document in documents]
        sizes = np.fromiter(map(len, sentences), np.int64, len(sentences))
        found = np.fromiter(map(numbers.get, chain.from_iterable(sentences), repeat(-1)), np.int32, int(sizes.sum()))
        known = found >= 0
        before = np.concatenate([[0], np.cumsum(known)])
        ends = np.cumsum(sizes)
        kept = before[ends] - before[ends - sizes]
        ids.append(found[known])
        lengths.append(np.stack([sizes, kept]).T.ravel())
        if tags_of is not None:
            rows = [tags_of(document) for document in documents]
            tag_counts.append(np.fromiter(map(len, rows), np.int64, len(rows)))
            tags.append(np.fromiter(chain.from_iterable(rows), np.int32))
    sizes, kept = np.concatenate(lengths).reshape(-1, 2).T
    full = kept > 0
    text = np.concatenate(ids), np.cumsum(kept[full]), len(sizes), int(sizes.sum())
    if tags_of is None:
        return EncodedText(*text)
    per_document = np.concatenate(tag_counts)
    chosen = np.repeat(full, per_document)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(per_document[full])])
    return EncodedText(*text, starts, np.concatenate(tags)[chosen])


def chunks(corpus: Iterable[Any]) -> Iterator[list[Any]]:
    """The items of a corpus in lists; an item that has no length becomes a list."""
    rest = iter(corpus)
    while part := list(islice(rest, CHUNK)):
        yield [item if hasattr(item, "__len__") else list(item) for item in part]
