"""Finds the files, folders and streams that hold a text; `stream` reads them."""

import errno
import os
import re
import stat
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from sgns.base.files import remedy_for
from sgns.base.suggest import nearest
from sgns.config import Config
from sgns.errors import InputError
from sgns.text.document_text import DocumentRules
from sgns.text.sentences import shown

REPORT = ".run.json"  # behind the name of a vector file
METADATA = re.compile(r"_metadata(\.tsv(?:\.gz)?)$")  # in the name of the words beside vectors.tsv
CHECKPOINT = re.compile(r"\.(?:\d{9,}\.checkpoint|checkpoint\.tmp)$")
LONGEST_NAME = 255  # bytes of the name of a file on most systems
Inputs = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


class Fingerprint(NamedTuple):
    """Tells one state of a file from another without reading it."""

    device: int
    inode: int
    size: int
    """Bytes."""
    mtime: int
    """Time of the last change, in ns since the epoch."""


@dataclass(frozen=True)
class Column:
    """The column of a table that is read as text.

    Attributes:
        name: its name.
        one_sentence: a cell is one sentence, whatever line breaks it has.
        tags: name of the column that holds the tags of documents.
    """

    name: str
    one_sentence: bool = False
    tags: str | None = None

    @classmethod
    def of(cls, config: Config) -> Self | None:
        """The column that the options name; None for plain text."""
        if config.column is None:
            return None
        return cls(config.column, config.sentences == "none" or config.documents, config.tag_column)


@dataclass(frozen=True)
class Source:
    """A file or stream of bytes, which is read once, from its beginning to its end."""

    name: str
    """As the user wrote it, for messages."""
    path: Path | None = None
    """None for standard input."""
    fingerprint: Fingerprint | None = None
    """Of a regular file, when it was found; None for a stream that can be read only once."""
    found: bool = False
    """Found in a folder, not named by the user: then a binary file is left out instead of read."""
    span: tuple[int, int] | None = None
    """First byte and one past the last, where only this part of a plain file is read (see `shards`)."""
    column: Column | None = None
    """The column of a table; None for plain text."""
    cells: Iterator[tuple[int, Any]] | None = None
    """The cells of a table in memory, each with the number of its row; there is no file then."""
    documents: DocumentRules | None = None
    """How documents are read; None for a model without documents."""

    @property
    def size(self) -> int | None:
        """Bytes on disk that are read, None for a stream."""
        if self.span is not None:
            return self.span[1] - self.span[0]
        return None if self.fingerprint is None else self.fingerprint.size

    def current_fingerprint(self) -> Fingerprint | None:
        """The fingerprint that the file has now; None when it is gone."""
        try:
            return None if self.path is None else fingerprint_of(self.path.stat())
        except OSError:
            return None


def find(inputs: Inputs, column: Column | None = None) -> list[Source]:
    """All sources that `inputs` name, in the order given; the files of a folder in the order of their paths.

    Args:
        inputs: one path or several. A folder stands for all files in it and below, links followed; hidden ones
            (`.name`) and what training has written there are left out. `-` is standard input.
        column: the column to read, where the files are tables.

    Raises:
        InputError: no such file, a folder without files, not readable, nothing given.
    """
    if isinstance(inputs, str | os.PathLike):
        inputs = [inputs]
    sources: list[Source] = []
    for given in inputs:
        name = os.fspath(given)
        if not isinstance(name, str) or not name or "\x00" in name:
            raise InputError(f"{shown(given)} is no path; give files, folders or - for standard input")
        sources.extend([Source("standard input")] if name == "-" else sources_at(name))
    if not sources:
        raise InputError("no text was given; name files, folders or - for standard input")
    if sum(source.path is None for source in sources) > 1:
        raise InputError("standard input (-) was given twice, but can be read only once; give it once")
    return sources if column is None else [replace(source, column=column) for source in sources]


def sources_at(name: str) -> list[Source]:
    """The sources that one path names."""
    path = Path(name)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(missing(path)) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG and ("/" not in name or is_text(name)):
            raise InputError(text_and_no_path(name)) from None
        # a loop of links, a name too long, no permission for the folder
        where = shortened(path)
        raise InputError(f"{where} cannot be read ({error.strerror}); check the path and its permissions") from None
    if stat.S_ISDIR(status.st_mode):
        files = list(walk(path, set()))
        if not files:
            raise InputError(f"{name} is a folder without files (hidden ones are not read); give one that holds text")
        return [Source(str(file), file, fingerprint_of(file.stat()), found=True) for file in files]
    if not os.access(path, os.R_OK):
        raise InputError(f"{name} may not be read by this user; change its permissions")
    return [Source(name, path, fingerprint_of(status) if stat.S_ISREG(status.st_mode) else None)]


def fingerprint_of(status: os.stat_result) -> Fingerprint:
    """The fingerprint of a file."""
    return Fingerprint(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def total_size(sources: Sequence[Source]) -> int | None:
    """Bytes on disk of all sources; None when one of them is a stream."""
    sizes = [source.size for source in sources]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def walk(folder: Path, above: set[tuple[int, int]]) -> Iterator[Path]:
    """Regular files in `folder` and below, sorted; links are followed, except back into a folder above."""
    here = folder.stat()
    if (here.st_dev, here.st_ino) in above:
        return
    above = above | {(here.st_dev, here.st_ino)}
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        remedy = remedy_for(error, "change its permissions or leave it out")
        raise InputError(f"{folder} cannot be read ({error.strerror}); {remedy}") from None
    names = {entry.name for entry in entries}
    for entry in entries:
        if entry.name.startswith(".") or is_of_a_run(entry.name, names):
            continue
        if entry.is_dir():
            yield from walk(entry, above)
        elif entry.is_file():
            yield entry


def is_of_a_run(name: str, beside: Container[str]) -> bool:
    """Whether a file in a folder was written by training: vectors, their words, the run report, a checkpoint.

    The report stands beside the vectors and has their name, whatever their format is (see `training.report`).
    """
    vectors = name.removesuffix(REPORT)
    if vectors != name:
        return vectors in beside
    vectors = METADATA.sub(r"\1", name)
    return f"{vectors}{REPORT}" in beside or CHECKPOINT.search(name) is not None


def is_text(name: str) -> bool:
    """Whether a name that is no path of a file is rather a text: it has line breaks, or is words without an ending."""
    if "\n" in name or "\r" in name:
        return True
    words = len(name.split())
    return words > (4 if "/" in name or "\\" in name else 1) and not Path(name).suffix[1:].isalnum()


def text_and_no_path(name: str) -> str:
    """The message for a text that was given in the place of a path."""
    return (
        f"{shown(name)} is no file or folder; if it is the text itself, write it to a file, or from Python split it "
        "into words: sgns.train([line.split() for line in text.splitlines()])"
    )


def missing(path: Path) -> str:
    """The message for a path that is not there, with similar names in its folder."""
    folder = path.parent
    if not folder.is_dir():
        if is_text(str(path)):
            return text_and_no_path(str(path))
        return f"{shortened(path)} does not exist, nor does its folder {shortened(folder)}; check the path"
    names = {entry.name for entry in folder.iterdir()}
    near = nearest(path.name, names) or sorted(name for name in names if Path(name).stem == path.stem)[:3]
    near = near or sorted(name for name in names if name.startswith(path.stem) and path.stem)[:3]
    if not near and is_text(str(path)):
        return text_and_no_path(str(path))
    hint = f"did you mean {' or '.join(near)}?" if near else "check the name"
    return f"{shortened(path)} does not exist; {hint}"


def shortened(path: Path) -> str:
    """A path for a message; no longer than a path can be that exists."""
    return str(path) if len(str(path)) <= LONGEST_NAME else shown(str(path))
