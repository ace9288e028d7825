"""The own format: a safetensors file with E, C, counts and words, whose header says how the vectors were made.

https://huggingface.co/docs/safetensors: 8 bytes header length (little endian), a JSON header, then the tensors. It is
read here rather than by the library because the library copies, and this file is to be mapped: opening reads nothing.
"""

import json
import mmap
import struct
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from sgns.errors import FormatError
from sgns.vectors.vectors import Vectors

LARGEST_HEADER = 100_000_000  # bytes, as in the reference implementation
DTYPES: dict[str, np.dtype] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8"), "U8": np.dtype("u1")}
EXPECTED = {"E": "F32", "C": "F32", "counts": "I64", "words": "U8"}
BLOCK = 2**24  # bytes written at once


def write(vectors: Vectors, file: IO[bytes]) -> None:
    """Write `vectors` to an open binary file, block by block: nothing is held twice.

    Raises:
        FormatError: a word holds a line break, or stands twice.
    """
    words = line_of_words(vectors)
    # counts first, then the matrices: every tensor lies at a multiple of its own item's size
    tensors = {"counts": vectors.counts, "C": vectors.C, "E": vectors.E, "words": np.frombuffer(words, np.uint8)}
    metadata = {"format": "sgns", "version": "1", "sgns": json.dumps(vectors.metadata, ensure_ascii=False)}
    header: dict[str, Any] = {"__metadata__": metadata}
    offset = 0
    for name, array in tensors.items():
        if array is not None:
            size = array.size * DTYPES[EXPECTED[name]].itemsize
            header[name] = {"dtype": EXPECTED[name], "shape": array.shape, "data_offsets": [offset, offset + size]}
            offset += size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-(8 + len(text)) % 64)
    file.write(struct.pack("<Q", len(text)) + text)
    for name, array in tensors.items():
        if array is not None:
            for block in blocks(array):
                file.write(np.ascontiguousarray(block, DTYPES[EXPECTED[name]]).data)


def blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """`array` in pieces of about `BLOCK` bytes along its first axis."""
    rows = max(1, BLOCK * max(1, len(array)) // max(1, array.nbytes))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def line_of_words(vectors: Vectors) -> bytes:
    """The words in UTF-8, one a line. Raises `FormatError` for a word with a line break, or two equal words."""
    index = vectors.index  # raises for duplicates
    try:
        text = "\n".join(vectors.words).encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError(f"a word holds {error.object[error.start]!r}, which is no character; rename it") from None
    if text.count(b"\n") != max(0, len(index) - 1):
        word = next(word for word in index if "\n" in word)
        raise FormatError(f"the word {word[:80]!r} holds a line break, which no format can keep; rename it")
    return text


def read(file: IO[bytes], size: int | None, name: str) -> Vectors:
    """Vectors from an open own file: mapped when it is a plain file, read once when it is a stream.

    Args:
        file: at its first byte.
        size: of the file in bytes, when it can be mapped; None for a stream (gzip).
        name: for messages.

    Raises:
        FormatError: not such a file, or torn.
    """
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if not 2 <= length <= LARGEST_HEADER or (size is not None and 8 + length > size):
        raise FormatError(
            f"{name}: header length {length:,} at byte 0 does not fit the file; it is torn or no safetensors file"
        )
    text = file.read(length)
    try:
        header = json.loads(text.decode("utf-8"))
        metadata = header.pop("__metadata__", {})
        spans = {key: span(entry) for key, entry in header.items()}
        made = json.loads(metadata.get("sgns", "{}"))
        if not isinstance(made, dict):
            raise TypeError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise FormatError(f"{name}: the header at byte 8 is no safetensors header; the file is damaged") from None
    if "E" not in spans or "words" not in spans:
        raise FormatError(
            f"{name}: a safetensors file with {', '.join(sorted(spans)[:5]) or 'no tensor'}, but word vectors need the"
            " tensors E and words; it is another model's file"
        )
    for key, dtype in EXPECTED.items():
        if key in spans and spans[key][0] != dtype:
            raise FormatError(f"{name}: tensor {key} is {spans[key][0]}, not {dtype}; convert it before")
    arrays = (
        mapped(file, 8 + length, size, spans, name) if size is not None else streamed(file, 8 + length, spans, name)
    )
    return Vectors(arrays["words"].tobytes(), arrays["E"], arrays.get("C"), arrays.get("counts"), made)


def span(entry: dict[str, Any]) -> tuple[str, tuple[int, ...], int, int]:
    """The (dtype, shape, begin, end) of one header entry; raises ValueError when they contradict each other."""
    dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    if not all(type(number) is int and 0 <= number < 2**62 for number in (*shape, begin, end)):
        raise ValueError
    size = end - begin
    if dtype in DTYPES:
        wanted = DTYPES[dtype].itemsize
        for number in shape:
            wanted *= number
        if wanted != size:
            raise ValueError
    return dtype, shape, begin, end


def mapped(file: IO[bytes], offset: int, size: int, spans: dict[str, Any], name: str) -> dict[str, np.ndarray]:
    """The expected tensors as views of the mapped file."""
    end = offset + max(span[3] for span in spans.values())
    if end > size:
        raise FormatError(f"{name}: torn at byte {size:,}, its header promises {end:,}; copy it again")
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return {
        key: np.frombuffer(memoryview(data)[offset + begin : offset + end], DTYPES[dtype]).reshape(shape)
        for key, (dtype, shape, begin, end) in spans.items()
        if key in EXPECTED
    }


def streamed(file: IO[bytes], offset: int, spans: dict[str, Any], name: str) -> dict[str, np.ndarray]:
    """The expected tensors, read in the order in which they lie."""
    arrays: dict[str, np.ndarray] = {}
    place = 0
    for key, (dtype, shape, begin, end) in sorted(spans.items(), key=lambda item: item[1][2]):
        if key not in EXPECTED:
            continue
        if begin < place:
            raise FormatError(f"{name}: tensor {key} overlaps another at byte {offset + begin:,}; the file is damaged")
        skip(file, begin - place)
        data = bytearray()
        while len(data) < end - begin:  # grows with what is there, not with what the header promises
            piece = file.read(min(BLOCK, end - begin - len(data)))
            if not piece:
                raise FormatError(f"{name}: torn at byte {offset + begin + len(data):,} of tensor {key}; copy it again")
            data += piece
        arrays[key] = np.frombuffer(data, DTYPES[dtype]).reshape(shape)
        place = end
    return arrays


def skip(file: IO[bytes], count: int) -> None:
    """Read past `count` bytes."""
    while count > 0:
        piece = file.read(min(BLOCK, count))
        if not piece:
            return
        count -= len(piece)
