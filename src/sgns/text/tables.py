"""Tables in files: JSON lines, CSV, TSV, Parquet, Arrow. The cells of one column are the text.

A table is read as a stream, row by row, or a Parquet table by row groups; what is packed is unpacked on the way. The
first bytes say what a table is, and its name only whether commas or tabs divide the columns of a text table.
"""

import csv
import io
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

from sgns.base.files import BytesReader
from sgns.errors import InputError, MissingExtra, SgnsError
from sgns.text.sentences import columns_listed, is_missing, shown
from sgns.text.sources import Column

LONGEST_CELL = 1 << 27  # characters of a cell of a CSV table; a quote that is never closed would swallow the rest
BATCH = 1024  # rows of a Parquet table that are decoded at once
BOM = b"\xef\xbb\xbf"
DELIMITERS = {".csv": ",\t;|", ".tsv": "\t,;|", ".tab": "\t,;|"}
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
OBJECT = re.compile(rb"\s*\{\s*(\"|\}|$)")
ARRAY = re.compile(rb"\s*\[\s*(\{|\]|$)")
COLUMNAR = re.compile(rb"PAR1|ARROW1\0\0|FEA1|\xff\xff\xff\xff.{2}\0\0[\x04-\x40]\0\0\0", re.DOTALL)
PYARROW = "Parquet and Arrow tables need pyarrow; install it with: pip install 'sgns[tables]'"
PREFERRED = ("text", "content", "sentence", "body", "tokens")

Cell = tuple[int, Any]
"""The number of a line or row, and what stands there in the column."""


@dataclass(frozen=True, slots=True)
class TaggedCell:
    """A document of a table with a column of tags.

    Attributes:
        words: What stands in the column of the text: a text, or a list of words.
        tags: What stands in the column of the tags.
    """

    words: Any
    tags: Any


def ending_of(name: str) -> str:
    """The ending that says what a file is: `.csv` of `data.csv.gz`."""
    endings = [ending.lower() for ending in PurePath(name).suffixes]
    return endings[-2] if len(endings) > 1 and endings[-1] in (".gz", ".bz2", ".xz", ".zst") else (endings or [""])[-1]


def is_columnar(head: bytes) -> bool:
    """Whether a file is a Parquet or an Arrow table, by its first bytes."""
    return COLUMNAR.match(head) is not None


def is_json(head: bytes) -> bool:
    """Whether a file begins as JSON lines or an array of JSON objects do."""
    return bool(OBJECT.match(head.removeprefix(BOM)) or ARRAY.match(head.removeprefix(BOM)))


def is_table(name: str, head: bytes) -> bool:
    """Whether a file is surely a table: by its first bytes, or by its ending."""
    return is_columnar(head) or is_json(head) or ending_of(name) in (*JSON_ENDINGS, *DELIMITERS)


def columns_without_a_name(name: str, head: bytes) -> list[str] | None:
    """The columns of a text table that was given without the name of a column; None for what is no such table.

    Args:
        name: Of the file; a CSV or TSV table is known by its ending, and has two columns or more.
        head: Its first bytes.
    """
    ending = ending_of(name)
    if is_json(head):
        text = head.removeprefix(BOM).decode("utf-8", "replace")
        try:
            row, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
        except (ValueError, RecursionError):  # longer than the head, or no JSON
            return [] if ending in JSON_ENDINGS else None
        if row and all(isinstance(value, int | float | None) for value in row.values()):
            raise InputError(
                f"{name} is a table with the {columns_listed(list(row))}; none of them holds text; give a table that "
                "has a column of texts, or of lists of words"
            )
        return list(row) or None
    first = first_line(head)
    if ending in DELIMITERS and first.strip():
        columns = columns_of_text(first, DELIMITERS[ending], None)[1]
        return columns if len(columns) > 1 else None
    return [] if ending in JSON_ENDINGS[:2] and first.strip() else None


def first_line(head: bytes) -> bytes:
    """The first line of a text."""
    return head.removeprefix(BOM).replace(b"\r", b"\n").split(b"\n")[0]


def name_a_column(columns: list[Any]) -> str:
    """The columns of a table that was given without the name of one, and the remedy: the end of a message."""
    best = str(next((name for name in PREFERRED if name in columns), columns[-1] if columns else "text"))
    there = f" with the {columns_listed(columns)}" if columns else ""
    option = f"--column{'=' if best.startswith('-') else ' '}{shlex.quote(best)}"
    return f"a table{there}: name the column to train on, {option} (in Python column={best!r})"


def cells(file: BinaryIO, name: str, column: str, head: bytes, tags: str | None = None) -> Iterator[Cell]:
    """The cells of one column of a table, in the order of its rows; or each with that of a second column.

    Args:
        file: The table, unpacked, at its first byte.
        name: Of the file, for messages.
        column: The name of the column.
        head: The first bytes of the file.
        tags: The name of the second column; each cell is a `TaggedCell` then.

    Raises:
        InputError: it is no table, has no such column, or a row is damaged; the message has the line.
        MissingExtra: pyarrow is not installed.
    """
    columns = [column] if tags is None else [column, tags]
    if is_columnar(head):
        return columnar_cells(file, name, columns, head)
    if ARRAY.match(head.removeprefix(BOM)):
        return array_cells(file, name, columns)
    if is_json(head) or ending_of(name) in JSON_ENDINGS:
        return json_cells(file, name, columns)
    return csv_cells(file, name, columns, head)


def joined(values: list[Any]) -> Any:
    """What a row has in one column, or in that of the text and that of the tags."""
    return values[0] if len(values) == 1 else TaggedCell(*values)


def json_cells(file: BinaryIO, name: str, columns: list[str]) -> Iterator[Cell]:
    """The cells of JSON lines: an object a line; empty lines are passed over."""
    for number, line in enumerate(file, 1):
        if number == 1:
            line = line.removeprefix(BOM)
        if line.isspace() or not line:
            continue
        try:
            row = json.loads(line.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{name}, line {number}: no JSON object ({json_error(error)}); mend or delete the line, and write one "
                "object a line"
            ) from None
        yield number, joined([cell_of(row, column, f"{name}, line {number}") for column in columns])


def json_error(error: Exception) -> str:
    """What is wrong with a line of JSON, briefly."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)


def array_cells(file: BinaryIO, name: str, columns: list[str]) -> Iterator[Cell]:
    """The cells of an array of JSON objects, which is read as a whole."""
    try:
        rows = json.loads(file.read().removeprefix(BOM).decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            f"{name}{line}: damaged JSON ({json_error(error)}); mend it, or write one object a line"
        ) from None
    for number, row in enumerate(rows, 1):
        yield number, joined([cell_of(row, column, f"{name}, object {number}") for column in columns])


def cell_of(row: Any, column: str, where: str) -> Any:
    """What a JSON object has in a column."""
    if not isinstance(row, dict):
        raise InputError(f'{where}: {shown(row)} is no object with columns; write it as {{"{column}": …}}')
    if column not in row:
        raise no_such_column(where, column, list(row))
    return row[column]


class NoSuchColumn(InputError):
    """A table or row has no column of this name."""


def no_such_column(where: str, column: str, columns: list[Any]) -> NoSuchColumn:
    """The error for a table or row without the column."""
    there = f"it has the {columns_listed(columns)}" if columns else "it is empty"
    return NoSuchColumn(f"{where}: there is no column {shown(column)}; {there}")


def columns_of_text(line: bytes, delimiters: str, column: str | None) -> tuple[str, list[str]]:
    """The delimiter of a CSV table, and its columns: with it the header has the column, or else the most columns."""
    text = line.decode("utf-8", "surrogateescape").strip("\r\n")
    headers = [(delimiter, next(csv.reader([text], delimiter=delimiter), [])) for delimiter in delimiters]
    headers = [(delimiter, [name.strip() for name in header]) for delimiter, header in headers]
    if column is not None:
        for delimiter, header in headers:
            if column in header:
                return delimiter, header
    best = max(headers, key=lambda found: len(found[1]))
    return best if len(best[1]) > 1 else headers[0]


def csv_cells(file: BinaryIO, name: str, columns: list[str], head: bytes) -> Iterator[Cell]:
    """The cells of a CSV or TSV table: a header, cells with delimiters or line breaks in double quotes."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    delimiter, _ = columns_of_text(first_line(head), DELIMITERS.get(ending_of(name), DELIMITERS[".csv"]), columns[0])
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    csv.field_size_limit(LONGEST_CELL)  # of all readers: the module has one limit
    number = 1
    try:
        header = [title.strip() for title in next(rows, [])]
        for column in columns:
            if column not in header:
                raise no_such_column(name, column, header)
            if (same := header.count(column)) > 1:
                raise InputError(f"{name}: {same} columns are named {shown(column)}; give them other names")
        indices = [header.index(column) for column in columns]
        number = rows.line_num + 1
        for row in rows:
            if row and len(row) != len(header):
                raise InputError(
                    f"{name}, line {number}: {len(row)} cells in a table of {len(header)} columns; put cells that hold "
                    f"{'a tab' if delimiter == chr(9) else repr(delimiter)} or line breaks in double quotes"
                )
            if row:
                yield number, joined([row[index] for index in indices])
            number = rows.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{name}, line {number}: a damaged cell ({error}); close its double quotes, and double those within it"
        ) from None
    finally:
        with suppress(ValueError):  # the file is closed already
            text.detach()


def columnar_cells(file: BinaryIO, name: str, wanted: list[str], head: bytes) -> Iterator[Cell]:
    """The cells of a Parquet or Arrow table."""
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtra(PYARROW) from None
    number = 0
    try:
        columns, batches = open_columnar(file, head, wanted)
        for column in wanted:
            if column not in columns:
                raise no_such_column(name, column, columns)
        for batch in batches:
            values = [batch.column(batch.schema.get_field_index(column)).to_pylist() for column in wanted]
            for row in zip(*values, strict=True):
                number += 1
                yield number, joined(list(row))
    except SgnsError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{name}, after row {number}: a damaged table ({reason}); write it again") from None


def open_columnar(file: BinaryIO, head: bytes, columns: list[str]) -> tuple[list[str], Iterator[Any]]:
    """The columns of a Parquet or Arrow table, and its record batches."""
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    source: Any = file if is_plain(file) else io.BytesIO(file.read())
    if head.startswith(b"PAR1"):
        parquet = pa.parquet.ParquetFile(source)
        names = list(parquet.schema_arrow.names)
        return names, parquet.iter_batches(BATCH, columns=columns) if set(columns) <= set(names) else iter(())
    if head.startswith(b"FEA1"):
        table = pa.feather.read_table(source)
        return list(table.column_names), iter(table.to_batches(BATCH))
    if head.startswith(b"ARROW1"):
        reader = pa.ipc.open_file(source)
        return list(reader.schema.names), (reader.get_batch(i) for i in range(reader.num_record_batches))
    stream = pa.ipc.open_stream(source)
    return list(stream.schema.names), iter(stream)


def is_plain(file: BinaryIO) -> bool:
    """Whether a file can be read in any order at no cost: it is no pipe, and not packed."""
    return isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO) and file.seekable()


def columns_of_columnar(file: BinaryIO, head: bytes) -> list[str]:
    """The columns of a Parquet or Arrow table; none where pyarrow is missing or the table is damaged."""
    try:
        return open_columnar(file, head, [])[0]
    except Exception:  # whatever pyarrow raises: the message does without the columns
        return []


class TextOfCells(BytesReader):
    """The cells of a column as bytes of text: each cell a document, whose end ends a sentence.

    Reading raises `InputError` for a cell that holds no text.

    Args:
        cells: The cells.
        name: Of the table, for messages.
        column: The column.
    """

    def __init__(self, cells: Iterator[Cell], name: str, column: Column) -> None:
        super().__init__(self.encoded(cell, number) for number, cell in cells)
        self._name, self._column, self._one_sentence = name, column.name, column.one_sentence

    def encoded(self, cell: Any, number: int) -> bytes:
        """The bytes of a cell, with an empty line behind them, or a line end where a cell is one sentence."""
        if isinstance(cell, str):
            try:
                text = cell.encode("utf-8", "surrogateescape")
            except UnicodeEncodeError:
                text = cell.encode("utf-8", "surrogatepass")  # no UTF-8: it is replaced, with a warning
        elif isinstance(cell, bytes):
            text = cell
        else:
            raise InputError(f"{self._name}, row {number}: {no_text(cell, self._column)}")
        if self._one_sentence:
            return text.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
        return text + b"\n\n"


def no_text(cell: Any, column: str) -> str:
    """Why a cell is no text, and what to do: the end of an error message."""
    if is_missing(cell):
        return f"the column {shown(column)} has no value ({shown(cell)}); drop such rows, or give them an empty text"
    if is_tokens(cell):
        return (
            f"the column {shown(column)} holds a list of words; either all cells are lists or none, and lists are read "
            "from files, not from a pipe"
        )
    return f"the column {shown(column)} holds {shown(cell)}, no text and no list of words; name another column"


def is_tokens(cell: Any) -> bool:
    """Whether a cell is a list of tokens."""
    return isinstance(cell, list | tuple) or (hasattr(cell, "tolist") and getattr(cell, "ndim", 1) == 1)
