"""E and C in the memory of the host: the distance between rows, huge pages, the first values."""

import mmap
from contextlib import suppress

import numpy as np

from sgns.errors import OutOfMemory
from sgns.training.engines.sampling import FIRST_VECTORS, stream_key

FIRST_BLOCK = 2**22  # numbers of E that are drawn at once


def row_stride(dim: int) -> int:
    """Floats from one row to the next: rows start at 64-byte lines and are never a multiple of 512 bytes apart.

    At such a distance all rows compete for a few sets of the cache; it cost 30 %.
    """
    stride = -(-dim // 16) * 16
    return stride + 16 if stride % 128 == 0 else stride


def zero_rows(rows: int, stride: int) -> np.ndarray:
    """A matrix of zeros, (rows, stride) float32, on huge pages where the system has them (fewer TLB misses).

    Raises:
        OutOfMemory: the system has no room for it.
    """
    size = max(1, rows) * stride * 4
    try:
        memory = map_memory(size)
    except (OSError, ValueError, OverflowError) as error:
        raise OutOfMemory(
            f"{rows:,} rows of {stride:,} numbers take {size / 2**30:.2f} GiB, which the system refuses ({error}); "
            "take a smaller --dim or --max-vocabulary"
        ) from None
    return np.frombuffer(memory, np.float32, rows * stride).reshape(rows, stride)


def aligned_zeros(size: int) -> np.ndarray:
    """(size,) float32 zeros that begin at a multiple of 64 bytes, so that a vector never straddles two cache lines."""
    zeros = np.zeros(size + 16, np.float32)
    first = (-zeros.ctypes.data // 4) % 16
    return zeros[first : first + size]


def map_memory(size: int) -> mmap.mmap:
    """Zeros, as many bytes, on huge pages where the system has them."""
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # Private: of shared memory, which is Python's default, Linux makes huge pages only where it is configured to.
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # a kernel without huge pages: only slower
            memory.madvise(mmap.MADV_HUGEPAGE)
        return memory
    return mmap.mmap(-1, size)


def first_vectors(E: np.ndarray, dim: int, seed: int) -> None:
    """Fills E[:, :dim] with uniform numbers in (−1/2d, 1/2d), as word2vec.c; columns beyond stay zero."""
    rng = np.random.default_rng(int(stream_key(seed, FIRST_VECTORS)))
    rows = max(1, FIRST_BLOCK // dim)
    for start in range(0, len(E), rows):
        part = E[start : start + rows]
        part[:, :dim] = (rng.random((len(part), dim), dtype=np.float32) - np.float32(0.5)) / np.float32(dim)
