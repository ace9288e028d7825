"""Keeps arrays on disk while they are not needed."""

import threading
from pathlib import Path
from typing import Any

import numpy as np

from sgns.base.folders import temporary_file
from sgns.errors import OutputError


class Spill:
    """A file without a name, to which arrays are appended. It vanishes with the process."""

    def __init__(self, folder: Path | None):
        """Opens a file in `folder`, or in the system's temporary folder."""
        self._file = temporary_file(folder)
        self._lock = threading.Lock()
        self._size = 0

    def put(self, array: np.ndarray) -> tuple[int, int]:
        """Appends a 1-D array; returns its key for `get`: offset in bytes, number of items."""
        with self._lock:
            offset = self._size
            write_all(self._file, array)
            self._size += array.nbytes
        return offset, len(array)

    def get(self, key: tuple[int, int], dtype: type) -> np.ndarray:
        """The array that `put` stored."""
        array: np.ndarray = np.empty(key[1], dtype=dtype)
        with self._lock:
            self._file.seek(key[0])
            view, done = array.data.cast("B"), 0
            while done < len(view):
                done += self._file.readinto(view[done:])
            self._file.seek(self._size)
        return array

    def keep(self, array: np.ndarray) -> np.ndarray:
        """The same array, memory-mapped from disk."""
        if array.size == 0:
            return array
        offset, _ = self.put(array.reshape(-1))
        with self._lock:
            mapped = np.memmap(self._file, dtype=array.dtype, mode="r", offset=offset, shape=array.shape)
            self._file.seek(self._size)
        return mapped

    def close(self) -> None:
        """Deletes the file."""
        self._file.close()


def write_all(file: Any, array: np.ndarray) -> None:
    """Writes a whole array to an unbuffered file.

    Raises:
        OutputError: the disk is full.
    """
    view, done = np.ascontiguousarray(array).data.cast("B"), 0
    try:
        while done < len(view):
            done += file.write(view[done:])
    except OSError as error:
        raise OutputError(
            f"no room for the encoded text ({error.strerror}); free space, or set SGNS_CACHE and TMPDIR to "
            "folders on a larger disk"
        ) from None
