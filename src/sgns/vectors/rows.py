"""Words and their rows: looked up, selected, and made into other rows. What is asked of them stands in `vectors`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Literal, Self

import numpy as np

from sgns.base.suggest import nearest as nearest_spellings
from sgns.errors import ConfigError, FormatError, UnknownWord
from sgns.vectors import search
from sgns.vectors.files.word_lines import WordLines

Space = Literal["E", "C", "E+C"]
SEARCHES = 64  # of words in a file's lines, at any size about as long as making the index
FEW = 100  # words that are decoded on their own


class Rows:
    """Words with a row each in E, and perhaps in C; the arguments are those of `Vectors`."""

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
        self._lines: WordLines | None = None
        self._searches = 0
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
                words = self._words.decode("utf-8").split("\n") if self._words or len(self.E) else []
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"the list of words is not UTF-8 at byte {error.start}; write the file again"
                ) from None
            if len(words) != len(self.E):
                raise FormatError(
                    f"{len(words)} words for {len(self.E)} rows of E; the file is damaged, write it again"
                )
            self._words, self._lines = words, None
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
        return self._searched(word) is not None or word in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __repr__(self) -> str:
        parts = [name for name in ("C", "counts") if getattr(self, name) is not None]
        return f"<Vectors: {len(self):,} words, d = {self.dim}{', with ' + ' and '.join(parts) if parts else ''}>"

    def id(self, word: str) -> int:
        """The row of `word`. Raises `UnknownWord` (a KeyError) with its nearest spellings."""
        row = self._searched(word)
        if row is not None:
            return row
        try:
            return self.index[word]
        except (KeyError, TypeError):
            near = nearest_spellings(str(word), self.index)
            hint = f"did you mean {', '.join(near)}?" if near else "no spelling is near"
            raise UnknownWord(f"{str(word)[:80]!r} is not among the {len(self):,} words; {hint}") from None

    def ids(self, words: Iterable[str]) -> np.ndarray:
        """The rows (n,) int64 of several words. Raises `UnknownWord`."""
        words = list(words)
        if len(words) > SEARCHES // 4:
            self.index  # noqa: B018  made now, since it will be
        return np.array([self.id(word) for word in words], np.int64)

    def names(self, rows: Sequence[int] | np.ndarray) -> list[str]:
        """The words of some rows; a few are taken from their file without decoding all."""
        lines = self._file_lines() if len(rows) <= FEW else None
        if lines is not None:
            with suppress(UnicodeDecodeError):  # the list of all words tells where
                return [lines.word(int(row)) for row in rows]
        words = self.words
        return [words[row] for row in rows]

    def _searched(self, word: object) -> int | None:
        """The row of a word as found in its file's lines, for the first few words asked for; None: ask the index."""
        if self._index is None and isinstance(word, str) and self._searches < SEARCHES:
            lines = self._file_lines()
            if lines is not None:
                self._searches += 1
                return lines.row(word)
        return None

    def _file_lines(self) -> WordLines | None:
        """The words as their file's lines; None once they are decoded, or when they are not one a row."""
        if not isinstance(self._words, bytes):
            return None
        if self._lines is None:
            self._lines = WordLines(self._words)
        return self._lines if len(self._lines) == len(self.E) else None

    def __getitem__(self, word: str | Sequence[str]) -> np.ndarray:
        """The row (d,) of a word, or the rows (n, d) of a list of words; raises `UnknownWord`."""
        return self.E[self.id(word)] if isinstance(word, str) else self.E[self.ids(word)]

    # --- other rows from these ----------------------------------------------------------------------------------

    def select(self, words: Sequence[str]) -> Self:
        """Vectors of these words alone, in this order. Raises `UnknownWord`."""
        return self.rows(self.ids(words))

    def restrict(self, n: int) -> Self:
        """The n most frequent words: by `counts`, or the first n where there are none (files are sorted by custom)."""
        check_n(n)
        if self.counts is None or bool(np.all(self.counts[:-1] >= self.counts[1:])):
            return self.rows(slice(0, n))
        return self.rows(np.argsort(-self.counts, kind="stable")[:n])

    def rows(self, rows: slice | np.ndarray) -> Self:
        """Vectors of these rows alone: views for a slice, copies for row numbers."""
        words = self.words[rows] if isinstance(rows, slice) else [self.words[i] for i in rows]
        C, counts = (None if part is None else part[rows] for part in (self.C, self.counts))
        return type(self)(words, self.E[rows], C, counts, self.metadata)

    def finite(self, on_warning: Callable[[str], None]) -> Self:
        """Vectors without the rows that hold NaN or infinity; `tell` hears how many there were."""
        sound = np.isfinite(self.E).all(axis=1)
        if self.C is not None:
            sound &= np.isfinite(self.C).all(axis=1)
        if sound.all():
            return self
        on_warning(
            f"{int((~sound).sum()):,} rows left out (not finite; first: {self.words[int(np.argmin(sound))][:80]!r})"
        )
        return self.rows(np.flatnonzero(sound))

    def space(self, which: Space) -> Self:
        """Questions to E, to C, or to E + C (a new matrix). Raises `ConfigError` when the file holds no C."""
        if which not in ("E", "C", "E+C"):
            raise ConfigError(f"space is {which!r}; choose E, C or E+C")
        if which == "E":
            return self
        if self.C is None:
            raise ConfigError(f"space is {which}, but these vectors hold E alone; only the own format keeps C")
        return self._with(self.C if which == "C" else self.E + self.C, {"space": which})

    def normalized(self) -> Self:
        """New Vectors with every row of E scaled to length 1 (a zero row stays zero)."""
        lengths = self.norms[:, None]
        E = np.divide(self.E, lengths, out=np.zeros(self.E.shape, np.float32), where=lengths > 0)
        return self._with(E, {"normalized": True})

    def all_but_the_top(self, components: int | None = None) -> Self:
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

    def _with(self, E: np.ndarray, note: dict[str, Any]) -> Self:
        return type(self)(self._words, E, None, self.counts, self.metadata | note)


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
