"""The words of a vector file: each word by its row, and the row of each word.

The words of a safetensors file stay bytes until all of them are needed. A list and a dict of 1M words take half a
second to make, most of the time of a first question; the line of one word is found in a few milliseconds.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from sgns.errors import FormatError
from sgns.vectors.read_only import ReadOnlyList

LINE_BLOCK = 2**12  # bytes whose line breaks are counted together
MOST_SEARCHES = 64  # words searched in the lines; at any size this takes about as long as making the index
INTEGER = re.compile(r"-?[1-9][0-9]*|0")  # as str writes an integer
MOST_DECODED = 100  # words that are decoded on their own


class WordList:
    """One word for each row.

    Args:
        words: The words, row by row; or their UTF-8 bytes, one word a line, decoded when they are first needed.
        rows: Number of rows, V.
        index: The row of each word, where it is known already.

    Raises:
        FormatError: A list has more or fewer words than there are rows. Bytes are checked when they are decoded.
    """

    def __init__(self, words: Sequence[str] | bytes, rows: int, index: dict[str, int] | None = None) -> None:
        self._words = words if isinstance(words, bytes | ReadOnlyList) else ReadOnlyList(words)
        self._rows = rows
        self._index = index
        self._lines: WordLines | None = None
        self._searches = 0
        if not isinstance(self._words, bytes) and len(self._words) != rows:
            raise FormatError(f"{len(self._words)} words for {rows} rows of E; there must be one word a row")

    @property
    def texts(self) -> "WordList":
        """The words as text, as files hold them."""
        return self

    @property
    def decoded(self) -> ReadOnlyList:
        """The words, row by row: a list that cannot be changed.

        Raises:
            FormatError: The bytes hold more or fewer words than there are rows.
        """
        if isinstance(self._words, bytes):
            try:
                words = self._words.decode("utf-8").split("\n") if self._words or self._rows else []
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"the list of words is not UTF-8 at byte {error.start}; write the file again"
                ) from None
            if len(words) != self._rows:
                raise FormatError(f"{len(words)} words for {self._rows} rows of E; the file is damaged, write it again")
            self._words, self._lines = ReadOnlyList(words), None
        return self._words

    @property
    def index(self) -> dict[str, int]:
        """The row of each word. Raises `FormatError` when a word stands twice."""
        if self._index is None:
            words = self.decoded
            index = dict(zip(words, range(len(words))))
            if len(index) != len(words):
                first = first_rows(words)
                twice = next(word for row, word in enumerate(words) if first[word] != row)
                raise FormatError(f"{twice!r} stands twice among the words; every word may have one row")
            self._index = index
        return self._index

    def __len__(self) -> int:
        return self._rows

    def row(self, word: object) -> int | None:
        """The row of `word`, or None: the first `MOST_SEARCHES` are searched in the lines, later ones in the index.

        Raises:
            FormatError: as `index`.
        """
        if self._index is None and isinstance(word, str) and self._searches < MOST_SEARCHES:
            lines = self._undecoded()
            if lines is not None:
                self._searches += 1
                row = lines.row(word)
                if row is not None:
                    return row
        try:
            return self.index.get(word)  # type: ignore[call-overload]
        except TypeError:  # not hashable
            return None

    def at(self, rows: Sequence[int] | np.ndarray) -> list[str]:
        """The words of some rows; a few are decoded on their own."""
        lines = self._undecoded() if len(rows) <= MOST_DECODED else None
        if lines is not None:
            with suppress(UnicodeDecodeError):  # `decoded` names the byte
                return [lines.word(int(row)) for row in rows]
        words = self.decoded
        return [words[row] for row in rows]

    def to_lines(self) -> bytes:
        """The words in UTF-8, one a line.

        Raises:
            FormatError: A word holds a line break or a lone surrogate, or stands twice.
        """
        index = self.index
        try:
            text = "\n".join(self.decoded).encode("utf-8")
        except UnicodeEncodeError as error:
            raise FormatError(f"a word holds {error.object[error.start]!r}, which is no character; rename it") from None
        if text.count(b"\n") != max(0, len(index) - 1):
            word = next(word for word in index if "\n" in word)
            raise FormatError(f"the word {word[:80]!r} holds a line break, which no format can keep; rename it")
        return text

    def _undecoded(self) -> "WordLines | None":
        """The words as lines of bytes; None once they are decoded, or when there is not one line for each row."""
        if not isinstance(self._words, bytes):
            return None
        if self._lines is None:
            self._lines = WordLines(self._words)
        return self._lines if len(self._lines) == self._rows else None


class IntegerWords(WordList):
    """Words of which those that are decimal integers are integers: ids, as they were trained on.

    Args:
        texts: The words as text.
    """

    def __init__(self, texts: WordList) -> None:
        super().__init__(b"", len(texts))
        self._texts = texts
        self._given: ReadOnlyList | None = None
        self._given_index: dict[str, int] | None = None

    @property
    def texts(self) -> WordList:
        """The words as text, as files hold them."""
        return self._texts

    @property
    def decoded(self) -> ReadOnlyList:
        """The words, row by row. Raises `FormatError` as `WordList.decoded` does."""
        if self._given is None:
            self._given = ReadOnlyList([given(text) for text in self._texts.decoded])
        return self._given

    @property
    def index(self) -> dict[str, int]:
        """The row of each word. Raises `FormatError` when a word stands twice."""
        if self._given_index is None:
            self._given_index = {given(text): row for text, row in self._texts.index.items()}
        return self._given_index

    def row(self, word: object) -> int | None:
        """The row of `word`, an integer or its text, or None."""
        return self._texts.row(as_text(word))

    def at(self, rows: Sequence[int] | np.ndarray) -> list[str]:
        """The words of some rows."""
        return [given(text) for text in self._texts.at(rows)]

    def to_lines(self) -> bytes:
        """The words as text in UTF-8, one a line."""
        return self._texts.to_lines()


class TagWords(IntegerWords):
    """Tags of documents: text, of which a whole number finds the one of its digits.

    Args:
        texts: The tags.
    """

    @property
    def decoded(self) -> ReadOnlyList:
        """The tags, row by row. Raises `FormatError` as `WordList.decoded` does."""
        return self._texts.decoded

    @property
    def index(self) -> dict[str, int]:
        """The row of each tag. Raises `FormatError` when a tag stands twice."""
        return self._texts.index

    def at(self, rows: Sequence[int] | np.ndarray) -> list[str]:
        """The tags of some rows."""
        return self._texts.at(rows)


def given(text: str) -> Any:
    """A word as it was trained on, among ids: an integer where it is written like one."""
    return int(text) if INTEGER.fullmatch(text) else text


def as_text(word: Any) -> Any:
    """The text of a word: of an integer its digits; all else stays as it is."""
    return str(int(word)) if is_integer(word) else word


def is_integer(word: object) -> bool:
    """Whether a word is an integer of Python or NumPy."""
    return isinstance(word, int | np.integer) and not isinstance(word, bool)


class WordLines:
    """Lines of UTF-8 text, by number and by content.

    Args:
        text: The lines, without a line break after the last; an empty text is one empty line.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text
        counts = [text.count(b"\n", start, start + LINE_BLOCK) for start in range(0, len(text), LINE_BLOCK)]
        self.before = np.cumsum([0, *counts])  # line breaks before each block, and in all

    def __len__(self) -> int:
        return int(self.before[-1]) + 1

    def word(self, row: int) -> str:
        """The word in line `row`. Raises `UnicodeDecodeError`."""
        block = max(0, int(np.searchsorted(self.before, row)) - 1)  # the block of the line break before the word
        start = block * LINE_BLOCK
        for _ in range(row - int(self.before[block])):
            start = self.text.index(b"\n", start) + 1
        end = self.text.find(b"\n", start)
        return self.text[start : end if end >= 0 else None].decode("utf-8")

    def row(self, word: str) -> int | None:
        """The number of the line that holds `word`; None when there is none, or more than one."""
        line = word.encode("utf-8", "surrogatepass")
        starts = list(self.starts(line)) if b"\n" not in line else []
        if len(starts) != 1:
            return None
        block = starts[0] // LINE_BLOCK
        return int(self.before[block]) + self.text.count(b"\n", block * LINE_BLOCK, starts[0])

    def starts(self, line: bytes) -> Iterator[int]:
        """Yields the first byte of each line that equals `line`."""
        if self.text[: len(line) + 1] in (line, line + b"\n"):
            yield 0
        found = self.text.find(b"\n" + line + b"\n")
        while found >= 0:
            yield found + 1
            found = self.text.find(b"\n" + line + b"\n", found + 1)
        if self.text.endswith(b"\n" + line):
            yield len(self.text) - len(line)


def first_rows(words: Sequence[str]) -> dict[str, int]:
    """Each different word with the first row that it stands in."""
    rows: dict[str, int] = {}
    for row, word in enumerate(words):
        rows.setdefault(word, row)
    return rows
