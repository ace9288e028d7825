"""TensorBoard's projector: a TSV of numbers, and beside it a TSV of words (and counts)."""

from pathlib import Path
from typing import IO

import numpy as np

from sgns.base.files import PackedFile, opened
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files import text as textual
from sgns.vectors.rows import first_rows
from sgns.vectors.vectors import Vectors

HEADINGS = ("word", "words", "label", "token", "name")


def metadata_path(path: Path) -> Path:
    """Where the words of `path` are written: `vectors_metadata.tsv` for `vectors.tsv`, both packed or neither."""
    ending = ".tsv.gz" if path.name.endswith(".gz") else path.suffix
    return path.with_name(path.name[: len(path.name) - len(ending)] + "_metadata" + ending)


def find_metadata(path: Path) -> Path | None:
    """The file of words beside `path`: ours, gensim's (`x_tensor.tsv`, `x_metadata.tsv`), or plain metadata.tsv."""
    name = path.name
    names = [metadata_path(path).name] + [
        name.replace(old, new) for old, new in (("tensor", "metadata"), ("vectors", "metadata"), ("vecs", "meta"))
    ]
    for candidate in [*names, "metadata.tsv", "metadata.tsv.gz"]:
        if candidate != name and path.with_name(candidate).is_file():
            return path.with_name(candidate)
    return None


def all_numbers(head: bytes) -> bool:
    """Whether a file begins with a line of numbers between tabs and nothing else."""
    fields = head.split(b"\n", 1)[0].split(b"\t")
    return len(fields) > 0 and all(textual.number(field) is not None for field in fields)


def read(source: PackedFile, path: Path, repair: bool, on_warning: WarningCallback) -> Vectors:
    """Vectors from a projector TSV and the metadata beside it.

    Raises:
        FormatError: the words are missing or not as many as rows; or as `textual.read`.
    """
    beside = find_metadata(path)
    if beside is None:
        raise source.error(
            f"rows of numbers without words; put the projector's metadata beside it as {metadata_path(path).name},"
            " or a word at the start of each line"
        )
    words, counts = read_metadata(beside)
    numbered = Numbered(source)
    vectors = textual.read(numbered, repair, lambda _: None, headed=False)  # type: ignore[arg-type]
    for label in vectors.words:
        line, _, rubbish = label.partition("\t")
        if rubbish:
            raise source.error(f"line {int(line) + 1:,}: {rubbish[:40]!r} stands where a number is expected")
    rows = [int(label) for label in vectors.words]
    if max(rows, default=-1) + 1 == len(words) - 1 and counts is None and len(words) > 1:
        words = words[1:]  # a heading over a single column
    if len(words) < max(rows, default=-1) + 1 or (len(words) != len(rows) and not repair):
        raise FormatError(
            f"{beside}: {len(words):,} words for {len(rows):,} rows of {path.name}; they belong to other files"
        )
    named = [words[i] for i in rows]
    first = first_rows(named)
    if len(first) < len(named):
        on_warning(f"{beside}: {len(named) - len(first):,} words stand twice; the first row of each is kept")
    kept = list(first.values())
    E = vectors.E if len(first) == len(named) else vectors.E[kept]
    return Vectors(list(first), E, None, None if counts is None else counts[rows][kept])


class Numbered:
    """A projector TSV as `textual.read` takes it: each line gets its number for a word."""

    def __init__(self, source: PackedFile) -> None:
        self.source, self.name, self.plain_size, self.line = source, source.name, source.plain_size, 0
        self.head = b"0\t" + source.head
        self.error = source.error
        self.begun = True  # the next byte begins a line

    def blocks(self):  # type: ignore[no-untyped-def]
        """The blocks of the file, labelled."""
        for block in self.source.blocks():
            parts = block.split(b"\n")
            labelled = []
            for i, part in enumerate(parts):
                if (i or self.begun) and (i < len(parts) - 1 or part):
                    part = b"%d\t%b" % (self.line, part)
                    self.line += 1
                labelled.append(part)
            self.begun = not parts[-1]
            yield b"\n".join(labelled)


def read_metadata(path: Path) -> tuple[list[str], np.ndarray | None]:
    """The words (and counts) of a metadata file: one column without a heading, or several with one."""
    with opened(path) as source:
        data = b"".join(source.blocks())
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: byte {error.start:,} is no UTF-8; convert it: iconv -f latin1 -t utf-8") from None
    if lines and not lines[-1]:
        lines.pop()
    lines = [line.removesuffix("\r") for line in lines]
    if not lines:
        return [], None
    heading = lines[0].split("\t")
    if len(heading) == 1:
        return lines, None
    lowered = [name.strip().lower() for name in heading]
    column = next((lowered.index(name) for name in HEADINGS if name in lowered), 0)
    table = [line.split("\t") for line in lines[1:]]
    try:
        words = [row[column] for row in table]
        counts = None
        if "count" in lowered:
            counts = np.array([int(row[lowered.index("count")]) for row in table], np.int64)
    except (IndexError, ValueError, OverflowError):
        bad = next((i for i, row in enumerate(table) if len(row) < len(heading)), 0)
        raise FormatError(f"{path}: line {bad + 2:,} does not fit the heading {' '.join(heading)[:80]!r}") from None
    return words, counts


def one_field(word: str) -> str:
    """`word` without a tab, which would end its column."""
    return word.replace("\t", " ").replace("\r", " ")


def write(
    vectors: Vectors, files: list[IO[bytes]], on_warning: WarningCallback, progress: ProgressCallback | None = None
) -> None:
    """Write E to the first file and the words (and counts) to the second, as the projector's *Load* takes them.

    A metadata file of one column has no heading, one of several must have one.

    Raises:
        FormatError: words that the format cannot hold.
    """
    words = textual.words_for(vectors, one_field, "TSV", on_warning)
    if vectors.counts is None:
        files[1].writelines(word + b"\n" for word in words)
    else:
        files[1].write(b"word\tcount\n")
        files[1].writelines(b"%b\t%d\n" % (word, count) for word, count in zip(words, vectors.counts.tolist()))
    textual.write_rows(vectors, files[0], [b""] * len(words), "\t", progress)
