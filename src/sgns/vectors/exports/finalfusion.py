"""The finalfusion format: rows of length 1 and their lengths, https://finalfusion.github.io/spec.

Magic, version and the kinds of the chunks; then each chunk: its kind (uint32), its length in bytes (uint64), its
content. Numbers are little endian; 1 to 4 bytes of padding let an array begin at a multiple
of 4 bytes of the file.
"""

import struct
from pathlib import Path
from typing import IO

import numpy as np

from sgns.base.files import replacing
from sgns.base.geometry import unit
from sgns.vectors.exports.made import Export
from sgns.vectors.vectors import Vectors

SIMPLE_VOCABULARY, ND_ARRAY, ND_NORMS = 1, 2, 6
FLOAT32 = 10


def export_finalfusion(vectors: Vectors, path: Path) -> Export:
    """Writes words, unit rows of E, and the lengths of the rows.

    Args:
        vectors: The model.
        path: Where to write; .fifu by custom.

    Raises:
        OutputError: `path` cannot be written.
        FormatError: A row is not finite.
    """
    norms = vectors.norms
    words = [str(word).encode("utf-8") for word in vectors.words]
    with replacing(path) as (file,):
        file.write(b"FiFu" + struct.pack("<5I", 0, 3, SIMPLE_VOCABULARY, ND_ARRAY, ND_NORMS))
        length = 8 + sum(4 + len(word) for word in words)
        file.write(struct.pack("<IQQ", SIMPLE_VOCABULARY, length, len(words)))
        file.writelines(struct.pack("<I", len(word)) + word for word in words)
        at = 4 + 5 * 4 + 12 + length
        at = write_array(file, at, ND_ARRAY, struct.pack("<QI", *vectors.E.shape), unit(vectors.E))
        write_array(file, at, ND_NORMS, struct.pack("<Q", len(words)), norms)
    code = f"import finalfusion\nembeddings = finalfusion.load_finalfusion({str(path)!r})"
    return Export([Path(path)], len(vectors), code)


def write_array(file: IO[bytes], at: int, kind: int, shape: bytes, array: np.ndarray) -> int:
    """Writes the chunk of a float32 array.

    Args:
        file: Open for writing.
        at: Bytes written so far.
        kind: Of the chunk.
        shape: The lengths of the axes, as bytes.
        array: Any shape.

    Returns:
        Bytes written in all.
    """
    head = 12 + len(shape) + 4
    padding = 4 - (at + head) % 4  # 4 where none is needed, as its readers expect
    length = len(shape) + 4 + padding + array.size * 4
    file.write(struct.pack("<IQ", kind, length) + shape + struct.pack("<I", FLOAT32) + bytes(padding))
    file.write(np.ascontiguousarray(array, "<f4").data)
    return at + 12 + length
