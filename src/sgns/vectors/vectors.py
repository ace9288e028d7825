"""`Vectors`: words, their matrices E and C, and the questions people ask of them."""

import re
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Literal

import numpy as np

from sgns.base.geometry import unit
from sgns.errors import ConfigError, UnknownWord
from sgns.vectors import search
from sgns.vectors.rows import Rows, Space, check_n

__all__ = ["Answers", "Method", "Space", "Vectors", "Word"]

Answers = list[tuple[str, float]]  # (word, cosine), best first
Word = str | np.ndarray  # a known word, or a vector (d,)
Method = Literal["add", "mul"]  # of analogies: 3CosAdd, 3CosMul


class Vectors(Rows):
    """Word vectors and exact answers from them.

    Every question that compares vectors compares their directions (cosine). Arithmetic on `v["king"]` is plain NumPy
    arithmetic on rows as they are; `similar(positive, negative)` and `analogy` add *unit* rows, as
    word2vec and gensim do.

    Args:
        words: V different words, row by row; or their UTF-8 bytes, one a line, decoded when first needed.
        E: (V, d) float32, a row per target word; may be memory-mapped or a strided view, it is never copied.
        C: (V, d) float32, a row per context word, or None.
        counts: (V,) int64, how often each word stood in the corpus, or None.
        metadata: plain JSON: how the vectors were made.

    Raises:
        FormatError: shapes that do not fit each other.
    """

    def query(self, terms: Iterable[tuple[float, Word]]) -> tuple[np.ndarray, list[int]]:
        """The direction of a weighted sum of unit vectors.

        Args:
            terms: (weight, word or vector (d,)).

        Returns:
            A unit vector (d,) float32 and the rows of the words in it.

        Raises:
            UnknownWord: for an unknown word.
            ConfigError: nothing to add, a vector of another dimension, or a sum of zero.
        """
        total = np.zeros(self.dim)
        rows: list[int] = []
        for weight, word in terms:
            if isinstance(word, str):
                rows.append(self.id(word))
                vector: np.ndarray = self.E[rows[-1]]
            else:
                vector = np.asarray(word)
                if vector.shape != (self.dim,):
                    raise ConfigError(f"a vector of shape {vector.shape} among vectors of shape ({self.dim},)")
            total += weight * unit(vector).astype(np.float64)
        direction = unit(total)
        if not np.isfinite(total).all():
            raise ConfigError("a vector of the question holds NaN or infinity; train again with a lower lr")
        if np.linalg.norm(total) < 1e-6:
            raise ConfigError("the words of the question add up to nothing (a zero vector); ask for other words")
        return direction, rows

    def most_similar(
        self, positive: Word | Iterable[Word], negative: Word | Iterable[Word] = (), n: int = 10
    ) -> Answers:
        """The n words nearest to a word, to a vector, or to the sum of several words minus others.

        Args:
            positive: a word, a vector (d,), or several of either.
            negative: what is subtracted.
            n: how many.

        Returns:
            (word, cosine), nearest first, without the words asked with.

        Raises:
            UnknownWord: with the nearest spellings.
            ConfigError: n below 1, or a question that adds up to zero.
        """
        terms = [(1.0, word) for word in several(positive)] + [(-1.0, word) for word in several(negative)]
        direction, rows = self.query(terms)
        return self.nearest_to(direction, n, without=rows)

    def nearest_to(self, direction: np.ndarray, n: int = 10, without: Sequence[int] = ()) -> Answers:
        """The n words nearest to a unit vector (d,), leaving out the rows of `without`."""
        check_n(n)
        more = n + len(set(without))
        if self._norms is None and self.E.size >= search.WORTH_THREADS:  # the first question reads E once, not twice
            self._norms, ids, cosines = search.first_nearest(self.E, direction, more)
        else:
            ids, cosines = (found[0] for found in search.nearest(self.E, self.norms, direction[None, :], more))
        kept = [(i, float(cosine)) for i, cosine in zip(ids.tolist(), cosines) if i not in without][:n]
        return list(zip(self.names([i for i, _ in kept]), (cosine for _, cosine in kept)))

    def most_similar_each(self, words: Sequence[str] | np.ndarray, n: int = 10) -> list[Answers]:
        """`similar` for many words, or for the rows of an array (q, d), in one matrix product.

        Returns:
            One list of (word, cosine) for each; a word's own list leaves it out. Raises as `similar` does.
        """
        check_n(n)
        if isinstance(words, np.ndarray):
            if words.ndim != 2 or words.shape[1] != self.dim:
                raise ConfigError(f"an array of shape {words.shape} among vectors of dimension {self.dim}")
            own, queries = np.full(len(words), -1), unit(words)
        else:
            own = self.ids(words)
            queries = unit(self.E[own])
        ids, cosines = search.nearest(self.E, self.norms, queries, n + 1)
        names = self.words
        return [
            [(names[i], float(cosine)) for i, cosine in zip(row, scores) if i != me][:n]
            for me, row, scores in zip(own, ids, cosines)
        ]

    def analogy(self, a: str, b: str, c: str, n: int = 10, method: Method = "add") -> Answers:
        """Answer a : b = c : ?, as in man : king = woman : ?

        Args:
            a: man.
            b: king.
            c: woman.
            n: how many answers.
            method: add is 3CosAdd, cos(x, b − a + c); mul is 3CosMul, cos⁺(x, b) cos⁺(x, c) / (cos⁺(x, a) + 1e-6) with
                cos⁺ = (1 + cos) / 2 (Levy & Goldberg 2014); its scores are products, not cosines.

        Returns:
            (word, score), best first, without a, b and c.

        Raises:
            UnknownWord: with the nearest spellings.
            ConfigError: another method.
        """
        if method == "add":
            return self.most_similar([b, c], [a], n)
        if method != "mul":
            raise ConfigError(f"method is {method!r}; choose add (3CosAdd) or mul (3CosMul)")
        check_n(n)
        rows = self.ids([a, b, c])
        cosines = self.cosines(unit(self.E[rows]))  # (3, V)
        cosines += 1
        cosines /= 2
        scores = cosines[1] * cosines[2] / (cosines[0] + np.float32(1e-6))
        scores[rows] = -np.inf
        best = search.top(scores, min(n, len(self) - len(set(rows.tolist()))))
        return list(zip(self.names(best), scores[best].tolist()))

    def doesnt_match(self, words: Iterable[str]) -> Answers:
        """The odd one out: each word's cosine with the mean of all unit vectors, the oddest first.

        Raises `UnknownWord`; `ConfigError` for fewer than three words.
        """
        words = list(dict.fromkeys(words))
        if len(words) < 3:
            raise ConfigError(f"{len(words)} different words; the odd one out needs at least 3")
        directions = unit(self[words]).astype(np.float64)
        cosines = directions @ unit(directions.mean(axis=0))
        return [(words[i], float(cosines[i])) for i in np.argsort(cosines, kind="stable")]

    def similarity(self, a: Word, b: Word) -> float:
        """The cosine of two words or vectors. Raises `UnknownWord`."""
        (u, _), (v, _) = self.query([(1.0, a)]), self.query([(1.0, b)])
        return float(np.clip(np.dot(u.astype(np.float64), v.astype(np.float64)), -1, 1))

    def rank_of(self, a: str, b: str) -> int:
        """How near b is to a: 1 when b is a's nearest neighbour. Raises `UnknownWord`."""
        return len(self.closer_than(a, b)) + 1

    def closer_than(self, a: str, b: str) -> Answers:
        """The words nearer to a than b is, with their cosines, nearest first. Raises `UnknownWord`."""
        rows = self.ids([a, b])
        scores = self.cosines(unit(self.E[rows[:1]]))[0]
        ids = np.flatnonzero(scores > scores[rows[1]])
        ids = ids[ids != rows[0]]
        ids = ids[np.argsort(-scores[ids], kind="stable")]
        return list(zip(self.names(ids), scores[ids].tolist()))

    def cosines(self, queries: np.ndarray) -> np.ndarray:
        """Cosines (q, V) float32 of unit rows `queries` (q, d) with every word; a zero row gives 0."""
        scores = queries @ self.E.T
        scores *= search.inverse(self.norms)
        return scores

    def centroid(self, text: str | Iterable[str]) -> np.ndarray:
        """The mean row (d,) of the known words of a text.

        Args:
            text: a string, cut into runs of letters and digits; or words. A word is looked up as it stands, then in
                lower case; unknown words are left out.

        Raises:
            UnknownWord: none of the words is known.
        """
        tokens = re.findall(r"\w+(?:['’-]\w+)*", text) if isinstance(text, str) else list(text)
        rows = [self.index.get(token, self.index.get(token.lower(), -1)) for token in tokens]
        known = [row for row in rows if row >= 0]
        if not known:
            raise UnknownWord(f"none of the {len(tokens)} words of the text is known; a centroid needs one")
        return self.E[known].mean(axis=0)

    def save(self, path: str | PathLike[str], format: str | None = None) -> None:
        """Write to `path`; see `sgns.vectors.files.formats.save`."""
        from sgns.vectors.files.formats import save

        save(self, path, format)


def several(words: Word | Iterable[Word]) -> list[Word]:
    """One word or vector, or several, as a list."""
    if isinstance(words, str) or (isinstance(words, np.ndarray) and words.ndim == 1 and words.dtype.kind != "U"):
        return [words]
    return list(words)
