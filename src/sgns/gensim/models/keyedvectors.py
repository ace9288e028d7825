"""`KeyedVectors` of gensim 4: keys, their vectors and attributes, and the questions that are asked of them."""

import logging
import warnings
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy import float32 as REAL

from sgns.base.suggest import nearest
from sgns.gensim import matutils, utils
from sgns.gensim.models import word2vec_format
from sgns.gensim.models.older_vectors import OlderVectorsPart
from sgns.gensim.models.questions import KEY_TYPES, QuestionsPart
from sgns.gensim.store import class_only, load

logger = logging.getLogger(__name__)

MIGRATION = "see docs/from-gensim.md"


class KeyedVectors(QuestionsPart, OlderVectorsPart):
    """Keys (words, tags of documents, nodes), a vector for each, and what is known of each.

    Attributes:
        vector_size: Dimension d.
        index_to_key: The key of each row.
        key_to_index: The row of each key.
        vectors: (V, d), a row for each key.
        norms: (V,) the lengths of the rows, once they were needed; None when they are to be computed anew.
        expandos: Attributes of the keys, an array (V,) each, such as count.
        next_index: The row of the next key that is added.
    """

    def __init__(self, vector_size: int, count: int = 0, dtype: Any = REAL, mapfile_path: str | None = None) -> None:
        """Makes room.

        Args:
            vector_size: Dimension d.
            count: Rows that are made at once.
            dtype: Of the vectors.
            mapfile_path: Kept; it has no effect, as in gensim.
        """
        self.vector_size = vector_size
        self.index_to_key: list[Any] = [None] * count
        self.next_index = 0
        self.key_to_index: dict[Any, int] = {}
        self.vectors = np.zeros((count, vector_size), dtype)
        self.norms: np.ndarray | None = None
        self.expandos: dict[str, np.ndarray] = {}
        self.mapfile_path = mapfile_path

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    # --- files ------------------------------------------------------------------------------------------------------

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Any:
        """Vectors of a file that `save` wrote, here or in gensim; see `SaveLoad.load`."""
        return load(cls, fname, mmap)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | PathLike[str],
        fvocab: str | PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = REAL,
        no_header: bool = False,
    ) -> Any:
        """Vectors of a file of word2vec's format; see `word2vec_format.load`."""
        return word2vec_format.load(cls, fname, fvocab, binary, encoding, unicode_errors, limit, datatype, no_header)

    def save_word2vec_format(
        self,
        fname: str | PathLike[str],
        fvocab: str | PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Writes the vectors in word2vec's format; see `word2vec_format.save`."""
        word2vec_format.save(self, fname, fvocab, binary, total_vec, write_header, prefix, append, sort_attr)

    def intersect_word2vec_format(
        self,
        fname: str | PathLike[str],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Takes the vectors of a file for the keys that are here; `lockf` 0 keeps them as they are in training."""
        theirs = word2vec_format.load(KeyedVectors, fname, None, binary, encoding, unicode_errors)
        if theirs.vector_size != self.vector_size:
            raise ValueError(f"incompatible vector size {theirs.vector_size} in file {fname}")
        shared = [key for key in theirs.index_to_key if key in self.key_to_index]
        rows = [self.key_to_index[key] for key in shared]
        self.vectors[rows] = theirs[shared] if shared else self.vectors[rows]
        factors = getattr(self, "vectors_lockf", np.ones(1, REAL))
        if len(factors) != len(self) and lockf != 1.0:
            factors = np.full(len(self), factors[0] if len(factors) else 1.0, REAL)
        if len(factors) == len(self):
            factors[rows] = lockf
        self.vectors_lockf = factors
        self.norms = None
        self.add_lifecycle_event("intersect_word2vec_format", msg=f"merged {len(shared)} vectors from {fname}")

    # --- attributes of keys -----------------------------------------------------------------------------------------

    def allocate_vecattrs(self, attrs: Iterable[str] | None = None, types: Iterable[Any] | None = None) -> None:
        """Makes an array for each attribute, or makes those there are as long as the list of keys.

        Raises:
            TypeError: An attribute has another type already.
        """
        if attrs is None or types is None:
            attrs, types = list(self.expandos), [column.dtype for column in self.expandos.values()]
        size = len(self.index_to_key)
        for name, kind in zip(list(attrs), list(types)):
            kind = np.int64 if kind is int else object if kind is str else kind
            column = self.expandos.get(name)
            if column is None:
                self.expandos[name] = np.zeros(size, kind)
                continue
            if not np.issubdtype(kind, column.dtype):
                raise TypeError(
                    f"Can't allocate type {kind} for attribute {name}, which has type {column.dtype} already"
                )
            if len(column) != size:
                longer = np.zeros(size, column.dtype)
                longer[: min(size, len(column))] = column[:size]
                self.expandos[name] = longer

    def set_vecattr(self, key: Any, attr: str, val: Any) -> None:
        """Sets an attribute of a key."""
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][self.get_index(key)] = val

    def get_vecattr(self, key: Any, attr: str) -> Any:
        """An attribute of a key."""
        return self.expandos[attr][self.get_index(key)]

    def resize_vectors(self, seed: int = 0) -> None:
        """Makes a row for each key; new ones are random."""
        self.vectors = prep_vectors((len(self.index_to_key), self.vector_size), self.vectors, seed)
        self.allocate_vecattrs()
        self.norms = None

    def sort_by_descending_frequency(self) -> None:
        """Puts the most frequent keys first."""
        if not len(self):
            return
        counts = np.asarray(self.expandos["count"], np.int64)
        order = np.lexsort((-np.arange(len(counts)), -counts))
        self.index_to_key = [self.index_to_key[row] for row in order]
        self.allocate_vecattrs()
        for name, column in self.expandos.items():
            self.expandos[name] = column[order]
        if len(self.vectors):
            logger.warning("sorting after vectors have been allocated is expensive & error-prone")
            self.vectors = self.vectors[order]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}

    # --- keys and rows ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __getitem__(self, key_or_keys: Any) -> np.ndarray:
        if isinstance(key_or_keys, KEY_TYPES):
            return self.get_vector(key_or_keys)
        return np.vstack([self.get_vector(key) for key in key_or_keys])

    def get_index(self, key: Any, default: Any = None) -> Any:
        """The row of a key, or of a number that is no key but a row.

        Raises:
            KeyError: There is none, and no default; the message has the keys nearest in spelling.
        """
        row = self.key_to_index.get(key, -1)
        if row >= 0:
            return row
        if isinstance(key, int | np.integer) and 0 <= key < len(self.index_to_key):
            return key
        if default is not None:
            return default
        near = nearest(key, self.key_to_index) if isinstance(key, str) else []
        raise KeyError(f"Key '{key}' not present" + (f"; nearest: {', '.join(near)}" if near else ""))

    def has_index_for(self, key: Any) -> bool:
        """Whether a key has a row."""
        return bool(self.get_index(key, -1) >= 0)

    def __contains__(self, key: Any) -> bool:
        return self.has_index_for(key)

    def get_vector(self, key: Any, norm: bool = False) -> np.ndarray:
        """The vector of a key (d,), read-only; of length 1 with `norm`."""
        row = self.get_index(key)
        result: np.ndarray = self.vectors[row]
        if norm:
            result = result / self.lengths()[row]
        result.setflags(write=False)
        return result

    def word_vec(self, *args: Any, **kwargs: Any) -> np.ndarray:
        """The old name of `get_vector`."""
        warnings.warn("word_vec is get_vector since gensim 4", DeprecationWarning, stacklevel=2)
        return self.get_vector(*args, **kwargs)

    def get_mean_vector(
        self,
        keys: Sequence[Any],
        weights: Any = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> np.ndarray:
        """The weighted mean of the vectors of keys, or of vectors.

        Args:
            keys: Keys, rows, or vectors.
            weights: One for each; 1 if left out.
            pre_normalize: Vectors of keys have length 1 before.
            post_normalize: The mean has length 1.
            ignore_missing: Leave keys out that are not here; else they raise KeyError.

        Raises:
            ValueError: There is no key, or not one weight a key.
            KeyError: A key is not here.
        """
        if len(keys) == 0:
            raise ValueError("cannot compute mean with no input")
        weights = np.ones(len(keys), self.vectors.dtype) if weights is None else np.asarray(weights)
        if weights.shape[0] != len(keys):
            raise ValueError("keys and weights array must have same number of elements")
        mean, total = np.zeros(self.vector_size, self.vectors.dtype), 0.0
        for key, weight in zip(keys, weights):
            if isinstance(key, np.ndarray):
                vector = key
            elif key in self:
                vector = self.get_vector(key, norm=pre_normalize)
            elif ignore_missing:
                continue
            else:
                raise KeyError(f"Key '{key}' not present in vocabulary")
            mean += weight * vector
            total += abs(weight)
        if total > 0:
            mean = mean / total
        return matutils.unitvec(mean).astype(REAL) if post_normalize else mean

    def add_vector(self, key: Any, vector: Any) -> int:
        """Adds a key, into a row that was made for it if there is one; returns the row."""
        row = self.next_index
        if row >= len(self) or self.index_to_key[row] is not None:
            row = len(self)
            warnings.warn(
                "Adding single vectors to a KeyedVectors which grows by one each time can be costly. "
                "Consider adding in batches or preallocating to the required size.",
                UserWarning,
                stacklevel=2,
            )
            self.add_vectors([key], [vector])
            self.allocate_vecattrs()
            self.next_index = row + 1
        else:
            self.index_to_key[row] = key
            self.key_to_index[key] = row
            self.vectors[row] = vector
            self.next_index += 1
            self.norms = None
        return row

    def add_vectors(self, keys: Any, weights: Any, extras: Any = None, replace: bool = False) -> None:
        """Adds keys with their vectors; those that are here keep theirs, unless `replace` is set.

        Args:
            keys: A key, or several.
            weights: A vector, or one for each key.
            extras: Attributes of the keys, by name an array of one for each.
            replace: Take the new vectors for keys that are here.
        """
        if isinstance(keys, KEY_TYPES):
            keys, weights = [keys], np.asarray(weights).reshape(1, -1)
        weights = np.asarray(weights)
        extras = {name: np.asarray(values) for name, values in (extras or {}).items()}
        self.allocate_vecattrs(extras, [values.dtype for values in extras.values()])
        known = np.array([key in self.key_to_index for key in keys], bool)
        fresh: dict[Any, int] = {}
        for number in np.flatnonzero(~known).tolist():
            fresh.setdefault(keys[number], number)
        for key in fresh:
            self.key_to_index[key] = len(self.index_to_key)
            self.index_to_key.append(key)
        new = list(fresh.values())
        self.vectors = np.vstack([self.vectors, weights[new].astype(self.vectors.dtype)])
        self.allocate_vecattrs()
        for name, values in extras.items():
            self.expandos[name][len(self) - len(new) :] = values[new]
        if replace:
            rows = [self.key_to_index[keys[number]] for number in np.flatnonzero(known)]
            self.vectors[rows] = weights[known]
            for name, values in extras.items():
                self.expandos[name][rows] = values[known]
        self.norms = None

    def __setitem__(self, keys: Any, weights: Any) -> None:
        if not isinstance(keys, list):
            keys, weights = [keys], np.asarray(weights).reshape(1, -1)
        self.add_vectors(keys, weights, replace=True)

    def vectors_for_all(
        self, keys: Iterable[Any], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> "KeyedVectors":
        """New vectors for the keys that have one here, each once, in their order.

        Args:
            keys: The keys.
            allow_inference: Also those whose vector is composed (FastText).
            copy_vecattrs: With their attributes.
        """
        among = self if allow_inference else self.key_to_index
        kept = [key for key in dict.fromkeys(keys) if key in among]
        made = KeyedVectors(self.vector_size, len(kept), self.vectors.dtype)
        for key in kept:
            word2vec_format.add_row(made, None, key, self[key], len(kept))
            if copy_vecattrs and self.has_index_for(key):
                for name in self.expandos:
                    made.set_vecattr(key, name, self.get_vecattr(key, name))
        return made

    # --- lengths ----------------------------------------------------------------------------------------------------

    def fill_norms(self, force: bool = False) -> None:
        """Computes the lengths of the rows, if they are not known or `force` is set."""
        if self.norms is None or force or len(self.norms) != len(self.vectors):
            self.norms = np.linalg.norm(self.vectors, axis=1)

    def lengths(self) -> np.ndarray:
        """(V,): the lengths of the rows."""
        self.fill_norms()
        assert self.norms is not None
        return self.norms

    def get_normed_vectors(self) -> np.ndarray:
        """(V, d): the rows, of length 1."""
        return self.vectors / self.lengths()[..., np.newaxis]

    def unit_normalize_all(self) -> None:
        """Scales all rows to length 1, for good; do not train on."""
        self.vectors /= self.lengths()[..., np.newaxis]
        self.norms = np.ones((len(self.vectors),))

    def init_sims(self, replace: bool = False) -> None:
        """The old name of `fill_norms`; with `replace`, of `unit_normalize_all`."""
        warnings.warn("init_sims is fill_norms since gensim 4", DeprecationWarning, stacklevel=2)
        self.fill_norms()
        if replace:
            logger.warning("destructive init_sims(replace=True) deprecated & no longer required for space-efficiency")
            self.unit_normalize_all()

    def __getattr__(self, name: str) -> Any:
        if name in RENAMED:
            raise AttributeError(f"The {name} attribute is {RENAMED[name]} since gensim 4.0.0; {MIGRATION}", name=name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)


RENAMED = {
    "vocab": ".key_to_index and .get_vecattr(key, attr)",
    "index2word": ".index_to_key",
    "index2entity": ".index_to_key",
    "vectors_norm": ".get_normed_vectors()",
    "syn0": ".vectors",
    "syn0norm": ".get_normed_vectors()",
}
"""Attributes of versions before 4."""

Word2VecKeyedVectors = Doc2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors


def load_word2vec_format(*args: Any, **kwargs: Any) -> KeyedVectors:
    """As `KeyedVectors.load_word2vec_format`."""
    vectors: KeyedVectors = KeyedVectors.load_word2vec_format(*args, **kwargs)
    return vectors


def _load_word2vec_format(cls: Any, fname: Any, **options: Any) -> Any:
    """Gensim's name of `word2vec_format.load`."""
    return word2vec_format.load(cls, fname, **options)


def pseudorandom_weak_vector(
    size: int, seed_string: str | None = None, hashfxn: Callable[[str], int] | None = None
) -> np.ndarray:
    """A random vector (size,) of numbers between −1/(2 size) and 1/(2 size).

    Args:
        size: Dimension.
        seed_string: The same text gives the same vector, in every process.
        hashfxn: Makes a number of the text.
    """
    if seed_string:
        from zlib import crc32

        number = (hashfxn(seed_string) if hashfxn not in (None, hash) else crc32(seed_string.encode())) & 0xFFFFFFFF
        rng = np.random.Generator(np.random.SFC64(number))
    else:
        rng = utils.default_prng
    return ((rng.random(size) - 0.5) / size).astype(REAL)


def prep_vectors(
    target_shape: tuple[int, int], prior_vectors: np.ndarray | None = None, seed: int = 0, dtype: Any = REAL
) -> np.ndarray:
    """A matrix of this shape that begins with `prior_vectors`; other rows are uniform in (−1/d, 1/d)."""
    prior = np.zeros((0, 0), dtype) if prior_vectors is None else prior_vectors
    if prior.shape == tuple(target_shape):
        return prior
    rng = np.random.default_rng(abs(int(seed or 0)))
    rows = (rng.random(target_shape, dtype=np.float32) * 2 - 1) / np.float32(target_shape[1])
    rows = rows.astype(dtype, copy=False)
    rows[: prior.shape[0], : prior.shape[1]] = prior
    return rows


class CompatVocab:
    """A word of versions before 4: count, index and more."""

    def __init__(self, **fields: Any) -> None:
        self.count = 0
        self.__dict__.update(fields)

    def __lt__(self, other: "CompatVocab") -> bool:
        return self.count < other.count


Vocab = CompatVocab
