"""`Vectors`: words, their matrices E and C, and the questions people ask of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np

from sgns.errors import ConfigError, FormatError, UnknownWord
from sgns.text.spelling import nearest as nearest_spellings
from sgns.vectors import search

Answers = list[tuple[str, float]]  # (word, cosine), best first
Space = Literal["E", "C", "E+C"]
Word = str | np.ndarray  # a known word, or a vector (d,)


class Vectors:
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

    def __init__(
        self,
        words: Sequence[str] | bytes,
        E: np.ndarray,
        C: np.ndarray | None = None,
        counts: np.ndarray | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._words = words if isinstance(words, bytes) else list(words)
        self._index: dict[str, int] | None = None
        self._norms: np.ndarray | None = None
        self.E = np.asarray(E, np.float32)  # (V, d)
        self.C = None if C is None else np.asarray(C, np.float32)  # (V, d)
        self.counts = None if counts is None else np.asarray(counts, np.int64)  # (V,)
        self.metadata = dict(metadata or {})
        if self.E.ndim != 2 or self.E.shape[1] < 1:
            raise FormatError(f"E has shape {self.E.shape}; it needs (V, d), a row a word")
        if self.C is not None and self.C.shape != self.E.shape:
            raise FormatError(f"C has shape {self.C.shape}, E {self.E.shape}; they must agree")
        if self.counts is not None and self.counts.shape != (len(self.E),):
            raise FormatError(f"counts has shape {self.counts.shape}; {len(self.E)} words need ({len(self.E)},)")
        if not isinstance(self._words, bytes) and len(self._words) != len(self.E):
            raise FormatError(f"{len(self._words)} words for {len(self.E)} rows of E; there must be one word a row")

    # --- what is there ---------------------------------------------------------------------------------------------

    @property
    def words(self) -> list[str]:
        """The words, row by row. Raises `FormatError` when a file holds more or fewer words than rows."""
        if isinstance(self._words, bytes):
            try:
                words = self._words.decode("utf-8").split("\n") if self._words else []
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"the list of words is not UTF-8 at byte {error.start}; write the file again"
                ) from None
            if len(words) != len(self.E):
                raise FormatError(
                    f"{len(words)} words for {len(self.E)} rows of E; the file is damaged, write it again"
                )
            self._words = words
        return self._words

    @property
    def index(self) -> dict[str, int]:
        """The row of each word. Raises `FormatError` when a word stands twice."""
        if self._index is None:
            words = self.words
            index = dict(zip(words, range(len(words))))
            if len(index) != len(words):
                seen: set[str] = set()
                twice = next(w for w in words if w in seen or seen.add(w))  # type: ignore[func-returns-value]
                raise FormatError(f"{twice!r} stands twice among the words; every word may have one row")
            self._index = index
        return self._index

    @property
    def norms(self) -> np.ndarray:
        """(V,) float32: the length of each row of E, computed once. Raises `FormatError` for a row not finite."""
        if self._norms is None:
            self._norms = search.row_norms(self.E)
        return self._norms

    @property
    def dim(self) -> int:
        """The dimension d."""
        return self.E.shape[1]

    def __len__(self) -> int:
        return len(self.E)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __repr__(self) -> str:
        parts = [name for name in ("C", "counts") if getattr(self, name) is not None]
        return f"<Vectors: {len(self):,} words, d = {self.dim}{', with ' + ' and '.join(parts) if parts else ''}>"

    def id(self, word: str) -> int:
        """The row of `word`. Raises `UnknownWord` (a KeyError) with its nearest spellings."""
        try:
            return self.index[word]
        except (KeyError, TypeError):
            near = nearest_spellings(str(word), self.index)
            hint = f"did you mean {', '.join(near)}?" if near else "no spelling is near"
            raise UnknownWord(f"{str(word)[:80]!r} is not among the {len(self):,} words; {hint}") from None

    def ids(self, words: Iterable[str]) -> np.ndarray:
        """The rows (n,) int64 of several words. Raises `UnknownWord`."""
        return np.array([self.id(word) for word in words], np.int64)

    def __getitem__(self, word: str | Sequence[str]) -> np.ndarray:
        """The row (d,) of a word, or the rows (n, d) of a list of words; raises `UnknownWord`."""
        return self.E[self.id(word)] if isinstance(word, str) else self.E[self.ids(word)]

    # --- questions -------------------------------------------------------------------------------------------------

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
            total += weight * search.unit(vector).astype(np.float64)
        direction = search.unit(total)
        if not np.isfinite(total).all():
            raise ConfigError("a vector of the question holds NaN or infinity; train again with a lower lr")
        if np.linalg.norm(total) < 1e-6:
            raise ConfigError("the words of the question add up to nothing (a zero vector); ask for other words")
        return direction, rows

    def similar(self, positive: Word | Iterable[Word], negative: Word | Iterable[Word] = (), n: int = 10) -> Answers:
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
        ids, cosines = search.nearest(self.E, self.norms, direction[None, :], n + len(set(without)))
        words, out = self.words, set(without)
        found = [(words[i], float(cosine)) for i, cosine in zip(ids[0], cosines[0]) if i not in out]
        return found[:n]

    def similar_each(self, words: Sequence[str] | np.ndarray, n: int = 10) -> list[Answers]:
        """`similar` for many words, or for the rows of an array (q, d), in one matrix product.

        Returns:
            One list of (word, cosine) for each; a word's own list leaves it out. Raises as `similar` does.
        """
        check_n(n)
        if isinstance(words, np.ndarray):
            if words.ndim != 2 or words.shape[1] != self.dim:
                raise ConfigError(f"an array of shape {words.shape} among vectors of dimension {self.dim}")
            own, queries = np.full(len(words), -1), search.unit(words)
        else:
            own = self.ids(words)
            queries = search.unit(self.E[own])
        ids, cosines = search.nearest(self.E, self.norms, queries, n + 1)
        names = self.words
        return [
            [(names[i], float(cosine)) for i, cosine in zip(row, scores) if i != me][:n]
            for me, row, scores in zip(own, ids, cosines)
        ]

    def analogy(self, a: str, b: str, c: str, n: int = 10, method: Literal["add", "mul"] = "add") -> Answers:
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
            return self.similar([b, c], [a], n)
        if method != "mul":
            raise ConfigError(f"method is {method!r}; choose add (3CosAdd) or mul (3CosMul)")
        check_n(n)
        rows = self.ids([a, b, c])
        cosines = self.cosines(search.unit(self.E[rows]))  # (3, V)
        cosines += 1
        cosines /= 2
        scores = cosines[1] * cosines[2] / (cosines[0] + np.float32(1e-6))
        scores[rows] = -np.inf
        best = search.top(scores, min(n, len(self) - len(set(rows.tolist()))))
        return [(self.words[i], float(scores[i])) for i in best]

    def odd(self, words: Iterable[str]) -> Answers:
        """The odd one out: each word's cosine with the mean of all unit vectors, the oddest first.

        Raises `UnknownWord`; `ConfigError` for fewer than three words.
        """
        words = list(dict.fromkeys(words))
        if len(words) < 3:
            raise ConfigError(f"{len(words)} different words; the odd one out needs at least 3")
        directions = search.unit(self[words]).astype(np.float64)
        cosines = directions @ search.unit(directions.mean(axis=0))
        return [(words[i], float(cosines[i])) for i in np.argsort(cosines, kind="stable")]

    def similarity(self, a: Word, b: Word) -> float:
        """The cosine of two words or vectors. Raises `UnknownWord`."""
        (u, _), (v, _) = self.query([(1.0, a)]), self.query([(1.0, b)])
        return float(np.clip(np.dot(u.astype(np.float64), v.astype(np.float64)), -1, 1))

    def rank(self, a: str, b: str) -> int:
        """How near b is to a: 1 when b is a's nearest neighbour. Raises `UnknownWord`."""
        return len(self.closer_than(a, b)) + 1

    def closer_than(self, a: str, b: str) -> Answers:
        """The words nearer to a than b is, with their cosines, nearest first. Raises `UnknownWord`."""
        rows = self.ids([a, b])
        scores = self.cosines(search.unit(self.E[rows[:1]]))[0]
        ids = np.flatnonzero(scores > scores[rows[1]])
        ids = ids[ids != rows[0]]
        return [(self.words[i], float(scores[i])) for i in ids[np.argsort(-scores[ids], kind="stable")]]

    def cosines(self, queries: np.ndarray) -> np.ndarray:
        """Cosines (q, V) float32 of unit rows `queries` (q, d) with every word; a zero row gives 0."""
        scores = queries @ self.E.T
        scores *= np.divide(1, self.norms, out=np.zeros_like(self.norms), where=self.norms > 0)
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

    # --- other Vectors from these ----------------------------------------------------------------------------------

    def select(self, words: Sequence[str]) -> "Vectors":
        """Vectors of these words alone, in this order. Raises `UnknownWord`."""
        return self.rows(self.ids(words))

    def restrict(self, n: int) -> "Vectors":
        """The n most frequent words: by `counts`, or the first n where there are none (files are sorted by custom)."""
        check_n(n)
        if self.counts is None or bool(np.all(self.counts[:-1] >= self.counts[1:])):
            return self.rows(slice(0, n))
        return self.rows(np.argsort(-self.counts, kind="stable")[:n])

    def rows(self, rows: slice | np.ndarray) -> "Vectors":
        """Vectors of these rows alone: views for a slice, copies for row numbers."""
        words = self.words[rows] if isinstance(rows, slice) else [self.words[i] for i in rows]
        C, counts = (None if part is None else part[rows] for part in (self.C, self.counts))
        return Vectors(words, self.E[rows], C, counts, self.metadata)

    def finite(self, tell: Callable[[str], None]) -> "Vectors":
        """Vectors without the rows that hold NaN or infinity; `tell` hears how many there were."""
        sound = np.isfinite(self.E).all(axis=1)
        if self.C is not None:
            sound &= np.isfinite(self.C).all(axis=1)
        if sound.all():
            return self
        tell(f"{int((~sound).sum()):,} rows left out (not finite; first: {self.words[int(np.argmin(sound))][:80]!r})")
        return self.rows(np.flatnonzero(sound))

    def space(self, which: Space) -> "Vectors":
        """Questions to E, to C, or to E + C (a new matrix). Raises `ConfigError` when the file holds no C."""
        if which not in ("E", "C", "E+C"):
            raise ConfigError(f"space is {which!r}; choose E, C or E+C")
        if which == "E":
            return self
        if self.C is None:
            raise ConfigError(f"space is {which}, but these vectors hold E alone; only the own format keeps C")
        return self._with(self.C if which == "C" else self.E + self.C, {"space": which})

    def normalized(self) -> "Vectors":
        """New Vectors with every row of E scaled to length 1 (a zero row stays zero)."""
        lengths = self.norms[:, None]
        E = np.divide(self.E, lengths, out=np.zeros(self.E.shape, np.float32), where=lengths > 0)
        return self._with(E, {"normalized": True})

    def all_but_the_top(self, components: int | None = None) -> "Vectors":
        """New Vectors without the mean and the strongest directions of E (Mu & Viswanath 2018, "All-but-the-Top").

        Args:
            components: how many principal directions go; by default d / 100, as the paper advises.

        Raises:
            ConfigError: components outside 0 to d.
        """
        D = max(1, self.dim // 100) if components is None else components
        if not 0 <= D <= self.dim:
            raise ConfigError(f"components is {D}, outside 0 to {self.dim}; d / 100 is usual")
        E = self.E - self.E.mean(axis=0, dtype=np.float64).astype(np.float32)
        strongest = np.linalg.eigh((E.T @ E).astype(np.float64))[1][:, self.dim - D :].astype(np.float32)  # (d, D)
        E -= (E @ strongest) @ strongest.T
        return self._with(E, {"all_but_the_top": D})

    def _with(self, E: np.ndarray, note: dict[str, Any]) -> "Vectors":
        return Vectors(self._words, E, None, self.counts, self.metadata | note)

    def save(self, path: str | PathLike[str], format: str | None = None) -> None:
        """Write to `path`; see `sgns.vectors.formats.save`."""
        from sgns.vectors.formats import save

        save(self, path, format)


def several(words: Word | Iterable[Word]) -> list[Word]:
    """One word or vector, or several, as a list."""
    if isinstance(words, str) or (isinstance(words, np.ndarray) and words.ndim == 1 and words.dtype.kind != "U"):
        return [words]
    return list(words)


def first_rows(words: Sequence[str]) -> dict[str, int]:
    """Each different word with the first row it stands in."""
    rows: dict[str, int] = {}
    for i, word in enumerate(words):
        rows.setdefault(word, i)
    return rows


def check_n(n: int) -> None:
    """Raises `ConfigError` unless n is at least 1."""
    if n < 1:
        raise ConfigError(f"n is {n}; ask for at least 1")
