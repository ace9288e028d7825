"""The rows that word vectors with subwords are composed of: u_w = mean of the word's own row and its n-grams' rows.

A word that is not in the vocabulary has no row of its own; its vector is the mean of the rows of its n-grams, as in
fastText.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from sgns.base.parallel import run_threads, usable_cores
from sgns.base.subwords import Subwords
from sgns.errors import FormatError, UnknownWord
from sgns.progress.callback import ProgressCallback

SUBWORDS_DROPPED = "subwords_dropped"
"""Key of the metadata: the call that made other rows of E, for which the rows of n-grams do not stand."""
IN_CACHE = 2**16  # numbers of n-gram rows that are gathered at once
WORTH_THREADS = 2**24  # numbers to be gathered from which on threads are started
MOST_THREADS = 4  # more would wait for memory


@dataclass(frozen=True)
class SubwordTable:
    """The rows that E was composed of. `SubwordTable.of` checks their shapes.

    Attributes:
        options: Which n-grams a word has, and the row of each.
        word_rows: (V, d) float32: each word's own row.
        ngram_rows: (B, d) float32: a row for each n-gram, or for each bucket of them.
    """

    options: Subwords
    word_rows: np.ndarray
    ngram_rows: np.ndarray

    @classmethod
    def of(cls, options: Subwords, word_rows: np.ndarray, ngram_rows: np.ndarray) -> Self:
        """Takes arrays as they are where they are float32, else converts them.

        Raises:
            FormatError: The shapes do not agree.
        """
        word_rows, ngram_rows = np.asarray(word_rows, np.float32), np.asarray(ngram_rows, np.float32)
        if word_rows.ndim != 2 or ngram_rows.shape != (options.rows, word_rows.shape[1]):
            raise FormatError(
                f"the n-grams have rows of shape {ngram_rows.shape}, the words {word_rows.shape}; subwords of"
                f" {options.rows:,} rows need ({options.rows}, d) and (V, d)"
            )
        return cls(options, word_rows, ngram_rows)

    def compose(self, word: str) -> np.ndarray:
        """The vector (d,) float32 of a word without a row of its own: the mean of the rows of its n-grams.

        Raises:
            UnknownWord: No n-gram of the word has a row.
        """
        rows = self.options.rows_of(word)
        if not len(rows):
            raise UnknownWord(f"{word[:80]!r} is not among the words, and none of its n-grams has a row")
        return self.ngram_rows[rows].mean(axis=0, dtype=np.float32)

    def composed(self, words: Sequence[str | bytes], progress: ProgressCallback | None = None) -> np.ndarray:
        """E (V, d) float32: for each word the mean of its own row and those of its n-grams.

        Args:
            words: The V words, in the order of `word_rows`; bytes are UTF-8.
            progress: Called as progress("subwords", words, of words, "words").
        """
        E, counts = self.sums(words, progress)
        E += self.word_rows
        E /= (counts + 1)[:, None].astype(np.float32)
        return E

    def sums(
        self, words: Sequence[str | bytes], progress: ProgressCallback | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The sum (V, d) float32 of the rows of each word's n-grams, and their number (V,) int64."""
        starts, rows = self.options.table_of(words, progress)
        counts = np.diff(starts)
        sums = np.zeros((len(counts), self.ngram_rows.shape[1]), np.float32)
        some = np.flatnonzero(counts)
        blocks = iter(self._blocks(some, starts[some + 1]))

        def work(_: object = None) -> None:
            for block in blocks:
                first = starts[block[0]]
                gathered = self.ngram_rows[rows[first : starts[block[-1] + 1]]]
                sums[block] = np.add.reduceat(gathered, starts[block] - first, axis=0)

        if len(rows) * self.ngram_rows.shape[1] < WORTH_THREADS:
            work()
        else:
            run_threads(work, min(MOST_THREADS, usable_cores()), lambda: None)
        return sums, counts

    def _blocks(self, words: np.ndarray, ends: np.ndarray) -> list[np.ndarray]:
        """Words in blocks whose n-grams' rows fit in a cache; `ends` (n,) counts the n-grams up to the end of each."""
        step = max(1, IN_CACHE // self.ngram_rows.shape[1])  # n-grams
        cuts = np.flatnonzero(np.diff(ends // step)) + 1
        return np.split(words, cuts) if len(words) else []

    def take(self, rows: slice | np.ndarray) -> Self:
        """The table of these words alone; the rows of the n-grams are shared."""
        return replace(self, word_rows=self.word_rows[rows])

    def with_rows(self, rows: np.ndarray, words: Sequence[str], E: np.ndarray) -> Self:
        """A table of which words are composed to other rows of E: their own rows are solved for.

        Args:
            rows: (n,) int64, the numbers of these words; those beyond the last are added.
            words: n words.
            E: (n, d) float32: what they are composed to.
        """
        sums, counts = self.sums(words)
        word_rows = np.empty((max(len(self.word_rows), int(rows.max(initial=-1)) + 1), E.shape[1]), np.float32)
        word_rows[: len(self.word_rows)] = self.word_rows
        word_rows[rows] = E.astype(np.float64) * (counts + 1)[:, None] - sums
        return replace(self, word_rows=word_rows)
