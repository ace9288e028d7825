"""Vectors of texts: weighted means of the vectors of their words, without their common component.

SIF, smooth inverse frequency (Arora, Liang & Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings"):
a word w of frequency p(w) has the weight a / (a + p(w)), and of the vectors of texts the projection on their first
singular vector is subtracted, which holds what most texts share.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, Self, get_args

import numpy as np

from sgns.errors import ConfigError, FormatError, InputError, TextWarning
from sgns.progress.callback import WarningCallback
from sgns.vectors.files import formats
from sgns.vectors.files.parts import Parts
from sgns.vectors.tokens import Tokeniser, Unknown, table_for
from sgns.vectors.word_list import is_integer

Weights = Literal["sif", "mean"]
"""How the words of a text are weighted: by a / (a + p(w)), or alike."""

LEAST_A, MOST_A = 1e-12, 1e12  # beyond, the weights of words are 0 in float32, or all 1
TEXTS_AT_ONCE = 2**14  # whose tokens are held at once
IN_CACHE = 2**18  # numbers of E that are gathered at once


@dataclass(frozen=True)
class EncodedTexts:
    """The vectors of n texts, and how many of their words are known."""

    rows: np.ndarray
    """(n, d) float32; a text without a known word has a zero row."""
    words: np.ndarray
    """(n,) int64: the number of words of each text."""
    known: np.ndarray
    """(n,) int64: how many of them have a vector, composed ones too; the others are left out."""
    composed: np.ndarray
    """(n,) int64: how many of these are not in the vocabulary, and are composed of their n-grams."""

    @property
    def coverage(self) -> float:
        """The share of all words that have a vector; 0 where there is no word."""
        return float(self.known.sum() / max(1, self.words.sum()))

    @property
    def empty(self) -> np.ndarray:
        """The numbers, from 0, of the texts without a known word, whose rows are zero."""
        return np.flatnonzero(self.known == 0)


class TextEncoder:
    """Encodes texts as vectors; `fit` finds the common component, `transform` subtracts it, as scikit-learn names them.

    Args:
        parts: Words, E, counts and metadata of the vectors.
        weights: sif, which needs counts, or mean.
        a: The constant of SIF; 1e-4 to 1e-3 is usual.
        components: Number of components that `fit` finds and `transform` subtracts; 1 in the paper, 0 for none.
        unknown: skip leaves unknown words out; compose makes their vectors of their n-grams.

    Attributes:
        common: (components, d) float32: the unit vectors that `transform` subtracts the projections on; None before
            `fit`.

    Raises:
        ConfigError: There are no counts for sif, no subwords to compose of, or an option is out of range.
    """

    def __init__(
        self,
        parts: Parts,
        weights: Weights = "sif",
        a: float = 1e-3,
        components: int = 0,
        *,
        unknown: Unknown = "skip",
    ) -> None:
        if weights not in get_args(Weights):
            raise ConfigError(f"weights is {weights!r}; choose one of {', '.join(get_args(Weights))}")
        if not isinstance(a, int | float | np.integer | np.floating) or not LEAST_A <= a <= MOST_A:
            raise ConfigError(f"a is {a!r:.80}, not a number from 1e-12 to 1e12; 0.001 is usual")
        if not is_integer(components) or not 0 <= components <= parts.dim:
            raise ConfigError(f"components is {components!r}, outside 0 to {parts.dim}; 1 is usual")
        self.E, self.weights, self.a, self.components = parts.E, weights, a, components
        self.common: np.ndarray | None = None
        table = table_for(unknown, parts.subwords, parts.metadata)
        self._tokeniser = Tokeniser(parts.words, parts.metadata, table)
        self._weight = sif_weights(parts.counts, a) if weights == "sif" else None  # (V,) float32

    def fit(self, texts: Iterable[Any], labels: object = None) -> Self:
        """Finds the common components of these texts: the first singular vectors of their rows, without a mean.

        Args:
            texts: Strings or lists of words.
            labels: Not used; scikit-learn's pipelines give them.

        Raises:
            InputError: No text has a known word, or one is neither a string nor a list.
        """
        self._find_common(self._means(texts))
        return self

    def transform(self, texts: Iterable[Any], *, on_warning: WarningCallback | None = None) -> np.ndarray:
        """The vectors of texts, (n, d) float32, as `encode`.

        Args:
            texts: Strings or lists of words.
            on_warning: Called when texts have no known word; by default a `TextWarning`.
        """
        return reported(self.encode(texts), on_warning).rows

    def fit_transform(
        self, texts: Iterable[Any], labels: object = None, *, on_warning: WarningCallback | None = None
    ) -> np.ndarray:
        """`fit` and `transform` of the same texts, which are read once; see both."""
        return reported(self.fit_encode(texts), on_warning).rows

    def encode(self, texts: Iterable[Any]) -> EncodedTexts:
        """The vectors of texts, and how many of their words are known.

        Args:
            texts: Strings, which are normalised as in training, or lists of words, which are taken as they are.

        Raises:
            ConfigError: There are components to subtract, and `fit` was not called.
            InputError: `texts` is one string, or a text is neither a string nor a list.
            FormatError: A row of E is not finite.
        """
        if self.components and self.common is None:
            raise ConfigError(
                f"components is {self.components}, but they were not looked for; call fit(texts), or take components=0"
            )
        return self._subtracted(self._means(texts))

    def fit_encode(self, texts: Iterable[Any]) -> EncodedTexts:
        """`fit` and `encode` of the same texts, which are read once; see both."""
        encoded = self._means(texts)
        self._find_common(encoded)
        return self._subtracted(encoded)

    def _find_common(self, encoded: EncodedTexts) -> None:
        if self.components and not encoded.known.any():
            raise InputError(
                f"none of the {len(encoded.rows):,} texts has a known word; give others to find components in"
            )
        if not self.components:
            self.common = np.zeros((0, self.E.shape[1]), np.float32)
            return
        products = np.zeros((self.E.shape[1], self.E.shape[1]))  # (d, d) float64
        for start in range(0, len(encoded.rows), TEXTS_AT_ONCE):
            block = encoded.rows[start : start + TEXTS_AT_ONCE]
            with np.errstate(over="ignore", invalid="ignore"):
                products += block.T @ block
        if not np.isfinite(products).all():
            raise not_finite()
        vectors = np.linalg.eigh(products)[1]  # (d, d), the strongest last
        self.common = np.ascontiguousarray(vectors[:, ::-1][:, : self.components].T, np.float32)

    def _subtracted(self, encoded: EncodedTexts) -> EncodedTexts:
        if self.components and self.common is not None:
            encoded.rows[:] -= (encoded.rows @ self.common.T) @ self.common
        return encoded

    def _means(self, texts: Iterable[Any]) -> EncodedTexts:
        """The weighted means of the rows of the known words, nothing subtracted."""
        if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
            raise InputError(f"texts is {texts!r:.60}; give a list of texts, [text] for a single one")
        parts, done = [], 0
        for block in blocks(texts, TEXTS_AT_ONCE):
            rows, ends = self._tokeniser.rows_of_texts(block, done + 1)
            words, known, composed = (counted(which, ends) for which in (rows >= -1, rows >= 0, rows >= len(self.E)))
            means = weighted_means(self.E, self._weight, rows[rows >= 0], known, self._tokeniser.composed)
            parts.append((means, words, known, composed))
            done += len(block)
        if not parts:
            nothing = np.zeros(0, np.int64)
            return EncodedTexts(np.zeros((0, self.E.shape[1]), np.float32), nothing, nothing, nothing)
        return EncodedTexts(*(np.concatenate(arrays) for arrays in zip(*parts)))


def counted(which: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How many words of each text are among `which` (m,) bool, (n,) int64; the texts end at `ends` (n,)."""
    return np.diff(np.concatenate([[0], np.cumsum(which)])[ends], prepend=0)


def sif_weights(counts: np.ndarray | None, a: float) -> np.ndarray:
    """The weight a / (a + p(w)) of each word, (V,) float32, where p(w) is its share of the counts of all words.

    Raises:
        ConfigError: There are no counts.
    """
    if counts is None or not counts.sum():
        raise ConfigError("weights is sif, which needs the counts of words, and these vectors have none; take mean")
    return (a / (a + counts / counts.sum())).astype(np.float32)


def weighted_means(
    E: np.ndarray, weight: np.ndarray | None, rows: np.ndarray, lengths: np.ndarray, composed: np.ndarray
) -> np.ndarray:
    """Σ weight[w] E[w] / m over the m words w of each text, (n, d) float32; zero for a text without words.

    Args:
        E: (V, d) float32.
        weight: (V,) float32, or None for 1.
        rows: (m,) int64, the words of all texts.
        lengths: (n,) int64, the number of words of each text.
        composed: (u, d) float32, the vectors of unknown words, which have rows from V on and the weight 1.

    Raises:
        FormatError: A row of E is not finite.
    """
    means = np.zeros((len(lengths), E.shape[1]), np.float32)
    text_of = np.repeat(np.arange(len(lengths)), lengths)
    step = max(1, IN_CACHE // E.shape[1])
    for start in range(0, len(rows), step):  # a text that goes on in the next step is added up
        here, texts = rows[start : start + step], text_of[start : start + step]
        others = np.flatnonzero(here >= len(E)) if len(composed) else here[:0]
        own = np.minimum(here, len(E) - 1) if len(others) else here
        gathered = E[own]
        if weight is not None:
            gathered *= weight[own, None]
        if len(others):
            gathered[others] = composed[here[others] - len(E)]
        firsts = np.flatnonzero(np.diff(texts, prepend=-1))
        with np.errstate(over="ignore", invalid="ignore"):
            means[texts[firsts]] += np.add.reduceat(gathered, firsts, axis=0)
    means /= np.maximum(lengths, 1)[:, None].astype(np.float32)
    if not np.isfinite(means).all():
        raise not_finite()
    return means


def not_finite() -> FormatError:
    """The error for rows that are NaN or infinite, or whose sums or squares are."""
    return FormatError(
        "a text has a word whose row is not finite or beyond 1e19; train again with a lower lr, or drop such rows:"
        " sgns convert IN OUT --repair"
    )


def blocks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yields lists of `size` items, the last one shorter."""
    iterator = iter(items)
    while block := list(islice(iterator, size)):
        yield block


def reported(encoded: EncodedTexts, on_warning: WarningCallback | None) -> EncodedTexts:
    """`encoded`, after a warning where texts have no known word."""
    empty = encoded.empty
    if len(empty):
        (on_warning or warn)(
            f"{len(empty):,} of {len(encoded.rows):,} texts have no known word (first: text {int(empty[0]) + 1:,});"
            " their rows are zero"
        )
    return encoded


def warn(message: str) -> None:
    """Issues a `TextWarning` for the line outside this package that asked."""
    formats.warn(message, TextWarning)
