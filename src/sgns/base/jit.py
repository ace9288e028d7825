"""Numba kernels: one way to compile them, and one cache on disk (`base.kernel_cache`)."""

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.core.serialize import dumps

from sgns.base import kernel_cache
from sgns.base.files import replacing

HELPER = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


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
    if Path(file) not in kernel_cache.kernel_files():
        where = "sgns.base.kernel_cache.KERNEL_SOURCES"
        raise ValueError(f"{file} holds {function.__qualname__}, but is not one of {where}")


@cache
def load_array_functions() -> None:
    """Has Numba load what it knows of arrays, but not SciPy's linear algebra.

    Numba imports that to learn whether it is there, which takes a quarter of a second in every process. Where it is
    installed, it is taken to be there: no kernel needs it, and Numba looks again when it compiles a function that does.
    """
    from numba.np import linalg

    found = getattr(linalg, "ensure_blas", None)
    if found is None or find_spec("scipy") is None:
        return
    linalg.ensure_blas = lambda: None
    try:
        from numba.np import arraymath

        arraymath.ensure_blas = found
    finally:
        linalg.ensure_blas = found


class KernelLocator(_CacheLocator):
    """Tells Numba where the machine code of a kernel is, and which sources it was made from."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        """The folder of the machine code: one for each folder of sources."""
        parts = Path(self._py_file).parent.relative_to(kernel_cache.PACKAGE).parts
        return str(kernel_cache.kernel_folder() / ".".join(parts))

    def get_source_stamp(self) -> str:
        """The fingerprint of the sources."""
        return kernel_cache.fingerprint()

    def get_disambiguator(self) -> str:
        """The line of a kernel: it tells two kernels of one name in one file apart."""
        return str(self._lineno)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> "KernelLocator":
        """A locator for any kernel; whether its folder can be written shows when machine code is saved."""
        return cls(py_func, py_file)


class KernelCacheImpl(CompileResultCacheImpl):
    """Numba's way to write machine code, in the folder of `KernelLocator`."""

    _locator_classes = (KernelLocator,)


class KernelFiles:
    """The machine code of one kernel: a file for each signature, closure and processor.

    Numba keeps an index and numbers the files. Two processes that compile at once number theirs alike, and then one
    loads the code of the other. Here the name of a file is a hash of what the code was compiled for, the file repeats
    it, and it is written whole or not at all.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def save(self, key: Any, data: Any) -> None:
        """Keeps `data`, what Numba makes of a compiled kernel. Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(key)) as (file,):
            file.write(dumps((numba.__version__, repr(key), data)))

    def load(self, key: Any) -> Any:
        """What was kept for the key, or None. Raises `OSError`."""
        try:
            with self._path(key).open("rb") as file:
                version, kept_key, data = pickle.load(file)
        except FileNotFoundError:
            return None
        except (
            EOFError,
            pickle.UnpicklingError,
            ValueError,
            AttributeError,
            ImportError,
        ):  # cut, or of another version
            return None
        return data if (version, kept_key) == (numba.__version__, repr(key)) else None

    def flush(self) -> None:
        """Deletes the machine code of this kernel."""
        for path in self._folder.glob(f"{self._name}.*.kernel"):
            path.unlink(missing_ok=True)

    def _path(self, key: Any) -> Path:
        name = hashlib.sha256(f"{numba.__version__} {key!r}".encode()).hexdigest()[:24]
        return self._folder / f"{self._name}.{name}.kernel"


class KernelCache(FunctionCache):
    """The machine code of one kernel on disk. A disk that is full or read-only only costs the next compilation."""

    _impl_class = KernelCacheImpl

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = KernelFiles(Path(self._cache_path), self._impl.filename_base)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keeps the machine code for one signature, if the folder can be written."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            kernel_cache.not_kept().append(error)
            return
        with suppress(OSError):
            kernel_cache.mark_used()
            kernel_cache.delete_old_kernels()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for one signature, or None."""
        load_array_functions()
        try:
            found = super().load_overload(sig, target_context)
        except OSError:  # a folder that may not be read
            return None
        if found is not None:
            with suppress(OSError):
                kernel_cache.mark_used()
        return found
