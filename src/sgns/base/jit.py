"""Numba kernels: one decorator, one cache on disk, one fingerprint of all kernel sources.

Numba's own cache looks at the file of a kernel alone, so a changed helper in another file leaves old machine code in
use. Here every kernel is cached under a fingerprint of all files that may hold kernel code (`KERNEL_SOURCES`): a change
in any of them compiles all kernels anew.

The cache is `$NUMBA_CACHE_DIR` where that is set, else `kernels/` in the cache folder (`base.folders`).
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

from sgns.base.folders import cache_folder

PACKAGE = Path(__file__).parent.parent
KERNEL_SOURCES = (
    "base/jit.py",
    "text/kernels",
    "training/engines/sampling.py",
    "training/engines/cpu",
    "vectors/files/decimals.py",
)
"""Files and folders that may hold kernels and what they call, relative to the package."""
STALE = 30 * 86_400  # seconds after which the kernels of another fingerprint are deleted


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compiles a function with Numba, without the interpreter lock, and keeps the machine code on disk.

    Where nothing can be written, each process compiles anew.

    Args:
        function: The kernel. Its file must be one of `KERNEL_SOURCES`.
        **options: More options of `numba.njit`, such as fastmath.

    Raises:
        AssertionError: The file of the kernel is not part of the fingerprint.
    """
    compiled = njit(**{"nogil": True, "error_model": "numpy"} | options)(function)
    compiled._cache = KernelCache(function)
    return compiled


inlined = njit(inline="always", nogil=True)
"""For a few lines inside hot loops, where a call that passes arrays would cost more than they do."""


@cache
def kernel_files() -> list[Path]:
    """All files of `KERNEL_SOURCES`, sorted."""
    paths = [PACKAGE / source for source in KERNEL_SOURCES]
    return sorted(file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path]))


@cache
def fingerprint() -> str:
    """A hash of the content of all kernel sources, 16 hexadecimal digits."""
    content = blake2b(digest_size=8)
    for file in kernel_files():
        content.update(file.read_bytes())
    return content.hexdigest()


def kernel_folder() -> Path:
    """The folder with the compiled kernels of these sources."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(chosen) / "sgns" if chosen else cache_folder() / "kernels") / fingerprint()


class KernelLocator(_CacheLocator):
    """Tells Numba where the machine code of a kernel is, and which sources it was made from."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        assert Path(py_file) in kernel_files(), f"{py_file} holds a kernel, but is not one of base.jit.KERNEL_SOURCES"
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        """The folder of index and machine code: one for each folder of sources."""
        return str(kernel_folder() / ".".join(Path(self._py_file).parent.relative_to(PACKAGE).parts))

    def get_source_stamp(self) -> str:
        """What an index must have been written for."""
        return fingerprint()

    def get_disambiguator(self) -> str:
        """Tells two kernels of one name in one file apart."""
        return str(self._lineno)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> "KernelLocator":
        """A locator for any kernel; whether its folder can be written shows when machine code is saved."""
        return cls(py_func, py_file)


class KernelCacheImpl(CompileResultCacheImpl):
    """Numba's way to write machine code, at our place."""

    _locator_classes = (KernelLocator,)


class KernelCache(FunctionCache):
    """The machine code of one kernel on disk. A disk that is full or read-only only costs the next compilation."""

    _impl_class = KernelCacheImpl

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keeps the machine code for one signature, if the folder can be written."""
        with suppress(OSError):
            super().save_overload(sig, data)
            delete_old_kernels()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for one signature, or None."""
        try:
            return super().load_overload(sig, target_context)
        except OSError:  # a folder that may not be read
            return None


@cache
def delete_old_kernels() -> None:
    """Deletes the kernels of other sources that have not been used for `STALE` seconds; once in a process."""
    current = kernel_folder()
    os.utime(current)
    for folder in current.parent.iterdir():
        if folder != current and folder.stat().st_mtime < time.time() - STALE:
            shutil.rmtree(folder, ignore_errors=True)
