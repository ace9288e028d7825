"""The warnings for a cache that cannot be written: they name the folder, what is done anew in each run, and the remedy.

It is no part of `base.kernel_cache`, because every change in that file compiles all kernels anew.
"""

import os
import tempfile
from pathlib import Path

from sgns.base.folders import cache_folder
from sgns.base.kernel_cache import kernel_folder

REMEDY = "set SGNS_CACHE to a folder that can, for example SGNS_CACHE=./sgns-cache"


def cache_warnings() -> list[str]:
    """One sentence for the cache of texts and kernels, another where `NUMBA_CACHE_DIR` keeps kernels elsewhere.

    Kernels that are there already are loaded, even if the folder cannot be written.
    """
    texts = why_not_written(cache_folder())
    kernels = "" if kernels_are_there() else why_not_written(kernel_folder().parent)
    apart = bool(os.environ.get("NUMBA_CACHE_DIR"))
    warnings = []
    if texts:
        again = "texts are encoded" if apart or not kernels else "texts are encoded and kernels are compiled"
        warnings.append(f"the cache folder {cache_folder()} {texts}, so {again} anew in each run; {REMEDY}")
    if kernels and (apart or not texts):
        remedy = "set NUMBA_CACHE_DIR to a folder that can, or leave it out" if apart else REMEDY
        folder = kernel_folder().parent
        warnings.append(f"the cache folder {folder} {kernels}, so kernels are compiled anew in each run; {remedy}")
    return warnings


def kernels_are_there() -> bool:
    """Whether an earlier run has kept kernels of these sources."""
    try:
        return any(kernel_folder().glob("*.compiled"))
    except OSError:
        return False


def why_not_written(folder: Path) -> str:
    """What prevents a file in `folder`, which is made if it is not there: "cannot be written (…)"; empty if nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # root may write anywhere, but not on a read-only disk
            return ""
    except OSError as error:
        file = next((part for part in (folder, *folder.parents) if part.is_file()), None)
        return f"cannot be written ({error.strerror if file is None else f'{file} is a file'})"
