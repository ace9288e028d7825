"""Vectors as text, a word and its numbers a line: word2vec text and fastText .vec (with a header `V d`), GloVe, TSV."""

import re
from collections import Counter
from collections.abc import Callable
from typing import IO

import numpy as np

from sgns.base.files import PackedFile
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.builder import Gathering
from sgns.vectors.vectors import Vectors

LONGEST_LINE = 2**24  # bytes
WORTH_COMPILING = 2**22  # bytes of text; below, importing Numba takes longer than Python's own float
HEADER = re.compile(rb" *(\d{1,18}) +(\d{1,18}) *\r?\n")  # with a tab it is a row of a TSV


def header_of(head: bytes) -> tuple[int, int, int] | None:
    """(V, d, bytes of the line) when the file begins with a word2vec header, or None."""
    match = HEADER.match(head[:100])
    return (int(match[1]), int(match[2]), match.end()) if match else None


def number(field: bytes) -> float | None:
    """The number in a field, or None; nan and inf are numbers, 1_000 is not."""
    try:
        return None if b"_" in field else float(field)
    except ValueError:
        return None


def numbers_at_end(line: bytes) -> int:
    """How many numbers end a line, its first field (the word) not counted."""
    fields = re.split(rb"[ \t]", line.rstrip(b" \t\r"))
    count = 0
    for field in reversed(fields[1:]):
        if number(field) is None:
            break
        count += 1
    return count


def read(source: PackedFile, repair: bool, on_warning: WarningCallback, *, headed: bool) -> Vectors:
    """Vectors from text, with a header `V d` or without.

    Blanks in words are kept: the last d fields are the numbers, what stands before is the word.

    Raises:
        FormatError: torn, too few or wrong numbers, not finite, or not as its header says; names the line.
    """
    if headed:
        header = header_of(source.head)
        if header is None:
            raise source.error("line 1 is no header `V d`; a file without one is read as GloVe: --read-as glove")
        V, d, length = header
        source.read(length)
        gathering = Gathering(source, d, V, repair, on_warning)
    else:
        first = source.head.split(b"\n", 1)[0]
        gathering = Gathering(source, numbers_at_end(first), None, repair, on_warning)
    line_number = 2 if headed else 1
    large = source.plain_size is None or source.plain_size > WORTH_COMPILING
    rest, lines = b"", Lines(gathering, line_number)
    for block in source.blocks():
        cut = block.rfind(b"\n") + 1
        if not cut:
            rest += block
            if len(rest) > LONGEST_LINE:
                raise source.error(
                    f"line {lines.number:,} is longer than {LONGEST_LINE:,} bytes; this is no vector file"
                )
            continue
        lines.take(rest + block[:cut], large)
        rest = block[cut:]
    if rest:
        lines.take(rest, large)
        on_warning(
            f"{source.name}: the last line has no line end; if the file was cut short, its last number may be too"
        )
    return gathering.finish()


class Lines:
    """Puts whole lines into a gathering, and knows the number of the next line."""

    def __init__(self, gathering: Gathering, number: int) -> None:
        self.gathering, self.number = gathering, number

    def take(self, data: bytes, fast: bool) -> None:
        """Take the rows of `data`, which ends where a line ends.

        Args:
            data: lines.
            fast: parse with the kernel; either way gives the same rows.
        """
        gathering, d = self.gathering, self.gathering.d
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
        short = np.flatnonzero(ends - starts < 2 * d)
        if len(short):  # before any memory is given to rows that cannot be there
            for i in short.tolist():
                held = numbers_at_end(data[starts[i] : ends[i]])
                gathering.damage(f"{held:,} numbers where {d:,} are expected", f"line {numbers[i]:,}", "too short")
            long = np.setdiff1d(np.arange(len(starts)), short)
            starts, ends, numbers = starts[long], ends[long], numbers[long]
        if not len(starts):
            return
        out = gathering.room(len(starts))
        if fast:
            from sgns.vectors.files.decimals import parse

            word_ends = parse(data, starts, ends, out)
        else:
            word_ends = np.full(len(starts), -1)
        words: list[str] = []
        bad: list[int] = []
        for i, (start, end, word_end) in enumerate(zip(starts.tolist(), ends.tolist(), word_ends.tolist())):
            if word_end < 0:
                word_end = start + self.slowly(data[start:end], out[i], numbers[i])
                if word_end < start:
                    bad.append(i)
                    continue
            words.append(self.word(data[start:word_end], numbers[i]))
        if bad:
            good = np.setdiff1d(np.arange(len(starts)), bad)
            out[: len(good)] = out[good]
            numbers = numbers[good]
        del out
        gathering.take(words, numbers.tolist(), "line")

    def slowly(self, line: bytes, out: np.ndarray, place: int) -> int:
        """Read one line as Python reads numbers; returns where its word ends, −1 when it is left out."""
        d = self.gathering.d
        fields = re.split(rb"[ \t]", line)
        wrong = f"{max(0, len(fields) - 1):,} numbers where {d:,} are expected"
        if len(fields) > d:
            try:
                if b"_" in b"".join(fields[-d:]):  # float takes 1_000, no vector file means it
                    raise ValueError
                with np.errstate(over="ignore"):
                    out[:] = list(map(float, fields[-d:]))
                return len(line) - sum(map(len, fields[-d:])) - d
            except ValueError:
                rubbish = next(field for field in fields[-d:] if number(field) is None)
            wrong = f"{rubbish[:40].decode('utf-8', 'backslashreplace')!r} stands where a number is expected"
        self.gathering.damage(wrong, f"line {place:,}", "no numbers")
        return -1

    def word(self, word: bytes, place: int) -> str:
        """A line's word; one that ends with numbers tells that the dimension is wrong."""
        text = self.gathering.decode(word, place, "line")
        if b" " in word or b"\t" in word:
            if not self.gathering.index and numbers_at_end(word):
                d, held = self.gathering.d, self.gathering.d + numbers_at_end(word)
                raise self.gathering.source.error(
                    f"line {place:,}: {held:,} numbers where {d:,} are expected; the header is wrong"
                )
            self.gathering.told("blanks", "words hold blanks, which are kept", f"{text[:80]!r} at line {place:,}")
        return text


def one_token(word: str) -> str:
    """`word` as formats need it that end a word at a blank."""
    return word.replace(" ", "_").replace("\t", "_")


def words_for(vectors: Vectors, rename: Callable[[str], str], format: str, on_warning: WarningCallback) -> list[bytes]:
    """The words in UTF-8 as a format can hold them; renamed ones are told.

    Raises:
        FormatError: a word that no file can hold, or two words that become one.
    """
    from sgns.vectors.files.own import line_of_words

    line_of_words(vectors)
    renamed = [rename(word) for word in vectors.words]
    changed = [i for i, (old, new) in enumerate(zip(vectors.words, renamed)) if old != new]
    if changed:
        twice, times = Counter(renamed).most_common(1)[0]
        if times > 1:
            raise FormatError(f"{times} words become {twice!r} in {format}; rename them, or save as .safetensors")
        old, new = vectors.words[changed[0]], renamed[changed[0]]
        on_warning(f"{len(changed):,} words hold blanks, which {format} cannot keep: {old!r} is written as {new!r}")
    return [word.encode("utf-8") for word in renamed]


def write(
    vectors: Vectors,
    file: IO[bytes],
    on_warning: WarningCallback,
    progress: ProgressCallback | None = None,
    *,
    header: bool = True,
) -> None:
    """Write E as text, nine digits a number so that float32 comes back bit for bit.

    Args:
        vectors: to write.
        file: open for bytes.
        tell: hears which words were renamed.
        progress: called with the words written.
        header: a first line `V d` (word2vec, fastText), or none (GloVe).

    Raises:
        FormatError: words that the format cannot hold.
    """
    words = words_for(vectors, one_token, "word2vec text" if header else "GloVe", on_warning)
    if header:
        file.write(f"{len(vectors)} {vectors.dim}\n".encode())
    write_rows(vectors, file, [word + b" " for word in words], " ", progress)


def write_rows(
    vectors: Vectors, file: IO[bytes], beginnings: list[bytes], separator: str, progress: ProgressCallback | None
) -> None:
    """Write each row of E on a line after its beginning."""
    form = (separator.join(["%.9g"] * vectors.dim) + "\n").encode()
    step = max(1, 2**16 // vectors.dim)
    for start in range(0, len(vectors), step):
        rows = vectors.E[start : start + step].tolist()
        file.write(b"".join([word + form % tuple(row) for word, row in zip(beginnings[start : start + step], rows)]))
        if progress is not None:
            progress("save", start + len(rows), len(vectors), "words")
