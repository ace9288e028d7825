"""Places to write to, looked at before long work begins."""

import os
import secrets
from pathlib import Path

from sgns.errors import OutputError


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out whether a file can be written at `path`, by making and removing one beside it.

    Permissions alone do not tell: a disk may be read-only, or the user be root.

    Raises:
        OutputError: it cannot.
    """
    path = Path(path)
    folder = path.resolve().parent
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it, for example {path / 'vectors.safetensors'}")
    if file := next((part for part in (folder, *folder.parents) if part.is_file()), None):
        raise OutputError(f"{path} cannot be written: {file} is a file, not a folder; choose another folder")
    if not folder.is_dir():
        raise OutputError(f"{path} cannot be written: folder {folder} does not exist; make it with: mkdir -p {folder}")
    if path.exists() and not path.is_file():
        return  # a pipe or a device
    trial = folder / f".{secrets.token_hex(6)}.tmp"
    try:
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; choose another folder") from None
