"""Load and save word vectors in any format: what a file is, is read from its bytes, not from its name."""

import warnings
from codecs import getincrementaldecoder
from os import PathLike
from pathlib import Path
from typing import IO, Literal, cast, get_args

from sgns.base.files import PackedFile, opened, replacing
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files import own
from sgns.vectors.vectors import Vectors

ENDINGS = {
    ".safetensors": "safetensors",
    ".bin": "word2vec-binary",
    ".txt": "word2vec",
    ".vec": "fasttext",
    ".glove": "glove",
    ".tsv": "projector",
    ".npz": "npz",
}
Format = Literal["safetensors", "word2vec", "word2vec-binary", "glove", "fasttext", "projector", "npz"]
FORMATS: tuple[str, ...] = get_args(Format)


class RepairWarning(UserWarning):
    """A file was read, but not as it stands: what was repaired."""


def load(
    path: str | PathLike[str],
    format: str | None = None,
    *,
    repair: bool = False,
    on_warning: WarningCallback | None = None,
    progress: ProgressCallback | None = None,
) -> Vectors:
    """Vectors from a file of any known format, plain or gzip.

    Nothing is ever unpickled. An own file is mapped, not read, so that opening is immediate whatever its size. Other
    files are read once, as a stream. Repairs that lose nothing are made and told: a word that stands twice keeps its
    first row, bytes that are no UTF-8 become \\xNN, more rows than the header promises are read.

    Args:
        path: the file; a pipe will do, except for the projector's TSV.
        format: safetensors, word2vec, word2vec-binary, glove, fasttext, projector or npz; None tells by the bytes.
        repair: leave out damaged rows (NaN, too few numbers, a torn end) instead of raising.
        tell: hears of each repair; by default a `RepairWarning`.
        progress: called as progress("load", bytes, of bytes, "bytes"), as `sgns.progress.Progress.update` is.

    Returns:
        The vectors, words in the order of the file.

    Raises:
        InputError: the file cannot be read.
        FormatError: it is no vector file, or a damaged one; names line or byte, and the remedy.
    """
    if on_warning is None:
        on_warning = warn
    with opened(path, progress) as source:
        kind = check(format) if format is not None else sniff(source, Path(path))
        try:
            if kind == "safetensors":
                return read_own(source)
            if kind == "npz":
                from sgns.vectors.files import npz

                return npz.read(source, seekable(source), repair, on_warning)
            if kind == "word2vec-binary":
                from sgns.vectors.files import word2vec_binary as binary

                return binary.read(source, repair, on_warning)
            if kind == "projector":
                from sgns.vectors.files import projector

                return projector.read(source, Path(path), repair, on_warning)
            from sgns.vectors.files import text as textual

            return textual.read(source, repair, on_warning, headed=kind != "glove")
        except MemoryError:
            raise FormatError(f"{path}: not enough memory to read it; take a larger machine or fewer words") from None


def save(
    vectors: Vectors,
    path: str | PathLike[str],
    format: str | None = None,
    *,
    on_warning: WarningCallback | None = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Write vectors in the format that the ending of `path` names; .gz after it packs the file.

    Written under a temporary name in the same folder and then renamed: an old file is replaced whole or not at all.
    Safetensors keeps everything, npz too; the others keep words and E (projector: and counts).

    Args:
        vectors: to write.
        path: .safetensors, .bin (word2vec binary), .txt (word2vec), .vec (fastText), .glove, .tsv (projector, with the
            words in a second file), .npz.
        format: overrides the ending; see `load`.
        tell: hears which words had to be renamed; by default a `RepairWarning`.
        progress: called as progress("save", words, of words, "words").

    Raises:
        OutputError: the place cannot be written to; the old file is still there.
        FormatError: an unknown ending, or words that the format cannot hold.
    """
    on_warning = on_warning or warn
    path = Path(path)
    kind = check(format) if format is not None else by_ending(path)
    if kind == "projector":
        from sgns.vectors.files import projector

        with replacing(path, projector.metadata_path(path)) as files:
            projector.write(vectors, files, on_warning, progress)
        return
    with replacing(path) as (file,):
        if kind == "safetensors":
            own.write(vectors, file)
        elif kind == "npz":
            from sgns.vectors.files import npz

            npz.write(vectors, file)
        elif kind == "word2vec-binary":
            from sgns.vectors.files import word2vec_binary as binary

            binary.write(vectors, file, on_warning, progress)
        else:
            from sgns.vectors.files import text as textual

            textual.write(vectors, file, on_warning, progress, header=kind != "glove")


def keeps(path: str | PathLike[str], format: str | None = None) -> tuple[str, ...]:
    """Which of E, C, counts and metadata a file at `path` would keep. Raises `FormatError` for an unknown ending."""
    kind = check(format) if format is not None else by_ending(Path(path))
    if kind in ("safetensors", "npz"):
        return ("E", "C", "counts", "metadata")
    return ("E", "counts") if kind == "projector" else ("E",)


def check(format: str) -> str:
    """`format` when it is a known one; raises `FormatError` otherwise."""
    if format not in FORMATS:
        raise FormatError(f"format is {format!r}; choose one of {', '.join(FORMATS)}")
    return format


def by_ending(path: Path) -> str:
    """The format that the name of a file asks for. Raises `FormatError`."""
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if ending not in ENDINGS:
        raise FormatError(
            f"{path}: the ending {ending or '(none)'} names no format; use {', '.join(ENDINGS)}, or name one"
        )
    return ENDINGS[ending]


def sniff(source: PackedFile, path: Path) -> str:
    """The format of a file, from its first bytes. Raises `FormatError` for what can or may not be read."""
    from sgns.vectors.files import text as textual

    head = source.head
    if not head:
        raise source.error("the file is empty")
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        what = "Word2Vec.load(PATH).wv" if path.suffix == ".model" else "KeyedVectors.load(PATH)"
        raise source.error(
            "a Python pickle, which is never read because it can run any code; export it in gensim:"
            f" {what}.save_word2vec_format('vectors.bin', binary=True)"
        )
    if head[:4] == b"PK\x03\x04" or head[:4] == b"PK\x05\x06":
        return "npz"
    if head[:6] == b"\x93NUMPY":
        raise source.error("a NumPy matrix without words; save both: numpy.savez('vectors.npz', words=words, E=matrix)")
    if head[:4] == b"\xba\x16\x4f\x2f":
        raise source.error(
            "fastText's own .bin, which holds subwords; take the .vec file that fastText writes beside it"
        )
    for magic, name, unpack in (
        (b"BZh", "bzip2", "bunzip2"),
        (b"\xfd7zXZ", "xz", "unxz"),
        (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
    ):
        if head.startswith(magic):
            raise source.error(f"packed with {name}; unpack it before: {unpack} {path.name}")
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= own.LARGEST_HEADER:
        return "safetensors"
    header = textual.header_of(head)
    if header is not None:
        V, d, length = header
        line = head[length:].split(b"\n", 1)[0].rstrip()
        if V == 0 or not line:
            return "word2vec"
        fields = line.replace(b"\t", b" ").split(b" ")
        as_text = len(fields) > d and all(textual.number(field) is not None for field in fields[-d:][-20:])
        first_row = head[length : length + head[length:].find(b" ") + 1 + max(4 * d, 64)]  # if it is binary
        return "word2vec" if as_text or is_text(first_row) else "word2vec-binary"
    line = head.split(b"\n", 1)[0]
    if b"\t" in line:
        from sgns.vectors.files import projector

        if projector.all_numbers(head) and (projector.find_metadata(path) or not line.split(b"\t")[0].isdigit()):
            return "projector"
    if textual.numbers_at_end(line) == 0:
        raise source.error("no vector file: its first line is neither `V d`, nor a word and its numbers")
    return "glove"


def is_text(some: bytes) -> bool:
    """Whether `some` is printable UTF-8, but for a character cut at its end: rows of float32 are not.

    A line is too little to look at: a row of float32 may have a line break as its first byte.
    """
    try:
        text = getincrementaldecoder("utf-8")().decode(some)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n" for character in text)


def read_own(source: PackedFile) -> Vectors:
    """An own file, mapped where it can be."""
    if source.plain_size is not None:
        source.raw.seek(0)
        return own.read(source.raw, source.plain_size, source.name)
    return own.read(cast(IO[bytes], source), None, source.name)


def seekable(source: PackedFile) -> IO[bytes]:
    """The file for a reader that jumps about in it: itself, or its unpacked content in a temporary file."""
    if source.plain_size is not None:
        source.raw.seek(0)
        return source.raw
    import tempfile

    file = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the reader
    for block in source.blocks():
        file.write(block)
    file.seek(0)
    return file


def warn(message: str) -> None:
    """Tell a repair as a Python warning at the caller of load or save."""
    warnings.warn(message, RepairWarning, stacklevel=4)
