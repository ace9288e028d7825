"""Vectors as text, a line for each word: word2vec text and fastText .vec (with a header `V d`), GloVe (without)."""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import IO

import numpy as np

from sgns.base.files import PackedFile
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.builder import Builder
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.selection import ALL, Selection

LONGEST_LINE = 2**24  # bytes
WORTH_COMPILING = 2**22  # bytes of text; for fewer, importing Numba takes longer than Python's own float
HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t]*\r?\n")
SMALL_BLOCK = 2**17  # bytes read at once where only the first rows are wanted
WORD_FIELD = re.compile(rb"[^ \t\n]*")
FIRST_ROWS = 1000  # rows that say which dimension most rows have


def header_of(head: bytes) -> tuple[int, int, int] | None:
    """(V, d, bytes of the line) when the file begins with a word2vec header, or None.

    Two numbers with a tab between them are a header only if a word and d numbers follow: they may be a row of a TSV.
    """
    match = HEADER.match(head[:100])
    if match is None:
        return None
    V, d = int(match[1]), int(match[2])
    if b"\t" in match[0] and (d < 2 or numbers_at_end(head[match.end() :].split(b"\n", 1)[0]) < d):
        return None
    return V, d, match.end()


def fields_of(line: bytes) -> list[bytes]:
    """The fields of a line, between blanks and tabs; the first one is the word or its beginning, and may be empty."""
    return re.split(rb"[ \t]+", line.rstrip(b" \t\r\n"))


def first_rows_of(head: bytes) -> list[tuple[int, bytes]]:
    """For the first whole lines of a text that are not empty: the count of numbers that end it, and the line."""
    lines = head.split(b"\n")
    if len(lines) > 1:
        lines.pop()  # empty, or cut at the end of the head
    rows = [line for line in lines[: 2 * FIRST_ROWS] if line.strip(b" \t\r")][:FIRST_ROWS]
    return [(numbers_at_end(line), line) for line in rows]


def dimension_of(head: bytes) -> int:
    """The dimension of a text without a header: the count of numbers that ends most of its first rows.

    Where as many rows end in another count, it is the lower one if the numbers more are integers among decimals (they
    belong to a word: route 66), else that of the first row.
    """
    rows = first_rows_of(head)
    if not rows:
        return 0
    counts = Counter(count for count, _ in rows)
    most = max(counts.values())
    tied = [count for count in counts if counts[count] == most]  # in the order of the file
    lowest = min(tied)
    longer = [line for count, line in rows if count in tied and count > lowest]
    return lowest if lowest and all(ends_word_in_integers(line, lowest) for line in longer) else tied[0]


def ends_word_in_integers(line: bytes, d: int) -> bool:
    """Whether what stands before the last d numbers of a line ends in integers, and these are not all integers."""
    fields, count = fields_of(line), numbers_at_end(line)
    more, numbers = fields[len(fields) - count : -d], fields[-d:]
    return all(field.isdigit() for field in more) and not all(field.lstrip(b"-+").isdigit() for field in numbers)


def states_another_dimension(head: bytes, d: int) -> int:
    """The dimension of all first rows where it is plainly another one than d, which the header states; or 0."""
    rows = first_rows_of(head)
    found = {count for count, _ in rows}
    if len(rows) < 3 or len(found) > 1 or (count := found.pop()) <= d:
        return 0
    return 0 if all(ends_word_in_integers(line, d) for _, line in rows) else count


def number(field: bytes) -> float | None:
    """The number in a field, or None; nan and inf are numbers, 1_000 is not."""
    try:
        return None if b"_" in field else float(field)
    except ValueError:
        return None


def numbers_at_end(line: bytes) -> int:
    """The count of numbers that end a line; its first field, the word, is none of them."""
    fields = fields_of(line)
    count = 0
    for field in reversed(fields[1:]):
        if number(field) is None:
            break
        count += 1
    return count


def read(
    file: PackedFile, repair: bool, on_warning: WarningCallback, *, header: bool, selection: Selection = ALL
) -> Parts:
    """Words and E of a text file.

    The last d fields of a line are its numbers, what stands before them is its word, blanks included.

    Args:
        file: At its first byte.
        repair: Leave out damaged rows instead of raising.
        on_warning: Called with each kind of repair.
        header: The first line is `V d`; without a header most of the first rows give the dimension.
        selection: Which rows are kept. The numbers of other rows are not parsed, and reading ends with the last one.

    Raises:
        FormatError: Torn, too few or wrong numbers, not finite, or not as the header states; with the line.
    """
    if header:
        stated = header_of(file.head)
        if stated is None:
            raise file.error("line 1 is no header `V d`; a file without one is read as GloVe: --read-as glove")
        V, d, length = stated
        file.read(length)
        builder = Builder(file, d, V, repair, on_warning, selection)
        if found := states_another_dimension(file.head[length:], d):
            raise file.error(f"line 2: {found:,} numbers where {d:,} are expected; the header is wrong, write it again")
    else:
        builder = Builder(file, dimension_of(file.head), None, repair, on_warning, selection)
    read_lines(builder, file.blocks() if selection.limit is None else small_blocks(file), 2 if header else 1)
    return builder.finish()


def small_blocks(file: PackedFile) -> Iterator[bytes]:
    """Yields what is left in blocks of which few hold more than the rows that are wanted."""
    while data := file.read(SMALL_BLOCK):
        yield data


def read_lines(builder: Builder, blocks: Iterable[bytes], line_number: int) -> None:
    """Adds all rows of a text to `builder`.

    Args:
        builder: Takes the rows.
        blocks: The text, cut anywhere.
        line_number: The number of its first line in the file.

    Raises:
        FormatError: as `read`.
    """
    file = builder.file
    wanted = builder.selection.most_rows()  # at about 8 bytes a number
    compiled = (file.plain_size is None or file.plain_size > WORTH_COMPILING) and (
        wanted is None or 8 * builder.d * wanted > WORTH_COMPILING
    )
    rest, lines = b"", Lines(builder, line_number)
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            if len(rest) > LONGEST_LINE:
                raise file.error(f"line {lines.number:,} is longer than {LONGEST_LINE:,} bytes; this is no vector file")
            continue
        lines.add(rest + block[:end], compiled)
        rest = block[end:]
        if lines.complete:
            return
    if rest and not file.damaged:
        lines.add(rest, compiled)
        builder.on_warning(
            f"{file.name}: the last line has no line end; if the file was cut short, its last number may be too"
        )


class Lines:
    """Parses whole lines and adds their rows to a builder.

    Args:
        builder: Takes the rows.
        number: The number of the next line.
    """

    def __init__(self, builder: Builder, number: int) -> None:
        self.builder, self.number = builder, number
        self.rows = 0  # that were read
        words, also = builder.selection.words, builder.selection.also
        self.beginnings = None if words is None else {beginning(encoded(word)) for word in (*words, *also)}

    @property
    def complete(self) -> bool:
        """Whether all rows that are to be kept have been read."""
        limit = self.builder.selection.limit
        return self.builder.complete or (limit is not None and self.rows >= limit)

    def add(self, data: bytes, compiled: bool) -> None:
        """Adds the rows of `data`.

        Args:
            data: Lines; the last one is whole.
            compiled: Parse with the kernel; either way gives the same rows.
        """
        builder, d = self.builder, self.builder.d
        octets = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(octets == 10)
        if not data.endswith(b"\n"):
            ends = np.append(ends, len(data))
        starts = np.concatenate([[0], ends[:-1] + 1])
        for blank in (13, 32, 9, 32):  # \r, then the blank that fastText leaves at the end
            ends = np.where((ends > starts) & (octets[np.maximum(ends - 1, 0)] == blank), ends - 1, ends)
        numbers = self.number + np.arange(len(ends))
        self.number += len(ends)
        full = ends > starts
        starts, ends, numbers = starts[full], ends[full], numbers[full]
        kept = self.kept(data, starts)
        builder.rows_read += len(starts) - len(kept)
        starts, ends, numbers = starts[kept], ends[kept], numbers[kept]
        short = np.flatnonzero(ends - starts < 2 * d)
        if len(short):  # left out before memory is taken for rows that cannot be there
            for i in short.tolist():
                found = numbers_at_end(data[starts[i] : ends[i]])
                builder.reject(f"{found:,} numbers where {d:,} are expected", f"line {numbers[i]:,}", "too short")
            long = np.setdiff1d(np.arange(len(starts)), short)
            starts, ends, numbers = starts[long], ends[long], numbers[long]
        if not len(starts):
            return
        out = builder.next_rows(len(starts))
        if compiled:
            from sgns.vectors.files.decimals import parse_rows

            word_ends = parse_rows(data, starts, ends, out)
        else:
            word_ends = np.full(len(starts), -1)
        words = self.plain_words(data, starts, word_ends)
        if words is None:
            words, good = self.words_one_by_one(data, starts, ends, word_ends, numbers, out)
            if len(good) < len(starts):
                out[: len(good)] = out[good]
                numbers = numbers[good]
        del out
        builder.add(words, numbers.tolist(), "line")

    def plain_words(self, data: bytes, starts: np.ndarray, word_ends: np.ndarray) -> list[str] | None:
        """The words of some lines, all at once; None where one of them has to be looked at by itself."""
        if self.builder.selection.words is not None or (word_ends < 0).any():
            return None
        words = b"\n".join([data[start:end] for start, end in zip(starts.tolist(), word_ends.tolist())])
        if b" " in words or b"\t" in words:
            return None
        try:
            return words.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            return None

    def words_one_by_one(
        self,
        data: bytes,
        starts: np.ndarray,
        ends: np.ndarray,
        word_ends: np.ndarray,
        numbers: np.ndarray,
        out: np.ndarray,
    ) -> tuple[list[str], np.ndarray]:
        """The words of the lines that are kept, and which lines these are, (n,) int64.

        Args:
            data: Text.
            starts: (m,) int64, the first byte of each line.
            ends: (m,) int64, the byte after its last one.
            word_ends: (m,) int64, the end of its word; −1 where Python is to parse the line.
            numbers: (m,) int64, of each line in the file.
            out: (m, d) float32, filled for lines that Python parses.
        """
        words: list[str] = []
        good: list[int] = []
        for i, (start, end, word_end) in enumerate(zip(starts.tolist(), ends.tolist(), word_ends.tolist())):
            if word_end < 0:
                word_end = start + self.parse_in_python(data[start:end], out[i], numbers[i])
                if word_end < start:
                    continue
            word = self.word(data[start:word_end], numbers[i])
            if word not in self.builder.selection:
                self.builder.rows_read += 1
                continue
            words.append(word)
            good.append(i)
        return words, np.array(good, np.int64)

    def kept(self, data: bytes, starts: np.ndarray) -> np.ndarray:
        """Which of some lines are parsed, (n,) int64: those before the limit whose words may be among those wanted."""
        selection = self.builder.selection
        read = len(starts) if selection.limit is None else min(len(starts), selection.limit - self.rows)
        self.rows += read
        if self.beginnings is None:
            return np.arange(read)
        fields = [beginning(data, start) for start in starts[:read].tolist()]
        found = [i for i, field in enumerate(fields) if field in self.beginnings or may_be(field)]
        return np.array(found, np.int64)

    def parse_in_python(self, line: bytes, out: np.ndarray, line_number: int) -> int:
        """Writes the numbers of one line to `out` (d,); returns where its word ends, −1 when it is left out."""
        d = self.builder.d
        fields = fields_of(line)
        wrong = f"{max(0, len(fields) - 1):,} numbers where {d:,} are expected"
        if len(fields) > d:
            try:
                if b"_" in b"".join(fields[-d:]):  # float takes 1_000, which no vector file means
                    raise ValueError
                with np.errstate(over="ignore"):
                    out[:] = list(map(float, fields[-d:]))
                return word_end(line, d)
            except ValueError:
                rubbish = next(field for field in fields[-d:] if number(field) is None)
            wrong = f"{rubbish[:40].decode('utf-8', 'backslashreplace')!r} stands where a number is expected"
        self.builder.reject(wrong, f"line {line_number:,}", "no numbers")
        return -1

    def word(self, word: bytes, line_number: int) -> str:
        """The word of a line as text, without blanks at its ends: they stand between columns."""
        if b" " in word or b"\t" in word:
            word = word.strip(b" \t")
        text = self.builder.decode(word, line_number, "line")
        if b" " in word or b"\t" in word:
            self.builder.count_repair(
                "blanks", "words hold blanks, which are kept", f"{text[:80]!r} at line {line_number:,}"
            )
        return text


def encoded(word: str) -> bytes:
    """A word in UTF-8; a lone surrogate, which no file holds, as what it would be."""
    return word.encode("utf-8", "surrogatepass")


def beginning(line: bytes, start: int = 0) -> bytes:
    """The first field of a line; empty where it begins with a blank."""
    found = WORD_FIELD.match(line, start)
    assert found is not None  # it may be empty
    return found[0]


def may_be(field: bytes) -> bool:
    """Whether a field may begin a word that looks otherwise as text: it is empty, or no UTF-8."""
    try:
        return not field.decode("utf-8")
    except UnicodeDecodeError:
        return True


def word_end(line: bytes, d: int) -> int:
    """Where the blanks before the last d fields of a line begin."""
    end = len(line)
    for _ in range(d):
        end = len(line[:end].rstrip(b" \t"))
        end = max(line.rfind(b" ", 0, end), line.rfind(b"\t", 0, end))
    return end


def one_token(word: str) -> str:
    """`word` for formats in which a blank ends a word."""
    return word.replace(" ", "_").replace("\t", "_")


def encode_words(parts: Parts, rename: Callable[[str], str], format: str, on_warning: WarningCallback) -> list[bytes]:
    """The words in UTF-8 as a format can hold them.

    Args:
        parts: Their words.
        rename: Makes a word one that the format can hold.
        format: Name of the format, for messages.
        on_warning: Called with the number of words that are renamed.

    Raises:
        FormatError: No file can hold a word, or two words become one.
    """
    parts.words.to_lines()  # raises for words that no format can hold
    words = parts.words.decoded
    renamed = [rename(word) for word in words]
    changed = [i for i, (old, new) in enumerate(zip(words, renamed)) if old != new]
    if changed:
        twice, times = Counter(renamed).most_common(1)[0]
        if times > 1:
            raise FormatError(f"{times} words become {twice!r} in {format}; rename them, or save as .safetensors")
        old, new = words[changed[0]], renamed[changed[0]]
        on_warning(f"{len(changed):,} words hold blanks, which {format} cannot keep: {old!r} is written as {new!r}")
    return [word.encode("utf-8") for word in renamed]


def write(
    parts: Parts,
    file: IO[bytes],
    on_warning: WarningCallback,
    progress: ProgressCallback | None = None,
    *,
    header: bool = True,
) -> None:
    """Writes words and E as text, with nine digits a number, so that float32 comes back bit for bit.

    Args:
        parts: To write.
        file: A binary file.
        on_warning: Called with the number of words that are renamed.
        progress: Called with the number of words written.
        header: Begin with a line `V d` (word2vec, fastText), or not (GloVe).

    Raises:
        FormatError: The format cannot hold the words.
    """
    words = encode_words(parts, one_token, "word2vec text" if header else "GloVe", on_warning)
    if header:
        file.write(f"{len(parts)} {parts.dim}\n".encode())
    elif len(parts) and parts.dim > 1:  # of one number, `3 5` may be a row: whoever reads it says which
        first = io.BytesIO()
        write_rows(parts.E[:1], first, [words[0] + b" "], " ", None)
        if HEADER.match(first.getvalue()):
            raise FormatError(
                f"the first row would be {first.getvalue().decode().strip()!r}, which reads as a header; save as .txt,"
                " or put another word first"
            )
    write_rows(parts.E, file, [word + b" " for word in words], " ", progress)


def write_rows(
    E: np.ndarray, file: IO[bytes], beginnings: list[bytes], separator: str, progress: ProgressCallback | None
) -> None:
    """Writes a line for each row of E.

    Args:
        E: (V, d) float32.
        file: A binary file.
        beginnings: What stands before the numbers of each row.
        separator: Stands between two numbers.
        progress: Called with the number of rows written.
    """
    V, d = E.shape
    form = (separator.join(["%.9g"] * d) + "\n").encode()
    step = max(1, 2**16 // d)
    for start in range(0, V, step):
        rows = E[start : start + step].tolist()
        file.write(b"".join([word + form % tuple(row) for word, row in zip(beginnings[start : start + step], rows)]))
        if progress is not None:
            progress("save", start + len(rows), V, "words")
