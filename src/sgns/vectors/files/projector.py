"""The format of TensorBoard's projector: a TSV of numbers, and beside it a TSV of words (and counts)."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from sgns.base.files import HEAD, PACKED, PackedFile, not_utf8, opened
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files import word2vec_text
from sgns.vectors.files.builder import Builder
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.selection import ALL, Selection
from sgns.vectors.word_list import first_rows

HEADINGS = ("word", "words", "label", "token", "name")
PACKED_ENDINGS = tuple(ending for _, ending, _ in PACKED)


def metadata_path(path: Path) -> Path:
    """Where the words of `path` are written: `vectors_metadata.tsv` for `vectors.tsv`, both packed or neither."""
    packing = path.suffix if path.suffix in PACKED_ENDINGS else ""
    plain = path.with_suffix("") if packing else path
    return plain.with_name(f"{plain.stem}_metadata{plain.suffix or '.tsv' * bool(packing)}{packing}")


def files_of(path: Path) -> list[Path]:
    """The files that reading `path` opens: itself, and for the projector's TSV the words beside it."""
    beside = find_metadata(path) if ".tsv" in path.suffixes else None
    return [path] if beside is None else [path, beside]


def find_metadata(path: Path) -> Path | None:
    """The file of words beside `path`: ours, gensim's (`x_tensor.tsv`, `x_metadata.tsv`), or plain metadata.tsv."""
    plain = path.name.removesuffix(path.suffix) if path.suffix in PACKED_ENDINGS else path.name
    names = [metadata_path(path).name, metadata_path(Path(plain)).name]
    for old, new in (("tensor", "metadata"), ("vectors", "metadata"), ("vecs", "meta")):
        names += [path.name.replace(old, new), plain.replace(old, new)]
    for name in [*names, *("metadata.tsv" + ending for ending in ("", *PACKED_ENDINGS))]:
        if name not in (path.name, plain) and path.with_name(name).is_file():
            return path.with_name(name)
    return None


def all_numbers(head: bytes) -> bool:
    """Whether a file begins with a line of numbers between tabs and nothing else."""
    fields = head.split(b"\n", 1)[0].split(b"\t")
    return len(fields) > 0 and all(word2vec_text.number(field) is not None for field in fields)


def read(file: PackedFile, path: Path, repair: bool, on_warning: WarningCallback, selection: Selection = ALL) -> Parts:
    """Parts of a projector TSV and of the metadata beside it.

    Args:
        file: The TSV of numbers, at its first byte.
        path: Where it is; the metadata is looked for beside it.
        repair: Leave out damaged rows instead of raising.
        on_warning: Called with the number of words that stand twice.
        selection: Which rows are kept. The metadata are read whole, and the numbers of other rows are not parsed.

    Raises:
        FormatError: The words are missing, or not one for each row; or as `word2vec_text.read`.
    """
    beside = find_metadata(path)
    if beside is None:
        raise file.error(
            f"rows of numbers without words; put the projector's metadata beside it as {metadata_path(path).name},"
            " or a word at the start of each line"
        )
    words, counts = read_metadata(beside, on_warning if repair else None)
    first_line = b"0\t" + file.head.split(b"\n", 1)[0]
    if not selection.all_rows and counts is None and len(words) > 1 and lines_of(path) == len(words) - 1:
        words = words[1:]  # a heading over a single column
    builder = Builder(
        file,
        word2vec_text.numbers_at_end(first_line),
        None,
        repair,
        lambda _: None,
        by_number(selection, words),
    )
    word2vec_text.read_lines(builder, numbered(file.blocks()), 1)
    numbers = builder.finish()
    labels = numbers.words.decoded
    for label in labels:
        line, _, rubbish = label.partition("\t")
        if rubbish:
            raise file.error(f"line {int(line) + 1:,}: {rubbish[:40]!r} stands where a number is expected")
    rows = [int(label) for label in labels]
    if selection.all_rows and max(rows, default=-1) + 1 == len(words) - 1 and counts is None and len(words) > 1:
        words = words[1:]  # a heading over a single column
    partly = repair or not selection.all_rows
    if len(words) < max(rows, default=-1) + 1 or (len(words) != len(rows) and not partly):
        raise FormatError(
            f"{beside}: {len(words):,} words for {len(rows):,} rows of {path.name}; they belong to other files"
        )
    named = [words[i] for i in rows]
    first = first_rows(named)
    if len(first) < len(named):
        on_warning(f"{beside}: {len(named) - len(first):,} words stand twice; the first row of each is kept")
    kept = list(first.values())
    E = numbers.E if len(first) == len(named) else numbers.E[kept]
    return Parts.of(list(first), E, None, None if counts is None else counts[rows][kept])


def by_number(selection: Selection, words: list[str]) -> Selection:
    """The selection of rows by their numbers, which stand in the place of words while the numbers are read."""
    if selection.words is None:
        return selection
    numbers = {str(row): None for row, word in enumerate(words) if word in selection}
    return Selection(selection.limit, numbers or {"": None})  # "" is no number: nothing is kept


def lines_of(path: Path) -> int:
    """The number of lines of a file that are not empty."""
    with opened(path) as file:
        return sum(1 for line in file.lines(word2vec_text.LONGEST_LINE) if line.strip(b"\r\n"))


def numbered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The text of `blocks` with a word before the numbers of each line: the number of the line, from 0."""
    line, at_start = 0, True  # at_start: the next byte begins a line
    for block in blocks:
        pieces = block.split(b"\n")
        labelled = []
        for i, piece in enumerate(pieces):
            if (i or at_start) and (i < len(pieces) - 1 or piece):
                piece = b"%d\t%b" % (line, piece)
                line += 1
            labelled.append(piece)
        at_start = not pieces[-1]
        yield b"\n".join(labelled)


def read_metadata(path: Path, on_damage: WarningCallback | None = None) -> tuple[list[str], np.ndarray | None]:
    """The words (and counts) of a metadata file: one column without a heading, or several with one."""
    with opened(path, on_damage=on_damage) as file:
        data = b"".join(file.blocks())
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise not_utf8(path, f"byte {error.start:,}", data[:HEAD]) from None
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
    """`word` without a tab or carriage return, which would end its column."""
    return word.replace("\t", " ").replace("\r", " ")


def write(
    parts: Parts, files: list[IO[bytes]], on_warning: WarningCallback, progress: ProgressCallback | None = None
) -> None:
    """Writes E to the first file and the words (and counts) to the second, as the projector's *Load* takes them.

    A metadata file of one column has no heading, one of several must have one.

    Args:
        parts: To write.
        files: Two binary files.
        on_warning: Called with the number of words that are renamed.
        progress: Called with the number of rows written.

    Raises:
        FormatError: The format cannot hold the words.
    """
    words = word2vec_text.encode_words(parts, one_field, "TSV", on_warning)
    if parts.counts is None:
        files[1].writelines(word + b"\n" for word in words)
    else:
        files[1].write(b"word\tcount\n")
        files[1].writelines(b"%b\t%d\n" % (word, count) for word, count in zip(words, parts.counts.tolist()))
    word2vec_text.write_rows(parts.E, files[0], [b""] * len(words), "\t", progress)
