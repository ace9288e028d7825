"""Files as streams of bytes: plain or packed, from disk or a pipe, and written whole or not at all.

The first bytes of a file say how it is compressed, not its name.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import secrets
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from sgns.errors import FormatError, InputError, OutputError

HEAD = 2**16  # bytes looked at to tell the format
BLOCK = 2**23  # bytes read at once
GZIP = b"\x1f\x8b"

Report = Callable[[str, int, int | None, str], None]  # as `sgns.progress.Progress.update`: stage, done, total, unit
WarningCallback = Callable[[str], None]


# (name of the format, suffix of its files, pattern of their first bytes)
PACKED = (
    ("gzip", ".gz", re.compile(rb"\x1f\x8b\x08")),
    ("bzip2", ".bz2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")),
    ("xz", ".xz", re.compile(rb"\xfd7zXZ\x00")),
    ("zstd", ".zst", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
)
DAMAGE = (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile)
"""What the decompressors of the standard library raise for damaged data (bz2 raises an OSError without errno)."""


def packed_kind(head: bytes) -> str:
    """The compression that the first bytes of a file show: "gzip", "bzip2", "xz", "zstd", or "" for none."""
    return next((kind for kind, _, magic in PACKED if magic.match(head)), "")


def decompress(kind: str, file: BinaryIO) -> BinaryIO:
    """A stream of what `file` holds, compressed as `packed_kind` says."""
    if kind == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="rb"))
    if kind == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(file))
    if kind == "xz":
        return cast(BinaryIO, lzma.LZMAFile(file))
    return cast(BinaryIO, io.BufferedReader(ZstdReader(file), 1 << 16))


def is_damage(error: Exception) -> bool:
    """Whether an error that was raised while a packed file was read means that its data are damaged."""
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        return error.errno is None  # bz2 says OSError("Invalid data stream")
    # zstandard is imported only when it is needed, so its error is known by name.
    return isinstance(error, DAMAGE) or type(error).__name__ == "ZstdError"


def reason(error: BaseException) -> str:
    """What went wrong, in the system's own words, without full stop."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(words).split()).rstrip(".")


class ZstdReader(io.RawIOBase):
    """Reads Zstandard frames, one after another.

    The stream reader of the library takes a file that ends within a frame for a complete one; this one raises EOFError.
    """

    STEP = 4096  # bytes decompressed at once: 4 KB of a malicious frame can already stand for 128 MB

    def __init__(self, file: BinaryIO):
        import zstandard  # only for .zst

        self._file = file
        self._library = zstandard.ZstdDecompressor(max_window_size=2**31)
        self._frame: Any = None
        self._input = b""
        self._output = memoryview(b"")

    def readable(self) -> bool:
        """True: BufferedReader asks."""
        return True

    def readinto(self, view: Any) -> int:
        """Fills some of `view`.

        Raises:
            EOFError: the file ends within a frame.
        """
        while not self._output:
            self._input = self._input or self._file.read(self.STEP)
            if not self._input:
                if self._frame is not None:
                    raise EOFError("ends in the middle")
                return 0
            self._frame = self._frame or self._library.decompressobj()
            self._output = memoryview(self._frame.decompress(self._input))
            self._input = b""
            if self._frame.eof:
                self._input, self._frame = self._frame.unused_data, None
        size = min(len(view), len(self._output))
        view[:size] = self._output[:size]
        self._output = self._output[size:]
        return size


class Source:
    """A vector file being read: its first bytes to look at, then all of them in order.

    Args:
        raw: the open file.
        name: for messages.
        progress: called with the bytes of the file that were read.
    """

    def __init__(self, raw: IO[bytes], name: str, progress: Report | None = None) -> None:
        self.raw, self.name, self.progress = raw, name, progress
        status = os.fstat(raw.fileno())
        self.size: int | None = status.st_size if stat.S_ISREG(status.st_mode) else None  # bytes; None for a pipe
        head = read_all(raw, 2)
        self.packed = head == GZIP
        self._file: IO[bytes] | gzip.GzipFile = raw
        if self.packed:
            if self.size is not None:
                raw.seek(0)
                head = b""
            self._file = gzip.GzipFile(fileobj=raw if not head else Joined(head, raw))  # type: ignore[arg-type]
            head = b""
        self.head = head + self._read(HEAD - len(head))
        self._waiting = self.head

    @property
    def plain_size(self) -> int | None:
        """Bytes in all when the file can be mapped and its length is known: not for gzip, not for a pipe."""
        return None if self.packed else self.size

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end. Raises `FormatError` for a torn gzip file."""
        if len(self._waiting) >= count:
            data, self._waiting = self._waiting[:count], self._waiting[count:]
            return data
        data, self._waiting = self._waiting + self._read(count - len(self._waiting)), b""
        if self.progress is not None:
            at = self.raw.tell() if self.size is not None else 0
            self.progress("load", at, self.size, "bytes")
        return data

    def blocks(self) -> Iterator[bytes]:
        """All that is left, in blocks."""
        while data := self.read(BLOCK):
            yield data

    def error(self, message: str) -> FormatError:
        """A FormatError that names this file."""
        return FormatError(f"{self.name}: {message}")

    def _read(self, count: int) -> bytes:
        try:
            return read_all(self._file, count)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error(f"the gzip file is torn ({error}); copy it again") from None


class Joined:
    """Bytes already taken from a pipe, and the rest of it, as one file for gzip."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self.head, self.rest = head, rest

    def read(self, count: int = -1) -> bytes:
        """The next bytes."""
        data, self.head = self.head, b""
        return data + self.rest.read(count - len(data) if count >= 0 else -1)


def read_all(file: IO[bytes] | gzip.GzipFile, count: int) -> bytes:
    """`count` bytes; fewer only at the end (pipes and gzip hand out what they have)."""
    data = file.read(count)
    if len(data) == count or not data:
        return data
    parts, missing = [data], count - len(data)
    while missing > 0 and (data := file.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


@contextmanager
def opened(path: str | PathLike[str], progress: Report | None = None) -> Iterator[Source]:
    """A `Source` on `path`, closed at the end. Raises `InputError` when it cannot be read."""
    try:
        with open(path, "rb") as raw:
            yield Source(raw, str(path), progress)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; name the vector file in it") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check the path and its rights") from None


@contextmanager
def replacing(*paths: Path) -> Iterator[list[IO[bytes]]]:
    """Files to write that take the places of `paths` together at the end, or never: no old file is lost or half new.

    A path that ends in .gz is packed. A link is followed; a pipe or device is written to directly.

    Raises:
        OutputError: a place cannot be written to, or the disk is full.
    """
    paths = tuple(Path(os.path.realpath(path)) for path in paths)
    temporaries: list[tuple[Path, Path]] = []
    files: list[IO[bytes]] = []
    raws: list[IO[bytes]] = []
    place = paths[0]
    try:
        try:
            for place in paths:
                if place.is_dir():
                    raise OutputError(f"{place} is a folder; name a file in it")
                if place.exists() and not place.is_file():
                    raws.append(open(place, "wb"))  # noqa: SIM115
                else:
                    temporary = place.with_name(f".{place.name[:80]}.{secrets.token_hex(4)}.tmp")
                    raws.append(open(temporary, "xb"))  # noqa: SIM115  closed below
                    temporaries.append((temporary, place))
                packed = place.suffix == ".gz"
                files.append(
                    gzip.GzipFile(filename="", fileobj=raws[-1], mode="wb", compresslevel=6, mtime=0)  # type: ignore[arg-type]
                    if packed
                    else raws[-1]
                )
            yield files
            for file, raw in zip(files, raws):
                if file is not raw:
                    file.close()
                raw.flush()
                if raw.fileno() >= 0 and stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
                    os.fsync(raw.fileno())
                raw.close()
            for temporary, place in temporaries:
                temporary.replace(place)
        finally:
            for raw in raws:
                with suppress(OSError):
                    raw.close()
            for temporary, _ in temporaries:
                temporary.unlink(missing_ok=True)
    except BrokenPipeError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise OutputError(
            f"{place}: the folder {place.parent} is not there; make it: mkdir -p {place.parent}"
        ) from None
    except OSError as error:
        if isinstance(error, OutputError | InputError | FormatError):
            raise
        raise OutputError(f"{place} cannot be written: {error.strerror or error}; choose another place") from None


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


def check_output(path: str | os.PathLike[str], endings: tuple[str, ...]) -> Path:
    """Find out, before long work, whether `path` has one of `endings` and can be written to; returns it as a Path.

    Raises:
        OutputError: it has another ending, or `check_writable` fails.
    """
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise OutputError(f"{path}: cannot write {path.suffix or 'a file without an ending'}; use {', '.join(endings)}")
    check_writable(path)
    return path


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the content of `path` with `data`, whole or not at all. Raises `OutputError`."""
    with replacing(path) as (file,):
        file.write(data)


def write_text(path: Path, parts: Iterable[str]) -> None:
    """Replace the content of `path` with the parts of a text, in UTF-8, whole or not at all. Raises `OutputError`."""
    with replacing(path) as (file,):
        file.writelines(part.encode("utf-8") for part in parts)
