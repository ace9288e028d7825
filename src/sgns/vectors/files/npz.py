"""NumPy's .npz: arrays words, E, C, counts and metadata (JSON), for `numpy.load(path)` without any of our code."""

import json
import zipfile
import zlib
from typing import IO, Any

import numpy as np

from sgns.base.files import PackedFile
from sgns.errors import FormatError
from sgns.progress.callback import WarningCallback
from sgns.vectors.files.builder import REPAIR
from sgns.vectors.files.own import line_of_words
from sgns.vectors.rows import first_rows
from sgns.vectors.vectors import Vectors

MATRICES = ("E", "vectors", "embeddings", "matrix", "W")  # ours first, then other people's names
WORDS = ("words", "vocab", "vocabulary", "tokens", "keys")


def read(source: PackedFile, file: IO[bytes], repair: bool, on_warning: WarningCallback) -> Vectors:
    """Vectors from an .npz file. Arrays of Python objects are pickles and are never read.

    Raises:
        FormatError: no such file, or a damaged one; names the array.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
            E = next((names[name] for name in MATRICES if name in names), None)
            words = next((names[name] for name in WORDS if name in names), None)
            if E is None or words is None:
                raise source.error(
                    f"a zip archive with {', '.join(sorted(archive.namelist())[:4])[:200] or 'nothing'}, but an .npz of"
                    " vectors needs the arrays words and E; unpack it, or save the arrays under these names"
                )
            matrix = array(source, archive, E, "f", 2)
            texts = array(source, archive, words, "US", 1)
            C = array(source, archive, names["C"], "f", 2) if "C" in names else None
            counts = array(source, archive, names["counts"], "iu", 1) if "counts" in names else None
            about = array(source, archive, names["metadata"], "U", 0) if "metadata" in names else None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OverflowError) as error:
        raise source.error(f"the zip archive is damaged ({error}); copy it again") from None
    if texts.dtype.kind == "S":
        try:
            texts = np.char.decode(texts, "utf-8")
        except UnicodeDecodeError:
            raise source.error("the array words is not UTF-8; save it as text") from None
    try:
        metadata: Any = json.loads(str(about)) if about is not None else {}
    except (ValueError, RecursionError):
        metadata = {}
    try:
        vectors = Vectors(texts.tolist(), matrix, C, counts, metadata if isinstance(metadata, dict) else {})
    except FormatError as error:
        raise source.error(str(error)) from None
    return sound(vectors, source, repair, on_warning)


def sound(vectors: Vectors, source: PackedFile, repair: bool, on_warning: WarningCallback) -> Vectors:
    """`vectors` with every word once and every row finite.

    Raises:
        FormatError: a row holds NaN or infinity (unless repaired).
    """
    rows = np.array(list(first_rows(vectors.words).values()), np.int64)
    if len(rows) < len(vectors):
        on_warning(f"{source.name}: {len(vectors) - len(rows):,} words stand twice; the first row of each is kept")
    finite = np.isfinite(vectors.E[rows]).all(axis=1)
    if vectors.C is not None:
        finite &= np.isfinite(vectors.C[rows]).all(axis=1)
    if not finite.all():
        bad = int(rows[np.argmin(finite)])
        if not repair:
            raise source.error(
                f"row {bad:,} holds NaN or infinity; write the file again, or leave such rows out: {REPAIR}"
            )
        on_warning(f"{source.name}: {int((~finite).sum()):,} rows left out (not finite; first: row {bad:,})")
    kept = rows[finite]
    return vectors if len(kept) == len(vectors) else vectors.rows(kept)


def array(source: PackedFile, archive: zipfile.ZipFile, name: str, kinds: str, dimensions: int) -> np.ndarray:
    """One array of the archive, after its header was held against what is there.

    Raises:
        FormatError: not such an array, or shorter than its header says.
    """
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        try:
            version = np.lib.format.read_magic(member)
            header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            shape, fortran, dtype = header(member)
        except (ValueError, KeyError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise source.error(f"{name} has no NumPy header; the file is damaged") from None
        if dtype.hasobject:
            raise source.error(
                f"{name} holds Python objects, a pickle, which is never read; save it as plain text: words.astype('U')"
            )
        if dtype.kind not in kinds or len(shape) != dimensions:
            raise source.error(f"{name} has type {dtype} and shape {shape}; it is no array of such vectors")
        wanted = dtype.itemsize
        for extent in shape:
            wanted *= int(extent)
        if wanted != size - member.tell() or wanted < 0:
            raise source.error(
                f"{name} holds {size - member.tell():,} bytes, its header promises {wanted:,}; it is torn"
            )
        data = bytearray()
        while len(data) < wanted:  # grows with what is there
            piece = member.read(min(2**24, wanted - len(data)))
            if not piece:
                raise source.error(f"{name} ends after {len(data):,} of {wanted:,} bytes; copy the file again")
            data += piece
    if dtype.itemsize == 0:
        raise source.error(f"{name} has items of no bytes; the file is damaged")
    values = np.frombuffer(data, dtype)
    return values.reshape(shape[::-1]).T if fortran else values.reshape(shape)


def write(vectors: Vectors, file: IO[bytes]) -> None:
    """Write words, E, C, counts and metadata as an .npz (not compressed: floats do not shrink).

    Raises:
        FormatError: words that NumPy's text arrays cannot hold.
    """
    words = vectors.words
    line_of_words(vectors)
    longest = max(words, key=len, default="")
    if 4 * len(longest) * len(words) > max(2**26, vectors.E.nbytes):
        raise FormatError(
            f"the word {longest[:40]!r}… has {len(longest):,} characters, and .npz pads all words to the longest;"
            " save as .safetensors"
        )
    ended = next((word for word in words if word.endswith("\0")), None)
    if ended is not None:
        raise FormatError(f"the word {ended[:40]!r} ends with a NUL, which .npz cannot keep; save as .safetensors")
    arrays: dict[str, np.ndarray] = {"words": np.array(words, dtype=f"U{max(1, len(longest))}"), "E": vectors.E}
    if vectors.C is not None:
        arrays["C"] = vectors.C
    if vectors.counts is not None:
        arrays["counts"] = vectors.counts
    arrays["metadata"] = np.array(json.dumps(vectors.metadata, ensure_ascii=False))
    np.savez(Onward(file), **arrays)  # type: ignore[arg-type]


class Onward:
    """A file that is only ever written onward, which gzip needs; zipfile then never seeks back."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write, self.flush = file.write, file.flush

    def read(self, count: int = -1) -> bytes:
        """Nothing; NumPy takes only what has a `read` for a file."""
        return b""
