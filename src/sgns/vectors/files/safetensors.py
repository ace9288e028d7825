"""The safetensors format: tensors E, C, counts and words; the header says how the vectors were made.

https://huggingface.co/docs/safetensors: 8 bytes header length (little endian), a JSON header, then the tensors. The
library of that name copies what it reads; this file is to be mapped, so that opening reads nothing.
"""

import json
import mmap
import struct
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from sgns.base.files import PackedFile
from sgns.vectors.files.parts import Parts

LARGEST_HEADER = 100_000_000  # bytes, as in the reference implementation
DTYPES: dict[str, np.dtype] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8"), "U8": np.dtype("u1")}
EXPECTED = {"E": "F32", "C": "F32", "counts": "I64", "words": "U8"}
WRITE_BLOCK = 2**24  # bytes written, and read from a stream, at once


def write(parts: Parts, file: IO[bytes]) -> None:
    """Writes all parts to a binary file, block by block: no matrix is held twice.

    Raises:
        FormatError: A word holds a line break, or stands twice.
    """
    words = parts.words.to_lines()
    # counts first, then the matrices: every tensor begins at a multiple of the size of its items
    tensors = {"counts": parts.counts, "C": parts.C, "E": parts.E, "words": np.frombuffer(words, np.uint8)}
    metadata = {"format": "sgns", "version": "1", "sgns": json.dumps(parts.metadata, ensure_ascii=False)}
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
    """Yields `array` in blocks of about `WRITE_BLOCK` bytes along its first axis."""
    rows = max(1, WRITE_BLOCK * max(1, len(array)) // max(1, array.nbytes))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def read(file: PackedFile) -> Parts:
    """Parts of a safetensors file: mapped if it is a plain file, read once if it is packed or a pipe.

    Args:
        file: At its first byte.

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
        if not isinstance(made, dict):
            raise TypeError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise file.error("the header at byte 8 is no safetensors header; the file is damaged") from None
    if "E" not in spans or "words" not in spans:
        raise file.error(
            f"a safetensors file with {', '.join(sorted(spans)[:5]) or 'no tensor'}, but word vectors need the"
            " tensors E and words; it is another model's file"
        )
    for key, dtype in EXPECTED.items():
        if key in spans and spans[key][0] != dtype:
            raise file.error(f"tensor {key} is {spans[key][0]}, not {dtype}; convert it before")
    arrays = mapped(file, 8 + length, size, spans) if size is not None else streamed(file, 8 + length, spans)
    return Parts.of(arrays["words"].tobytes(), arrays["E"], arrays.get("C"), arrays.get("counts"), made)


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


def streamed(file: PackedFile, offset: int, spans: dict[str, Any]) -> dict[str, np.ndarray]:
    """The expected tensors, read in the order in which they stand in the file.

    Raises:
        FormatError: Two of them overlap, or the file ends before the last one.
    """
    arrays: dict[str, np.ndarray] = {}
    position = 0
    for key, (dtype, shape, begin, end) in sorted(spans.items(), key=lambda item: item[1][2]):
        if key not in EXPECTED:
            continue
        if begin < position:
            raise file.error(f"tensor {key} overlaps another at byte {offset + begin:,}; the file is damaged")
        skip(file, begin - position)
        data = bytearray()
        while len(data) < end - begin:  # grows with what is read, not with what the header states
            block = file.read(min(WRITE_BLOCK, end - begin - len(data)))
            if not block:
                raise file.error(f"torn at byte {offset + begin + len(data):,} of tensor {key}; copy it again")
            data += block
        arrays[key] = np.frombuffer(data, DTYPES[dtype]).reshape(shape)
        position = end
    return arrays


def skip(file: PackedFile, count: int) -> None:
    """Reads past `count` bytes."""
    while count > 0:
        block = file.read(min(WRITE_BLOCK, count))
        if not block:
            return
        count -= len(block)
