"""Reads and writes vector files of any format: the bytes of a file say what it is, not its name."""

import sys
import warnings
from codecs import getincrementaldecoder
from os import PathLike
from pathlib import Path
from typing import Literal, get_args

from sgns.base.files import PackedFile, opened, replacing
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files import safetensors
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.selection import ALL, Selection

ENDINGS = {
    ".safetensors": "safetensors",
    ".fasttext.bin": "fasttext-binary",
    ".bin": "word2vec-binary",
    ".txt": "word2vec",
    ".vec": "fasttext",
    ".glove": "glove",
    ".tsv": "projector",
    ".npz": "npz",
}
Format = Literal[
    "safetensors", "word2vec", "word2vec-binary", "glove", "fasttext", "fasttext-binary", "projector", "npz"
]
FORMATS: tuple[str, ...] = get_args(Format)
READABLE = (*FORMATS, "gensim")
FASTTEXT = b"\xba\x16\x4f\x2f"  # first bytes of fastText's own .bin, 793712314
PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # first bytes, by protocol


class RepairWarning(UserWarning):
    """A file was read or written with a change, such as a word that stands twice and keeps its first row."""


def read(
    path: str | PathLike[str],
    format: str | None = None,
    *,
    repair: bool = False,
    on_warning: WarningCallback | None = None,
    progress: ProgressCallback | None = None,
    selection: Selection = ALL,
) -> Parts:
    """The parts of a file of any known format. Arguments and exceptions are those of `Vectors.load`."""
    on_warning = on_warning or warn
    with opened(path, progress, on_warning if repair else None) as file:
        name = check_format(format, READABLE) if format is not None else sniff(file, Path(path))
        try:
            if name == "safetensors":
                return safetensors.read(file, selection)
            if name == "npz":
                from sgns.vectors.files import npz

                return npz.read(file, repair, on_warning, selection)
            if name == "word2vec-binary":
                from sgns.vectors.files import word2vec_binary

                return word2vec_binary.read(file, repair, on_warning, selection)
            if name == "fasttext-binary":
                from sgns.vectors.files import fasttext_binary

                return fasttext_binary.read(file, repair, on_warning, selection)
            if name == "projector":
                from sgns.vectors.files import projector

                return projector.read(file, Path(path), repair, on_warning, selection)
            if name == "gensim":
                from sgns.vectors.files import gensim_pickle

                return gensim_pickle.read(file, Path(path), repair, on_warning, selection)
            from sgns.vectors.files import word2vec_text

            return word2vec_text.read(file, repair, on_warning, header=name != "glove", selection=selection)
        except MemoryError:
            raise FormatError(f"{path}: not enough memory to read it; take a larger machine or fewer words") from None


def write(
    parts: Parts,
    path: str | PathLike[str],
    format: str | None = None,
    *,
    on_warning: WarningCallback | None = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Writes `parts` to `path`, whole or not at all. Arguments and exceptions are those of `Vectors.save`."""
    on_warning = on_warning or warn
    path = Path(path)
    name = format_to_write(path, format)
    if parts.subwords is not None and "subwords" not in held_by(name):
        on_warning(
            f"{path}: subwords are left out: format {name} keeps rows of words alone, and vectors of other words cannot"
            " be composed; .safetensors, .npz and .fasttext.bin keep subwords"
        )
    if parts.documents is not None and "documents" not in held_by(name):
        on_warning(
            f"{path}: {len(parts.documents):,} vectors of documents are left out: format {name} keeps words alone;"
            " .safetensors and .npz keep both, and v.documents.save (sgns convert --documents) writes the documents"
        )
    if name == "projector":
        from sgns.vectors.files import projector

        with replacing(path, projector.metadata_path(path)) as files:
            projector.write(parts, files, on_warning, progress)
        return
    with replacing(path) as (file,):
        if name == "safetensors":
            safetensors.write(parts, file)
        elif name == "npz":
            from sgns.vectors.files import npz

            npz.write(parts, file)
        elif name == "word2vec-binary":
            from sgns.vectors.files import word2vec_binary

            word2vec_binary.write(parts, file, on_warning, progress)
        elif name == "fasttext-binary":
            from sgns.vectors.files import fasttext_binary

            fasttext_binary.write(parts, file, on_warning, progress)
        else:
            from sgns.vectors.files import word2vec_text

            word2vec_text.write(parts, file, on_warning, progress, header=name != "glove")


def held_by(format: str) -> tuple[str, ...]:
    """Which of E, C, counts, subwords, documents and metadata a file of a format holds."""
    if format in ("safetensors", "npz"):
        return ("E", "C", "counts", "subwords", "documents", "metadata")
    if format == "fasttext-binary":
        return ("E", "C", "counts", "subwords")
    return ("E", "counts") if format == "projector" else ("E",)


def format_to_write(path: str | PathLike[str], format: str | None = None) -> str:
    """`format` if it is given, else the format of the ending of `path`.

    Raises:
        FormatError: The format is unknown, or the ending is that of none.
    """
    if format is not None:
        return check_format(format)
    name = Path(path).name.lower().removesuffix(".gz")
    ending = next((ending for ending in ENDINGS if "." in ending[1:] and name.endswith(ending)), Path(name).suffix)
    if ending not in ENDINGS:
        raise FormatError(
            f"{path}: the ending {ending or '(none)'} names no format; use {', '.join(ENDINGS)}, or name one"
        )
    return ENDINGS[ending]


def check_format(format: str, among: tuple[str, ...] = FORMATS) -> str:
    """`format` when it is one of `among`. Raises `FormatError` otherwise."""
    if format not in among:
        if format == "gensim":
            raise FormatError(
                "format gensim is read, never written, because it is a pickle; gensim reads word2vec-binary"
            )
        raise FormatError(f"format is {format!r}; choose one of {', '.join(among)}")
    return format


def sniff(file: PackedFile, path: Path) -> str:
    """The format of a file, by its first bytes.

    Args:
        file: The file; nothing of it is read.
        path: Where it is; the metadata of a projector file is looked for beside it.

    Raises:
        FormatError: The file is of no known format, or of one that is never read; the message has the remedy.
    """
    from sgns.vectors.files import word2vec_text

    head = file.head
    if not head:
        raise file.error("the file is empty")
    if head[:2] in PICKLE:
        return "gensim"
    if head[:4] == b"PK\x03\x04" or head[:4] == b"PK\x05\x06":
        return "npz"
    if head[:6] == b"\x93NUMPY":
        raise file.error("a NumPy matrix without words; save both: numpy.savez('vectors.npz', words=words, E=matrix)")
    if head[:4] == FASTTEXT:
        return "fasttext-binary"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= safetensors.LARGEST_HEADER:
        return "safetensors"
    header = word2vec_text.header_of(head)
    if header is not None:
        V, d, length = header
        line = head[length:].split(b"\n", 1)[0].rstrip()
        if V == 0 or not line:
            return "word2vec"
        fields = line.replace(b"\t", b" ").split(b" ")
        has_numbers = len(fields) > d and all(word2vec_text.number(field) is not None for field in fields[-d:][-20:])
        first_row = head[length : length + head[length:].find(b" ") + 1 + max(4 * d, 64)]  # if it is binary
        return "word2vec" if has_numbers or is_text(first_row) else "word2vec-binary"
    line = head.split(b"\n", 1)[0]
    if b"\t" in line:
        from sgns.vectors.files import projector

        if projector.all_numbers(head) and (projector.find_metadata(path) or not line.split(b"\t")[0].isdigit()):
            return "projector"
    if word2vec_text.numbers_at_end(line) == 0:
        raise file.error("no vector file: its first line is neither `V d`, nor a word and its numbers")
    return "glove"


def is_text(data: bytes) -> bool:
    """Whether `data` is printable UTF-8, but for a character cut at its end: rows of float32 are not.

    A line is too little to look at: a row of float32 may have a line break as its first byte.
    """
    try:
        text = getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n" for character in text)


def warn(message: str, category: type[Warning] = RepairWarning) -> None:
    """Issues a warning for the line outside this package that led here, as the call of `load` or `save`."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("sgns."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
