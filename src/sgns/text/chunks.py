"""All sources as one row of chunks, each of whole spellings, cut at places that depend on the text alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgns.text.sources import Source
from sgns.text.stream import Stream

CHUNK = 1 << 20  # bytes; a run of more than this without a blank is cut
TO_BLANK = bytes(32 if byte <= 32 else byte for byte in range(256))


@dataclass(frozen=True)
class Chunk:
    """A stretch of the text, read into a buffer.

    Attributes:
        number: 0, 1, 2, … in the order of the text.
        base: place of its first byte in the whole text, all sources one after the other, a byte between two.
        size: bytes.
        closing: whether the source ends here.
    """

    number: int
    base: int
    size: int
    closing: bool


class Reader:
    """Reads the sources one after the other. Not for two threads at once."""

    def __init__(self, sources: Sequence[Source]):
        self.sources = list(sources)
        self.starts: list[int] = []  # place of each source's first byte
        self.skipped: list[str] = []  # files in a folder that are no text
        self.empty: list[str] = []
        self.torn = 0  # cuts through a run that is longer than a chunk
        self.done = 0  # bytes read from disk, for progress
        self.bytes = 0  # bytes of text
        self.digests: list[bytes] = []
        self.ahead: list[tuple[Chunk, bytes]] = []  # read but not handed out
        self._carry = b""
        self._position = 0  # place of the next byte that will be read
        self._stream: Stream | None = None
        self._finished = 0  # bytes on disk of the sources that are read
        self._number = 0

    @property
    def total(self) -> int | None:
        """Bytes on disk of all sources; None when one of them is a stream."""
        sizes = [source.size for source in self.sources]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def preload(self, chunks: int) -> bool:
        """Read ahead so many chunks; `next` will hand them out. Returns whether this is the whole text."""
        buffer = np.empty(CHUNK, dtype=np.uint8)
        while len(self.ahead) <= chunks:
            chunk = self._read(buffer)
            if chunk is None:
                return True
            self.ahead.append((chunk, buffer[: chunk.size].tobytes()))
        return False

    def next(self, buffer: np.ndarray) -> Chunk | None:
        """Read the next chunk into `buffer` ((CHUNK + margin,) uint8); None at the end of the text."""
        if not self.ahead:
            return self._read(buffer)
        chunk, text = self.ahead.pop(0)
        buffer.data[: chunk.size] = text
        return chunk

    def _read(self, buffer: np.ndarray) -> Chunk | None:
        if self._stream is None:
            if len(self.starts) == len(self.sources):
                return None
            self.starts.append(self._position)
            self._stream = Stream(self.sources[len(self.starts) - 1])
        begin = len(self._carry)
        view = buffer.data[:CHUNK]
        view[:begin] = self._carry
        read = self._stream.readinto(view[begin:])
        size, base = begin + read, self._position - begin
        self._position += read
        self.bytes += read
        self.done = self._finished + self._stream.consumed
        self._carry = b""
        closing = size < CHUNK
        if closing:
            self._close(size, base)
        else:
            cut = last_end(view)
            self.torn += view[cut - 1] > 32 and (cut == CHUNK or view[cut] > 32)
            self._carry = bytes(view[cut:]) or summary(view)
            size = cut
        self._number += 1
        self.digests.append(b"")
        return Chunk(self._number - 1, base, size, closing)

    def _close(self, size: int, base: int) -> None:
        assert self._stream is not None
        if self._stream.binary:
            self.skipped.append(self._stream.source.name)
        elif size == 0 and base == self.starts[-1]:
            self.empty.append(self._stream.source.name)
        self._finished += self._stream.source.size or self._stream.consumed
        self._stream.close()
        self._stream = None
        self._position += 1

    def digest(self, chunk: Chunk, buffer: Any) -> None:
        """Note the hash of a chunk; for any thread."""
        self.digests[chunk.number] = hashlib.sha256(memoryview(buffer)[: chunk.size]).digest() + bytes([chunk.closing])

    def content(self) -> str:
        """A hash of all that was read; the same for the same text in as many sources, wherever they are."""
        return hashlib.sha256(b"".join(self.digests)).hexdigest()[:32]


def summary(view: memoryview) -> bytes:
    r"""What the next chunk must know of one that ends in blanks, and so holds nothing else: is there an empty line?"""
    if view[-1] > 32:
        return b""
    lines = bytes(view).replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
    torn = view[-1] == 13  # its \n may follow
    return b"\n" * min(lines - torn, 2) + (b"\r" if torn else b"")


def last_end(view: memoryview) -> int:
    """Where to cut a full chunk: behind the last spelling that surely ends in it.

    The blanks that follow go with the rest, so that each chunk has all blanks between two spellings of it, and an
    empty line is never torn.
    """
    for tail in (min(4096, len(view)), len(view)):
        text = bytes(view[-tail:]).translate(TO_BLANK)
        blank = text.rfind(b" ")
        end = len(text[: blank + 1].rstrip(b" "))
        if blank >= 0 and end:
            return len(view) - tail + end
    if blank == len(text) - 1:  # nothing but blanks
        return len(view)
    cut = len(view)  # one run longer than a chunk: do not tear a character
    while cut > len(view) - 4 and view[cut - 1] & 0xC0 == 0x80:
        cut -= 1
    return cut - 1 if view[cut - 1] >= 0xC0 else len(view)
