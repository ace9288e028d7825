"""The folders of sgns on this machine: the cache, which may be deleted at any time, and the state, which stays."""

import atexit
import os
import shutil
import sys
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


def give_matplotlib_a_folder() -> None:
    """Sets MPLCONFIGDIR where matplotlib could not write its cache of fonts below the home; it would say so on stderr.

    To be called before matplotlib is imported. The folder is in our cache, or a temporary one.
    """
    if "MPLCONFIGDIR" in os.environ or "matplotlib" in sys.modules:
        return
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  no error for a user it does not know
    config, cache = os.environ.get("XDG_CONFIG_HOME"), os.environ.get("XDG_CACHE_HOME")
    folders = [home / ".matplotlib"]
    if sys.platform.startswith(("linux", "freebsd")):
        folders = [Path(config or home / ".config", "matplotlib"), Path(cache or home / ".cache", "matplotlib")]
    if all(_can_hold_files(folder) for folder in folders):
        return
    folder = cache_folder() / "matplotlib"
    if not _can_hold_files(folder):
        try:
            folder = Path(tempfile.mkdtemp(prefix="matplotlib-"))
        except OSError:
            return  # matplotlib says what is wrong
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["MPLCONFIGDIR"] = str(folder)


def _can_hold_files(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _chosen_folder() -> Path | None:
    chosen = os.environ.get("SGNS_CACHE")
    return Path(os.path.expanduser(chosen)) if chosen else None  # noqa: PTH111  no error for a user it does not know
