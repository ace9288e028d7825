"""The texts of files, one a line, or one a cell of a table's column: for questions about each text."""

import codecs
import io
from collections.abc import Iterator
from typing import Any

from sgns.errors import InputError
from sgns.text.sources import Column, Inputs, find
from sgns.text.stream import Stream, cells_of

BLOCK = 2**20  # bytes read at once


def read_texts(inputs: Inputs, column: str | None = None) -> Iterator[Any]:
    """The texts of files, plain or packed.

    Args:
        inputs: A path or several, as `sources.find` takes them; `-` is standard input.
        column: The column of a table (JSON lines, CSV, TSV, Parquet, Arrow) whose cells are the texts.

    Yields:
        Each line without its end, an empty one too, undecodable bytes as U+FFFD as in training; or each cell, a text or
        a list of words.

    Raises:
        InputError: A source cannot be read, is no text, or there is not one text in it.
    """
    found = False
    for source in find(inputs, None if column is None else Column(column)):
        texts = lines_of(Stream(source)) if column is None else cells_of(source)
        for text in texts:
            found = True
            yield text
    if not found:
        raise InputError(f"{inputs}: there is no text in it; write one text a line")


def lines_of(stream: Stream) -> Iterator[str]:
    r"""The lines of a stream; \n, \r\n and \r end them, as in training."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    block, rest, size = bytearray(BLOCK), "", BLOCK
    try:
        while size:
            size = stream.readinto(memoryview(block))
            *lines, rest = (rest + decoder.decode(bytes(memoryview(block)[:size]), final=not size)).split("\n")
            yield from lines
        if rest:
            yield rest
    finally:
        stream.close()
