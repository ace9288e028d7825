"""word2vec's files for `KeyedVectors`: sgns's fast readers, and gensim's rules where a file is not in order."""

import itertools
import logging
import sys
from os import PathLike
from typing import IO, Any

import numpy as np

from sgns.errors import FormatError
from sgns.gensim import utils
from sgns.vectors.files import formats
from sgns.vectors.files.parts import Parts

logger = logging.getLogger(__name__)

CHUNK = 100 * 1024  # bytes read at once


class _Unusual(Exception):
    """A file that the fast readers would repair."""


def load(
    cls: Any,
    fname: str | PathLike[str],
    fvocab: str | PathLike[str] | None = None,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: Any = np.float32,
    no_header: bool = False,
    binary_chunk_size: int = CHUNK,
) -> Any:
    """Vectors of a file of word2vec's format, as a `cls`.

    Args:
        cls: `KeyedVectors`, or a class derived from it.
        fname: The file; .gz and .bz2 are unpacked.
        fvocab: A file with a word and its count in each line; without it, counts fall from V to 1.
        binary: The file is binary, else text.
        encoding: Of the words.
        unicode_errors: What happens to words that are not of this encoding: strict, ignore or replace.
        limit: Read the first vectors alone.
        datatype: Of the vectors.
        no_header: A text without the line of V and d.
        binary_chunk_size: Bytes that are read at once.

    Raises:
        EOFError: The file ends before V vectors.
        UnicodeDecodeError: A word is not of this encoding.
        ValueError: The header is no pair of numbers.
    """
    counts = None if fvocab is None else read_counts(fvocab, unicode_errors)
    if binary and no_header:
        raise NotImplementedError("no_header only available for text-format files")
    try:
        parts = fast(fname, binary, encoding, limit, no_header)
    except (_Unusual, FormatError):
        return load_slowly(
            cls, fname, counts, binary, encoding, unicode_errors, limit, datatype, no_header, binary_chunk_size
        )
    made = cls(parts.dim, len(parts), dtype=datatype)
    made.vectors = np.array(parts.E, datatype)
    made.index_to_key = list(parts.words.decoded)
    made.key_to_index = {word: row for row, word in enumerate(made.index_to_key)}
    made.next_index = len(parts)
    size = len(parts)
    made.expandos["count"] = np.arange(size, 0, -1, dtype=np.int64)
    if counts is not None:
        made.expandos["count"] = np.array([counts.get(word, 0) for word in made.index_to_key], np.int64)
    return logged(made, fname)


def logged(made: Any, fname: Any) -> Any:
    """`made`, with the event that it was loaded."""
    made.add_lifecycle_event("load_word2vec_format", msg=f"loaded {made.vectors.shape} matrix from {fname}")
    return made


def fast(fname: str | PathLike[str], binary: bool, encoding: str, limit: int | None, no_header: bool) -> Parts:
    """The parts of a file that is in order. Raises `_Unusual` or `FormatError` for any other."""
    if encoding.replace("-", "").lower() != "utf8" or limit is not None:
        raise _Unusual
    name = "word2vec-binary" if binary else "glove" if no_header else "word2vec"

    def stop(warning: str) -> None:
        raise _Unusual

    return formats.read(fname, name, on_warning=stop)


def read_counts(fvocab: str | PathLike[str], unicode_errors: str) -> dict[str, int]:
    """The words of a file of counts."""
    counts = {}
    with utils.open(fvocab, "rb") as file:
        for line in file:
            word, count = utils.to_unicode(line, errors=unicode_errors).strip().split()
            counts[word] = int(count)
    return counts


def load_slowly(
    cls: Any, fname: Any, counts: dict[str, int] | None, binary: bool, encoding: str, unicode_errors: str,
    limit: int | None, datatype: Any, no_header: bool, chunk_size: int,
) -> Any:  # fmt: skip
    """As `load`, word by word."""
    with utils.open(fname, "rb") as file:
        if no_header:
            lines = list(itertools.islice(file, limit))
            V, d = len(lines), len(lines[0].split()) - 1 if lines else 0
        else:
            lines = None
            V, d = (int(number) for number in utils.to_unicode(file.readline(), encoding).split())
        V = min(V, limit or sys.maxsize)
        made = cls(d, V, dtype=datatype)
        if binary:
            read_binary(file, made, counts, V, d, datatype, encoding, unicode_errors, chunk_size)
        else:
            read_text(lines if lines is not None else file, made, counts, V, datatype, encoding, unicode_errors)
    if made.next_index < V:  # words that stood twice
        made.vectors, made.index_to_key = made.vectors[: made.next_index].copy(), made.index_to_key[: made.next_index]
        made.allocate_vecattrs()
    return logged(made, fname)


def read_binary(
    file: IO[bytes], made: Any, counts: Any, V: int, d: int, datatype: Any, encoding: str, errors: str, chunk_size: int
) -> None:
    """Reads V words and their rows; line breaks before a word are not part of it."""
    rest, position, size = b"", 0, 4 * d
    for _ in range(V):
        while True:
            blank = rest.find(b" ", position)
            if blank >= 0 and len(rest) - blank - 1 >= size:
                break
            more = file.read(chunk_size)
            if not more:
                raise EOFError("unexpected end of input; is count incorrect or file otherwise damaged?")
            rest, position = rest[position:] + more, 0
        word = rest[position:blank].decode(encoding, errors).lstrip("\n")
        position = blank + 1 + size
        add_row(made, counts, word, np.frombuffer(rest, "<f4", d, blank + 1).astype(datatype), V)


def read_text(lines: Any, made: Any, counts: Any, V: int, datatype: Any, encoding: str, errors: str) -> None:
    """Reads V lines of a word and its numbers."""
    rows = iter(lines)
    for _ in range(V):
        line = next(rows, b"")
        if not line:
            raise EOFError("unexpected end of input; is count incorrect or file otherwise damaged?")
        word, *numbers = utils.to_unicode(line.rstrip(), encoding, errors).split(" ")
        add_row(made, counts, word, np.array(numbers, dtype=np.float64).astype(datatype), V)


def add_row(made: Any, counts: dict[str, int] | None, word: Any, row: np.ndarray, V: int) -> None:
    """Adds a word; one that stands twice keeps its first row."""
    if made.has_index_for(word):
        logger.warning("duplicate word '%s' in word2vec file, ignoring all but first", word)
        return
    number = made.add_vector(word, row)
    if counts is not None and word not in counts:
        logger.warning("vocabulary file is incomplete: '%s' is missing", word)
    made.set_vecattr(word, "count", V - number if counts is None else counts.get(word, 0))


def save(
    vectors: Any,
    fname: str | PathLike[str],
    fvocab: str | PathLike[str] | None = None,
    binary: bool = False,
    total_vec: int | None = None,
    write_header: bool = True,
    prefix: str = "",
    append: bool = False,
    sort_attr: str = "count",
) -> None:
    """Writes vectors in word2vec's format.

    Args:
        vectors: `KeyedVectors`.
        fname: The file.
        fvocab: A file for words and their counts.
        binary: Rows as bytes, else as text, with as many digits as bring the same numbers back.
        total_vec: The number in the header; V if left out.
        write_header: Write the line of V and d.
        prefix: Stands before each key.
        append: Write behind what the file holds.
        sort_attr: The attribute whose largest values come first.

    Raises:
        ValueError: `fvocab` is given, and the keys have no such attribute.
    """
    if sort_attr in vectors.expandos:
        values = vectors.expandos[sort_attr]
        keys = sorted(vectors.key_to_index, key=lambda key: -values[vectors.key_to_index[key]])
    else:
        if fvocab is not None:
            raise ValueError(f"Cannot store vocabulary with '{sort_attr}' because that attribute does not exist")
        logger.warning("attribute %s not present in %s; will store in internal index_to_key order", sort_attr, vectors)
        keys = list(vectors.index_to_key)
    mode = "ab" if append else "wb"
    if fvocab is not None:
        with utils.open(fvocab, mode) as file:
            for key in keys:
                file.write(f"{prefix}{key} {vectors.get_vecattr(key, sort_attr)}\n".encode())
    numbered = next((i for i, key in enumerate(vectors.index_to_key) if key != i), len(vectors.index_to_key))
    named = set(range(numbered)) if sort_attr not in vectors.expandos else set()
    with utils.open(fname, mode) as file:
        if write_header:
            file.write(f"{len(vectors) if total_vec is None else total_vec} {vectors.vector_size}\n".encode())
        for key in itertools.chain(range(numbered), (key for key in keys if not (type(key) is int and key in named))):
            row = vectors[key]
            if binary:
                file.write(f"{prefix}{key} ".encode() + row.astype("<f4").tobytes())
            else:
                file.write(f"{prefix}{key} {' '.join(str(number) for number in row)}\n".encode())
