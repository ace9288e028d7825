"""Character n-grams of words, and the row of a table that each n-gram has: fastText's, bit for bit.

A word stands between `<` and `>`; its n-grams are its substrings of `minimum` to `maximum` characters, but for the
single characters `<` and `>`. The row of an n-gram is its hash modulo the number of rows ("buckets"), or, without
collisions, its place in a sorted list of n-grams ("exact").

Source: Bojanowski et al. (2017), "Enriching word vectors with subword information"; `Dictionary::computeSubwords` and
`Dictionary::hash` of fastText. Its hash is FNV-1a with one difference: bytes are signed, so that those above 127 set
the upper 24 bits too. Files of fastText mean the same only with this hash.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, Literal, Self

import numpy as np

from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback

BEGIN, END = b"<", b">"
END_OF_SENTENCE = b"</s>"  # a word of fastText's files that has no n-grams
LONGEST = 100  # characters of an n-gram
FNV_32 = (np.uint32(2166136261), np.uint32(16777619))  # first value and factor of the hash
FNV_64 = (np.uint64(14695981039346656037), np.uint64(1099511628211))
BLOCK_NUMBERS = 2**19  # hashes that are held at once: with all that is made of them, some 30 MB
MOST_SALTS = 4  # hashes of 64 bits that are tried before two n-grams of one hash are taken for the same


@dataclass(frozen=True)
class Subwords:
    """Which n-grams words have, and the row of each.

    Attributes:
        minimum: Fewest characters of an n-gram.
        maximum: Most characters of an n-gram.
        buckets: Number of rows that n-grams share by their hash; exact gives each of `lines` a row of its own.
        lines: For exact, the n-grams in UTF-8, one a line, sorted; the first one has row 0.
    """

    minimum: int
    maximum: int
    buckets: int | Literal["exact"]
    lines: bytes = b""

    @cached_property
    def rows(self) -> int:
        """Number of rows B of the table."""
        if self.buckets != "exact":
            return self.buckets
        return self.lines.count(b"\n") + 1 if self.lines else 0

    def rows_of(self, word: str) -> np.ndarray:
        """The rows (n,) int32 of the n-grams of a word, in the order of fastText; empty where none has a row."""
        return self.table_of([word])[1]

    def table_of(
        self, words: Sequence[str | bytes], progress: ProgressCallback | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the n-grams of many words, word after word.

        Args:
            words: V words; bytes are UTF-8.
            progress: Called as progress("subwords", words, of words, "words").

        Returns:
            starts (V + 1,) int64 and rows (n,) int32: those of word w are rows[starts[w]:starts[w + 1]].
        """
        counts, rows = [np.zeros(1, np.int64)], [np.empty(0, np.int32)]
        done = 0
        for text in texts_of(words, self.maximum):
            ngrams = Ngrams.of(text, self.minimum, self.maximum)
            found, known = self._rows_of(ngrams)
            rows.append(found[known])
            counts.append(np.bincount(ngrams.words[known], minlength=len(text)))
            done += len(text)
            if progress is not None:
                progress("subwords", done, len(words), "words")
        return np.cumsum(np.concatenate(counts)), np.concatenate(rows)

    def summary(self) -> dict[str, Any]:
        """Plain JSON without the n-grams of `lines`."""
        return {"minimum": self.minimum, "maximum": self.maximum, "buckets": self.buckets, "rows": self.rows}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, of which `from_dict` makes the same again."""
        values = {"minimum": self.minimum, "maximum": self.maximum, "buckets": self.buckets}
        return values | ({"ngrams": self.ngrams} if self.buckets == "exact" else {})

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Subwords of a file's metadata. Raises `FormatError` for values that are none."""
        given: list[Any] = [values.get(name) for name in ("minimum", "maximum", "buckets")]
        minimum, maximum, buckets = given
        lengths = type(minimum) is int and type(maximum) is int and 1 <= minimum <= maximum <= LONGEST
        if not lengths or not (buckets == "exact" or (type(buckets) is int and 1 <= buckets < 2**31)):
            raise FormatError(f"subwords {str(values)[:80]} are none; the file is damaged, write it again")
        ngrams = values.get("ngrams", [])
        if not isinstance(ngrams, list) or not all(isinstance(ngram, str) for ngram in ngrams):
            raise FormatError("the n-grams of the file are no strings; it is damaged, write it again")
        return cls(minimum, maximum, buckets, "\n".join(ngrams).encode("utf-8", "surrogatepass"))

    @property
    def ngrams(self) -> list[str]:
        """For exact: the n-gram of each row. With buckets: empty, since many n-grams share a row."""
        return self.lines.decode("utf-8", "surrogatepass").split("\n") if self.lines else []

    def _rows_of(self, ngrams: "Ngrams") -> tuple[np.ndarray, np.ndarray]:
        """The row (n,) int32 of each n-gram, and whether it has one (n,) bool."""
        if self.buckets != "exact":
            rows = ngrams.hashes(FNV_32) % np.uint32(self.buckets)
            return rows.astype(np.int32), np.ones(len(rows), bool)
        if not self.rows:
            return np.zeros(len(ngrams.starts), np.int32), np.zeros(len(ngrams.starts), bool)
        known, keys, order, salt = self._keys
        hashes = ngrams.hashes(FNV_64, salt)
        rows = order[np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)]
        return rows.astype(np.int32), ngrams.equal(known, rows)

    @cached_property
    def _keys(self) -> tuple["Ngrams", np.ndarray, np.ndarray, int]:
        """The known n-grams, their hashes in ascending order, the row of each hash, and the salt of the hash."""
        known = Ngrams.lines(self.lines)
        for salt in range(MOST_SALTS):
            hashes = known.hashes(FNV_64, salt)
            order = np.argsort(hashes)
            keys = hashes[order]
            if not (keys[1:] == keys[:-1]).any():
                return known, keys, order, salt
        raise FormatError("an n-gram stands twice in the table; the file is damaged, write it again")


@dataclass(frozen=True)
class Text:
    """Words in UTF-8, each between `<` and `>`, one after the other.

    Attributes:
        data: (bytes,) uint8.
        ends: (words,) int64: the byte after each word.
        without: Numbers of the words that have no n-grams.
    """

    data: np.ndarray
    ends: np.ndarray
    without: list[int]

    def __len__(self) -> int:
        return len(self.ends)


@dataclass(frozen=True)
class Ngrams:
    """Every n-gram of some words: by word, by its first character, and by its length.

    Attributes:
        data: (bytes,) uint8: the text that they stand in.
        starts: (n,) int64: the first byte of each.
        ends: (n,) int64: the byte after each.
        words: (n,) int64: the number of the word of each.
    """

    data: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    words: np.ndarray

    @classmethod
    def of(cls, text: Text, minimum: int, maximum: int) -> Self:
        """The n-grams of `minimum` to `maximum` characters of each word."""
        first_bytes = np.flatnonzero((text.data & 0xC0) != 0x80)  # of each character: the others are 10xxxxxx
        word = np.searchsorted(text.ends, first_bytes, side="right")
        last = np.searchsorted(first_bytes, text.ends)[word]  # the character after the word of each
        bounds = np.append(first_bytes, len(text.data))
        character = np.arange(len(first_bytes))
        left = last - character  # characters from here to the end of the word
        lengths = np.arange(minimum, maximum + 1)
        valid = lengths <= left[:, None]  # (characters, lengths)
        if minimum == 1:  # no n-gram is the bracket alone
            begins = np.append(True, word[1:] != word[:-1])
            valid[:, 0] &= ~begins & (left > 1)
        for number in text.without:
            valid[word == number] = False
        begin, length = np.nonzero(valid)
        return cls(text.data, first_bytes[begin], bounds[begin + lengths[length]], word[begin])

    @classmethod
    def lines(cls, lines: bytes) -> Self:
        """N-grams that stand one a line."""
        data = np.frombuffer(lines, np.uint8)
        ends = np.append(np.flatnonzero(data == 10), len(data))
        starts = np.append(0, ends[:-1] + 1)
        return cls(data, starts, ends, np.arange(len(starts)))

    def hashes(self, fnv: tuple[Any, Any], salt: int = 0) -> np.ndarray:
        """The hash (n,) of each n-gram: FNV-1a over signed bytes.

        Args:
            fnv: `FNV_32` or `FNV_64`.
            salt: Makes another hash; 0 is fastText's.
        """
        first, factor = fnv
        found = np.full(len(self.starts), first ^ type(first)(salt))
        signed = self.data.view(np.int8).astype(first.dtype)
        for index, octets in self._columns():
            found[index] = (found[index] ^ signed[octets]) * factor
        return found

    def equal(self, other: "Ngrams", which: np.ndarray) -> np.ndarray:
        """Whether each n-gram is, byte for byte, the one of `other` with the number in `which` (n,)."""
        equal = self.ends - self.starts == (other.ends - other.starts)[which]
        shift = other.starts[which] - self.starts
        for index, octets in self._columns(equal):
            equal[index] &= self.data[octets] == other.data[octets + shift[index]]
        return equal

    def _columns(self, among: np.ndarray | None = None) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
        """Yields, for the first, second … byte, the numbers of the n-grams that have one and where it stands."""
        index: np.ndarray | slice = slice(None) if among is None else np.flatnonzero(among)
        position, ends = self.starts[index], self.ends[index]
        while len(position):
            yield index, position
            position = position + 1
            more = position < ends
            if not more.all():
                index = np.flatnonzero(more) if isinstance(index, slice) else index[more]
                position, ends = position[more], ends[more]


def texts_of(words: Sequence[str | bytes], maximum: int) -> Iterator[Text]:
    """Yields the words as texts, of so few words each that their n-grams take little memory.

    Args:
        words: The words; bytes are UTF-8.
        maximum: Most characters of an n-gram.
    """
    encoded = [word if isinstance(word, bytes) else word.encode("utf-8", "surrogatepass") for word in words]
    sizes = list(accumulate(len(word) + 2 for word in encoded))
    start = 0
    while start < len(encoded):
        before = sizes[start - 1] if start else 0
        stop = start + 1
        limit = before + BLOCK_NUMBERS // maximum
        stop = max(stop, int(np.searchsorted(sizes, limit, side="right")))
        block = encoded[start:stop]
        data = b"".join(chain.from_iterable((BEGIN, word, END) for word in block))
        without = [i for i, word in enumerate(block) if word == END_OF_SENTENCE]
        yield Text(np.frombuffer(data, np.uint8), np.array(sizes[start:stop], np.int64) - before, without)
        start = stop


def exact(words: Sequence[str], counts: np.ndarray, minimum: int, maximum: int, min_count: int) -> Subwords:
    """Subwords with a row for each n-gram that occurs at least `min_count` times.

    An n-gram with a line break has no row: no file could keep it.

    Args:
        words: V words.
        counts: (V,): how often each occurs; so often do its n-grams.
        minimum: Fewest characters of an n-gram.
        maximum: Most characters of an n-gram.
        min_count: Occurrences below which an n-gram has no row.
    """
    total: dict[bytes, int] = {}
    done = 0
    for text in texts_of(words, maximum):
        ngrams = Ngrams.of(text, minimum, maximum)
        for ngram, count in counted(ngrams, np.asarray(counts[done : done + len(text)], np.int64)):
            total[ngram] = total.get(ngram, 0) + count
        done += len(text)
    kept = sorted(ngram for ngram, count in total.items() if count >= min_count and b"\n" not in ngram)
    return Subwords(minimum, maximum, "exact", b"\n".join(kept))


def counted(ngrams: Ngrams, counts: np.ndarray) -> Iterator[tuple[bytes, int]]:
    """Yields the n-grams with their counts; one that shares its hash with another may come in several parts.

    Args:
        ngrams: Of some words.
        counts: (words,) int64: how often each word occurs.
    """
    order = np.argsort(ngrams.hashes(FNV_64), kind="stable")
    ordered = Ngrams(ngrams.data, ngrams.starts[order], ngrams.ends[order], ngrams.words[order])
    same = ordered.equal(ordered, np.maximum(np.arange(len(order)) - 1, 0))  # as the one before
    if not len(same):
        return
    same[0] = False
    first = np.flatnonzero(~same)
    sums = np.add.reduceat(counts[ordered.words], first)
    data = ngrams.data.tobytes()
    for start, end, count in zip(ordered.starts[first].tolist(), ordered.ends[first].tolist(), sums.tolist()):
        yield data[start:end], count
