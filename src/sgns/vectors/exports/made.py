"""What an export leaves: the files, and how they are opened; and folders that are written whole."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgns.base.files import remedy_for
from sgns.errors import OutputError, SgnsError


@dataclass(frozen=True)
class Export:
    """The files that were written, and the command or the lines of Python that open them."""

    written: list[Path]
    words: int
    command: str

    def text(self) -> str:
        """Returns the paths and the command as lines of text."""
        return "\n".join([f"{self.words:,} words in", *(f"  {path}" for path in self.written), "", self.command])

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {"written": [str(path) for path in self.written], "words": self.words, "command": self.command}


@contextmanager
def folder_to_write(folder: str | Path) -> Iterator[Path]:
    """A new folder beside `folder` to write into, which takes its place at the end of the block.

    A folder that is there already keeps its other files; those of the same names are replaced, each whole. If an
    exception ends the block, nothing has changed.

    Raises:
        OutputError: The folder cannot be made or written to, or is a file.
    """
    folder = Path(folder)
    if folder.is_file():
        raise OutputError(f"{folder} is a file; name a folder")
    parent = folder.absolute().parent
    new = parent / f".{folder.name[:80]}.{secrets.token_hex(4)}.tmp"
    try:
        new.mkdir(parents=True)
        try:
            yield new
            if not folder.exists():
                new.replace(folder)
            else:
                for path in sorted(new.rglob("*")):
                    if path.is_file():
                        target = folder / path.relative_to(new)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        path.replace(target)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except SgnsError:
        raise
    except OSError as error:
        remedy = remedy_for(error, "choose another place")
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}; {remedy}") from None


def files_below(folder: str | Path) -> list[Path]:
    """All files of a folder, sorted."""
    return sorted(Path(root) / name for root, _, names in os.walk(folder) for name in names)
