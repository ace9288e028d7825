"""fastText's own `.bin`: the options of its training, a dictionary, the input matrix and the output matrix.

Source: `FastText::saveModel`, `Args::save`, `Dictionary::save`, `DenseMatrix::save` of fastText 0.9 (version 12 of the
format). The input matrix holds the words' own rows, then the rows of the buckets of n-grams; E is composed of both. The
output matrix is C or, with hierarchical softmax, the nodes of the tree. All numbers are little endian.
"""

import struct
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import numpy as np

from sgns.base.files import PackedFile
from sgns.base.subwords import LONGEST, Subwords
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.builder import LARGEST_DIM
from sgns.vectors.files.npz import repaired
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.safetensors import blocks
from sgns.vectors.files.selection import ALL, Selection
from sgns.vectors.subwords import SubwordTable

MAGIC = struct.pack("<i", 793712314)
VERSION = 12
VERSIONS = (11, 12)  # that are read
HEADER = struct.Struct("<12id")
WORD, LABEL = 0, 1  # types of the entries of a dictionary
MODELS = {"cbow": 1, "skipgram": 2, "dm": 1, "dbow": 2}  # numbers of fastText; 3 is a classifier
LOSSES = {"hierarchical": 1, "negatives": 2}
CLASSIFIER = 3
LONGEST_WORD = 2**20  # bytes
READ_BLOCK = 2**20


class Args(NamedTuple):
    """The options in the header, by their names in fastText."""

    dim: int
    ws: int
    epoch: int
    min_count: int
    neg: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int
    lr_update_rate: int
    t: float

    @property
    def config(self) -> dict[str, Any]:
        """The options by their names here; those that fastText does not keep are left out."""
        known: dict[str, Any] = {"dim": self.dim, "window": self.ws, "epochs": self.epoch, "min_count": self.min_count}
        known |= {"negatives": self.neg, "subsample": self.t}
        if self.model in MODELS.values():
            known["model"] = "cbow" if self.model == MODELS["cbow"] else "skipgram"
        if self.loss in LOSSES.values():
            known["loss"] = "hierarchical" if self.loss == LOSSES["hierarchical"] else "negatives"
        if self.maxn > 0:
            known |= {"ngrams": f"{self.minn}-{self.maxn}", "buckets": self.bucket}
        return known


def read(file: PackedFile, repair: bool, on_warning: WarningCallback, selection: Selection = ALL) -> Parts:
    r"""Words, E, C, counts and subwords of a fastText model.

    Of a classifier (`fasttext supervised`) the words are read without its labels. Words that are not UTF-8 become \xNN;
    their vectors are those of fastText all the same.

    Args:
        file: At its first byte.
        repair: Leave out rows with NaN or infinity instead of raising.
        on_warning: Called with each kind of repair.
        selection: Which words are kept; the rows of n-grams are kept whole.

    Raises:
        FormatError: Torn, quantised, of another version, or not as its header states; the message names the byte.
    """
    stream = Stream(file)
    magic, version = stream.unpack("<4si")
    if magic != MAGIC or version not in VERSIONS:
        raise file.error(
            f"version {version} of fastText's format, not one of {', '.join(map(str, VERSIONS))}; write the model again"
            " with fastText 0.9"
        )
    args = Args(*stream.unpack(HEADER.format))
    words, counts, labels = read_dictionary(stream)
    matrix, options = read_input(stream, args, version, len(words))
    output = read_matrix(stream, "output")
    if stream.more():
        raise file.error(f"bytes are left after the output matrix, from byte {stream.position:,}; copy the file again")
    C, nodes = None, None
    if args.model == CLASSIFIER or labels:
        on_warning(f"{file.name}: a classifier; its {labels:,} labels are left out")
    elif output.shape != (len(words), args.dim):
        raise file.error(f"the output matrix has shape {output.shape}, not ({len(words)}, {args.dim}); it is damaged")
    elif args.loss == LOSSES["hierarchical"]:
        nodes = turned(output[:-1])  # a tree has a node less than leaves
    elif output.any():  # `write` has zeros where there is no C
        C = output
    texts = decoded(words, file, on_warning)
    rows = selection.rows(texts)
    if not isinstance(rows, slice):
        words, texts = [words[row] for row in rows], [texts[row] for row in rows]
    elif rows.stop < len(words):
        words, texts = words[rows], texts[rows]
    own = matrix[: len(counts)][rows]
    subwords = None if options is None else SubwordTable.of(options, own, matrix[len(counts) :])
    E = own if subwords is None else subwords.composed(words)
    C = None if C is None else C[rows]
    metadata = {"made_by": "fastText", "config": args.config}
    parts = repaired(Parts.of(texts, E, C, counts[rows], metadata, subwords), file, repair, on_warning)
    return parts.with_nodes(nodes)


def turned(nodes: np.ndarray) -> np.ndarray:
    """The nodes (V − 1, d) of fastText's tree as those of the tree here, and the other way round.

    Both are Huffman's tree with the same branches. fastText numbers its nodes in the order in which they are made, the
    root last, where here the root is 0; and of two branches its sigmoid is the probability of the more frequent one,
    where word2vec.c and the tree here take the other.
    """
    return -nodes[::-1]


def decoded(words: list[bytes], file: PackedFile, on_warning: WarningCallback) -> list[str]:
    r"""The words as text; bytes that are not UTF-8 become \xNN, with a warning."""
    texts = [word.decode("utf-8", "backslashreplace") for word in words]
    wrong = [text for word, text in zip(words, texts) if len(text) > len(word) or text.encode("utf-8") != word]
    if wrong:
        first = f"first: {wrong[0][:80]!r}"
        on_warning(f"{file.name}: {len(wrong):,} words hold bytes that are no UTF-8, now written \\xNN ({first})")
    return texts


def read_dictionary(stream: "Stream") -> tuple[list[bytes], np.ndarray, int]:
    """The words as bytes, their counts (V,) int64, and the number of labels. Raises `FormatError`."""
    size, words_stated, labels, _, pruned = stream.unpack("<3i2q")
    if pruned >= 0:
        raise stream.file.error(
            "its n-grams are pruned (fasttext quantize -cutoff), so vectors of words cannot be composed; take the .bin"
            " that it was made from"
        )
    words: list[bytes] = []
    counts: list[int] = []
    for _ in range(size):
        entry = stream.until_nul()
        count, kind = stream.unpack("<qb")
        if kind == WORD:
            words.append(entry)
            counts.append(count)
    if size < 0 or len(words) != words_stated or size != words_stated + labels:
        raise stream.file.error(
            f"the dictionary states {size:,} entries, {words_stated:,} words and {labels:,} labels, but holds"
            f" {len(words):,} words; it is damaged, copy the file again"
        )
    return words, np.array(counts, np.int64), labels


def read_input(stream: "Stream", args: Args, version: int, words: int) -> tuple[np.ndarray, Subwords | None]:
    """The input matrix, and which rows of it n-grams have; None where the model has no n-grams of characters.

    Raises:
        FormatError: It is quantised, torn, or not as the header states.
    """
    (quantised,) = stream.unpack("<?")
    if quantised:
        raise stream.file.error(
            "a quantised model (.ftz), whose vectors are rounded to codes; take the .bin that it was made from"
        )
    matrix = read_matrix(stream, "input")
    maxn = 0 if version == 11 and args.model == CLASSIFIER else args.maxn  # as fastText reads it
    buckets = len(matrix) - words
    if matrix.shape[1] != args.dim or buckets != max(0, args.bucket):
        raise stream.file.error(
            f"the input matrix has shape {matrix.shape}, not ({words:,} words + {args.bucket:,} buckets, {args.dim});"
            " it is damaged, copy the file again"
        )
    if maxn <= 0 or args.minn > maxn:
        return matrix, None
    if not buckets or maxn > LONGEST:
        raise stream.file.error(
            f"n-grams of {args.minn} to {maxn} characters in {buckets:,} buckets, outside 1 to {LONGEST} characters in"
            " at least 1; it is damaged, copy the file again"
        )
    return matrix, Subwords(max(1, args.minn), maxn, buckets)


def read_matrix(stream: "Stream", name: str) -> np.ndarray:
    """A matrix (rows, columns) float32. Raises `FormatError` when it is torn or quantised."""
    if name == "output" and stream.unpack("<?")[0]:
        raise stream.file.error("its output matrix is quantised (.ftz); take the .bin that it was made from")
    rows, columns = stream.unpack("<2q")
    if not (0 <= rows < 2**40 and 1 <= columns <= LARGEST_DIM):
        raise stream.file.error(
            f"the {name} matrix has {rows:,} rows of {columns:,}; it is damaged, copy the file again"
        )
    return np.frombuffer(stream.take(4 * rows * columns), "<f4").reshape(rows, columns)


@dataclass
class Stream:
    """The bytes of a file in turn: few at a time for its dictionary, many for its matrices.

    Args:
        file: At its first byte.
    """

    file: PackedFile
    position: int = 0
    _buffer: bytes = b""
    _at: int = 0

    def unpack(self, form: str) -> tuple[Any, ...]:
        """The next numbers, as `struct` names their form. Raises `FormatError` when the file ends before."""
        size = struct.calcsize(form)
        if len(self._buffer) - self._at < size:
            self._fill()
        values = self._buffer[self._at : self._at + size]
        if len(values) < size:
            raise self._torn(len(values))
        self._at, self.position = self._at + size, self.position + size
        return struct.unpack(form, values)

    def until_nul(self) -> bytes:
        """What stands before the next byte 0, which is passed. Raises `FormatError` when there is none."""
        end = self._buffer.find(b"\0", self._at)
        while end < 0:
            before = len(self._buffer) - self._at
            if not self._fill() or before > LONGEST_WORD:
                raise self.file.error(f"byte {self.position:,}: no end of a word; the file is damaged, copy it again")
            end = self._buffer.find(b"\0", before)
        found = self._buffer[self._at : end]
        self.position += end + 1 - self._at
        self._at = end + 1
        return found

    def take(self, size: int) -> bytearray:
        """The next `size` bytes; memory grows with what is read. Raises `FormatError` when there are fewer."""
        if self.file.plain_size is not None and self.position + size > self.file.plain_size:
            raise self._torn(self.file.plain_size - self.position)
        data = bytearray(self._buffer[self._at : self._at + size])
        self._at += len(data)
        while len(data) < size:
            block = self.file.read(min(16 * READ_BLOCK, size - len(data)))
            if not block:
                raise self._torn(len(data))
            data += block
        self.position += size
        return data

    def more(self) -> bool:
        """Whether bytes are left."""
        return self._at < len(self._buffer) or self._fill()

    def _fill(self) -> bool:
        block = self.file.read(READ_BLOCK)
        self._buffer, self._at = self._buffer[self._at :] + block, 0
        return bool(block)

    def _torn(self, there: int) -> FormatError:
        return self.file.error(f"torn at byte {self.position + there:,}, where more must follow; copy it again")


def write(parts: Parts, file: IO[bytes], on_warning: WarningCallback, progress: ProgressCallback | None = None) -> None:
    """Writes a model that fastText and gensim (`load_facebook_model`) read.

    Vectors without subwords become a model without n-grams, which knows its words alone.

    Args:
        parts: To write.
        file: A binary file.
        on_warning: Called where there is no C; a matrix of zeros is written then, as the format needs one.
        progress: Called with the number of rows written.

    Raises:
        FormatError: Each n-gram has a row of its own, which fastText cannot find; or a word holds a NUL.
    """
    options = None if parts.subwords is None else parts.subwords.options
    if options is not None and options.buckets == "exact":
        raise FormatError(
            "fastText finds n-grams by their hash, but here each has a row of its own (buckets exact); train with"
            " buckets=2000000, or save as .safetensors"
        )
    parts.words.to_lines()  # raises for words that no format can hold
    words = [word.encode("utf-8") for word in parts.words.decoded]
    held = next((word for word in words if b"\0" in word), None)
    if held is not None:
        raise FormatError(f"the word {held.decode()[:40]!r} holds a NUL, which ends words in fastText; rename it")
    counts = np.ones(len(words), np.int64) if parts.counts is None else parts.counts
    file.write(MAGIC + struct.pack("<i", VERSION) + HEADER.pack(*args_of(parts, options)))
    file.write(struct.pack("<3i2q", len(words), len(words), 0, int(counts.sum()), -1))
    file.write(b"".join(b"%b\0%b" % (word, struct.pack("<qb", n, WORD)) for word, n in zip(words, counts.tolist())))
    tables = [parts.E] if parts.subwords is None else [parts.subwords.word_rows, parts.subwords.ngram_rows]
    zeros = np.broadcast_to(np.float32(0), parts.E.shape)
    outputs = [zeros] if parts.C is None else [parts.C]
    if parts.nodes is not None:
        outputs = [turned(parts.nodes), zeros[:1]]  # a tree has a node less than leaves
    elif parts.C is None:
        on_warning("there is no C: zeros are written for it, with which nobody should train on")
    done, total = 0, sum(map(len, [*tables, *outputs]))
    for matrices in (tables, outputs):
        file.write(struct.pack("<?2q", False, sum(map(len, matrices)), parts.dim))
        for matrix in matrices:
            for block in blocks(matrix):
                file.write(np.ascontiguousarray(block, "<f4").data)
                done += len(block)
                if progress is not None:
                    progress("save", done, total, "rows")


def args_of(parts: Parts, options: Subwords | None) -> Args:
    """The header of a model: options of its training where the metadata have them, else fastText's own defaults."""
    found = parts.metadata.get("config")
    config: dict[str, Any] = found if isinstance(found, dict) else {}

    def number(name: str, otherwise: int) -> int:
        value = config.get(name)
        return value if isinstance(value, int) and 0 <= value < 2**31 else otherwise

    subsample = config.get("subsample")
    return Args(
        dim=parts.dim,
        ws=number("window", 5),
        epoch=number("epochs", 5),
        min_count=number("min_count", 1),
        neg=number("negatives", 5),
        word_ngrams=1,
        loss=LOSSES.get(str(config.get("loss")), LOSSES["negatives"]),
        model=MODELS.get(str(config.get("model")), MODELS["skipgram"]),
        bucket=0 if options is None else int(options.buckets),
        minn=0 if options is None else options.minimum,
        maxn=0 if options is None else options.maximum,
        lr_update_rate=100,
        t=float(subsample) if isinstance(subsample, int | float) else 1e-4,
    )
