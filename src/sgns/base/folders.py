"""The folders in which sgns keeps what can be made again (cache) and what should stay (state)."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The cache folder: `$SGNS_CACHE`, else the platform's own, such as `~/.cache/sgns`. Nothing is created.

    It holds encoded texts (`corpora/`), the built-in corpus (`builtin/`) and compiled kernels (`kernels/`). Everything
    in it may be deleted at any time.
    """
    return _chosen_folder() or Path(_platform_folders().user_cache_dir)


def state_folder() -> Path:
    """The folder of what outlives the cache, such as the history of questions; in `$SGNS_CACHE` where that is set."""
    return _chosen_folder() or Path(_platform_folders().user_state_dir)


def _chosen_folder() -> Path | None:
    chosen = os.environ.get("SGNS_CACHE")
    return Path(chosen).expanduser() if chosen else None


def _platform_folders():  # type: ignore[no-untyped-def]
    from platformdirs import PlatformDirs

    return PlatformDirs("sgns", appauthor=False)
