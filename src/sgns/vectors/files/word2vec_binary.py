"""word2vec's binary format: a line `V d`, then for each word its bytes, a blank and d float32 (little endian)."""

import re
from typing import IO

import numpy as np

from sgns.base.files import PackedFile
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.builder import Builder
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.word2vec_text import encode_words, header_of, one_token

LONGEST_WORD = 10_000  # bytes
READ_BLOCK = 2**19  # bytes read at once: what is found, copied and checked in a block is still in the cache


def read(file: PackedFile, repair: bool, on_warning: WarningCallback) -> Parts:
    """Words and E of a word2vec binary file.

    word2vec.c ends each row with a line break, gensim does not: both are read.

    Args:
        file: At its first byte.
        repair: Leave out damaged rows instead of raising.
        on_warning: Called with each kind of repair.

    Raises:
        FormatError: Torn, not finite, or not as its header states; the message names the byte.
    """
    V, d, length = header_of(file.head) or (0, 0, 0)
    builder = Builder(file, d, V, repair, on_warning)
    row = 4 * d  # bytes
    if file.plain_size is not None:
        most = (file.plain_size - length) // (row + 1)
        if most < V and not repair:
            raise file.error(
                f"torn at byte {file.plain_size:,}: its header promises {V:,} words of dimension {d}, there is room"
                f" for at most {most:,}; copy it again, or sgns convert IN OUT --repair keeps the rest"
            )
        builder.next_rows(min(V, most))  # all of the matrix at once: the file is as large as its header states
    file.read(length)
    pattern = rows_of(row)
    base, rest = length, b""  # base: position of rest[0] in the file
    while builder.rows_read < V:
        more = file.read(max(READ_BLOCK, LONGEST_WORD + 1 + row))
        if not more:
            break
        data = rest + more
        words = pattern.findall(data)
        ends = np.cumsum(np.fromiter(map(len, words), np.int64, len(words)) + 1 + row)
        count = min(int(np.searchsorted(ends, len(data), "right")), V - builder.rows_read)  # of whole rows
        if count:
            words, ends = words[:count], ends[:count]
            slices = np.ndarray(len(data) - row + 1, f"V{row}", data, strides=(1,))  # slices[i]: from byte i on
            builder.next_rows(count).view(f"V{row}")[:, 0] = slices[ends - row]
            positions = base + np.concatenate([[0], ends[:-1]])
            builder.add(decoded(words, positions, builder), positions, "byte")
            base, rest = base + int(ends[-1]), data[ends[-1] :]
        else:
            rest = data
        if len(rest) > LONGEST_WORD + row and builder.rows_read < V:
            raise file.error(
                f"byte {base:,}: no blank ends the word within {LONGEST_WORD:,} bytes; the header's dimension {d} is"
                " wrong, or the file is damaged"
            )
    left = (rest + file.read(READ_BLOCK)).strip(b"\n") if builder.rows_read >= V else b""
    if left:
        what = f"{len(left):,} bytes or more are left after the {V:,} words of the header, from byte {base:,}"
        if not repair:
            raise file.error(
                f"{what}: the header is wrong, or a word holds a blank; write the file again, or sgns convert IN OUT"
                " --repair leaves them out"
            )
        on_warning(f"{file.name}: {what}; they are left out")
    return builder.finish()


def rows_of(row: int) -> re.Pattern[bytes]:
    """A pattern that finds the words of consecutive whole rows.

    The last match is what is left of a block: it reaches to the end of the block, so a row after it would end beyond.

    Args:
        row: Bytes of a row, without its word.
    """
    return re.compile(rb"([^ ]{0,%d}(?= .{%d})|.+)(?: .{%d})?" % (LONGEST_WORD, row, row), re.DOTALL)


def decoded(words: list[bytes], positions: np.ndarray, builder: Builder) -> list[str]:
    """The words as text: at once, since no word holds a blank; one by one where a word is not UTF-8."""
    words = [word.lstrip(b"\n") for word in words]
    try:
        return b" ".join(words).decode("utf-8").split(" ")
    except UnicodeDecodeError:
        return [builder.decode(word, position, "byte") for word, position in zip(words, positions.tolist())]


def write(parts: Parts, file: IO[bytes], on_warning: WarningCallback, progress: ProgressCallback | None = None) -> None:
    """Writes words and E as word2vec binary. A blank ends a word there, so blanks in words become _.

    Args:
        parts: To write.
        file: A binary file.
        on_warning: Called with the number of words that are renamed.
        progress: Called with the number of words written.

    Raises:
        FormatError: Two words become one.
    """
    words = encode_words(parts, one_token, "word2vec binary", on_warning)
    file.write(f"{len(parts)} {parts.dim}\n".encode())
    rows = max(1, 2**20 // (4 * parts.dim))
    for start in range(0, len(parts), rows):
        block = np.ascontiguousarray(parts.E[start : start + rows], "<f4")
        file.write(b"".join(b"%b %b" % (word, row.data) for word, row in zip(words[start : start + rows], block)))
        if progress is not None:
            progress("save", start + len(block), len(parts), "words")
