"""Numba kernels: one way to compile them, one cache on disk, one fingerprint of all kernel sources.

Numba's own cache looks at the file of a kernel alone, so a changed callee in another file leaves old machine code in
use. Here every kernel is cached under a fingerprint of all files that may hold kernel code (`KERNEL_SOURCES`): a change
in any of them compiles all kernels anew.

The cache is `sgns/` in `$NUMBA_CACHE_DIR` where that is set, else `kernels/` in the cache folder (`base.folders`).
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

from sgns.base.folders import cache_folder

PACKAGE = Path(__file__).parent.parent
KERNEL_SOURCES = (
    "base/jit.py",
    "text/kernels",
    "training/update_scaling.py",
    "training/engines/sampling.py",
    "training/engines/cpu",
    "vectors/files/decimals.py",
)
"""Files and folders that may hold kernels and what they call, relative to the package."""
HELPER = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
UNUSED_SECONDS = 30 * 86_400  # after which the kernels of another fingerprint are deleted


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compiles a function with Numba, without the interpreter lock, and keeps the machine code on disk.

    Where nothing can be written, each process compiles anew.

    Args:
        function: The kernel. Its file must be one of `KERNEL_SOURCES`.
        **options: More options of `numba.njit`, such as fastmath.

    Raises:
        ValueError: The file of the kernel is not part of the fingerprint.
    """
    check_source(function)
    compiled = njit(**{"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True} | options)(function)
    compiled._cache = KernelCache(function)
    return compiled


def helper(function: Callable[..., Any]) -> Any:
    """Compiles a function that kernels call; its machine code is part of theirs and is not kept on its own.

    Raises:
        ValueError: The file of the function is not part of the fingerprint.
    """
    check_source(function)
    return njit(**HELPER)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """As `helper`, but LLVM puts its code into that of its callers.

    For a few lines inside hot loops, where a call that passes arrays would cost more than they do.
    """
    check_source(function)
    return njit(**HELPER, forceinline=True)(function)


def check_source(function: Callable[..., Any]) -> None:
    """Refuses a function whose file is not part of the fingerprint: a change in it would go unnoticed.

    Raises:
        ValueError: It names the file.
    """
    file = function.__code__.co_filename
    if Path(file) not in kernel_files():
        raise ValueError(f"{file} holds {function.__qualname__}, but is not one of sgns.base.jit.KERNEL_SOURCES")


@cache
def kernel_files() -> list[Path]:
    """All files of `KERNEL_SOURCES`, sorted."""
    paths = [PACKAGE / source for source in KERNEL_SOURCES]
    return sorted(file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path]))


@cache
def fingerprint() -> str:
    """A hash of the names and contents of all kernel sources, 16 hexadecimal digits."""
    content = blake2b(digest_size=8)
    for file in kernel_files():
        text = file.read_bytes()
        content.update(f"{file.relative_to(PACKAGE).as_posix()} {len(text)}\n".encode() + text)
    return content.hexdigest()


def kernel_folder() -> Path:
    """The folder with the compiled kernels of these sources."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(chosen) / "sgns" if chosen else cache_folder() / "kernels") / fingerprint()


class KernelLocator(_CacheLocator):
    """Gives Numba the folder of the machine code of a kernel, and the fingerprint of its sources."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        """The folder of index and machine code: one for each folder of sources."""
        return str(kernel_folder() / ".".join(Path(self._py_file).parent.relative_to(PACKAGE).parts))

    def get_source_stamp(self) -> str:
        """The fingerprint that an index must have been written for."""
        return fingerprint()

    def get_disambiguator(self) -> str:
        """The line of a kernel, by which two kernels of one name in one file differ."""
        return str(self._lineno)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> "KernelLocator":
        """A locator for any kernel; whether its folder can be written shows when machine code is saved."""
        return cls(py_func, py_file)


class KernelCacheImpl(CompileResultCacheImpl):
    """Numba's way to write machine code, in the folder of `KernelLocator`."""

    _locator_classes = (KernelLocator,)


class KernelCache(FunctionCache):
    """The machine code of one kernel on disk. A disk that is full or read-only only costs the next compilation."""

    _impl_class = KernelCacheImpl

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keeps the machine code for one signature, if the folder can be written."""
        with suppress(OSError):
            super().save_overload(sig, data)
            mark_used()
            delete_old_kernels()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for one signature, or None."""
        try:
            found = super().load_overload(sig, target_context)
        except OSError:  # a folder that may not be read
            return None
        except (EOFError, UnpicklingError):  # an index that a crash of the machine has cut
            with suppress(OSError):
                self.flush()
            return None
        if found is not None:
            with suppress(OSError):
                mark_used()
        return found


@cache
def mark_used() -> None:
    """Sets the time of the folder of these kernels to now; once in a process."""
    os.utime(kernel_folder())


@cache
def delete_old_kernels() -> None:
    """Deletes the kernels of other sources that have not been used for `UNUSED_SECONDS`; once in a process."""
    current = kernel_folder()
    for folder in current.parent.iterdir():
        if folder != current and folder.stat().st_mtime < time.time() - UNUSED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
