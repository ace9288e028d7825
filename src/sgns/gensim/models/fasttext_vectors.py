"""`FastTextKeyedVectors` of gensim 4: vectors of words, and of n-grams, of which those of any word are composed."""

import logging
from os import PathLike
from typing import Any

import numpy as np
from numpy import float32 as REAL

from sgns.base.subwords import Subwords
from sgns.errors import FormatError
from sgns.gensim.models.keyedvectors import KeyedVectors, prep_vectors
from sgns.gensim.store import class_only, load
from sgns.vectors.files.gensim_pickle import check_subwords, compose, unpacked

logger = logging.getLogger(__name__)


class OldHash(FormatError, TypeError):
    """A file of gensim before 3.8, whose n-grams have rows by a hash that was wrong beyond ASCII."""


class FastTextKeyedVectors(KeyedVectors):
    """Vectors of words, and of n-grams, of which those of any word are composed.

    Attributes:
        vectors_vocab: (V, d), the words' own rows.
        vectors_ngrams: (bucket, d), the rows that n-grams share by their hash.
        vectors: (V, d), the mean of a word's own row and those of its n-grams.
    """

    calculated = ("vectors", "norms")

    def __init__(
        self, vector_size: int, min_n: int, max_n: int, bucket: int, count: int = 0, dtype: Any = REAL
    ) -> None:
        """Makes room.

        Args:
            vector_size: Dimension d.
            min_n: Fewest characters of an n-gram.
            max_n: Most characters.
            bucket: Rows of n-grams.
            count: Rows of words that are made at once.
            dtype: Of the vectors.
        """
        super().__init__(vector_size, count, dtype)
        self.min_n, self.max_n, self.bucket = min_n, max_n, bucket
        self.vectors_vocab = np.zeros((count, vector_size), dtype)
        self.vectors_ngrams: Any = None
        self.compatible_hash = True

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Any:
        """Vectors of a file that `save` wrote, here or in gensim; see `SaveLoad.load`."""
        return load(cls, fname, mmap)

    def _after_load(self) -> None:
        fields = self.__dict__
        for old, new in (("syn0_vocab", "vectors_vocab"), ("syn0_ngrams", "vectors_ngrams")):
            if old in fields:
                fields[new] = fields.pop(old)
        fields.pop("buckets_word", None)
        super()._after_load()
        fields.setdefault("vectors_vocab", fields.get("vectors"))
        if not fields.get("compatible_hash", False):
            raise OldHash(
                "Pre-gensim-3.8.x fastText models with nonstandard hashing are no longer compatible; sgns.load(path) "
                "opens their words' vectors"
            )
        for name in ("vectors_vocab_lockf", "vectors_ngrams_lockf"):
            if np.ndim(fields.get(name, 0)) != 1:
                fields[name] = np.ones(1, REAL)
        if self.bucket:
            self.vectors_ngrams = unpacked(self.vectors_ngrams, self.bucket, fields.pop("hash2index", None))
            check_subwords(self.min_n, self.max_n, self.bucket, self.vectors_ngrams, self.index_to_key)
        if self.vectors_vocab is not None:
            fields["vector_size"] = self.vectors_vocab.shape[1]
        vectors = fields.get("vectors")
        if vectors is None or vectors.shape != self.vectors_vocab.shape:
            self.adjust_vectors()

    @property
    def subwords(self) -> Subwords:
        """The n-grams of words and their rows."""
        return Subwords(max(1, self.min_n), max(1, self.max_n), self.bucket)

    def table(self, words: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the n-grams of words, see `Subwords.table_of`; of all words if none are given."""
        words = self.index_to_key if words is None else words
        if not self.bucket or self.max_n < self.min_n:
            return np.zeros(len(words) + 1, np.int64), np.zeros(0, np.int32)
        return self.subwords.table_of([str(word) for word in words])

    @property
    def buckets_word(self) -> list[np.ndarray]:
        """The rows of the n-grams of each word."""
        starts, rows = self.table()
        return [part.astype(np.uint32) for part in np.split(rows, starts[1:-1])] if len(self) else []

    def recalc_char_ngram_buckets(self) -> None:
        """Does nothing: rows of n-grams are found when they are needed."""

    def adjust_vectors(self) -> None:
        """Composes `vectors` anew."""
        self.vectors = (
            self.vectors_vocab if not self.bucket else compose(self.vectors_vocab, self.vectors_ngrams, *self.table())
        )
        self.norms = None

    def resize_vectors(self, seed: int = 0) -> None:
        """Makes rows for all words and buckets; new ones are random."""
        seed = int(seed or 0)
        self.vectors_vocab = prep_vectors((len(self.index_to_key), self.vector_size), self.vectors_vocab, seed)
        self.vectors_ngrams = prep_vectors((self.bucket, self.vector_size), self.vectors_ngrams, seed + 1)
        self.allocate_vecattrs()
        self.adjust_vectors()

    def init_post_load(self, fb_vectors: np.ndarray) -> None:
        """Takes the input matrix of a fastText model: the words' own rows, then those of the buckets."""
        if fb_vectors.shape != (len(self) + self.bucket, self.vector_size):
            raise ValueError(
                f"the matrix has shape {fb_vectors.shape}, not {(len(self) + self.bucket, self.vector_size)}"
            )
        self.vectors_vocab, self.vectors_ngrams = fb_vectors[: len(self)].copy(), fb_vectors[len(self) :].copy()
        self.adjust_vectors()

    def add_vectors(self, keys: Any, weights: Any, extras: Any = None, replace: bool = False) -> None:
        """As in `KeyedVectors`: the vectors of these words, not of n-grams."""
        super().add_vectors(keys, weights, extras, replace)

    def __contains__(self, word: object) -> bool:
        return True if self.bucket else word in self.key_to_index

    def get_vector(self, word: Any, norm: bool = False) -> np.ndarray:
        """The vector of a word; of an unknown one, the mean of those of its n-grams.

        Raises:
            KeyError: The word is unknown, and there are no n-grams.
        """
        if word in self.key_to_index or not isinstance(word, str):
            return super().get_vector(word, norm=norm)
        if not self.bucket:
            raise KeyError("cannot calculate vector for OOV word without ngrams")
        rows = self.subwords.rows_of(word)
        if not len(rows):
            logger.warning("could not extract any ngrams from %r, returning origin vector", word)
            return np.zeros(self.vectors_ngrams.shape[1], REAL)
        total = self.vectors_ngrams[rows].sum(axis=0, dtype=REAL)
        return total / np.linalg.norm(total) if norm else total / np.float32(len(rows))

    def get_sentence_vector(self, sentence: Any) -> np.ndarray:
        """The mean of the unit vectors of the words of a sentence."""
        return self.get_mean_vector(sentence)
