"""The safetensors format: tensors E, C, counts and words; the header says how the vectors were made.

Vectors with documents have the tensors documents and tags. Vectors with subwords have the rows that E was composed of:
word_rows, ngram_rows and, where each n-gram has a row of its own, ngrams. All are mapped; E is there too, so that no
reader has to compose it.

https://huggingface.co/docs/safetensors: 8 bytes header length (little endian), a JSON header, then the tensors. The
library of that name copies what it reads; this file is to be mapped, so that opening reads nothing.
"""

import json
import mmap
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

import numpy as np

from sgns.base.files import PackedFile
from sgns.base.subwords import Subwords
from sgns.errors import FormatError
from sgns.vectors.files.parts import Parts, rows_of_block
from sgns.vectors.files.quantized import Quantized, QuantizedParts
from sgns.vectors.files.selection import ALL, Selection
from sgns.vectors.subwords import SubwordTable
from sgns.vectors.word_list import WordList

LARGEST_HEADER = 100_000_000  # bytes, as in the reference implementation
DTYPES: dict[str, np.dtype] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I8": np.dtype("i1"),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("u1"),
}
MATRIX = ("F32", "F16", "I8")
EXPECTED: dict[str, tuple[str, ...]] = {  # tensors and the types that they may have
    "E": MATRIX,
    "C": MATRIX,
    "E_scale": ("F32",),
    "C_scale": ("F32",),
    "counts": ("I64",),
    "words": ("U8",),
    "word_rows": ("F32",),
    "ngram_rows": ("F32",),
    "ngrams": ("U8",),
    "nodes": ("F32",),
    "documents": ("F32",),
    "tags": ("U8",),
}
WHOLE = ("words", "ngram_rows", "ngrams", "nodes", "documents", "tags")  # without a row for each word: never in part
WRITE_BLOCK = 2**20  # bytes written, and read from a stream, at once: rows with padding are copied before
SKIP_BLOCK = 2**20  # bytes of a stream that are passed over at once


def write(parts: Parts, file: IO[bytes]) -> None:
    """Writes all parts to a binary file, block by block: no matrix is held twice.

    Raises:
        FormatError: A word holds a line break, or stands twice.
    """
    words = parts.words.to_lines()
    # counts first, then the matrices: every tensor begins at a multiple of the size of its items
    tensors = {"counts": parts.counts}
    metadata = {"format": "sgns", "version": "1", "sgns": json.dumps(parts.metadata, ensure_ascii=False)}
    lines = b""
    if parts.subwords is not None:
        options = parts.subwords.options
        lines, metadata["subwords"] = options.lines, json.dumps(replace(options, lines=b"").to_dict())
        tensors |= {"word_rows": parts.subwords.word_rows, "ngram_rows": parts.subwords.ngram_rows}
    if parts.documents is not None:
        tensors["documents"] = parts.documents.E
    tensors |= matrices_of(parts)
    tensors["nodes"] = parts.nodes
    if lines:
        tensors["ngrams"] = np.frombuffer(lines, np.uint8)
    tensors["words"] = np.frombuffer(words, np.uint8)
    if parts.documents is not None:
        tensors["tags"] = np.frombuffer(parts.documents.words.to_lines(), np.uint8)
    header: dict[str, Any] = {"__metadata__": metadata}
    offset = 0
    for name, array in tensors.items():
        if array is not None:
            dtype = dtype_of(array)
            size = array.size * DTYPES[dtype].itemsize
            header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [offset, offset + size]}
            offset += size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-(8 + len(text)) % 64)
    file.write(struct.pack("<Q", len(text)) + text)
    for array in tensors.values():
        if array is not None:
            for block in blocks(array):
                file.write(np.ascontiguousarray(block, DTYPES[dtype_of(array)]).data)


def matrices_of(parts: Parts) -> dict[str, np.ndarray | None]:
    """The tensors of C and E: the matrices, or their codes and scales; those of larger items stand first."""
    if not isinstance(parts, QuantizedParts):
        return {"C": parts.C, "E": parts.E}
    C = parts.codes_of_C
    scales = {"C_scale": None if C is None else C.scale, "E_scale": parts.codes.scale}
    return {**scales, "C": None if C is None else C.codes, "E": parts.codes.codes}


def dtype_of(array: np.ndarray) -> str:
    """The name of an array's type in the header."""
    return next(name for name, dtype in DTYPES.items() if dtype == array.dtype.newbyteorder("<"))


def blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """Yields `array` in blocks of about `WRITE_BLOCK` bytes along its first axis."""
    rows = max(1, WRITE_BLOCK * max(1, len(array)) // max(1, array.nbytes))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def read(file: PackedFile, selection: Selection = ALL) -> Parts:
    """Parts of a safetensors file: mapped if it is a plain file, read once if it is packed or a pipe.

    Args:
        file: At its first byte.
        selection: Which rows are kept. Of a mapped file no other rows are read; a packed one is passed over twice where
            words are chosen, since they stand at its end.

    Raises:
        FormatError: It is another kind of file, another model's, or torn; the message names the byte.
    """
    size = file.plain_size
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if not 2 <= length <= LARGEST_HEADER or (size is not None and 8 + length > size):
        raise file.error(f"header length {length:,} at byte 0 does not fit the file; it is torn or no safetensors file")
    text = file.read(length)
    try:
        header = json.loads(text.decode("utf-8"))
        metadata = header.pop("__metadata__", {})
        spans = {key: span(entry) for key, entry in header.items()}
        made = json.loads(metadata.get("sgns", "{}"))
        options = Subwords.from_dict(json.loads(metadata["subwords"])) if "subwords" in metadata else None
        if not isinstance(made, dict):
            raise TypeError
    except FormatError as error:
        raise file.error(str(error)) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise file.error("the header at byte 8 is no safetensors header; the file is damaged") from None
    if "E" not in spans or "words" not in spans:
        raise file.error(
            f"a safetensors file with {', '.join(sorted(spans)[:5]) or 'no tensor'}, but word vectors need the"
            " tensors E and words; it is another model's file"
        )
    for key, dtypes in EXPECTED.items():
        if key in spans and spans[key][0] not in dtypes:
            raise file.error(f"tensor {key} is {spans[key][0]}, not {' or '.join(dtypes)}; convert it before")
    if size is not None:
        return parts_of(file, chosen(mapped(file, 8 + length, size, spans), selection), made, options)
    spans = {key: spans[key] for key in spans if key in EXPECTED}
    if selection.words is not None and file.size is not None:
        words = streamed(file, 8 + length, {"words": spans["words"]})["words"].tobytes()
        rows = selection.rows(WordList(words, rows_of(spans)).decoded)
        file.raw.seek(0)
        again = PackedFile(file.raw, file.name, file.progress)
        skip(again, 8 + length)
        return parts_of(file, with_words(streamed(again, 8 + length, spans, rows), words, rows), made, options)
    first = slice(selection.limit)
    arrays = streamed(file, 8 + length, spans, first)
    if selection.limit is not None:
        arrays = with_words(arrays, arrays["words"].tobytes(), first)
    return parts_of(file, chosen(arrays, selection), made, options)


def rows_of(spans: dict[str, Any]) -> int:
    """The number of words that the header states."""
    shape = spans["E"][1]
    return int(shape[0]) if shape else 0


def chosen(arrays: dict[str, np.ndarray], selection: Selection) -> dict[str, np.ndarray]:
    """The rows of a selection, of all tensors."""
    if selection.all_rows or arrays["E"].ndim != 2:  # `parts_of` refuses other shapes
        return arrays
    words, count = arrays["words"].tobytes(), len(arrays["E"])
    rows: slice | np.ndarray = slice(0, selection.first(count))
    if selection.words is not None:
        rows = selection.rows(WordList(words, count).decoded)
    kept = {key: array[rows] for key, array in arrays.items() if key not in WHOLE and array.ndim}
    return with_words(arrays | kept, words, rows)


def with_words(arrays: dict[str, np.ndarray], words: bytes, rows: slice | np.ndarray) -> dict[str, np.ndarray]:
    """The tensors with those of the `words` that stand in some rows, in the order of the file."""
    if isinstance(rows, slice):
        kept = words.split(b"\n", rows.stop)[: rows.stop]
    else:
        lines = words.split(b"\n")
        kept = [lines[row] for row in rows]
    return arrays | {"words": np.frombuffer(b"\n".join(kept), np.uint8)}


def parts_of(
    file: PackedFile, arrays: dict[str, np.ndarray], metadata: dict[str, Any], options: Subwords | None
) -> Parts:
    """Parts of the tensors.

    Args:
        file: For messages.
        arrays: The tensors.
        metadata: How the vectors were made.
        options: The n-grams of the header, but for `lines`, which are a tensor; or None.

    Raises:
        FormatError: Codes have no scale, or the shapes do not agree.
    """
    words, counts = arrays["words"].tobytes(), arrays.get("counts")
    matrices: dict[str, Any] = {key: arrays.get(key) for key in ("E", "C")}
    for key, matrix in matrices.items():
        if matrix is None or matrix.dtype == np.float32 or matrix.ndim != 2:
            continue
        scale = arrays.get(f"{key}_scale")
        if scale is None and matrix.dtype != np.float16:
            raise file.error(f"tensor {key} is I8 without {key}_scale, the scale of its rows; the file is damaged")
        matrices[key] = Quantized(matrix, np.ones(len(matrix), np.float32) if scale is None else scale)
    E, C = matrices["E"], matrices["C"]
    if isinstance(E, Quantized) and (C is None or isinstance(C, Quantized)):
        codes = QuantizedParts(WordList(words, len(E.codes)), E, C, counts, metadata)
        try:
            return codes.with_documents(documents_of(arrays))
        except FormatError as error:
            raise file.error(str(error)) from None
    E, C = (matrix.float32() if isinstance(matrix, Quantized) else matrix for matrix in (E, C))
    try:
        parts = Parts.of(words, E, C, counts, metadata, None if options is None else subwords_of(options, arrays))
        return parts.with_nodes(arrays.get("nodes")).with_documents(documents_of(arrays))
    except FormatError as error:
        raise file.error(str(error)) from None


def subwords_of(options: Subwords, arrays: dict[str, np.ndarray]) -> SubwordTable:
    """The subwords of a file. Raises `FormatError` when tensors are missing or their shapes do not agree."""
    if missing := [name for name in ("word_rows", "ngram_rows") if name not in arrays]:
        raise FormatError(f"the header names subwords, but there is no tensor {missing[0]}; write the file again")
    lines = arrays["ngrams"].tobytes() if options.buckets == "exact" and "ngrams" in arrays else b""
    return SubwordTable.of(replace(options, lines=lines), arrays["word_rows"], arrays["ngram_rows"])


def documents_of(arrays: dict[str, np.ndarray]) -> Parts | None:
    """The documents of a file. Raises `FormatError` when one of their two tensors is missing."""
    if ("documents" in arrays) != ("tags" in arrays):
        missing = "tags" if "documents" in arrays else "documents"
        raise FormatError(f"there are vectors of documents, but no tensor {missing}; write the file again")
    return Parts.of(arrays["tags"].tobytes(), arrays["documents"]) if "tags" in arrays else None


def span(entry: dict[str, Any]) -> tuple[str, tuple[int, ...], int, int]:
    """The (dtype, shape, begin, end) of one header entry; raises ValueError when they contradict each other."""
    dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    if not all(type(number) is int and 0 <= number < 2**62 for number in (*shape, begin, end)):
        raise ValueError
    size = end - begin
    if dtype in DTYPES:
        expected = DTYPES[dtype].itemsize
        for number in shape:
            expected *= number
        if expected != size:
            raise ValueError
    return dtype, shape, begin, end


def mapped(file: PackedFile, offset: int, size: int, spans: dict[str, Any]) -> dict[str, np.ndarray]:
    """The expected tensors as views of the mapped file.

    Args:
        file: A plain file.
        offset: Byte at which the tensors begin.
        size: Of the file, in bytes.
        spans: What `span` returned for each tensor.

    Raises:
        FormatError: The file is shorter than its header states.
    """
    end = offset + max(span[3] for span in spans.values())
    if end > size:
        raise file.error(f"torn at byte {size:,}, its header promises {end:,}; copy it again")
    data = mmap.mmap(file.raw.fileno(), 0, access=mmap.ACCESS_READ)
    return {
        key: np.frombuffer(memoryview(data)[offset + begin : offset + end], DTYPES[dtype]).reshape(shape)
        for key, (dtype, shape, begin, end) in spans.items()
        if key in EXPECTED
    }


def streamed(
    file: PackedFile, offset: int, spans: dict[str, Any], rows: slice | np.ndarray = slice(None)
) -> dict[str, np.ndarray]:
    """Tensors, read in the order in which they stand in the file.

    Args:
        file: At byte `offset`.
        offset: Byte at which the tensors begin.
        spans: What `span` returned for each tensor.
        rows: The rows that are kept, from 0 on or in rising order; those of `WHOLE` are read whole.

    Raises:
        FormatError: Two of them overlap, or the file ends before the last one.
    """
    arrays: dict[str, np.ndarray] = {}
    position = 0
    for key, (dtype, shape, begin, end) in sorted(spans.items(), key=lambda item: item[1][2]):
        if begin < position:
            raise file.error(f"tensor {key} overlaps another at byte {offset + begin:,}; the file is damaged")
        skip(file, begin - position)
        row = 0 if key in WHOLE or not shape or not shape[0] else (end - begin) // shape[0]  # bytes; 0 reads all
        picked = rows if row and not isinstance(rows, slice) else None
        stop = begin + row * rows.stop if row and isinstance(rows, slice) and rows.stop is not None else end
        step = max(1, WRITE_BLOCK // max(1, row)) * max(1, row)
        data, at = bytearray(), begin
        while at < min(stop, end):  # grows with what is kept, not with what the header states
            block = file.read(min(step, stop - at, end - at))
            if not block or (picked is not None and len(block) % row):
                raise file.error(f"torn at byte {offset + at + len(block):,} of tensor {key}; copy it again")
            data += block if picked is None else rows_of_block(block, row, picked, (at - begin) // row)
            at += len(block)
        items = np.frombuffer(data, DTYPES[dtype])
        arrays[key] = items.reshape((len(data) // row, *shape[1:]) if row else shape)
        position = at
    return arrays


def skip(file: PackedFile, count: int) -> None:
    """Reads past `count` bytes."""
    while count > 0:
        block = file.read(min(SKIP_BLOCK, count))
        if not block:
            return
        count -= len(block)
