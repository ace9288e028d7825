"""fastText's own `.bin`: the options of its training, a dictionary, the input matrix and the output matrix.

Source: `FastText::saveModel`, `Args::save`, `Dictionary::save`, `DenseMatrix::save` of fastText 0.9 (version 12 of the
format). The input matrix holds the words' own rows, then the rows of the buckets of n-grams; E is composed of both. The
output matrix is C or, with hierarchical softmax, the nodes of the tree. All numbers are little endian.
"""

import mmap
import struct
from dataclasses import dataclass
from typing import IO, Any, NamedTuple, Self

import numpy as np

from sgns.base.files import PackedFile
from sgns.base.subwords import LONGEST, Subwords
from sgns.errors import FormatError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.vectors.files.builder import LARGEST_DIM
from sgns.vectors.files.npz import repaired
from sgns.vectors.files.parts import Parts, rows_of_block
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
        selection: Which words are kept. Of a plain file no other rows are read, and the rows of n-grams, with which any
            word can be composed, stay in the file, which is mapped. A packed one is read to its end, and holds them.

    Raises:
        FormatError: Torn, quantised, of another version, or not as its header states; the message names the byte.
    """
    stream = Stream.of(file, is_mapped=not selection.all_rows)
    magic, version = stream.unpack("<4si")
    if magic != MAGIC or version not in VERSIONS:
        raise file.error(
            f"version {version} of fastText's format, not one of {', '.join(map(str, VERSIONS))}; write the model again"
            " with fastText 0.9"
        )
    args = Args(*stream.unpack(HEADER.format))
    dictionary = read_dictionary(stream, selection)
    texts = decoded(dictionary.words, file, on_warning)
    own, table, options = read_input(stream, args, version, dictionary)
    C, nodes = None, None
    rows, columns = read_shape(stream, "output")
    if args.model == CLASSIFIER or dictionary.labels:
        stream.skip(4 * rows * columns)
        on_warning(f"{file.name}: a classifier; its {dictionary.labels:,} labels are left out")
    elif (rows, columns) != (dictionary.size, args.dim):
        raise file.error(
            f"the output matrix has shape {(rows, columns)}, not ({dictionary.size}, {args.dim}); it is damaged"
        )
    elif args.loss != LOSSES["hierarchical"]:
        output = stream.rows(rows, columns, dictionary.rows)
        C = output if output.any() else None  # `write` has zeros where there is no C
    elif len(texts) == rows:
        nodes = turned(stream.rows(rows, columns)[:-1])  # a tree has a node less than leaves
    else:  # a part of the words has no tree
        stream.skip(4 * rows * columns)
    if stream.more():
        raise file.error(f"bytes are left after the output matrix, from byte {stream.position:,}; copy the file again")
    subwords = None if options is None else SubwordTable.of(options, own, table)
    E = own if subwords is None else subwords.composed(dictionary.words)
    metadata = {"made_by": "fastText", "config": args.config}
    parts = Parts.of(texts, E, C, dictionary.counts, metadata, subwords)
    return repaired(parts, file, repair, on_warning).with_nodes(nodes)


def turned(nodes: np.ndarray) -> np.ndarray:
    """The nodes (V − 1, d) of fastText's tree as those of the tree here, and the other way round.

    Both are Huffman's tree with the same branches. fastText numbers its nodes in the order in which they are made, the
    root last, where here the root is 0; and of two branches its sigmoid is the probability of the more frequent one,
    where word2vec.c and the tree here take the other.
    """
    return -nodes[::-1]


def decoded(words: list[bytes], file: PackedFile, on_warning: WarningCallback) -> list[str]:
    r"""The words as text; bytes that are not UTF-8 become \xNN, with a warning."""
    texts = [text_of(word) for word in words]
    wrong = [text for word, text in zip(words, texts) if len(text) > len(word) or text.encode("utf-8") != word]
    if wrong:
        first = f"first: {wrong[0][:80]!r}"
        on_warning(f"{file.name}: {len(wrong):,} words hold bytes that are no UTF-8, now written \\xNN ({first})")
    return texts


def text_of(word: bytes) -> str:
    r"""A word as text; bytes that are not UTF-8 become \xNN."""
    return word.decode("utf-8", "backslashreplace")


class Dictionary(NamedTuple):
    """The words of a model that are kept.

    Attributes:
        words: n words as bytes.
        counts: (n,) int64.
        rows: Their rows among those of all words.
        size: The number of all words, V.
        labels: The number of labels.
    """

    words: list[bytes]
    counts: np.ndarray
    rows: slice | np.ndarray
    size: int
    labels: int


def read_dictionary(stream: "Stream", selection: Selection) -> Dictionary:
    """The words of a selection; the others are passed over. Raises `FormatError`."""
    size, words_stated, labels, _, pruned = stream.unpack("<3i2q")
    if pruned >= 0:
        raise stream.file.error(
            "its n-grams are pruned (fasttext quantize -cutoff), so vectors of words cannot be composed; take the .bin"
            " that it was made from"
        )
    words: list[bytes] = []
    counts: list[int] = []
    rows: list[int] = []
    found, read = 0, selection.first(max(0, size))
    for _ in range(size):
        entry = stream.until_nul()
        count, kind = stream.unpack("<qb")
        if kind != WORD:
            continue
        if found < read and (selection.words is None or text_of(entry) in selection):
            words.append(entry)
            counts.append(count)
            rows.append(found)
        found += 1
    if size < 0 or found != words_stated or size != words_stated + labels:
        raise stream.file.error(
            f"the dictionary states {size:,} entries, {words_stated:,} words and {labels:,} labels, but holds"
            f" {found:,} words; it is damaged, copy the file again"
        )
    kept = slice(0, len(words)) if selection.words is None else np.array(rows, np.int64)
    return Dictionary(words, np.array(counts, np.int64), kept, found, labels)


def read_input(
    stream: "Stream", args: Args, version: int, dictionary: Dictionary
) -> tuple[np.ndarray, np.ndarray, Subwords | None]:
    """The rows of the words that are kept, those of all n-grams, and which of these n-grams have.

    The last is None where the model has no n-grams of characters.

    Raises:
        FormatError: It is quantised, torn, or not as the header states.
    """
    (quantised,) = stream.unpack("<?")
    if quantised:
        raise stream.file.error(
            "a quantised model (.ftz), whose vectors are rounded to codes; take the .bin that it was made from"
        )
    words, (rows, columns) = dictionary.size, read_shape(stream, "input")
    maxn = 0 if version == 11 and args.model == CLASSIFIER else args.maxn  # as fastText reads it
    buckets = rows - words
    if columns != args.dim or buckets != max(0, args.bucket):
        raise stream.file.error(
            f"the input matrix has shape {(rows, columns)}, not ({words:,} words + {args.bucket:,} buckets,"
            f" {args.dim}); it is damaged, copy the file again"
        )
    own = stream.rows(words, columns, dictionary.rows)
    if maxn <= 0 or args.minn > maxn:
        stream.skip(4 * buckets * columns)
        return own, np.zeros((0, columns), np.float32), None
    if not buckets or maxn > LONGEST:
        raise stream.file.error(
            f"n-grams of {args.minn} to {maxn} characters in {buckets:,} buckets, outside 1 to {LONGEST} characters in"
            " at least 1; it is damaged, copy the file again"
        )
    table = stream.view(buckets, columns) if stream.is_mapped else stream.rows(buckets, columns)
    return own, table, Subwords(max(1, args.minn), maxn, buckets)


def read_shape(stream: "Stream", name: str) -> tuple[int, int]:
    """The rows and columns of a matrix, which follows. Raises `FormatError` when it is torn or quantised."""
    if name == "output" and stream.unpack("<?")[0]:
        raise stream.file.error("its output matrix is quantised (.ftz); take the .bin that it was made from")
    rows, columns = stream.unpack("<2q")
    if not (0 <= rows < 2**40 and 1 <= columns <= LARGEST_DIM):
        raise stream.file.error(
            f"the {name} matrix has {rows:,} rows of {columns:,}; it is damaged, copy the file again"
        )
    stream.check(4 * rows * columns)
    return rows, columns


@dataclass
class Stream:
    """The bytes of a file in turn: few at a time for its dictionary, many for its matrices.

    Args:
        file: At its first byte.
        is_mapped: Whether the file is mapped: then its bytes are read where they are looked at, and nowhere else.
    """

    file: PackedFile
    is_mapped: bool = False
    position: int = 0
    _buffer: "bytes | mmap.mmap" = b""
    _at: int = 0

    @classmethod
    def of(cls, file: PackedFile, is_mapped: bool) -> Self:
        """The bytes of a file; it can be mapped if it is neither packed nor a pipe."""
        if not is_mapped or not file.plain_size:
            return cls(file)
        return cls(file, True, _buffer=mmap.mmap(file.raw.fileno(), 0, access=mmap.ACCESS_READ))

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
            if before > LONGEST_WORD or not self._fill():
                raise self.file.error(f"byte {self.position:,}: no end of a word; the file is damaged, copy it again")
            end = self._buffer.find(b"\0", before)
        found = self._buffer[self._at : end]
        self.position += end + 1 - self._at
        self._at = end + 1
        return found

    def view(self, rows: int, columns: int) -> np.ndarray:
        """The next matrix (rows, columns) float32 of a mapped file, as it stands there, whatever its alignment."""
        matrix = np.frombuffer(self._buffer, "<f4", rows * columns, self._at).reshape(rows, columns)
        self.skip(4 * rows * columns)
        return matrix

    def rows(self, rows: int, columns: int, kept: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Some rows of the next matrix (rows, columns) float32; memory grows with these.

        Args:
            rows: Of the matrix, all of which are passed.
            columns: Of the matrix.
            kept: Rows from 0 on, or (n,) int64, rising.

        Raises:
            FormatError: The file ends before.
        """
        if self.is_mapped:
            return np.array(self.view(rows, columns)[kept])
        row, first = 4 * columns, self.position
        last = first + row * rows
        stop = first + row * len(range(rows)[kept]) if isinstance(kept, slice) else last
        step = max(1, 4 * READ_BLOCK // row) * row
        data = bytearray()
        while self.position < stop:
            block = self._take(min(step, stop - self.position))
            number = (self.position - len(block) - first) // row
            data += block if isinstance(kept, slice) else rows_of_block(block, row, kept, number)
        self.skip(last - self.position)
        return np.frombuffer(data, "<f4").reshape(-1, columns)

    def skip(self, size: int) -> None:
        """Passes some bytes. Raises `FormatError` when there are fewer."""
        self.check(size)
        if self.is_mapped:
            self._at, self.position = self._at + size, self.position + size
            return
        stop = self.position + size
        while self.position < stop:
            self._take(min(READ_BLOCK, stop - self.position))

    def check(self, size: int) -> None:
        """Raises `FormatError` when a plain file has fewer bytes than these; others are not known before."""
        if self.file.plain_size is not None and self.position + size > self.file.plain_size:
            raise self._torn(self.file.plain_size - self.position)

    def more(self) -> bool:
        """Whether bytes are left."""
        return self._at < len(self._buffer) or self._fill()

    def _take(self, size: int) -> bytes:
        """The next bytes. Raises `FormatError` when there are fewer."""
        data = bytes(self._buffer[self._at : self._at + size])
        self._at += len(data)
        data += self.file.read(size - len(data)) if len(data) < size else b""
        if len(data) < size:
            raise self._torn(len(data))
        self.position += size
        return data

    def _fill(self) -> bool:
        if self.is_mapped:
            return False
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
