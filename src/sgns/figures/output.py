"""Files written whole or not at all, and checked before long work."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sgns.errors import OutputError

PICTURES = (".png", ".svg", ".pdf")


def check_output(path: str | Path, formats: tuple[str, ...] = PICTURES) -> Path:
    """Find out before long work that `path` has a known ending and a folder that can be written to.

    Raises:
        OutputError: neither does.
    """
    path = Path(path)
    if path.suffix.lower() not in formats:
        raise OutputError(f"{path}: cannot write {path.suffix or 'a file without an ending'}; use {', '.join(formats)}")
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"{path}: folder {folder} does not exist; make it with: mkdir -p {folder}")
    if path.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(f"{path} cannot be written; choose another place")
    return path


def write(path: Path, data: bytes) -> None:
    """Write `data` to `path`; see `write_parts`."""
    write_parts(path, [data])


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write text to `path` as UTF-8; see `write_parts`."""
    write_parts(path, (line.encode("utf-8") for line in lines))


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write `parts` one after the other into a temporary file beside `path`, which then takes its place.

    Raises:
        OutputError: the place cannot be written to.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                for part in parts:
                    out.write(part)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink()
            raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; choose another place") from error
