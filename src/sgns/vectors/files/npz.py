"""NumPy's .npz: arrays words, E, C, counts and metadata (JSON), which `numpy.load(path)` reads without this package.

Vectors with subwords have the arrays word_rows, ngram_rows and subwords (JSON) too, vectors with documents documents
and tags.
"""

import json
import struct
import tempfile
import zipfile
import zlib
from typing import IO, Any

import numpy as np

from sgns.base.files import PackedFile
from sgns.base.subwords import Subwords
from sgns.errors import FormatError
from sgns.progress.callback import WarningCallback
from sgns.vectors.files.builder import REPAIR
from sgns.vectors.files.parts import Parts, rows_of_block
from sgns.vectors.files.selection import ALL, Selection
from sgns.vectors.subwords import SubwordTable
from sgns.vectors.word_list import first_rows

DAMAGE = (  # what zipfile raises for damaged archives
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OverflowError, UnicodeDecodeError,
    struct.error,
)  # fmt: skip
MATRICES = ("E", "vectors", "embeddings", "matrix", "W")  # our name first, then those of other programs
WORDS = ("words", "vocab", "vocabulary", "tokens", "keys")
TABLES = ("word_rows", "ngram_rows")  # arrays of vectors with subwords
READ_BLOCK = 2**24  # bytes of an array read at once


def read(file: PackedFile, repair: bool, on_warning: WarningCallback, selection: Selection = ALL) -> Parts:
    """Parts of an .npz file. Arrays of Python objects are pickles and are never read.

    Args:
        file: At its first byte.
        repair: Leave out rows with NaN or infinity instead of raising.
        on_warning: Called with each kind of repair.
        selection: Which rows are kept; of the matrices no others are held.

    Raises:
        FormatError: It is no such file, or a damaged one; the message names the array.
    """
    try:
        with zipfile.ZipFile(seekable(file)) as archive:
            members = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
            E = next((members[name] for name in MATRICES if name in members), None)
            words = next((members[name] for name in WORDS if name in members), None)
            if E is None or words is None:
                raise file.error(
                    f"a zip archive with {', '.join(sorted(archive.namelist())[:4])[:200] or 'nothing'}, but an .npz of"
                    " vectors needs the arrays words and E; unpack it, or save the arrays under these names"
                )
            texts = decoded(file, array(file, archive, words, "US", 1))
            rows = None if selection.all_rows else rows_of(selection, texts)
            matrix = array(file, archive, E, "f", 2, rows)
            C = array(file, archive, members["C"], "f", 2, rows) if "C" in members else None
            counts = array(file, archive, members["counts"], "iu", 1, rows) if "counts" in members else None
            texts = texts if rows is None else texts[rows]
            about = array(file, archive, members["metadata"], "U", 0) if "metadata" in members else None
            nodes = array(file, archive, members["nodes"], "f", 2) if "nodes" in members else None
            with_subwords = all(name in members for name in (*TABLES, "subwords"))
            with_documents = "documents" in members and "tags" in members
            tags = decoded(file, array(file, archive, members["tags"], "US", 1)) if with_documents else None
            document_rows = array(file, archive, members["documents"], "f", 2) if with_documents else None
            options = array(file, archive, members["subwords"], "U", 0) if with_subwords else None
            tables = [
                array(file, archive, members[name], "f", 2, rows if name == "word_rows" else None)
                for name in TABLES
                if with_subwords
            ]
    except DAMAGE as error:
        raise file.error(f"the zip archive is damaged ({error}); copy it again") from None
    try:
        metadata: Any = json.loads(str(about)) if about is not None else {}
    except (ValueError, RecursionError):
        metadata = {}
    try:
        subwords = None if options is None else SubwordTable.of(subwords_of(str(options)), *tables)
        metadata = metadata if isinstance(metadata, dict) else {}
        parts = Parts.of(texts.tolist(), matrix, C, counts, metadata, subwords).with_nodes(nodes)
        if tags is not None and document_rows is not None:
            parts = parts.with_documents(Parts.of(tags.tolist(), document_rows))
    except FormatError as error:
        raise file.error(str(error)) from None
    return repaired(parts, file, repair, on_warning)


def subwords_of(text: str) -> Subwords:
    """The options that the array `subwords` holds as JSON. Raises `FormatError`."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = {}
    return Subwords.from_dict(values if isinstance(values, dict) else {})


def decoded(file: PackedFile, texts: np.ndarray) -> np.ndarray:
    """The array of words as text. Raises `FormatError`."""
    if texts.dtype.kind != "S":
        return texts
    try:
        return np.char.decode(texts, "utf-8")
    except UnicodeDecodeError:
        raise file.error("the array words is not UTF-8; save it as text") from None


def rows_of(selection: Selection, texts: np.ndarray) -> np.ndarray:
    """The rows (n,) int64 that are kept, in rising order."""
    rows = selection.rows(texts.tolist()) if selection.words is not None else np.arange(selection.first(len(texts)))
    return np.asarray(rows, np.int64)


def repaired(parts: Parts, file: PackedFile, repair: bool, on_warning: WarningCallback) -> Parts:
    """`parts` with every word once and every row finite.

    Raises:
        FormatError: A row holds NaN or infinity, and `repair` is not set.
    """
    rows = np.array(list(first_rows(parts.words.decoded).values()), np.int64)
    if len(rows) < len(parts):
        on_warning(f"{file.name}: {len(parts) - len(rows):,} words stand twice; the first row of each is kept")
    finite = np.isfinite(parts.E[rows]).all(axis=1)
    if parts.C is not None:
        finite &= np.isfinite(parts.C[rows]).all(axis=1)
    if not finite.all():
        bad = int(rows[np.argmin(finite)])
        if not repair:
            raise file.error(
                f"row {bad:,} holds NaN or infinity; write the file again, or leave such rows out: {REPAIR}"
            )
        on_warning(f"{file.name}: {int((~finite).sum()):,} rows left out (not finite; first: row {bad:,})")
    kept = rows[finite]
    return parts if len(kept) == len(parts) else parts.take(kept)


def seekable(file: PackedFile) -> IO[bytes]:
    """The plain file itself; or, for one that is packed or a pipe, its content in a temporary file."""
    if file.plain_size is not None:
        file.raw.seek(0)
        return file.raw
    temporary = tempfile.TemporaryFile()  # noqa: SIM115  closed when the archive is no longer used
    for block in file.blocks():
        temporary.write(block)
    temporary.seek(0)
    return temporary


def array(
    file: PackedFile,
    archive: zipfile.ZipFile,
    name: str,
    kinds: str,
    dimensions: int,
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """One array of the archive, after its header was compared with the bytes that are there.

    Args:
        file: For messages.
        archive: The archive.
        name: Of the member.
        kinds: The kinds of dtype that it may have, as in `numpy.dtype.kind`.
        dimensions: The number of its axes.
        rows: (n,) int64, the rows that are kept, in rising order; None keeps all.

    Raises:
        FormatError: It is another kind of array, or shorter than its header states.
    """
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        try:
            version = np.lib.format.read_magic(member)
            header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            shape, fortran, dtype = header(member)
        except (ValueError, KeyError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise file.error(f"{name} has no NumPy header; the file is damaged") from None
        if dtype.hasobject:
            raise file.error(
                f"{name} holds Python objects, a pickle, which is never read; save it as plain text: words.astype('U')"
            )
        if dtype.kind not in kinds or len(shape) != dimensions:
            raise file.error(f"{name} has type {dtype} and shape {shape}; it is no array of such vectors")
        expected = dtype.itemsize
        for extent in shape:
            expected *= int(extent)
        if expected != size - member.tell() or expected < 0:
            raise file.error(
                f"{name} holds {size - member.tell():,} bytes, its header promises {expected:,}; it is torn"
            )
        if dtype.itemsize == 0:
            raise file.error(f"{name} has items of no bytes; the file is damaged")
        picked = (
            rows if rows is not None and expected and not fortran and rows[-1:].max(initial=-1) < shape[0] else None
        )
        row = expected // shape[0] if picked is not None else 1
        stop = expected if picked is None else row * (int(picked[-1]) + 1 if len(picked) else 0)
        data, at = bytearray(), 0
        while at < stop:  # grows with what is kept
            block = member.read(min(max(1, READ_BLOCK // row) * row, stop - at))
            if not block or len(block) % row:
                raise file.error(f"{name} ends after {at + len(block):,} of {expected:,} bytes; copy the file again")
            data += block if picked is None else rows_of_block(block, row, picked, at // row)
            at += len(block)
    values = np.frombuffer(data, dtype)
    if picked is not None:
        return values.reshape(len(picked), *shape[1:])
    values = values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
    return values if rows is None else values[rows[rows < len(values)]]


def write(parts: Parts, file: IO[bytes]) -> None:
    """Writes all parts as an .npz (not compressed: floats do not shrink).

    Raises:
        FormatError: NumPy's text arrays cannot hold the words.
    """
    arrays: dict[str, np.ndarray] = {"words": text_array(parts, "word"), "E": parts.E}
    if parts.C is not None:
        arrays["C"] = parts.C
    if parts.counts is not None:
        arrays["counts"] = parts.counts
    if parts.subwords is not None:
        arrays |= {"word_rows": parts.subwords.word_rows, "ngram_rows": parts.subwords.ngram_rows}
        arrays["subwords"] = np.array(json.dumps(parts.subwords.options.to_dict(), ensure_ascii=False))
    if parts.nodes is not None:
        arrays["nodes"] = parts.nodes
    if parts.documents is not None:
        arrays |= {"documents": parts.documents.E, "tags": text_array(parts.documents, "tag")}
    arrays["metadata"] = np.array(json.dumps(parts.metadata, ensure_ascii=False))
    np.savez(ForwardOnly(file), **arrays)  # type: ignore[arg-type]


def text_array(parts: Parts, what: str) -> np.ndarray:
    """The words of `parts` as an array of text; `what` they are called in messages. Raises `FormatError`."""
    words = parts.words.decoded
    parts.words.to_lines()  # raises for words that no format can hold
    longest = max(words, key=len, default="")
    if 4 * len(longest) * len(words) > max(2**26, parts.E.nbytes):
        raise FormatError(
            f"the {what} {longest[:40]!r}… has {len(longest):,} characters, and .npz pads all {what}s to the longest;"
            " save as .safetensors"
        )
    ended = next((word for word in words if word.endswith("\0")), None)
    if ended is not None:
        raise FormatError(f"the {what} {ended[:40]!r} ends with a NUL, which .npz cannot keep; save as .safetensors")
    return np.array(words, dtype=f"U{max(1, len(longest))}")


class ForwardOnly:
    """A file without `seek`, as a gzip stream needs it: zipfile then writes from the beginning to the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write, self.flush = file.write, file.flush

    def read(self, count: int = -1) -> bytes:
        """Returns nothing; NumPy takes an object for a file only if it has `read`."""
        return b""
