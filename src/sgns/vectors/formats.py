"""Load and save word vectors in any format: what a file is, is read from its bytes, not from its name."""

import os
import tempfile
from os import PathLike
from pathlib import Path

from sgns.errors import FormatError, InputError, OutputError
from sgns.vectors import own
from sgns.vectors.vectors import Vectors


def load(path: str | PathLike[str]) -> Vectors:
    """Vectors from a file.

    Args:
        path: the file.

    Returns:
        The vectors; an own file is mapped, not read, so that opening is immediate whatever its size.

    Raises:
        InputError: the file cannot be opened.
        FormatError: it is no vector file, or a damaged one.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            return own.read(file, size, str(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; check the path") from None


def save(vectors: Vectors, path: str | PathLike[str], format: str | None = None) -> None:
    """Write `vectors` to `path`: under a temporary name beside it, then renamed, so that nothing is ever half written.

    Raises:
        OutputError: the place cannot be written to.
        FormatError: words that the format cannot hold.
    """
    path = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                own.write(vectors, file)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink()
            raise
    except FormatError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; choose another place") from None
