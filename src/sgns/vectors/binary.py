"""word2vec's binary format: a line `V d`, then for each word its bytes, a blank and d float32 (little endian)."""

from typing import IO

import numpy as np

from sgns.vectors.gathering import Gathering
from sgns.vectors.streams import BLOCK, Report, Source, Tell
from sgns.vectors.textual import header_of, one_token, words_for
from sgns.vectors.vectors import Vectors

LONGEST_WORD = 10_000  # bytes


def read(source: Source, repair: bool, tell: Tell) -> Vectors:
    """Vectors from a word2vec binary file. word2vec.c ends each row with a line break, gensim does not: both are read.

    Raises:
        FormatError: torn, not finite, or not as its header says; names the byte.
    """
    V, d, length = header_of(source.head) or (0, 0, 0)
    gathering = Gathering(source, d, V, repair, tell)
    row = 4 * d
    if source.plain_size is not None and (source.plain_size - length) // (row + 1) < V and not repair:
        held = (source.plain_size - length) // (row + 1)
        raise source.error(
            f"torn at byte {source.plain_size:,}: its header promises {V:,} words of dimension {d}, there is room"
            f" for at most {held:,}; copy it again, or sgns convert IN OUT --repair keeps the rest"
        )
    source.read(length)
    base, buffer, at = length, b"", 0  # base: place of buffer[0] in the file
    rows_a_block = max(1, BLOCK // (row + 8))
    torn = False
    while gathering.seen < V and not torn:
        wanted = min(rows_a_block, V - gathering.seen)
        if len(buffer) - at < wanted * (row + 16):
            base, buffer, at = base + at, buffer[at:] + source.read(wanted * (row + 16)), 0
        target = gathering.room(min(wanted, max(1, len(buffer) // (row + 1)))).reshape(-1)
        flat = memoryview(target.view(np.uint8))  # type: ignore[arg-type]
        view, out = memoryview(buffer), 0
        words: list[str] = []
        places: list[int] = []
        while len(words) < wanted:
            blank = buffer.find(b" ", at, at + LONGEST_WORD)
            stop = blank + 1 + row
            if blank < 0 or stop > len(buffer):
                break
            flat[out : out + row] = view[blank + 1 : stop]
            words.append(gathering.decode(buffer[at:blank].lstrip(b"\n"), base + at, "byte"))
            places.append(base + at)
            at, out = stop, out + row
        del flat, target
        gathering.take(words, places, "byte")
        if not words:
            if len(buffer) - at > LONGEST_WORD + row:
                raise source.error(
                    f"byte {base + at:,}: no blank ends the word within {LONGEST_WORD:,} bytes; the header's dimension"
                    f" {d} is wrong, or the file is damaged"
                )
            more = source.read(LONGEST_WORD + row + 1)
            torn = not more
            base, buffer, at = base + at, buffer[at:] + more, 0
    left = (buffer[at:] + source.read(BLOCK)).strip(b"\n") if not torn else b""
    if left:
        what = f"{len(left):,} bytes or more are left after the {V:,} words of the header, from byte {base + at:,}"
        if not repair:
            raise source.error(
                f"{what}: the header is wrong, or a word holds a blank; write the file again, or sgns convert IN OUT"
                " --repair leaves them out"
            )
        tell(f"{source.name}: {what}; they are left out")
    return gathering.finish()


def write(vectors: Vectors, file: IO[bytes], tell: Tell, progress: Report | None = None) -> None:
    """Write E as word2vec binary; blanks in words become _ (told), since a blank ends a word.

    Raises:
        FormatError: two words become one so.
    """
    words = words_for(vectors, one_token, "word2vec binary", tell)
    file.write(f"{len(vectors)} {vectors.dim}\n".encode())
    rows = max(1, 2**20 // (4 * vectors.dim))
    for start in range(0, len(vectors), rows):
        block = np.ascontiguousarray(vectors.E[start : start + rows], "<f4")
        file.write(b"".join(b"%b %b" % (w, row.data) for w, row in zip(words[start : start + rows], block)))
        if progress is not None:
            progress("save", start + len(block), len(vectors), "words")
