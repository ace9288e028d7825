"""Where compiled kernels are kept: one folder for each state of the kernel sources. Nothing here imports Numba.

Numba's own cache looks at the file of a kernel alone, so a changed callee in another file leaves old machine code in
use. Here kernels are kept under a fingerprint of all files that may hold kernel code (`KERNEL_SOURCES`): a change in
any of them compiles all kernels anew.

The cache is `sgns/` in `$NUMBA_CACHE_DIR` where that is set, else `kernels/` in the cache folder (`base.folders`).
"""

import gc
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from sgns.base.folders import cache_folder

PACKAGE = Path(__file__).parent.parent
KERNEL_SOURCES = (
    "base/instructions.py",
    "base/jit.py",
    "base/kernel_cache.py",
    "text/kernels",
    "training/update_scaling.py",
    "training/engines/sampling.py",
    "training/engines/cpu",
    "vectors/files/decimals.py",
)
"""Files and folders that may hold kernels and what they call, relative to the package."""
UNUSED_SECONDS = 30 * 86_400  # after which the kernels of another fingerprint are deleted


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


@cache
def target() -> str:
    """A hash of what machine code depends on beside the sources: Python, Numba, LLVM, the processor; 16 digits.

    A folder may be shared by machines, and an image of a container may be made on another machine than the one that
    runs it. A hash that changes too often costs little: the kernels are found by Numba, and noted again.
    """
    chosen = [os.environ.get(name) for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")]
    compiled_for = chosen if all(chosen) else [*chosen, processor()]
    versions = platform.python_version(), version("numba"), version("llvmlite")
    return blake2b(repr((versions, platform.machine(), compiled_for)).encode(), digest_size=8).hexdigest()


def processor() -> str:
    """What identifies the processor: on Linux its model and vector extensions."""
    named = ("model name", "cpu family", "model", "stepping", "flags", "Features", "CPU part", "CPU variant")
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            first = "".join(iter(file.readline, "\n")) if platform.system() == "Linux" else ""
    except OSError:
        return platform.processor()
    return "".join(line for line in first.splitlines() if line.partition(":")[0].strip() in named)


def is_compiled(name: str) -> bool:
    """Whether a process has noted that it compiled, or loaded, all kernels of this name for this machine."""
    return _note(name).is_file()


@cache
def not_kept() -> list[OSError]:
    """Why kernels of this process were not kept, in turn; empty if all were. Who keeps them appends to it."""
    return []


@contextmanager
def compiling() -> Iterator[None]:
    """A context in which kernels are compiled: without garbage collection.

    Compiling makes millions of objects and little garbage, and a tenth of the time goes into looking for it.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def note_compiled(name: str) -> None:
    """Notes that all kernels of this name are kept; where one was not, or nothing can be written, nothing is noted."""
    if not_kept():
        return
    with suppress(OSError):
        kernel_folder().mkdir(parents=True, exist_ok=True)
        _note(name).touch()


def variable_of_folder() -> str:
    """The environment variable that names the folder of the kernels."""
    return "NUMBA_CACHE_DIR" if os.environ.get("NUMBA_CACHE_DIR") else "SGNS_CACHE"


def can_be_kept() -> bool:
    """Whether the folder of the kernels can be written."""
    try:
        kernel_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=kernel_folder()):  # root may write anywhere, but not on a read-only disk
            return True
    except OSError:
        return False


def _note(name: str) -> Path:
    return kernel_folder() / f"{name}.{target()}.compiled"
