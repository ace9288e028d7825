"""Where text comes from: files (plain, gz, bz2, xz, zst), folders, FIFOs, standard input.

A file's first bytes say how it is compressed, not its name, so `cat text.gz | sgns train -` works. Nothing is ever
unpacked to disk; a zip or tar archive is refused with the remedy.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from sgns.errors import InputError
from sgns.text.spelling import nearest

Inputs = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

# (what it is, the name it should bear, its first bytes)
PACKED = [
    ("gzip", ".gz", re.compile(rb"\x1f\x8b\x08")),
    ("bzip2", ".bz2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")),
    ("xz", ".xz", re.compile(rb"\xfd7zXZ\x00")),
    ("zstd", ".zst", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
]
REFUSED = {
    b"PK\x03\x04": "a zip archive (or docx, epub, xlsx): unpack it, and give the text in it",
    b"%PDF-": "a PDF: extract its text first, for example with pdftotext",
    b"\xff\xfe": "UTF-16 text: convert it first, with iconv -f UTF-16 -t UTF-8",
    b"\xfe\xff": "UTF-16 text: convert it first, with iconv -f UTF-16 -t UTF-8",
    b"Rar!\x1a\x07": "a rar archive: unpack it, and give the text in it",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it, and give the text in it",
    b"\x89PNG": "a picture: give text",
    b"\xff\xd8\xff": "a picture: give text",
    b"\x7fELF": "a program: give text",
}
HEAD = 4096  # bytes looked at before reading


@dataclass(frozen=True)
class Source:
    """One stream of bytes that will be read once, from its beginning to its end."""

    name: str
    """As the user wrote it, for messages."""
    path: Path | None = None
    """None for standard input."""
    stamp: tuple[int, int, int, int] | None = None
    """(device, inode, size, mtime in ns) of a regular file; None for a stream that can be read only once."""
    found: bool = False
    """Found in a folder, not named by the user: then a binary file is left out instead of read."""
    span: tuple[int, int] | None = None
    """First byte and one past the last, where only this part of a plain file is read (see `shares`)."""

    @property
    def size(self) -> int | None:
        """Bytes on disk that are read, None for a stream."""
        if self.span is not None:
            return self.span[1] - self.span[0]
        return None if self.stamp is None else self.stamp[2]

    def now(self) -> tuple[int, int, int, int] | None:
        """The stamp that the file has now; None when it is gone."""
        try:
            return None if self.path is None else stamp(self.path.stat())
        except OSError:
            return None


def find(inputs: Inputs) -> list[Source]:
    """All streams that `inputs` name, in the order given; a folder's files follow in the order of their paths.

    Args:
        inputs: one path or several. A folder stands for all files in it and below, hidden ones (`.name`) left out,
            links followed. `-` is standard input.

    Raises:
        InputError: no such file, a folder without files, not readable, nothing given.
    """
    if isinstance(inputs, str | os.PathLike):
        inputs = [inputs]
    sources: list[Source] = []
    for given in inputs:
        name = os.fspath(given)
        if not isinstance(name, str) or not name or "\x00" in name:
            raise InputError(f"{given!r} is no path; give files, folders or - for standard input")
        sources.extend([Source("standard input")] if name == "-" else look_at(name))
    if not sources:
        raise InputError("no text was given; name files, folders or - for standard input")
    if sum(source.path is None for source in sources) > 1:
        raise InputError("standard input (-) was given twice, but can be read only once; give it once")
    return sources


def look_at(name: str) -> list[Source]:
    """The streams behind one path."""
    path = Path(name)
    try:
        what = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(missing(path)) from None
    except OSError as error:  # a loop of links, a name too long, no permission for the folder
        raise InputError(f"{name} cannot be read ({error.strerror}); check the path and its permissions") from None
    if stat.S_ISDIR(what.st_mode):
        files = list(walk(path, set()))
        if not files:
            raise InputError(f"{name} is a folder without files (hidden ones are not read); give one that holds text")
        return [Source(str(file), file, stamp(file.stat()), found=True) for file in files]
    if not os.access(path, os.R_OK):
        raise InputError(f"{name} may not be read by this user; change its permissions")
    return [Source(name, path, stamp(what) if stat.S_ISREG(what.st_mode) else None)]


def stamp(what: os.stat_result) -> tuple[int, int, int, int]:
    """What tells one state of a file from another without reading it."""
    return what.st_dev, what.st_ino, what.st_size, what.st_mtime_ns


def walk(folder: Path, above: set[tuple[int, int]]) -> Iterator[Path]:
    """Regular files in `folder` and below, sorted; links are followed, except back into a folder above."""
    here = folder.stat()
    if (here.st_dev, here.st_ino) in above:
        return
    above = above | {(here.st_dev, here.st_ino)}
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"{folder} cannot be read ({error.strerror}); change its permissions or leave it out"
        ) from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from walk(entry, above)
        elif entry.is_file():
            yield entry


def missing(path: Path) -> str:
    """The message for a path that is not there, with the names in its folder that are near."""
    folder = path.parent
    if not folder.is_dir():
        return f"{path} does not exist, nor does its folder {folder}; check the path"
    names = {entry.name for entry in folder.iterdir()}
    near = nearest(path.name, names) or sorted(name for name in names if Path(name).stem == path.stem)[:3]
    near = near or sorted(name for name in names if name.startswith(path.stem) and path.stem)[:3]
    hint = f"did you mean {' or '.join(near)}?" if near else "check the name"
    return f"{path} does not exist; {hint}"


class Stream:
    """The bytes of one source, decompressed. Reading maps every fault of the data to an `InputError`.

    Attributes:
        consumed: bytes read from disk so far, for progress.
        binary: a file found in a folder that is no text; it reads as empty.
    """

    def __init__(self, source: Source):
        """Open `source`. Waits for the writer when it is a FIFO.

        Raises:
            InputError: not readable, an archive, not text.
        """
        self.source = source
        self.consumed = 0
        self.binary = False
        self.packed = ""
        try:
            if source.path is None:
                raw = cast(Any, sys.stdin.buffer).raw
            else:
                raw = open(source.path, "rb", buffering=0)  # noqa: SIM115
            if source.span is not None:
                raw.seek(source.span[0])
            self._raw = cast(io.RawIOBase, raw)
            self._file = cast(BinaryIO, io.BufferedReader(cast(Any, self._raw), HEAD * 16))
        except (OSError, AttributeError, ValueError) as error:
            raise InputError(f"{source.name} cannot be opened ({reason(error)}); check that it is there") from None
        try:
            self._unpack()
        except BaseException:
            self.close()
            raise

    def _unpack(self) -> None:
        name, suffix = self.source.name, self.source.path.suffix.lower() if self.source.path else ""
        head = self._guard(lambda: cast(Any, self._file).peek(HEAD))[:HEAD]
        self.packed = next((kind for kind, _, magic in PACKED if magic.match(head)), "")
        if not self.packed:
            expected = next((kind for kind, ending, _ in PACKED if ending == suffix), None)
            if expected and head:
                raise InputError(f"{name} is no {expected} file, in spite of its name; rename it or compress it again")
        else:
            self._file = self._guard(lambda: decompressor(self.packed, self._file))
            head = self._guard(lambda: cast(Any, self._file).peek(HEAD))[:HEAD]
        refused = next((REFUSED[magic] for magic in REFUSED if head.startswith(magic)), None)
        if head[257:262] == b"ustar":
            refused = "a tar archive: unpack it, and give the folder"
        if head[3:10] == b'\0\0\0\0\0{"':
            refused = "a .safetensors file, as training writes: give the text to train on"
        self.binary = self.source.found and (refused is not None or b"\0" in head)
        if refused and not self.binary:
            raise InputError(f"{name} is {refused}")

    def readinto(self, view: memoryview) -> int:
        """Fill `view` as far as there are bytes left.

        Returns:
            The number of bytes; less than the length of `view` only at the end.

        Raises:
            InputError: the archive is damaged or ends early, or the disk fails.
        """
        done = 0
        while not self.binary and done < len(view):
            rest = view[done:]
            if self.source.span is not None:
                rest = rest[: self.source.span[1] - self.source.span[0] - self.consumed]
            now = self._guard(lambda: cast(Any, self._file).readinto(rest))  # noqa: B023
            if not now:
                break
            done += now
            if not self.packed:
                self.consumed += now
        if self.packed and self.source.stamp is not None:
            self.consumed = self._raw.tell()
        return done

    def _guard(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
            raise self._damaged(error) from None
        except OSError as error:
            if self.packed and error.errno is None:  # bz2 says OSError("Invalid data stream")
                raise self._damaged(error) from None
            raise InputError(
                f"{self.source.name} cannot be read ({reason(error)}); check the disk and permissions"
            ) from None
        except Exception as error:
            if type(error).__name__ != "ZstdError":  # zstandard is imported only when it is needed
                raise
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> InputError:
        return InputError(
            f"{self.source.name} is a damaged {self.packed} file ({reason(error)}); fetch or compress it again"
        )

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.source.path is not None:
            self._raw.close()


def decompressor(kind: str, file: BinaryIO) -> BinaryIO:
    """A reader of what `file` holds in compressed form."""
    if kind == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="rb"))
    if kind == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(file))
    if kind == "xz":
        return cast(BinaryIO, lzma.LZMAFile(file))
    return cast(BinaryIO, io.BufferedReader(ZstdReader(file), HEAD * 16))


class ZstdReader(io.RawIOBase):
    """Zstandard frames, one after another. The library's own stream reader takes a torn file for a short one."""

    def __init__(self, file: BinaryIO):
        import zstandard  # only for .zst

        self._file = file
        self._library = zstandard.ZstdDecompressor(max_window_size=2**31)
        self._frame: Any = None
        self._input = b""
        self._output = memoryview(b"")

    def readable(self) -> bool:
        """Yes: BufferedReader asks."""
        return True

    def readinto(self, view: Any) -> int:
        """Fill some of `view`; EOFError where a frame ends early."""
        while not self._output:
            # Little at a time: 4 KB of a malicious frame can already stand for 128 MB.
            self._input = self._input or self._file.read(HEAD)
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


def reason(error: BaseException) -> str:
    """What went wrong, in the system's own words, without full stop."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(words).split()).rstrip(".")
