"""Reads all sources in chunks of whole raw tokens; where chunks are cut depends on the text alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgns.text.sources import Source, total_size
from sgns.text.stream import Stream

CHUNK = 1 << 20  # bytes; a longer run without a blank is cut
TO_BLANK = bytes(32 if byte <= 32 else byte for byte in range(256))


@dataclass(frozen=True)
class Chunk:
    """A stretch of the text, read into a buffer.

    Attributes:
        number: 0, 1, 2, … in the order of the text.
        base: position of its first byte in the whole text: all sources one after the other, with a byte between two.
        size: bytes.
        closing: whether the source ends here.
    """

    number: int
    base: int
    size: int
    closing: bool


class ChunkReader:
    """Reads the sources one after the other. Only one thread at a time may call `preload` or `next`.

    Attributes:
        sources: the text.
        starts: position of the first byte of each source that was opened.
        skipped: names of files in a folder that are no text.
        empty: names of sources without a byte.
        cuts: how often a run that is longer than a chunk was cut.
        done: bytes read from disk, for progress.
        text_bytes: bytes of text that were read.
        digests: by chunk, the hash of its content.
        preloaded: chunks that were read and not yet handed out.
    """

    def __init__(self, sources: Sequence[Source]):
        self.sources = list(sources)
        self.starts: list[int] = []
        self.skipped: list[str] = []
        self.empty: list[str] = []
        self.cuts = 0
        self.done = 0
        self.text_bytes = 0
        self.digests: list[bytes] = []
        self.preloaded: list[tuple[Chunk, bytes]] = []
        self._carry = b""
        self._position = 0  # of the next byte that will be read
        self._stream: Stream | None = None
        self._finished = 0  # bytes on disk of the sources that were read to their end
        self._number = 0

    @property
    def total(self) -> int | None:
        """Bytes on disk of all sources; None when one of them is a stream."""
        return total_size(self.sources)

    def preload(self, chunks: int) -> bool:
        """Reads up to `chunks` + 1 chunks ahead; `next` hands them out. Returns whether they are the whole text."""
        buffer = np.empty(CHUNK, dtype=np.uint8)
        while len(self.preloaded) <= chunks:
            chunk = self._read(buffer)
            if chunk is None:
                return True
            self.preloaded.append((chunk, buffer[: chunk.size].tobytes()))
        return False

    def next(self, buffer: np.ndarray) -> Chunk | None:
        """Reads the next chunk into `buffer` ((CHUNK + margin,) uint8); None at the end of the text."""
        if not self.preloaded:
            return self._read(buffer)
        chunk, text = self.preloaded.pop(0)
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
        self.text_bytes += read
        self.done = self._finished + self._stream.consumed
        self._carry = b""
        closing = size < CHUNK
        if closing:
            self._close(size, base)
        else:
            cut = cut_position(view)
            self.cuts += view[cut - 1] > 32 and (cut == CHUNK or view[cut] > 32)
            self._carry = bytes(view[cut:]) or blank_lines(view)
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
        """Notes the hash of a chunk's content; any thread may call this."""
        self.digests[chunk.number] = hashlib.sha256(memoryview(buffer)[: chunk.size]).digest() + bytes([chunk.closing])

    def content(self) -> str:
        """A hash of all that was read; the same for the same text in the same number of sources, wherever they are."""
        return hashlib.sha256(b"".join(self.digests)).hexdigest()[:32]


def blank_lines(view: memoryview) -> bytes:
    r"""What the next chunk must know of a full chunk that ends in blanks, and so holds nothing else: its line ends."""
    if view[-1] > 32:
        return b""
    lines = bytes(view).replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
    pending = view[-1] == 13  # its \n may follow
    return b"\n" * min(lines - pending, 2) + (b"\r" if pending else b"")


def cut_position(view: memoryview) -> int:
    """Where to cut a full chunk: behind the last raw token that surely ends in it.

    The blanks that follow go to the next chunk, so that each chunk has all blanks between two of its raw tokens, and an
    empty line is never cut.
    """
    for tail in (min(4096, len(view)), len(view)):
        text = bytes(view[-tail:]).translate(TO_BLANK)
        blank = text.rfind(b" ")
        end = len(text[: blank + 1].rstrip(b" "))
        if blank >= 0 and end:
            return len(view) - tail + end
    if blank == len(text) - 1:  # nothing but blanks
        return len(view)
    cut = len(view)  # one run longer than a chunk: do not cut a character
    while cut > len(view) - 4 and view[cut - 1] & 0xC0 == 0x80:
        cut -= 1
    return cut - 1 if view[cut - 1] >= 0xC0 else len(view)
