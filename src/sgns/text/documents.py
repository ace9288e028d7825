"""Documents of a corpus and their tags: which rows of documents each sentence trains (models dbow and dm).

A document is a line, a paragraph or a file, as `Config.sentences` says, a cell of a table, or a token list from Python;
it is one sentence of the corpus. It has a tag of its own, or several, or else is named by its number, from 0, as lines
are by gensim's `TaggedLineDocument`. Documents with one tag share its row.
"""

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, NamedTuple, Self

import numpy as np

from sgns.errors import InputError
from sgns.text.sentences import check_sentence, is_missing, is_unordered, shown


@dataclass(frozen=True)
class Documents:
    """The tags of a corpus, and those of each of its sentences.

    Attributes:
        names: D different tags, in the order of their first occurrence; a tag's index is its row.
        starts: (s + 1,) int64, the tags of sentence i are rows[starts[i]:starts[i + 1]]; at least one.
        rows: (n,) int32, 0 … D - 1; different ones within a sentence.
    """

    names: list[str]
    starts: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"Documents({len(self.names)} tags, {len(self.starts) - 1} sentences)"

    def select(self, kept: np.ndarray) -> Self:
        """The documents of a corpus that has some of these sentences; tags that no sentence has are left out.

        Args:
            kept: (s,) bool, the sentences.
        """
        tags = np.repeat(kept, np.diff(self.starts))
        starts = np.zeros(int(np.count_nonzero(kept)) + 1, np.int64)
        np.cumsum(np.diff(self.starts)[kept], out=starts[1:])
        values, rows = by_first_occurrence(self.rows[tags])
        return type(self)([self.names[row] for row in values.tolist()], starts, rows)

    def without_empty(self, ends: np.ndarray) -> tuple[Self, np.ndarray]:
        """Leaves out sentences without words.

        Args:
            ends: (s,) int64, sentence ends in tokens; those of an empty sentence repeat the one before.

        Returns:
            The documents that are left, and their sentence ends.
        """
        kept = np.diff(ends, prepend=0) > 0
        return (self, ends) if kept.all() else (self.select(kept), ends[kept])

    def facts_without(self, ends: np.ndarray, facts: dict[str, Any]) -> dict[str, Any]:
        """The facts that warnings are made of, when sentences have lost their words.

        Args:
            ends: (s,) int64, as for `without_empty`.
            facts: Those of `TagList.documents`.
        """
        empty = np.flatnonzero(np.diff(ends, prepend=0) == 0)
        if not len(empty):
            return facts
        example = self.names[int(self.rows[self.starts[empty[0]]])]
        return {"an_example": example} | facts | {"without_words": facts["without_words"] + len(empty)}


def by_first_occurrence(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different values in the order of their first occurrence, and (n,) int32 the index of each item in them."""
    different, first, indices = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return different[order], place[indices.reshape(-1)]


class TagList:
    """Collects the tags of documents in the order in which they are read.

    A document is numbered whether it has words or not; those with raw tokens become sentences of the encoder.

    Attributes:
        number: of the next document, from 0.
    """

    def __init__(self) -> None:
        self.number = 0
        self._untagged = 0
        self._first_untagged = 0
        self._first_passed_over: int | None = None
        self._tags: dict[str, int] = {}
        self._rows = array("q")  # a tag's number, or for a document without one ~ its own number
        self._ends = array("q")

    def add(self, tags: Iterable[str] = ()) -> None:
        """Takes a document that is a sentence of the encoder."""
        rows = [self._tags.setdefault(tag, len(self._tags)) for tag in tags]
        self._rows.extend(dict.fromkeys(rows) if rows else (~self.number,))
        self._ends.append(len(self._rows))
        self.number += 1

    def pass_over(self) -> None:
        """Counts a document that is no sentence of the encoder, for it has no raw token."""
        if self._first_passed_over is None:
            self._first_passed_over = self.number
        self.number += 1

    def note_untagged(self) -> None:
        """Notes that the next document has no tag of its own, although tags are expected."""
        if not self._untagged:
            self._first_untagged = self.number
        self._untagged += 1

    def add_nothing(self) -> None:
        """Takes an empty sentence of the encoder that is no document: the end of a source without documents."""
        self._ends.append(len(self._rows))

    def digest(self) -> str:
        """A hash of all tags."""
        content = hashlib.sha256(self._rows.tobytes() + self._ends.tobytes())
        content.update("\n".join(self._tags).encode())
        return content.hexdigest()[:32]

    def documents(self, ends: np.ndarray) -> tuple[Documents, np.ndarray, dict[str, Any]]:
        """The documents with words of the vocabulary, their sentence ends, and the facts that warnings are made of.

        Args:
            ends: (t,) int64, the end of each sentence of the encoder, in tokens; empty ones are left out.

        Raises:
            InputError: The number of a document without a tag is the tag of another one.
        """
        stops, values = np.frombuffer(self._ends, np.int64), np.frombuffer(self._rows, np.int64)
        assert len(stops) == len(ends), f"{len(stops)} documents, but {len(ends)} sentences"
        kept = np.diff(ends, prepend=0) > 0
        sizes = np.diff(stops, prepend=0)
        starts = np.zeros(int(np.count_nonzero(kept)) + 1, np.int64)
        np.cumsum(sizes[kept], out=starts[1:])
        different, rows = by_first_occurrence(values[np.repeat(kept, sizes)])
        tags = list(self._tags)

        def name_of(value: int) -> str:
            if value >= 0:
                return tags[value]
            if str(~value) in self._tags:
                raise InputError(
                    f"document {~value} has no tag, and its number is the tag of another one; give it a tag"
                )
            return str(~value)

        names = [name_of(value) for value in different.tolist()]
        facts: dict[str, Any] = {
            "documents": self.number, "without_words": self.number - int(np.count_nonzero(kept)),
            "untagged": self._untagged, "first_untagged": self._first_untagged,
        }  # fmt: skip
        if facts["without_words"]:
            empty = np.flatnonzero(~kept & (sizes > 0))
            first = int(values[stops[empty[0]] - sizes[empty[0]]]) if len(empty) else None
            facts["an_example"] = str(self._first_passed_over) if first is None else name_of(first)
            facts["example_is_number"] = first is None or first < 0
        return Documents(names, starts, rows), ends[kept], facts


def document_warnings(facts: dict[str, Any]) -> list[str]:
    """What a user should know about documents, a sentence each, from the facts of `TagList.documents`."""
    warnings = []
    if facts["without_words"]:
        warnings.append(
            f"{facts['without_words']:,} of {facts['documents']:,} documents have no word of the vocabulary and get no "
            f"vector, for example {facts['an_example']}"
        )
    if facts["untagged"]:
        warnings.append(
            f"{facts['untagged']:,} of {facts['documents']:,} documents have no tag and are named by their number, the "
            f"first is {facts['first_untagged']}"
        )
    return warnings


class Tagged(NamedTuple):
    """The words of a document and its tags; gensim's `TaggedDocument` has these fields too."""

    words: Any
    tags: Any


def tagged(document: Any, row: int) -> Tagged:
    """A document as Python callers give it: (tags, words), an object with words and tags, or words alone.

    Args:
        document: What was given.
        row: Its number, from 1, for messages.
    """
    if hasattr(document, "words") and hasattr(document, "tags"):
        return Tagged(document.words, checked_tags(document.tags, f"document {row}"))
    if isinstance(document, tuple | list) and len(document) == 2 and is_words(document[1]):
        return Tagged(document[1], checked_tags(document[0], f"document {row}"))
    check_sentence(document, row)
    return Tagged(document, [])


def is_words(value: Any) -> bool:
    """Whether a value is a list of words and no word."""
    return isinstance(value, list | tuple) or (hasattr(value, "tolist") and getattr(value, "ndim", 1) == 1)


def checked_tags(tags: Any, where: str) -> list[str]:
    """The tags of a document as text: one, or a list of them; a whole number stands for its digits.

    Args:
        tags: What was given; a missing value, an empty text or an empty list is no tag.
        where: The document, for messages.

    Raises:
        InputError: A tag is neither text nor a whole number, empty, or holds a line break.
    """
    if isinstance(tags, str | bytes) or not isinstance(tags, Iterable) or getattr(tags, "ndim", 1) == 0:
        tags = [] if tags == "" or is_missing(tags) else [tags]
    if is_unordered(tags):
        tags = sorted(tags, key=str)
    return [checked_tag(tag, where) for tag in tags]


def checked_tag(tag: Any, where: str) -> str:
    """A tag as text; see `checked_tags`."""
    if hasattr(tag, "__index__") and type(tag).__name__ not in ("bool", "bool_", "ndarray"):
        return str(index(tag))
    if isinstance(tag, float) and tag.is_integer():  # as pandas makes of integers, where some are missing
        return str(int(tag))
    if not isinstance(tag, str):
        raise InputError(f"{where} has the tag {shown(tag)}, which is no text; give text or whole numbers as tags")
    if not tag or "\n" in tag or "\r" in tag:
        raise InputError(f"{where} has the tag {shown(tag)}; a tag is not empty and has no line break")
    try:
        tag.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where} has the tag {shown(tag)}, which is not valid Unicode; decode it anew") from None
    return str(tag)


def tag_all(documents: Iterable[Any], tags: TagList) -> Iterable[Sequence[Any]]:
    """The words of documents that a Python caller gives, whose tags go to `tags`."""
    for row, document in enumerate(documents, 1):
        words, own = tagged(document, row)
        tags.add(own)
        yield words
