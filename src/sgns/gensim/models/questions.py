"""The questions that are asked of `KeyedVectors`: similarity, analogies, what does not match. A part of that class."""

import logging
from collections.abc import Sequence
from numbers import Integral
from os import PathLike
from typing import Any

import numpy as np
from numpy import float32 as REAL

from sgns.gensim import matutils
from sgns.gensim.models import evaluation
from sgns.gensim.store import SaveLoad

logger = logging.getLogger(__name__)

KEY_TYPES = (str, int, np.integer)
EXTENDED_KEY_TYPES = (str, int, np.integer, np.ndarray)


class QuestionsPart(SaveLoad):
    """Answers by the cosines of rows."""

    index_to_key: list[Any]
    vectors: np.ndarray
    get_vector: Any
    get_index: Any
    get_mean_vector: Any
    has_index_for: Any
    lengths: Any
    __getitem__: Any
    __contains__: Any

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Any:
        """The keys whose vectors have the largest cosine with the mean of `positive` minus `negative`.

        Args:
            positive: A key, row or vector, or several; a pair (key, weight) has its own weight.
            negative: As positive; their weight is −1.
            topn: How many; None returns the cosines of all rows as an array.
            clip_start: The first row that is looked at.
            clip_end: One past the last.
            restrict_vocab: Look at the first rows alone.
            indexer: An index with a method `most_similar(vector, topn)`, which then answers.

        Returns:
            (key, cosine) pairs, the best first; keys that were given are left out.
        """
        if isinstance(topn, Integral) and topn < 1:
            return []
        positive, negative = _as_list(positive), _as_list(negative)
        lengths = self.lengths()
        if restrict_vocab:
            clip_start, clip_end = 0, restrict_vocab
        clip_end = clip_end or len(self.vectors)
        keys, weights = [], []
        for sign, items in ((1.0, positive), (-1.0, negative)):
            for item in items:
                pair = not isinstance(item, EXTENDED_KEY_TYPES)
                keys.append(item[0] if pair else item)
                weights.append(item[1] if pair else sign)
        if not keys:
            raise ValueError("cannot compute mean with no input")
        mean = self.get_mean_vector(keys, np.array(weights), True, True, ignore_missing=False)
        given = {self.get_index(key) for key in keys if isinstance(key, KEY_TYPES) and self.has_index_for(key)}
        if indexer is not None and isinstance(topn, int):
            return indexer.most_similar(mean, topn)
        cosines = self.vectors[clip_start:clip_end] @ mean / lengths[clip_start:clip_end]
        if topn is None:
            return cosines
        best = matutils.argsort(cosines, topn=topn + len(given), reverse=True)
        found = [
            (self.index_to_key[row + clip_start], float(cosines[row])) for row in best if row + clip_start not in given
        ]
        return found[:topn]

    def similar_by_word(self, word: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """As `similar_by_key`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_key(self, key: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The keys most similar to a key."""
        return self.most_similar(positive=[key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(self, vector: np.ndarray, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The keys most similar to a vector."""
        return self.most_similar(positive=[vector], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_cosmul(
        self, positive: Any = None, negative: Any = None, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """The keys by the product of their similarities: 3CosMul (Levy & Goldberg 2014), for any number of keys."""
        if isinstance(topn, Integral) and topn < 1:
            return []
        positive, negative = _as_list(positive), _as_list(negative)
        if not positive:
            raise ValueError("cannot compute similarity with no input")
        given = {
            self.get_index(key)
            for key in [*positive, *negative]
            if not isinstance(key, np.ndarray) and self.has_index_for(key)
        }
        rows = slice(0, restrict_vocab or len(self.vectors))
        lengths = self.lengths()[rows]

        def shifted(keys: list[Any]) -> Any:
            vectors = [key if isinstance(key, np.ndarray) else self.get_vector(key, norm=True) for key in keys]
            return np.prod([(1 + self.vectors[rows] @ vector / lengths) / 2 for vector in vectors], axis=0)

        scores = shifted(positive) / (shifted(negative) + 0.000001)
        if topn is None:
            return scores
        best = matutils.argsort(scores, topn=topn + len(given), reverse=True)
        return [(self.index_to_key[row], float(scores[row])) for row in best if row not in given][:topn]

    def similarity(self, w1: Any, w2: Any) -> Any:
        """The cosine of the vectors of two keys."""
        return cosine(self[w1], self[w2])

    def distance(self, w1: Any, w2: Any) -> Any:
        """1 − `similarity`."""
        return 1 - self.similarity(w1, w2)

    def n_similarity(self, ws1: Sequence[Any], ws2: Sequence[Any]) -> Any:
        """The cosine of the means of the vectors of two lists of keys."""
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError("At least one of the passed list is empty.")
        one, other = (self.get_mean_vector(keys, pre_normalize=False) for keys in (ws1, ws2))
        return cosine(one, other)

    @staticmethod
    def cosine_similarities(vector_1: np.ndarray, vectors_all: np.ndarray) -> np.ndarray:
        """The cosine of a vector with each row of a matrix."""
        lengths = np.linalg.norm(vector_1) * np.linalg.norm(vectors_all, axis=1)
        return vectors_all @ vector_1 / lengths

    def distances(self, word_or_vector: Any, other_words: Sequence[Any] = ()) -> np.ndarray:
        """1 − the cosine with each of the other keys, or with all."""
        vector = self.get_vector(word_or_vector) if isinstance(word_or_vector, KEY_TYPES) else word_or_vector
        others = self.vectors[[self.get_index(key) for key in other_words]] if len(other_words) else self.vectors
        return 1 - self.cosine_similarities(vector, others)

    def closer_than(self, key1: Any, key2: Any) -> list[Any]:
        """The keys that are closer to `key1` than `key2` is."""
        distances, own, other = self.distances(key1), self.get_index(key1), self.get_index(key2)
        return [self.index_to_key[row] for row in np.flatnonzero(distances < distances[other]) if row != own]

    def words_closer_than(self, word1: Any, word2: Any) -> list[Any]:
        """The old name of `closer_than`."""
        return self.closer_than(word1, word2)

    def rank(self, key1: Any, key2: Any) -> int:
        """The place of `key2` among the keys by their distance from `key1`, from 1."""
        return len(self.closer_than(key1, key2)) + 1

    def most_similar_to_given(self, key1: Any, keys_list: Sequence[Any]) -> Any:
        """The key of a list that is most similar to `key1`."""
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def rank_by_centrality(self, words: Sequence[Any], use_norm: bool = True) -> list[tuple[float, Any]]:
        """The keys with their similarity to the mean of all, the most similar first."""
        used = [word for word in words if word in self]
        if len(used) != len(words):
            logger.warning(
                "vectors for words %s are not present in the model, ignoring these words", set(words) - set(used)
            )
        if not used:
            raise ValueError("cannot select a word from an empty list")
        vectors = np.vstack([self.get_vector(word, norm=use_norm) for word in used]).astype(REAL)
        mean = self.get_mean_vector(list(vectors), post_normalize=True)
        return sorted(zip(vectors @ mean, used), reverse=True)

    def doesnt_match(self, words: Sequence[Any]) -> Any:
        """The key that is least similar to the mean of all."""
        return self.rank_by_centrality(words)[-1][1]

    def relative_cosine_similarity(self, wa: Any, wb: Any, topn: int = 10) -> float:
        """The similarity of two keys, divided by the sum of those of the `topn` keys most similar to the first."""
        similar = self.similar_by_word(wa, topn)
        if not similar:
            raise ValueError("Cannot calculate relative cosine similarity without any similar words.")
        return float(self.similarity(wa, wb)) / sum(cosine for _, cosine in similar)

    def wmdistance(self, document1: Sequence[str], document2: Sequence[str], norm: bool = True) -> float:
        """Word mover's distance of two texts; needs the package POT. See `evaluation.wmdistance`."""
        return evaluation.wmdistance(self, document1, document2, norm)

    def evaluate_word_analogies(
        self,
        analogies: str | PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """The share of analogies that are solved; see `evaluation.word_analogies`."""
        return evaluation.word_analogies(
            self, analogies, restrict_vocab, case_insensitive, dummy4unknown, similarity_function
        )

    def evaluate_word_pairs(
        self,
        pairs: str | PathLike[str],
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> Any:
        """The correlation with similarities that people gave; see `evaluation.word_pairs`."""
        return evaluation.word_pairs(self, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown)

    def similarity_unseen_docs(self, *args: Any, **kwargs: Any) -> Any:
        """Not of vectors: of a `Doc2Vec`."""
        raise NotImplementedError("Call similarity_unseen_docs on a Doc2Vec model instead.")


def cosine(one: np.ndarray, other: np.ndarray) -> Any:
    """The cosine of two vectors, computed in float64: that of a vector with itself is 1."""
    a, b = (matutils.unitvec(np.asarray(vector, np.float64)) for vector in (one, other))
    return REAL(a @ b)


def _as_list(value: Any) -> list[Any]:
    """A list of keys or vectors; one alone, or a matrix of them, will do."""
    if value is None:
        return []
    if isinstance(value, KEY_TYPES) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return [value]
    return list(value)
