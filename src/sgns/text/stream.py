"""Reads the text of a source: plain or compressed with gz, bz2, xz or zst.

The first bytes of a file say how it is compressed, not its name, so `cat text.gz | sgns train -` works. Nothing is
unpacked to disk. What is no text is refused, or left out where it was found in a folder (see `kinds`).
"""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from sgns.base.files import PACKED, check_not_input, decompress, is_damage, packed_kind, reason, remedy_for
from sgns.errors import InputError
from sgns.text.document_text import BLOCK, DocumentPart, DocumentRules, DocumentText, document_parts
from sgns.text.documents import checked_tags
from sgns.text.kinds import refusal
from sgns.text.sources import Source
from sgns.text.tables import (
    Cell,
    NoSuchColumn,
    TaggedCell,
    TextOfCells,
    cells,
    columns_of_columnar,
    columns_without_a_name,
    is_columnar,
    is_json,
    is_table,
    is_tokens,
    name_a_column,
)

HEAD = 4096  # bytes looked at before reading


class Stream:
    """The text of one source, decompressed. What is wrong with the data is raised as `InputError`.

    Attributes:
        consumed: bytes read from disk so far, for progress.
        binary: whether this is a file found in a folder that is no text; it reads as empty.
        packed: the compression; "" for none.
        cells: of a table, where the source names a column; else None.
    """

    def __init__(self, source: Source):
        """Opens `source`. Waits for the writer when it is a FIFO.

        Raises:
            InputError: not readable, an archive, not text.
        """
        self.source = source
        self.consumed = 0
        self.binary = False
        self.packed = ""
        self.cells: Iterator[Cell] | None = source.cells
        self._inner: Any = None  # collected as garbage, it would close the file
        if source.cells is not None:
            self._raw = cast(io.RawIOBase, io.BytesIO())
            self._read_cells()
            return
        try:
            if source.path is None:
                raw = cast(Any, sys.stdin.buffer).raw
            else:
                raw = open(source.path, "rb", buffering=0)  # noqa: SIM115
            if source.span is not None:
                raw.seek(source.span[0])
            self._raw = cast(io.RawIOBase, raw)
            self._file = cast(BinaryIO, io.BufferedReader(cast(Any, self._raw), HEAD * 16))
        except (OSError, AttributeError, ValueError) as error:
            remedy = remedy_for(error, "check that it is there")
            raise InputError(f"{source.name} cannot be opened ({reason(error)}); {remedy}") from None
        try:
            self._unpack()
            if source.documents is not None and self.cells is None:
                self._read_documents(source.documents)
        except BaseException:
            self.close()
            raise

    def _unpack(self) -> None:
        name, suffix = self.source.name, self.source.path.suffix.lower() if self.source.path else ""
        head = self._guard(lambda: cast(Any, self._file).peek(HEAD))[:HEAD]
        self.packed = packed_kind(head)
        if not self.packed:
            expected = next((kind for kind, ending, _ in PACKED if ending == suffix), None)
            if expected and head:
                raise InputError(f"{name} is no {expected} file, in spite of its name; rename it or compress it again")
        else:
            self._file = self._guard(lambda: decompress(self.packed, self._file))
            head = self._guard(lambda: cast(Any, self._file).peek(HEAD))[:HEAD]
        refused = self._refusal(head)
        self.binary = self.source.found and refused is not None
        if refused and not self.binary:
            raise InputError(f"{name} is {refused}")
        if self.source.column is not None and head and not self.binary:
            self._open_table(head, self.source.column.name)

    def _refusal(self, head: bytes) -> str | None:
        """What the source is that is not read, and what to do; None where it is read."""
        if is_columnar(head):
            if self.source.column is not None:
                return None
            return name_a_column(columns) if (columns := columns_of_columnar(self._file, head)) else refusal(head)
        refused = refusal(head)
        rules = self.source.documents
        tabbed = rules is not None and rules.tabbed and not is_json(head)
        if refused is None and self.source.column is None and not tabbed:
            columns_of_text = columns_without_a_name(self.source.name, head)
            return None if columns_of_text is None else name_a_column(columns_of_text)
        return refused

    def _open_table(self, head: bytes, column: str) -> None:
        """Finds the first cell; a file in a folder that has no such column is left out."""
        assert self.source.column is not None
        rows = cells(self._file, self.source.name, column, head, self.source.column.tags)
        try:
            first = self._guard(lambda: list(islice(rows, 1)))
        except InputError as error:
            if not self.source.found or not (isinstance(error, NoSuchColumn) or not is_table(self.source.name, head)):
                raise
            self.binary = True
            return
        self.cells = chain(first, rows)
        self._read_cells()

    def _read_cells(self) -> None:
        assert self.cells is not None
        assert self.source.column is not None
        text: io.RawIOBase = TextOfCells(self.cells, self.source.name, self.source.column)
        if self.source.documents is not None:
            rules = replace(self.source.documents, unit="line", tabbed=False)
            text = DocumentText(self._tagged_cells(cast(TextOfCells, text), self.cells), self.source.name, rules)
        self._inner = self._file if self.source.cells is None else None
        self._file = cast(BinaryIO, io.BufferedReader(text, HEAD * 16))

    def _tagged_cells(self, texts: TextOfCells, rows: Iterator[Cell]) -> Iterator[DocumentPart]:
        """The cells of a table as documents."""
        for number, cell in rows:
            if isinstance(cell, TaggedCell):
                where = f"{self.source.name}, row {number}"
                yield DocumentPart(texts.encoded(cell.words, number), True, checked_tags(cell.tags, where))
            else:
                yield DocumentPart(texts.encoded(cell, number), True)

    def _read_documents(self, rules: DocumentRules) -> None:
        """Reads the documents of a text; a file in a folder that is no text has none."""
        if self.binary:
            rules.tags.add_nothing()
            return
        self._inner = self._file
        text = DocumentText(document_parts(self._blocks(), rules.unit), self.source.name, rules)
        self._file = cast(BinaryIO, io.BufferedReader(text, HEAD * 16))

    def _blocks(self) -> Iterator[bytes]:
        """The bytes of the source, or of its part that is read."""
        left = sys.maxsize if self.source.span is None else self.source.span[1] - self.source.span[0]
        while block := cast(bytes, self._guard(partial(self._inner.read, min(BLOCK, left)))):
            left -= len(block)
            yield block

    def readinto(self, view: memoryview) -> int:
        """Fills `view` as far as there are bytes left.

        Returns:
            The number of bytes; less than the length of `view` only at the end.

        Raises:
            InputError: the archive is damaged or ends early, or the disk fails.
        """
        done, transformed = 0, bool(self.packed) or self.cells is not None or self.source.documents is not None
        while not self.binary and done < len(view):
            rest = view[done:]
            if self.source.span is not None and not transformed:
                rest = rest[: self.source.span[1] - self.source.span[0] - self.consumed]
            now = self._guard(lambda: cast(Any, self._file).readinto(rest))  # noqa: B023
            if not now:
                break
            done += now
            if not transformed:
                self.consumed += now
        if transformed and self.source.fingerprint is not None:
            first, last = self.source.span or (0, sys.maxsize)
            self.consumed = min(self._raw.tell(), last) - first
        return done

    def _guard(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except Exception as error:
            if self.packed and is_damage(error):
                raise self._damaged(error) from None
            if not isinstance(error, OSError):
                raise
            remedy = remedy_for(error, "check the disk and permissions")
            raise InputError(f"{self.source.name} cannot be read ({reason(error)}); {remedy}") from None

    def _damaged(self, error: Exception) -> InputError:
        return InputError(
            f"{self.source.name} is a damaged {self.packed} file ({reason(error)}); fetch or compress it again"
        )

    def close(self) -> None:
        """Closes the file; standard input stays open."""
        if self.source.path is not None:
            self._raw.close()


def token_lists(sources: Iterable[Source]) -> Iterator[Any] | None:
    """The cells of tables, where the first one is a list of words; None where it is text.

    A pipe can be read only once, so its cells are taken for text.
    """
    sources = list(sources)
    for source in sources:
        if source.column is None or source.fingerprint is None:
            return None
        first = next(cells_of(source), None)
        if first is not None:
            words = first.words if isinstance(first, TaggedCell) else first
            return chain.from_iterable(map(cells_of, sources)) if is_tokens(words) else None
    return None


def cells_of(source: Source) -> Iterator[Any]:
    """The cells of a table in a file."""
    stream = Stream(source)
    try:
        for _, cell in stream.cells or ():
            yield cell
    finally:
        stream.close()


def check_not_read(outputs: Iterable[str | os.PathLike[str]], sources: Iterable[Source]) -> None:
    """Finds out, before the text is read, whether a file that is to be written is part of it.

    Vectors of an earlier run in a folder are no part of it, and may be replaced.

    Raises:
        OutputError: it is.
    """
    files = {source.fingerprint[:2]: source for source in sources if source.fingerprint is not None}
    for output in outputs:
        try:
            status = Path(output).stat()
        except OSError:  # it is not there, and replaces nothing
            continue
        source = files.get((status.st_dev, status.st_ino))
        if source is not None and source.path is not None and is_text(source):
            check_not_input(output, [source.path])


def is_text(source: Source) -> bool:
    """Whether a file is read: a file in a folder is not, if it is no text."""
    stream = Stream(source)
    stream.close()
    return not stream.binary
