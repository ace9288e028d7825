"""Outputs of the figures: endings and places checked before long work, files written whole or not at all."""

from collections.abc import Iterable
from pathlib import Path

from sgns.base.files import check_writable, replacing
from sgns.errors import OutputError

PICTURES = (".png", ".svg", ".pdf")


def check_output(path: str | Path, endings: tuple[str, ...] = PICTURES) -> Path:
    """Find out before long work that `path` has a known ending and can be written to.

    Raises:
        OutputError: it has not, or cannot.
    """
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise OutputError(f"{path}: cannot write {path.suffix or 'a file without an ending'}; use {', '.join(endings)}")
    check_writable(path)
    return path


def write(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path`, whole or not at all. Raises `OutputError`."""
    with replacing(path) as (file,):
        file.write(data)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Put text in the place of `path`, as UTF-8, whole or not at all. Raises `OutputError`."""
    with replacing(path) as (file,):
        file.writelines(line.encode("utf-8") for line in lines)
