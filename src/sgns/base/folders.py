"""The folders of sgns on this machine: the cache, which may be deleted at any time, and the state, which stays."""

import os
import tempfile
from io import FileIO
from pathlib import Path

from sgns.errors import OutputError


def cache_folder() -> Path:
    """The folder of the cache: `$SGNS_CACHE`, else the one of the platform, such as `~/.cache/sgns`.

    It holds encoded texts (`corpora/`), the built-in corpus (`builtin/`) and compiled kernels (`kernels/`). The folder
    is not created here.
    """
    from platformdirs import user_cache_path

    return _chosen_folder() or user_cache_path("sgns", appauthor=False)


def state_folder() -> Path:
    """The folder of the state, such as the history of questions: `$SGNS_CACHE`, else the one of the platform, such as
    `~/.local/state/sgns`. The folder is not created here."""
    from platformdirs import user_state_path

    return _chosen_folder() or user_state_path("sgns", appauthor=False)


def temporary_file(folder: Path | None = None) -> FileIO:
    """An unbuffered file that vanishes when it is closed, in `folder` or in the system's folder for temporary files.

    Raises:
        OutputError: there is no such folder that can be written.
    """
    try:
        return tempfile.TemporaryFile(dir=folder, buffering=0)
    except FileNotFoundError as error:
        raise OutputError(f"{error.strerror or error}; set TMPDIR to a folder that can be written") from None


def _chosen_folder() -> Path | None:
    chosen = os.environ.get("SGNS_CACHE")
    return Path(os.path.expanduser(chosen)) if chosen else None  # noqa: PTH111  no error for a user it does not know
