"""The words of a corpus, their counts, and the two distributions made of them: subsampling and noise."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from sgns.base.suggest import nearest
from sgns.config import Config
from sgns.errors import ConfigError, InputError, UnknownWord
from sgns.text.word_files import write_vocabulary

ORDINARY, KEPT, DROPPED = 0, 1, 2
"""What lists say of a word: nothing; that it stays in the vocabulary; that it is left out (see `word_lists`)."""


class Vocabulary:
    """Words with their counts, the most frequent first; a word's index is its id.

    Attributes:
        words: V words, sorted by count (descending), equal counts by first appearance in the text.
        counts: (V,) int64, how often each word occurs in the text.
        integers: whether words that are decimal integers were given as integers; here they are text.
    """

    words: list[str]
    counts: np.ndarray  # (V,) int64
    integers: bool

    def __init__(self, words: Sequence[str], counts: np.ndarray | Sequence[int], least: int = 1):
        """Takes words and counts as they are; nothing is sorted.

        Args:
            words: V distinct words.
            counts: V counts.
            least: the smallest count that is allowed: 0 for words that may not occur; they are never drawn as noise.

        Raises:
            ConfigError: the two differ in length, or a count is below `least`.
        """
        self.words = list(words)
        self.counts = np.asarray(counts, dtype=np.int64)
        self.integers = False
        if self.counts.shape != (len(self.words),):
            raise ConfigError(f"{len(self.words)} words but {self.counts.size} counts; give one count for each word")
        if self.counts.size and int(self.counts.min()) < least:
            raise ConfigError(f"a count is {self.counts.min()}, below {least}; leave words that never occur out")

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} words, {self.total} tokens)"

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def total(self) -> int:
        """Tokens of the text that are in the vocabulary: the sum of the counts."""
        return int(self.counts.sum())

    def id(self, word: str) -> int:
        """The id of `word`: its row in E and C.

        Raises:
            UnknownWord: `word` is not in the vocabulary; the message offers the nearest words.
        """
        try:
            return self._ids[word]
        except (KeyError, TypeError):
            pass
        near = nearest(word, self._ids) if isinstance(word, str) else []
        hint = f"nearest: {', '.join(near)}" if near else "no spelling is near; a rare word may fall under min_count"
        raise UnknownWord(f"{word!r} is not among the {len(self)} words; {hint}")

    def save(self, path: str | Path) -> None:
        """Writes word, tab and count, a line each; `Config.vocabulary_file` reads it. Raises `OutputError`."""
        write_vocabulary(Path(path), self.words, self.counts.tolist())

    def threshold(self, subsample: float | None) -> float:
        """The threshold t of subsampling: `subsample`, or for None 1,000 / tokens, between 7e-4 and 1e-3.

        A large text can spare tokens of its frequent words: relatedness gains. Below 7e-4 similarity and inflections
        lose; a small text has too few tokens left (docs/training.md has the measurements).
        """
        return min(1e-3, max(7e-4, 1_000 / max(1, self.total))) if subsample is None else subsample

    def keep_probability(self, subsample: float | None) -> np.ndarray:
        """The probability that a token of each word is kept in an epoch.

        p(w) = min(1, sqrt(t/f) + t/f) with f = count / total tokens. This is the law of word2vec.c and gensim;
        Mikolov et al. 2013 (arXiv 1310.4546, eq. 5) print 1 - sqrt(t/f) as the probability that it is discarded.

        Args:
            subsample: threshold t; 0 keeps every token, None: see `threshold`.

        Returns:
            (V,) float64 between 0 and 1.
        """
        subsample = self.threshold(subsample)
        if subsample <= 0 or not len(self):
            return np.ones(len(self))
        ratio = subsample * self.total / np.maximum(self.counts, 1)  # t / f; a word without tokens is never asked for
        return np.minimum(1.0, np.sqrt(ratio) + ratio)

    def noise_distribution(self, power: float) -> np.ndarray:
        """The distribution from which negatives are drawn: count ** power, normalised.

        Mikolov et al. 2013 (arXiv 1310.4546, section 2.2) found 0.75 best.

        Returns:
            (V,) float64 that sums to 1.
        """
        occurring = self.counts[self.counts > 0]
        if not len(occurring):
            return np.ones(len(self)) / max(1, len(self))
        # Relative to the largest, so that no power over- or underflows all of them.
        largest = occurring.max() if power >= 0 else occurring.min()
        weights = np.exp(power * (np.log(np.maximum(self.counts, 1)) - np.log(largest)))
        weights[self.counts == 0] = 0
        return weights / weights.sum()


def most_frequent(
    counts: np.ndarray,  # (t,) int64
    first: np.ndarray,  # (t,) int64
    config: Config,
    marks: np.ndarray | None = None,  # (t,) int8
) -> np.ndarray:
    """Chooses the words of a vocabulary: `config.max_vocabulary` of those that occur `config.min_count` times or more.

    Args:
        counts: how often each word occurs in the text.
        first: position of its first appearance; of words with equal counts the earlier comes first.
        config: `min_count` and `max_vocabulary` apply.
        marks: what lists say of the words; those that are KEPT are chosen whatever `config` says, and count towards
            `max_vocabulary`; those that are DROPPED are not chosen.

    Returns:
        Indices of the words, the most frequent first.
    """
    limit, always = config.max_vocabulary, np.zeros(0, np.int64)
    if marks is None:
        indices = np.flatnonzero(counts >= config.min_count)
    else:
        indices = np.flatnonzero((counts >= config.min_count) & (marks == ORDINARY))
        always = np.flatnonzero((marks == KEPT) & (counts > 0))
        limit = None if limit is None else max(0, limit - len(always))
    if limit == 0:
        indices = indices[:0]
    if limit is not None and len(indices) > limit:
        kept = counts[indices]
        threshold = np.partition(kept, len(kept) - limit)[len(kept) - limit]
        sure, tied = indices[kept > threshold], indices[kept == threshold]
        if len(tied) > limit - len(sure):
            tied = tied[np.argpartition(first[tied], limit - len(sure) - 1)[: limit - len(sure)]]
        indices = np.concatenate([sure, tied])
    indices = np.concatenate([indices, always])
    return indices[np.lexsort((first[indices], -counts[indices]))]


def nothing_left(raw_tokens: int, distinct: int, highest: int, config: Config) -> InputError:
    """The error for a text whose vocabulary is empty.

    Args:
        raw_tokens: words of the text, before min_count and max_vocabulary.
        distinct: distinct words.
        highest: count of the most frequent word.
        config: `min_count` applies.
    """
    if not raw_tokens:
        return InputError("the text holds no words; give text with letters or digits in it")
    return InputError(
        f"no word occurs min_count = {config.min_count} times ({raw_tokens:,} tokens, {distinct:,} distinct words, the "
        f"most frequent {highest:,} times); set min_count to {highest} or less, or give more text"
    )
