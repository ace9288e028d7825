"""word2vec's binary format: a line `V d`, then for each word its bytes, a blank and d float32 (little endian)."""

import re
from dataclasses import replace
from typing import IO

import numpy as np

from sgns.base.files import PackedFile
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.binary_rivals import is_established, rivals
from sgns.vectors.files.binary_rows import CHECKED, CONTROL_BYTES, Found, implausible, search
from sgns.vectors.files.builder import Builder
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.selection import ALL, Selection
from sgns.vectors.files.word2vec_text import encode_words, header_of, one_token

LONGEST_WORD = 10_000  # bytes
READ_BLOCK = 2**19  # bytes read at once: what is found, copied and checked in a block is still in the cache
BACK = 8  # rows before one that shows a wrong reading, in which that reading may have begun
SURE_DIM = 64  # from this dimension on the numbers of a row that is read wrongly are always implausible
SEARCHED_DIM, SEARCHED_ROWS = 8, 5_000  # in files of fewer numbers a row, and no more rows, every row is searched


def read(file: PackedFile, repair: bool, on_warning: WarningCallback, selection: Selection = ALL) -> Parts:
    """Words and E of a word2vec binary file.

    word2vec.c ends each row with a line break, gensim does not: both are read.

    Args:
        file: At its first byte.
        repair: Leave out damaged rows instead of raising.
        on_warning: Called with each kind of repair.
        selection: Which rows are kept. Other rows are passed over, and reading ends with the last one.

    Raises:
        FormatError: Torn, not finite, or not as its header states; the message names the byte.
    """
    V, d, length = header_of(file.head) or (0, 0, 0)
    builder = Builder(file, d, V, repair, on_warning, selection)
    wanted = selection.first(V)
    row = 4 * d  # bytes
    if file.plain_size is not None:
        most = (file.plain_size - length) // (row + 1)
        if most < wanted and not repair:
            raise file.error(
                f"torn at byte {file.plain_size:,}: its header promises {V:,} words of dimension {d}, there is room"
                f" for at most {most:,}; copy it again, or sgns convert IN OUT --repair keeps the rest"
            )
        if selection.words is None:
            builder.next_rows(min(wanted, most))  # all of the matrix at once: the file is as large as its header states
    file.read(length)
    pattern = rows_of(row)
    every = d < SEARCHED_DIM and V <= SEARCHED_ROWS
    size = max(READ_BLOCK, LONGEST_WORD + 1 + row)
    buffer = bytearray(2 * size)
    rest = memoryview(buffer)[:0]
    base, at_end, short = length, False, True  # base: position of rest[0] in the file
    while builder.rows_read < wanted and not builder.complete and not (at_end and not rest):
        data = rest
        if short or len(rest) < size:
            data = read_behind(file, rest, size, buffer)
            at_end = at_end or len(data) < len(rest) + size
        words = pattern.findall(data)
        ends = np.cumsum(np.fromiter(map(len, words), np.int64, len(words)) + 1 + row)
        count = min(int(np.searchsorted(ends, len(data), "right")), V - builder.rows_read)  # of whole rows
        sure = count if at_end or d >= SURE_DIM else max(0, count - BACK)
        first = 0 if every else sure
        words = words[:count]
        joined = b" ".join(words)
        if b"\n\n" in joined:
            words = [word.lstrip(b"\n") for word in words]
            joined = b" ".join(words)
        elif b"\n" in joined:  # the same, much faster: no word holds a blank
            joined = joined.removeprefix(b"\n").replace(b" \n", b" ")
            words = joined.split(b" ")
        if count and not every:
            first = first_doubtful(data, words, joined, ends[:count] - row, builder)
        taken = min(sure, first if first == count else max(0, first - BACK))
        taken = min(taken, wanted - builder.rows_read)
        if taken:
            if taken < count:
                words, ends = words[:taken], ends[:taken]
                joined = b" ".join(words)
            ends = ends[:taken]
            positions = base + np.concatenate([[0], ends[:-1]])
            add_rows(builder, data, decoded(words, joined, positions, builder), ends - row, positions)
            base, rest = base + int(ends[-1]), data[ends[-1] :]
        else:
            rest = data
        if first < count and builder.rows_read < wanted:
            most, least = V - builder.rows_read, V if every else first - taken + 1
            searched = bytes(rest)
            found = search(searched, 0, d, most, least, LONGEST_WORD, at_end)
            if found is not None and every:
                found = with_rivals(searched, d, found, at_end)
            if found is not None:
                add_found(builder, searched, base, found, wanted)
                base, rest = base + found.end, rest[found.end :]
                taken += len(found.rows)
        short = not taken
        if (
            len(rest) > LONGEST_WORD + row
            and not taken
            and builder.rows_read < wanted
            and b" " not in bytes(rest[: LONGEST_WORD + 1])
        ):
            raise file.error(
                f"byte {base:,}: no blank ends the word within {LONGEST_WORD:,} bytes; the header's dimension {d} is"
                " wrong, or the file is damaged"
            )
        if at_end and not taken:
            break
    left = (
        (bytes(rest) + file.read(READ_BLOCK)).strip(b"\n") if builder.rows_read >= V and not builder.complete else b""
    )
    if left:
        what = f"{len(left):,} bytes or more are left after the {V:,} words of the header, from byte {base:,}"
        if not repair:
            raise file.error(
                f"{what}: the header is wrong, or a word holds a blank; write the file again, or sgns convert IN OUT"
                " --repair leaves them out"
            )
        on_warning(f"{file.name}: {what}; they are left out")
    return builder.finish()


def read_behind(file: PackedFile, rest: memoryview, count: int, buffer: bytearray) -> memoryview:
    """What is left of a block, and the next `count` bytes of the file behind it; fewer only at the end.

    Args:
        file: Where they are read.
        rest: A part of `buffer`, or of one that was too small.
        count: Bytes.
        buffer: Is written over. Where it is too small, a larger one is made for this block.
    """
    if len(rest) + count > len(buffer):
        buffer = bytearray(len(rest) + count)
    data = memoryview(buffer)
    data[: len(rest)] = rest
    return data[: len(rest) + file.readinto(data[len(rest) : len(rest) + count])]


def rows_of(row: int) -> re.Pattern[bytes]:
    """A pattern that finds the words of consecutive whole rows.

    The last match is what is left of a block: it reaches to the end of the block, so a row after it would end beyond.

    Args:
        row: Bytes of a row, without its word.
    """
    return re.compile(rb"([^ ]{0,%d}(?= .{%d})|.+)(?: .{%d})?" % (LONGEST_WORD, row, row), re.DOTALL)


def first_doubtful(data: memoryview, words: list[bytes], joined: bytes, offsets: np.ndarray, builder: Builder) -> int:
    """The number of the first row that may be read wrongly; the number of rows when there is none.

    Args:
        data: A part of the file.
        words: The words of its rows, each up to the first blank.
        joined: The same with blanks between them.
        offsets: Where the numbers of each row begin in `data`.
        builder: Has the dimension.
    """
    d = builder.d
    first = len(words)
    if joined and (np.frombuffer(joined, np.uint8).min() < 32 or b"\x7f" in joined):
        first = next(i for i, word in enumerate(words) if CONTROL_BYTES.search(word))
    if d < CHECKED:
        try:
            joined.decode("utf-8")
        except UnicodeDecodeError as error:
            first = min(first, joined.count(b" ", 0, error.start))
    width = 4 * min(d, CHECKED)
    slices = np.ndarray(len(data) - width + 1, f"V{width}", data, strides=(1,))
    wrong = implausible(slices[offsets].view("<f4").reshape(len(words), -1))
    return min(first, int(np.argmax(wrong))) if wrong.any() else first


def with_rivals(data: bytes, d: int, found: Found, at_end: bool) -> Found:
    """What was found in a whole file; where its numbers are few or unusual, every other reading makes rows doubtful."""
    if is_established(data, d, found.rows):
        return found
    return replace(found, doubtful=found.doubtful | rivals(data, 0, d, found.rows, LONGEST_WORD, at_end))


def add_rows(
    builder: Builder, data: bytes | memoryview, words: list[str], offsets: np.ndarray, positions: np.ndarray
) -> None:
    """Adds rows of which each word ends at the first blank, or those of them that are wanted.

    Args:
        builder: Takes them.
        data: A part of the file.
        words: One for each row.
        offsets: (n,) int64, where the numbers of each row begin in `data`.
        positions: (n,) int64, the byte of each row in the file.
    """
    if builder.selection.words is not None:
        kept = [i for i, word in enumerate(words) if word in builder.selection]
        builder.rows_read += len(words) - len(kept)
        words, offsets, positions = [words[i] for i in kept], offsets[kept], positions[kept]
        if not kept:
            return
    row = 4 * builder.d
    slices = np.ndarray(len(data) - row + 1, f"V{row}", data, strides=(1,))  # slices[i]: from byte i on
    builder.next_rows(len(words)).view(f"V{row}")[:, 0] = slices[offsets]
    builder.add(words, positions, "byte")


def add_found(builder: Builder, data: bytes, base: int, found: Found, wanted: int) -> None:
    """Adds the rows that `search` found.

    Args:
        builder: Takes them.
        data: What was searched.
        base: Its position in the file.
        found: The rows.
        wanted: Number of rows of the file that are read.

    Raises:
        FormatError: A row can be read in two ways, and `builder.repair` is not set.
    """
    kept = []
    for i, row in enumerate(found.rows[: wanted - builder.rows_read]):
        if i not in found.doubtful:
            kept.append(row)
            continue
        other = found.doubtful[i]
        one, two = (data[r.start : r.blank].decode("utf-8", "backslashreplace")[:80] for r in (row, other))
        builder.rows_read += builder.repair
        builder.reject(
            f"the word may be {one!r} or {two!r}: a blank ends a word in this format, and the bytes fit both",
            f"byte {base + row.start:,}",
            "to be read in two ways",
        )
    words = []
    for row in kept:
        word = builder.decode(data[row.start : row.blank], base + row.start, "byte")
        if " " in word:
            builder.count_repair(
                "blanks", "words hold blanks, which are kept", f"{word[:80]!r} at byte {base + row.start:,}"
            )
        words.append(word)
    offsets = np.array([row.blank + 1 for row in kept], np.int64)
    if kept:
        add_rows(builder, data, words, offsets, np.array([base + row.start for row in kept], np.int64))


def decoded(words: list[bytes], joined: bytes, positions: np.ndarray, builder: Builder) -> list[str]:
    """The words as text: at once, since no word holds a blank; one by one where a word is not UTF-8."""
    try:
        return joined.decode("utf-8").split(" ")
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
        FormatError: Two words become one, or words and numbers are such that the file could be read in two ways.
    """
    words = encode_words(parts, one_token, "word2vec binary", on_warning)
    check_readable(parts, words)
    file.write(f"{len(parts)} {parts.dim}\n".encode())
    rows = max(1, 2**20 // (4 * parts.dim))
    for start in range(0, len(parts), rows):
        block = np.ascontiguousarray(parts.E[start : start + rows], "<f4")
        file.write(b"".join(b"%b %b" % (word, row.data) for word, row in zip(words[start : start + rows], block)))
        if progress is not None:
            progress("save", start + len(block), len(parts), "words")


def check_readable(parts: Parts, words: list[bytes]) -> None:
    """Raises `FormatError` when `read` would not find these words again: few numbers in a row, and unusual ones."""
    V, d = parts.E.shape
    if d >= SEARCHED_DIM or V > SEARCHED_ROWS:
        return
    rows = np.ascontiguousarray(parts.E, "<f4")
    data = b"".join(b"%b %b" % (word, row.data) for word, row in zip(words, rows))
    found = search(data, 0, d, V, V, LONGEST_WORD, at_end=True) if V else None
    if found is not None:
        found = with_rivals(data, d, found, at_end=True)
    starts = np.cumsum([0, *(len(word) + 1 + 4 * d for word in words)]).tolist()
    for i, (word, start) in enumerate(zip(words, starts)):
        row = found.rows[i] if found is not None and i < len(found.rows) else None
        if found is None or row is None or i in found.doubtful or (row.start, row.blank) != (start, start + len(word)):
            raise FormatError(
                f"the row of {word.decode()[:80]!r} could be read in two ways in word2vec binary; save as .safetensors"
                " or .txt"
            )
