"""Reads whatever a Python caller gave as the text: paths, token lists, tables in memory, or a corpus that is made."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.corpus import Corpus
from sgns.text.sentences import check_sentences, columns_listed, shown, take_column
from sgns.text.sources import Column, Source, find
from sgns.text.stream import check_not_read
from sgns.text.tables import TaggedCell, is_tokens, no_such_column

TextSource = Corpus | str | Path | Iterable[Any] | None
"""A path or several, token lists, rows with a column, a table or a column of pandas, polars, pyarrow or datasets."""
TABLE = "the table"  # its name in messages


def read_text(
    source: TextSource, config: Config, progress: ProgressCallback, outputs: Iterable[str | Path] = ()
) -> Corpus:
    """The corpus of a source.

    Args:
        source: A path or several, an iterable of token lists, a table or a column in memory, a corpus, or None for the
            built-in corpus. A string is a path; so is each string of a list, and each `Path` that an iterable yields.
        config: The text options; `column` names the column of a table.
        progress: Called about ten times a second.
        outputs: Files that will be written.

    Raises:
        InputError: it is none of these, or cannot be read.
        OutputError: an output is one of the files that hold the text.
    """
    if isinstance(source, Corpus):
        if config.documents and source.documents is None:
            raise ConfigError(
                f"model is {config.model}, but the corpus was made without documents; make it with"
                f" Config(model={config.model!r})"
            )
        return source
    if source is None:
        if config.tags:
            raise ConfigError("tags are those of your documents; name files, or leave tags out for the built-in corpus")
        return Corpus.builtin(config, progress)
    if isinstance(source, str | os.PathLike):
        return from_paths([source], config, progress, outputs)
    if type(source).__name__ == "LazyFrame":
        source = source.collect()  # type: ignore[union-attr]
    values = column_in_memory(source, config.column)
    if values is not None and config.tag_column is not None:
        values = with_tags(source, values, config.tag_column)
    if values is None:
        check_sentences(source)
        if not isinstance(source, Iterable):
            raise InputError(
                f"the text is {shown(source)}, not a path nor lists of words; give sgns.train('corpus.txt')"
            )
        first, items = peek(source)
        if isinstance(items, list | tuple) and items and all(isinstance(item, str | os.PathLike) for item in items):
            return from_paths(items, config, progress, outputs)
        if isinstance(first, os.PathLike):  # as Path.glob yields
            return from_paths(list(items), config, progress, outputs)
        if not isinstance(first, Mapping) or config.column is None:
            if config.column is not None:
                kind = f"{type(source).__name__} of {type(first).__name__}"
                raise InputError(
                    f"column is {shown(config.column)}, but the text is a {kind}, without columns; leave it out"
                )
            if config.tags:
                raise ConfigError("tags are those before a tab in files; give (tags, words) pairs, and leave tags out")
            return Corpus.from_sentences(items, config)
        values = cells_of_rows(items, config.column, config.tag_column)
    return from_cells(values, config, progress)


def from_paths(
    paths: Sequence[str | os.PathLike[str]], config: Config, progress: ProgressCallback, outputs: Iterable[str | Path]
) -> Corpus:
    """The text of files, none of which is an output."""
    sources = find(paths, Column.of(config))
    check_not_read(outputs, sources)
    return Corpus.from_sources(sources, config, progress)


def from_cells(values: Iterable[Any], config: Config, progress: ProgressCallback) -> Corpus:
    """The text of a column: each cell is a document, normalised as files are, or a list of words as they are."""
    first, values = peek(values)
    if is_tokens(first.words if isinstance(first, TaggedCell) else first):
        return Corpus.from_sentences(values, config)
    config = replace(config, column=config.column or "text")
    source = Source(TABLE, column=Column.of(config), cells=enumerate(values, 1))
    return Corpus.from_sources([source], config, progress, cache=False)


def column_in_memory(data: Any, column: str | None) -> Iterable[Any] | None:
    """The values of a column of a table, or of a column that was given itself; None for what is neither.

    Tables are known by their attributes, so that no library is imported: pandas, polars, pyarrow, datasets.

    Raises:
        InputError: no column was named, or there is none of this name.
    """
    if isinstance(data, Mapping):  # of columns, as pandas and datasets take it
        names = list(data)
        if column is not None:
            values = data[key_of(data, column, TABLE)]
            if isinstance(values, str | bytes):
                raise InputError(
                    f"the column {shown(column)} of a mapping is one text, not a list of texts; "
                    f"for a single row give sgns.train([row], column={column!r})"
                )
            return python_values(values)
        one_row = any(isinstance(value, str | bytes) for value in data.values())
        remedy = take_column(data if one_row else firsts(data), "[row]" if one_row else "rows")
        raise InputError(f"the text is a mapping with the {columns_listed(names)}; {remedy}")
    columns = column_names(data)
    if columns is not None:
        if column is None:
            remedy = take_column(first_row(data, columns))
            raise InputError(f"the text is a table with the {columns_listed(columns)}; {remedy}")
        key = key_of(columns, column, TABLE)
        return cells_of_rows(data, column) if hasattr(data, "features") else python_values(data[key])
    if hasattr(data, "to_pylist") or (hasattr(data, "dtype") and getattr(data, "ndim", 1) == 1):
        first, values = peek(python_values(data))
        return values if isinstance(first, str) or is_tokens(first) else None
    return None


def with_tags(data: Any, texts: Iterable[Any], tag_column: str) -> Iterator[TaggedCell]:
    """The documents of a table in memory: its texts with what stands in the column of tags.

    Raises:
        ConfigError: `data` is a column and no table.
    """
    if not isinstance(data, Mapping) and column_names(data) is None:
        raise ConfigError(f"tag_column is {shown(tag_column)}, but the text is a column without others; give a table")
    tags = column_in_memory(data, tag_column)
    return map(TaggedCell, texts, () if tags is None else tags)


def firsts(columns: Mapping[Any, Any]) -> dict[Any, Any]:
    """What stands first in each of some columns; a value that is no column, or an empty one, as it is."""
    found = dict(columns)
    for name, values in columns.items():
        if isinstance(values, Sequence) or hasattr(values, "dtype"):
            found[name] = next(iter(values), "") if getattr(values, "ndim", 1) == 1 else values
    return found


def first_row(table: Any, columns: list[Any]) -> dict[Any, Any]:
    """The first row of a table in memory; empty texts where it has none."""
    if hasattr(table, "features") or not hasattr(table, "__getitem__"):  # datasets reads rows, not columns
        return dict(next(iter(table), dict.fromkeys(columns, "")))
    return {name: next(iter(python_values(table[name])), "") for name in columns}


def column_names(data: Any) -> list[Any] | None:
    """The names of the columns of a table in memory; None for what is no table."""
    for attribute in ("column_names", "columns"):
        names = getattr(data, attribute, None)
        if names is not None and not callable(names) and not isinstance(names, str | Mapping):
            return list(names)
    return None


def python_values(values: Any) -> Iterable[Any]:
    """The values of a column, as Python has them."""
    if hasattr(values, "to_pylist"):  # pyarrow yields scalars
        return (value.as_py() for value in values)
    return values


def cells_of_rows(rows: Iterable[Any], column: str, tags: str | None = None) -> Iterator[Any]:
    """What rows have in a column, with that of a column of tags. Raises `InputError` with the number of a row."""
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise InputError(f"row {number} is {shown(row)}, not a row with columns as those before it")
        cell = row[key_of(row, column, f"row {number}")]
        yield cell if tags is None else TaggedCell(cell, row[key_of(row, tags, f"row {number}")])


def key_of(columns: Collection[Any], column: str, where: str) -> Any:
    """The name of a column as the table has it; it may be no string, as the numbers that pandas gives to columns.

    Raises:
        InputError: there is no such column.
    """
    if column in columns:
        return column
    for name in columns:
        if str(name) == column:
            return name
    raise no_such_column(where, column, list(columns))


def peek(items: Iterable[Any]) -> tuple[Any, Any]:
    """The first of some items, None if there is none, and all of them."""
    if isinstance(items, list | tuple):
        return (items[0] if items else None), items
    iterator = iter(items)
    try:
        first = next(iterator)
    except StopIteration:
        return None, iterator
    return first, chain([first], iterator)
