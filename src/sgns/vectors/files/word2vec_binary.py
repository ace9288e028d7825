"""word2vec's binary format: a line `V d`, then for each word its bytes, a blank and d float32 (little endian)."""

import re
from typing import IO

import numpy as np

from sgns.base.files import PackedFile
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.builder import Gathering
from sgns.vectors.files.text import header_of, one_token, words_for
from sgns.vectors.vectors import Vectors

LONGEST_WORD = 10_000  # bytes
BLOCK = 2**19  # bytes read at once: what is found, copied and checked in a block is still in the cache


def read(source: PackedFile, repair: bool, on_warning: WarningCallback) -> Vectors:
    """Vectors from a word2vec binary file. word2vec.c ends each row with a line break, gensim does not: both are read.

    Raises:
        FormatError: torn, not finite, or not as its header says; names the byte.
    """
    V, d, length = header_of(source.head) or (0, 0, 0)
    gathering = Gathering(source, d, V, repair, on_warning)
    row = 4 * d
    if source.plain_size is not None:
        held = (source.plain_size - length) // (row + 1)
        if held < V and not repair:
            raise source.error(
                f"torn at byte {source.plain_size:,}: its header promises {V:,} words of dimension {d}, there is room"
                f" for at most {held:,}; copy it again, or sgns convert IN OUT --repair keeps the rest"
            )
        gathering.room(min(V, held))  # all of it at once: the file's size vouches for the header
    source.read(length)
    pattern = rows_of(row)
    base, rest = length, b""  # base: place of rest[0] in the file
    while gathering.seen < V:
        more = source.read(max(BLOCK, LONGEST_WORD + 1 + row))
        if not more:
            break
        data = rest + more
        words = pattern.findall(data)
        ends = np.cumsum(np.fromiter(map(len, words), np.int64, len(words)) + 1 + row)
        count = min(int(np.searchsorted(ends, len(data), "right")), V - gathering.seen)  # of whole rows
        if count:
            words, ends = words[:count], ends[:count]
            slices = np.ndarray(len(data) - row + 1, f"V{row}", data, strides=(1,))  # slices[i]: from byte i on
            gathering.room(count).view(f"V{row}")[:, 0] = slices[ends - row]
            places = base + np.concatenate([[0], ends[:-1]])
            gathering.take(decoded(words, places, gathering), places, "byte")
            base, rest = base + int(ends[-1]), data[ends[-1] :]
        else:
            rest = data
        if len(rest) > LONGEST_WORD + row and gathering.seen < V:
            raise source.error(
                f"byte {base:,}: no blank ends the word within {LONGEST_WORD:,} bytes; the header's dimension {d} is"
                " wrong, or the file is damaged"
            )
    left = (rest + source.read(BLOCK)).strip(b"\n") if gathering.seen >= V else b""
    if left:
        what = f"{len(left):,} bytes or more are left after the {V:,} words of the header, from byte {base:,}"
        if not repair:
            raise source.error(
                f"{what}: the header is wrong, or a word holds a blank; write the file again, or sgns convert IN OUT"
                " --repair leaves them out"
            )
        on_warning(f"{source.name}: {what}; they are left out")
    return gathering.finish()


def rows_of(row: int) -> re.Pattern[bytes]:
    """Finds the words of whole rows of `row` bytes, one after the other, and what is left of a block as the last word.

    What is left reaches to the end of the block, so a row after it would end beyond: this tells it from a word.
    """
    return re.compile(rb"([^ ]{0,%d}(?= .{%d})|.+)(?: .{%d})?" % (LONGEST_WORD, row, row), re.DOTALL)


def decoded(words: list[bytes], places: np.ndarray, gathering: Gathering) -> list[str]:
    """The words as text: at once, since no word holds a blank; one by one where a word is no UTF-8."""
    words = [word.lstrip(b"\n") for word in words]
    try:
        return b" ".join(words).decode("utf-8").split(" ")
    except UnicodeDecodeError:
        return [gathering.decode(word, place, "byte") for word, place in zip(words, places.tolist())]


def write(
    vectors: Vectors, file: IO[bytes], on_warning: WarningCallback, progress: ProgressCallback | None = None
) -> None:
    """Write E as word2vec binary; blanks in words become _ (told), since a blank ends a word.

    Raises:
        FormatError: two words become one so.
    """
    words = words_for(vectors, one_token, "word2vec binary", on_warning)
    file.write(f"{len(vectors)} {vectors.dim}\n".encode())
    rows = max(1, 2**20 // (4 * vectors.dim))
    for start in range(0, len(vectors), rows):
        block = np.ascontiguousarray(vectors.E[start : start + rows], "<f4")
        file.write(b"".join(b"%b %b" % (w, row.data) for w, row in zip(words[start : start + rows], block)))
        if progress is not None:
            progress("save", start + len(block), len(vectors), "words")
