"""fastText's own `.bin` as gensim's models need it: with C, options and encoding; old versions of it too.

Source: `FastText::saveModel`, `Args::save`, `Dictionary::save`, `DenseMatrix::save` of fastText 0.9 (version 12). Files
without the magic number are of a version before 11, whose header begins with dim and ws.
"""

import logging
import struct
from collections import OrderedDict
from typing import IO, Any, NamedTuple

import numpy as np

logger = logging.getLogger(__name__)

MAGIC, VERSION = 793712314, 12
HEADER = ("dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket", "minn", "maxn",
          "lr_update_rate")  # fmt: skip
SUPERVISED = 3
BLOCK = 1 << 24  # bytes read at once


class Model(NamedTuple):
    """What a file holds."""

    options: dict[str, Any]
    raw_vocab: "OrderedDict[str, int]"
    vocab_size: int
    nwords: int
    ntokens: int
    vectors: np.ndarray
    hidden_output: np.ndarray | None


def _unpack(fin: IO[bytes], layout: str) -> tuple[Any, ...]:
    size = struct.calcsize(layout)
    data = fin.read(size)
    if len(data) != size:
        raise EOFError("the fastText model ends too early; copy it again")
    return struct.unpack(layout, data)


def _load_vocab(fin: Any, new_format: bool, encoding: str = "utf-8") -> tuple["OrderedDict[str, int]", int, int, int]:
    r"""The words with their counts, and the numbers of entries, of labels as stated, and of tokens.

    Words that are not of this encoding have \xNN for their bytes.

    Raises:
        NotImplementedError: It is a classifier.
    """
    size, _, labels = _unpack(fin, "<3i")
    if labels > 0:
        raise NotImplementedError("Supervised fastText models are not supported")
    (tokens,) = _unpack(fin, "<q")
    pruned = _unpack(fin, "<q")[0] if new_format else 0
    words: OrderedDict[str, int] = OrderedDict()
    for _ in range(size):
        octets = bytearray()
        while (octet := fin.read(1)) not in (b"\0", b""):
            octets += octet
        word = bytes(octets).decode(encoding, "backslashreplace")
        words[word], _ = _unpack(fin, "<qb")
    for _ in range(max(0, pruned)):
        _unpack(fin, "<2i")
    return words, size, labels, tokens


def _fromfile(fin: IO[bytes], dtype: Any, count: int) -> np.ndarray:
    """`count` numbers. Raises EOFError where there are fewer."""
    size, data = count * np.dtype(dtype).itemsize, bytearray()
    while len(data) < size:
        block = fin.read(min(BLOCK, size - len(data)))
        if not block:
            raise EOFError("the fastText model ends too early; copy it again")
        data += block
    return np.frombuffer(data, dtype)


def _load_matrix(fin: IO[bytes], new_format: bool) -> np.ndarray:
    if new_format and _unpack(fin, "<?")[0]:
        raise NotImplementedError("a quantised model (.ftz), whose vectors are rounded to codes; take the .bin")
    rows, columns = _unpack(fin, "<2q")
    if rows < 0 or columns < 1:
        raise ValueError(f"a matrix of {rows} rows and {columns} columns; the fastText model is damaged")
    return _fromfile(fin, "<f4", rows * columns).reshape(rows, columns)


def load(fin: Any, encoding: str = "utf-8", full_model: bool = True) -> Model:
    """Reads a model.

    Args:
        fin: An open file, or its path.
        encoding: Of the words.
        full_model: Read the output matrix too.
    """
    if isinstance(fin, str):
        with open(fin, "rb") as file:
            return load(file, encoding, full_model)
    first = _unpack(fin, "<2i")
    new = first[0] == MAGIC
    numbers = _unpack(fin, f"<{len(HEADER)}i") if new else (*first, *_unpack(fin, f"<{len(HEADER) - 2}i"))
    options = dict(zip(HEADER, numbers)) | {"t": _unpack(fin, "<d")[0]}
    if options["model"] == SUPERVISED:
        raise NotImplementedError("Supervised fastText models are not supported")
    words, size, _, tokens = _load_vocab(fin, new, encoding)
    vectors = _load_matrix(fin, new)
    output = _load_matrix(fin, new) if full_model else None
    return Model(options, words, size, len(words), tokens, vectors, output)


def save(model: Any, fout: Any, fb_fasttext_parameters: dict[str, int], encoding: str) -> None:
    """Writes a `FastText` model as fastText would.

    Args:
        model: The model; with both losses its output is that of the negatives, as in gensim.
        fout: A path, or a file open for writing.
        fb_fasttext_parameters: lr_update_rate and word_ngrams.
        encoding: Of the words.
    """
    if isinstance(fout, str):
        with open(fout, "wb") as file:
            save(model, file, fb_fasttext_parameters, encoding)
        return
    wv = model.wv
    options = {
        "dim": model.vector_size, "ws": model.window, "epoch": model.epochs, "min_count": model.min_count,
        "neg": model.negative, "word_ngrams": 1, "loss": 1 if model.hs else 2, "model": 2 if model.sg else 1,
        "bucket": wv.bucket, "minn": wv.min_n, "maxn": wv.max_n, "lr_update_rate": 100,
    } | fb_fasttext_parameters  # fmt: skip
    fout.write(struct.pack("<2i", MAGIC, VERSION))
    fout.write(struct.pack(f"<{len(HEADER)}id", *(int(options[name]) for name in HEADER), float(model.sample)))
    fout.write(struct.pack("<3i2q", len(wv), len(wv), 0, int(model.corpus_total_words or 0), -1))
    for word in wv.index_to_key:
        fout.write(word.encode(encoding) + b"\0" + struct.pack("<qb", int(wv.get_vecattr(word, "count")), 0))
    fout.write(struct.pack("<?2q", False, len(wv) + wv.bucket, model.vector_size))
    fout.write(np.ascontiguousarray(wv.vectors_vocab, "<f4").tobytes())
    fout.write(np.ascontiguousarray(wv.vectors_ngrams, "<f4").tobytes())
    output = model.syn1neg if model.negative else model.syn1
    fout.write(struct.pack("<?2q", False, *output.shape))
    fout.write(np.ascontiguousarray(output, "<f4").tobytes())
