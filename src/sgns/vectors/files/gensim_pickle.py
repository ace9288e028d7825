"""Files that gensim's `save` wrote, of versions 0.12 to 4: a pickle, and large arrays beside it as .npy.

The pickle is read as plain data (`pickle_data`); nothing in it can run, and gensim need not be installed. The vectors
are in an object of many names: `KeyedVectors` itself, or the attribute `wv` of a model; `vectors` or `syn0`;
`index_to_key`, `index2word` or a dict of `Vocab` objects.
"""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sgns.base.files import PackedFile
from sgns.base.subwords import Subwords
from sgns.errors import FormatError
from sgns.progress.callback import WarningCallback
from sgns.vectors.files.gensim_part import narrowed
from sgns.vectors.files.npz import repaired
from sgns.vectors.files.parts import Parts
from sgns.vectors.files.pickle_data import PickleError, Record, as_text, read_pickle
from sgns.vectors.files.selection import ALL, Selection

MOST_NESTED = 8  # objects within objects that have files of their own
COMPOSED_BLOCK = 2**22  # rows of n-grams that are added at once
MOST_BUCKETS = 2**26  # of a table that is unpacked; gensim's default is 2 million
MOST_NGRAMS = 10**7  # of one word
MOST_TEXT = 2**24  # characters of words that stand twice: a file of some bytes can name a long one many times
INTEGER_WORDS = "integer_words"  # see `vectors.vectors`


def read_record(file: PackedFile, path: Path, mmap: str | None = None) -> Record:
    """The object of a file that gensim saved, with the arrays that stand beside it.

    Args:
        file: At its first byte.
        path: Where it is.
        mmap: As for `numpy.load`: r maps the arrays beside it instead of reading them.

    Raises:
        FormatError: It is no such file, damaged, or an array is missing.
    """
    try:
        value = read_pickle(b"".join(file.blocks()))
    except PickleError as error:
        raise file.error(
            f"a Python pickle, {error}; nothing of it was run. Save vectors as .safetensors or .bin"
        ) from None
    if type(value) is not Record:
        raise file.error(
            f"a Python pickle of a {type(value).__name__}, which is no object of gensim; it is another file"
        )
    add_arrays(file, value, path, mmap, set())
    return value


def add_arrays(file: PackedFile, record: Record, path: Path, mmap: str | None, seen: set[int], depth: int = 0) -> None:
    """Gives a record the attributes that stand in files of their own, and its parts theirs.

    Args:
        file: The file, for messages.
        record: The object.
        path: What the names of its files begin with.
        mmap: See `read_record`.
        seen: Ids of the records that have theirs: one may hold itself.
        depth: Records that hold this one.
    """
    fields = record.fields
    seen.add(id(record))
    packed = str(path).endswith((".gz", ".bz2")) if not depth else file.name.endswith((".gz", ".bz2"))
    for name in names_in(fields, "__numpys"):
        companion = Path(f"{path}.{name}.{'npz' if packed else 'npy'}")
        fields[name] = load_array(file, companion, name, mmap)
    for name in names_in(fields, "__recursive_saveloads"):
        part = fields.get(name)
        if type(part) is Record and depth < MOST_NESTED and id(part) not in seen:
            add_arrays(file, part, Path(f"{path}.{name}"), mmap, seen, depth + 1)
    for name in names_in(fields, "__ignoreds"):
        fields.setdefault(name, None)


def names_in(fields: dict[str, Any], key: str) -> list[str]:
    """The attributes that a list of the file names; only those that can be part of a file's name."""
    names = fields.get(key)
    if not isinstance(names, list):
        return []
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name.isidentifier()))


def load_array(file: PackedFile, path: Path, name: str, mmap: str | None) -> np.ndarray:
    """An array that stands in a file of its own.

    Raises:
        FormatError: The file is missing or damaged.
    """
    if not path.exists():
        raise file.error(f"its array {name} stands in {path.name}, which is not here; copy that file beside it")
    try:
        loaded = np.load(path, mmap_mode=None if path.suffix == ".npz" else mmap, allow_pickle=False)  # type: ignore[arg-type]
        return loaded["val"] if path.suffix == ".npz" else loaded
    except (ValueError, OSError, EOFError, KeyError, MemoryError, SyntaxError, TypeError, BadZipFile) as error:
        raise file.error(f"{path.name} is damaged ({' '.join(str(error).split())[:80]}); copy it again") from None


def read(file: PackedFile, path: Path, repair: bool, on_warning: WarningCallback, selection: Selection = ALL) -> Parts:
    """Words, E, C and counts of a file that gensim saved.

    Args:
        file: At its first byte.
        path: Where it is.
        repair: Leave out rows with NaN or infinity instead of raising.
        on_warning: Called with each kind of repair.
        selection: Which words are kept. Of arrays in files of their own no other rows are read.

    Raises:
        FormatError: It is no such file, damaged, or holds no word vectors.
    """
    root = read_record(file, path, None if selection.all_rows else "r")
    try:
        parts = parts_of(root if selection.all_rows else part_of(root, selection))
    except FormatError as error:
        raise file.error(str(error)) from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise file.error(f"its attributes do not fit together ({' '.join(str(error).split())[:80]})") from None
    return repaired(parts, file, repair, on_warning)


def part_of(root: Record, selection: Selection) -> Record:
    """The object with the rows of a selection of its words, where it has words."""
    vectors = root.fields.get("wv", root)
    keys = keys_of(vectors.fields) if type(vectors) is Record else None
    return root if keys is None else narrowed(root, keys, counts_of(vectors.fields, len(keys)), selection)


def parts_of(root: Record) -> Parts:
    """Words, E, C and counts of an object of gensim.

    Raises:
        FormatError: It holds no word vectors.
    """
    vectors = root.fields.get("wv", root)
    if type(vectors) is not Record:
        raise FormatError(f"a {root.kind.name} of gensim without word vectors")
    fields = vectors.fields
    keys = keys_of(fields)
    E = composed(fields, keys) if is_composed(fields) else first_of(fields, "vectors", "syn0")
    if keys is None or not isinstance(E, np.ndarray):
        raise FormatError(
            f"a {root.kind.name} of gensim, which holds no word vectors; its class in sgns.gensim.models may load it"
        )
    if len(keys) != len(E):
        raise FormatError(f"{len(keys)} words for {len(E)} rows; it was saved before its vectors were made")
    words = [str(key) if type(key) is int else as_text(key) for key in keys]
    if len(set(words)) < len(words) and sum(map(len, words)) > MOST_TEXT:
        raise FormatError(f"{len(words):,} words, of which only {len(set(words)):,} are different")
    integers = bool(keys) and all(type(key) is int for key in keys)
    C = output_rows(root)
    C = C if C is not None and C.shape == E.shape else None
    counts = counts_of(fields, len(keys))
    metadata: dict[str, Any] = {"source": f"gensim {root.kind.name}"} | ({INTEGER_WORDS: True} if integers else {})
    return Parts.of(words, E, C, counts, metadata)


def first_of(fields: dict[str, Any], *names: str) -> Any:
    """The first of these attributes that is set."""
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def keys_of(fields: dict[str, Any]) -> list[Any] | None:
    """The words in the order of their rows, of any version; None where there are none."""
    keys = first_of(fields, "index_to_key", "index2word", "index2entity")
    if keys is None and all_records(fields.get("vocab")):
        keys = sorted(fields["vocab"], key=lambda word: int(fields["vocab"][word].fields["index"]))
    if not isinstance(keys, list):
        return None
    return [int(key) if isinstance(key, np.integer) else key for key in keys]


def all_records(vocab: Any) -> bool:
    """Whether a value is a dict of `Vocab` objects."""
    return isinstance(vocab, dict) and all(type(item) is Record for item in vocab.values())


def counts_of(fields: dict[str, Any], size: int) -> np.ndarray | None:
    """The number of occurrences of each word, (V,) int64; None where the file does not hold it."""
    expandos, vocab = fields.get("expandos"), fields.get("vocab", {})
    if isinstance(expandos, dict) and isinstance(expandos.get("count"), np.ndarray):
        counts = expandos["count"].astype(np.int64)
        return counts if counts.shape == (size,) else None
    if all_records(vocab) and len(vocab) == size:
        counts = np.zeros(size, np.int64)
        for item in vocab.values():
            counts[int(item.fields["index"])] = int(item.fields["count"])
        return counts
    return None


def output_rows(root: Record) -> np.ndarray | None:
    """C of a model that was trained with negatives; None without one."""
    trainables = root.fields.get("trainables")
    owners = [root, trainables] if type(trainables) is Record else [root]
    return next((C for owner in owners if isinstance(C := owner.fields.get("syn1neg"), np.ndarray)), None)


def is_composed(fields: dict[str, Any]) -> bool:
    """Whether rows of words are to be made of their own rows and those of their n-grams."""
    return isinstance(fields.get("vectors_vocab"), np.ndarray) and fields.get("vectors") is None


def composed(fields: dict[str, Any], keys: list[Any] | None) -> np.ndarray:
    """E of a model with subwords: the mean of a word's own row and those of its n-grams.

    Raises:
        FormatError: The n-grams were numbered by the hash of old versions, which was wrong beyond ASCII.
    """
    own, table = fields["vectors_vocab"], fields.get("vectors_ngrams")
    minimum, maximum, buckets = (int(fields.get(name) or 0) for name in ("min_n", "max_n", "bucket"))
    if not buckets or table is None or keys is None:
        return np.asarray(own)
    if not fields.get("compatible_hash", False):
        raise FormatError("subwords of gensim before 3.8, numbered by a hash that was wrong beyond ASCII; save it anew")
    table = unpacked(table, buckets, fields.get("hash2index"))
    check_subwords(minimum, maximum, buckets, table, keys)
    starts, rows = Subwords(minimum, maximum, buckets).table_of([as_text(key) for key in keys])
    return compose(own, table, starts, rows)


def unpacked(table: np.ndarray, buckets: int, numbers: Any) -> np.ndarray:
    """A row for each bucket, from a table of gensim 3.8, which had rows for those in use alone; others are zeros.

    Args:
        table: (n, d).
        buckets: Number of rows that are needed.
        numbers: The row of the table for each bucket in use; None where the table is whole.
    """
    if not isinstance(numbers, dict) or len(table) == buckets:
        return table
    if buckets > MOST_BUCKETS:
        raise FormatError(f"{buckets:,} buckets for {len(table):,} rows of n-grams")
    whole = np.zeros((buckets, *table.shape[1:]), table.dtype)
    whole[np.fromiter(numbers.keys(), np.int64, len(numbers))] = table[
        np.fromiter(numbers.values(), np.int64, len(numbers))
    ]
    return whole


def check_subwords(minimum: int, maximum: int, buckets: int, table: Any, words: list[Any]) -> None:
    """Raises FormatError for a table of n-grams that does not fit, and for more n-grams of a word than any has."""
    if len(table) != buckets:
        raise FormatError(f"{len(table):,} rows of n-grams for {buckets:,} buckets; the file is damaged, save it anew")
    longest = 2 + max((len(word) for word in words if isinstance(word, str | bytes | memoryview)), default=0)
    if minimum < 0 or longest * (min(maximum, longest) - minimum + 1) > MOST_NGRAMS:
        raise FormatError(f"n-grams of {minimum:,} to {maximum:,} characters of a word of {longest - 2:,}")


def compose(own: np.ndarray, table: np.ndarray, starts: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The mean of a word's own row and those of its n-grams, (V, d).

    Args:
        own: (V, d), a row for each word.
        table: (B, d), a row for each bucket.
        starts: (V + 1,) and rows (n,): see `Subwords.table_of`.
        rows: See `starts`.
    """
    E = np.array(own, np.float32)
    block = max(1, COMPOSED_BLOCK // max(1, E.shape[1]))
    first = 0
    while first < len(E):
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + block, side="right")) - 1)
        some = first + np.flatnonzero(np.diff(starts[first : last + 1]))  # words with n-grams
        if len(some):
            part = table[rows[starts[first] : starts[last]]].astype(np.float32, copy=False)
            E[some] += np.add.reduceat(part, starts[some] - starts[first], axis=0)
        first = last
    return E / (1 + np.diff(starts))[:, None].astype(np.float32)
