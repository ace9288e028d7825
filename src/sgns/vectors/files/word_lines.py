"""The words of an own file as they lie there, one a line: a few are found without decoding all of them.

A list and a dict of 1M words take half a second to make, most of a first question's time; finding one word's line takes
a few milliseconds.
"""

from collections.abc import Iterator

import numpy as np

BLOCK = 2**12  # bytes whose line breaks are counted together


class WordLines:
    """Lines of UTF-8 text, by number and by content.

    Args:
        text: the lines, without a line break after the last; an empty text is one empty line.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text
        counts = [text.count(b"\n", at, at + BLOCK) for at in range(0, len(text), BLOCK)]
        self.before = np.cumsum([0, *counts])  # line breaks before each block, and in all

    def __len__(self) -> int:
        return int(self.before[-1]) + 1

    def word(self, row: int) -> str:
        """The word in line `row`. Raises `UnicodeDecodeError`."""
        block = max(0, int(np.searchsorted(self.before, row)) - 1)  # that of the line break before it
        at = block * BLOCK
        for _ in range(row - int(self.before[block])):
            at = self.text.index(b"\n", at) + 1
        end = self.text.find(b"\n", at)
        return self.text[at : end if end >= 0 else None].decode("utf-8")

    def row(self, word: str) -> int | None:
        """The number of the line that holds `word`; None when there is none, or more than one."""
        line = word.encode("utf-8", "surrogatepass")
        places = list(self.places(line)) if b"\n" not in line else []
        if len(places) != 1:
            return None
        block = places[0] // BLOCK
        return int(self.before[block]) + self.text.count(b"\n", block * BLOCK, places[0])

    def places(self, line: bytes) -> Iterator[int]:
        """Where each line begins that reads `line`."""
        if self.text[: len(line) + 1] in (line, line + b"\n"):
            yield 0
        at = self.text.find(b"\n" + line + b"\n")
        while at >= 0:
            yield at + 1
            at = self.text.find(b"\n" + line + b"\n", at + 1)
        if self.text.endswith(b"\n" + line):
            yield len(self.text) - len(line)
