"""Files as streams of bytes: opened plain or packed, from a disk or a pipe, and written whole or not at all.

The first bytes of a file say how it is compressed, not its name.
"""

import bz2
import errno
import gzip
import io
import lzma
import os
import re
import secrets
import stat
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from sgns.errors import FormatError, InputError, OutputError, SgnsError
from sgns.progress.callback import ProgressCallback

HEAD = 2**16  # bytes of content that `PackedFile.head` holds
READ_BLOCK = 2**23  # bytes that `PackedFile.blocks` reads at once
LONGEST_MAGIC = 10  # bytes that `packed_kind` needs
MORE_FILES = {  # what helps where the file itself is as it should be
    errno.EMFILE: "allow more open files: ulimit -n 4096",
    errno.ENFILE: "close other programs: the machine has as many open files as it may",
}

PACKED = (  # (name of the compression, suffix of its files, pattern of their first bytes)
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
    """A stream of the content of `file`, which is compressed by `kind`, a name that `packed_kind` returned."""
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
    """The message of the system or the library for `error`, on one line and without a full stop."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(words).split()).rstrip(".")


def remedy_for(error: BaseException, otherwise: str) -> str:
    """What helps against `error`: more open files where there are too few, else `otherwise`."""
    return MORE_FILES.get(getattr(error, "errno", None) or 0, otherwise)


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


class PackedFile:
    """A file that is read from its beginning to its end, decompressed where it is packed.

    A byte order mark before a text is not part of its content.

    Args:
        raw: The open file, at its first byte.
        name: Its name in messages.
        progress: Called with the number of bytes read from the disk, compressed ones if the file is packed.
        on_damage: Called with a message when compressed data are damaged; the file then ends there. None raises.

    Attributes:
        kind: The compression, as `packed_kind` names it; "" for none.
        size: Bytes on the disk; None for a pipe.
        head: The first bytes of the content, at most `HEAD`. `read` returns them too.
        damaged: Compressed data were damaged, and what was unpacked before is all that there is.
    """

    damaged = False
    _on_damage: Callable[[str], None] | None = None

    def __init__(
        self,
        raw: IO[bytes],
        name: str,
        progress: ProgressCallback | None = None,
        on_damage: Callable[[str], None] | None = None,
    ) -> None:
        self.raw, self.name, self.progress, self._on_damage = raw, name, progress, on_damage
        status = os.fstat(raw.fileno())
        self.size: int | None = status.st_size if stat.S_ISREG(status.st_mode) else None
        magic = read_all(raw, LONGEST_MAGIC)
        self.kind = packed_kind(magic)
        if self.size is not None:
            raw.seek(0)
        content: Any = raw if self.size is not None else Joined(magic, raw)
        self._file: IO[bytes] = decompress(self.kind, content) if self.kind else content
        self.head = self._read(HEAD)
        if self.head.startswith(BOM_UTF8) and self.head[8:9] != b"{":  # with { it is the length in a safetensors file
            self.head = self.head[len(BOM_UTF8) :]
        self._unread = self.head

    @property
    def plain_size(self) -> int | None:
        """Bytes of content when the file can be mapped: None for a packed file and for a pipe."""
        return None if self.kind else self.size

    def read(self, count: int) -> bytes:
        """Returns the next `count` bytes, and fewer only at the end.

        Raises:
            FormatError: The compressed data are damaged or end early.
        """
        if len(self._unread) >= count:
            data, self._unread = self._unread[:count], self._unread[count:]
            return data
        data, self._unread = self._unread + self._read(count - len(self._unread)), b""
        if self.progress is not None:
            position = self.raw.tell() if self.size is not None else 0
            self.progress("load", position, self.size, "bytes")
        return data

    def readinto(self, view: memoryview) -> int:
        """Fills `view` with the next bytes; returns their number, which is smaller only at the end. Raises as `read`.

        Nothing is copied on the way from a plain file.
        """
        if self._unread or self.kind or self.size is None:
            data = self.read(len(view))
            view[: len(data)] = data
            return len(data)
        count = cast(io.BufferedReader, self._file).readinto(view)
        if self.progress is not None:
            self.progress("load", self.raw.tell(), self.size, "bytes")
        return count

    def blocks(self) -> Iterator[bytes]:
        """Yields what is left, in blocks of `READ_BLOCK` bytes."""
        while data := self.read(READ_BLOCK):
            yield data

    def lines(self, longest: int) -> Iterator[bytes]:
        """Yields what is left line by line, with line breaks; a line of more than `longest` bytes may come in parts."""
        rest = b""
        for block in self.blocks():
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield line + b"\n"
            if len(rest) > longest:
                yield rest
                rest = b""
        if rest:
            yield rest

    def error(self, message: str) -> FormatError:
        """A FormatError that names this file."""
        return FormatError(f"{self.name}: {message}")

    def _read(self, count: int) -> bytes:
        if self._on_damage is not None and self.kind:
            return self._read_undamaged(count, self._on_damage)
        try:
            return read_all(self._file, count)
        except Exception as error:
            if self.kind and is_damage(error):
                raise self.error(f"the {self.kind} file is torn ({reason(error)}); copy it again") from None
            raise

    def _read_undamaged(self, count: int, on_damage: Callable[[str], None]) -> bytes:
        """The next `count` bytes, and fewer at the end or where the compressed data are damaged."""
        parts: list[bytes] = []
        missing = 0 if self.damaged else count
        while missing > 0:
            try:
                data = cast(Any, self._file).read1(missing)  # one step: an error costs nothing that was unpacked before
            except Exception as error:
                if not is_damage(error):
                    raise
                self.damaged = True
                on_damage(f"{self.name}: the {self.kind} file is torn ({reason(error)}); what was unpacked is kept")
                break
            if not data:
                break
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)


class Joined:
    """Bytes that were taken from a pipe, and after them the rest of the pipe, as one file.

    Args:
        head: The bytes that were taken.
        rest: The pipe.
    """

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self.head, self.rest = head, rest

    def read(self, count: int = -1) -> bytes:
        """Returns the next `count` bytes, all if it is negative."""
        if 0 <= count <= len(self.head):
            data, self.head = self.head[:count], self.head[count:]
            return data
        data, self.head = self.head, b""
        return data + self.rest.read(count - len(data) if count >= 0 else -1)


class BytesReader(io.RawIOBase):
    """Strings of bytes, one after the other, as a file that is read.

    Args:
        parts: The strings; what they raise, reading raises.
    """

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """True: BufferedReader asks."""
        return True

    def readinto(self, view: Any) -> int:
        """Fills some of `view`; returns the number of bytes, 0 at the end."""
        if not self._left:
            parts, size = [], 0
            for part in self._parts:
                parts.append(part)
                size += len(part)
                if size >= len(view):
                    break
            self._left = memoryview(b"".join(parts))
        size = min(len(view), len(self._left))
        view[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def read_all(file: IO[bytes], count: int) -> bytes:
    """Reads `count` bytes, and fewer only at the end: one `read` of a pipe or a packed file may return fewer."""
    data = file.read(count)
    if len(data) == count or not data:
        return data
    parts, missing = [data], count - len(data)
    while missing > 0 and (data := file.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


@contextmanager
def opened(
    path: str | PathLike[str],
    progress: ProgressCallback | None = None,
    on_damage: Callable[[str], None] | None = None,
) -> Iterator[PackedFile]:
    """Opens `path` as a `PackedFile`, whose arguments these are, and closes it at the end.

    Raises:
        InputError: It cannot be read.
        FormatError: The compressed data are damaged at their beginning.
    """
    try:
        with open(path, "rb") as raw:
            yield PackedFile(raw, str(path), progress, on_damage)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; name a file in it") from None
    except OSError as error:
        if isinstance(error, SgnsError):
            raise
        remedy = remedy_for(error, "check the path and its rights")
        raise InputError(f"{path} cannot be read: {error.strerror or error}; {remedy}") from None


def not_utf8(name: str | PathLike[str], where: str, head: bytes) -> FormatError:
    """The error for a text that is not UTF-8; `where` is a line or byte, `head` the first bytes of the text."""
    encoding = "utf-16" if head[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) or b"\0" in head[:100] else "latin1"
    return FormatError(f"{name}: {where} is not UTF-8; convert it: iconv -f {encoding} -t utf-8 {name} > NEW")


@contextmanager
def replacing(*paths: str | PathLike[str]) -> Iterator[list[IO[bytes]]]:
    """Opens files that replace `paths` together at the end of the block, or not at all if an exception ends it.

    Each is written under a temporary name in the folder of its path, flushed to the disk and renamed. A path that ends
    in .gz is compressed. A link stays a link, and the file that it names is replaced; a pipe or a device is written to
    directly.

    Raises:
        OutputError: A path cannot be written to, or the disk is full.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    temporaries: list[tuple[Path, Path]] = []
    files: list[IO[bytes]] = []
    raws: list[IO[bytes]] = []
    target = targets[0]
    try:
        try:
            for target in targets:
                if target.is_dir():
                    raise OutputError(f"{target} is a folder; name a file in it")
                if target.exists() and not target.is_file():
                    raws.append(open(target, "wb"))  # noqa: SIM115
                else:
                    temporary = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.tmp")
                    raws.append(open(temporary, "xb"))  # noqa: SIM115  closed below
                    temporaries.append((temporary, target))
                files.append(compress(raws[-1]) if target.suffix == ".gz" else raws[-1])
            yield files
            for file, raw in zip(files, raws):
                if file is not raw:
                    file.close()
                raw.flush()
                if raw.fileno() >= 0 and stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
                    os.fsync(raw.fileno())
                raw.close()
            for temporary, target in temporaries:
                temporary.replace(target)
        finally:
            for raw in raws:
                with suppress(OSError):
                    raw.close()
            for temporary, _ in temporaries:
                temporary.unlink(missing_ok=True)
    except (BrokenPipeError, SgnsError):
        raise
    except OSError as error:
        check_writable(target)  # knows more of the reason, unless the disk is full
        remedy = remedy_for(error, "choose another place")
        raise OutputError(f"{target} cannot be written: {error.strerror or error}; {remedy}") from None


def compress(file: IO[bytes]) -> IO[bytes]:
    """A gzip stream onto `file`, without name and time, so that equal content gives equal bytes."""
    stream = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0)
    return cast(IO[bytes], stream)


def check_writable(path: str | PathLike[str]) -> None:
    """Finds out, before long work, whether a file can be written at `path`, by making and removing one beside it.

    Permissions alone do not show it: a disk may be mounted read-only, or the user be root.

    Raises:
        OutputError: It cannot; the message names the folder that is missing or cannot be written to.
    """
    path = Path(path)
    folder = path.resolve().parent
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it")
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
        remedy = remedy_for(error, "choose another folder")
        raise OutputError(f"{path} cannot be written: {error.strerror}; {remedy}") from None


def check_not_input(output: str | PathLike[str] | None, inputs: Iterable[str | PathLike[str] | None]) -> None:
    """Finds out, before long work, whether a file that is to be written is one of those that are read.

    Links, hard links and other spellings of a path name the same file. A pipe or a device may be both.

    Args:
        output: The file; None, where nothing is written, is never refused.
        inputs: Files that are read; None, where an optional one was not given, is left out.

    Raises:
        OutputError: It is one of them, and would be replaced; the message names both.
    """
    for given in inputs:
        if output is not None and given is not None and is_same_file(output, given):
            as_given = "" if str(given) == str(output) else f" as {given}"
            raise OutputError(f"{output} is read{as_given}, and would be replaced; write to another file")


def is_same_file(one: str | PathLike[str], other: str | PathLike[str]) -> bool:
    """Whether two paths name the same regular file, by links or not."""
    try:
        return Path(one).is_file() and Path(one).samefile(other)
    except (OSError, ValueError):  # the other one is not there
        return False


def check_output(path: str | PathLike[str], endings: tuple[str, ...]) -> Path:
    """Finds out, before long work, whether `path` has one of `endings` and can be written to; returns it as a Path.

    Raises:
        OutputError: it has another ending, or `check_writable` fails.
    """
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise OutputError(f"{path}: cannot write {path.suffix or 'a file without an ending'}; use {', '.join(endings)}")
    check_writable(path)
    return path


def write_bytes(path: Path, data: bytes) -> None:
    """Replaces the content of `path` with `data`, whole or not at all. Raises `OutputError`."""
    with replacing(path) as (file,):
        file.write(data)


def write_text(path: Path, parts: Iterable[str]) -> None:
    """Replaces the content of `path` with the parts of a text, in UTF-8, whole or not at all. Raises `OutputError`."""
    with replacing(path) as (file,):
        file.writelines(part.encode("utf-8") for part in parts)
