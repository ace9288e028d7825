"""`Phrases` and `FrozenPhrases` of gensim 4: words that stand together more often than chance joins into one."""

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from math import log
from os import PathLike
from typing import Any

from sgns.gensim.interfaces import TransformationABC
from sgns.gensim.names import SCORER
from sgns.gensim.store import class_only, load
from sgns.gensim.utils import prune_vocab
from sgns.vectors.files.pickle_data import as_text

logger = logging.getLogger(__name__)

NEGATIVE_INFINITY = float("-inf")

ENGLISH_CONNECTOR_WORDS = frozenset(
    ("a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by", "and", "or")
)
"""Words that may stand within an English phrase, and not at its ends."""


def original_scorer(
    worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float, corpus_word_count: int
) -> float:
    """(bigram_count − min_count) · len_vocab / (worda_count · wordb_count) (Mikolov et al. 2013, eq. 6)."""
    pairs = worda_count * wordb_count
    return (bigram_count - min_count) / pairs * len_vocab if pairs else NEGATIVE_INFINITY


def npmi_scorer(
    worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float, corpus_word_count: int
) -> float:
    """Normalised pointwise mutual information, −1 to 1 (Bouma 2009); −∞ below min_count."""
    if bigram_count < min_count or not (worda_count and wordb_count and bigram_count and corpus_word_count):
        return NEGATIVE_INFINITY
    a, b, together = (count / corpus_word_count for count in (worda_count, wordb_count, bigram_count))
    return log(together / (a * b)) / -log(together) if together < 1 else NEGATIVE_INFINITY


SCORERS: dict[str, Callable[..., float]] = {"default": original_scorer, "npmi": npmi_scorer}


def scorer_named(scoring: Any) -> Callable[..., float]:
    """A scorer by its name; a function that has the parameters of one is returned as it is.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(scoring, str):
        if scoring not in SCORERS:
            raise ValueError(f"unknown scoring method string {scoring} specified; choose default or npmi")
        return SCORERS[scoring]
    if not callable(scoring):
        raise ValueError(f"scoring is {scoring!r}; give default, npmi or a function")
    missing = [name for name in SCORER if name not in signature(scoring).parameters]
    if missing:
        raise ValueError(f"scoring function missing expected parameters {missing}")
    return scoring


def _is_single(obj: Any) -> tuple[bool, Any]:
    """Whether `obj` is one sentence, and not a corpus of sentences; and `obj`, with what was looked at."""
    rest = iter(obj)
    try:
        first = next(rest)
    except StopIteration:
        return True, obj
    whole = itertools.chain([first], rest)
    if isinstance(first, str):
        return True, whole
    return False, whole if rest is obj else obj


class _PhrasesTransformation(TransformationABC):
    """Joins the phrases of sentences. A derived class says which they are.

    Attributes:
        connector_words: Words that stand within a phrase and are not scored.
    """

    connector_words: frozenset[str]
    threshold: float
    delimiter: str

    def __init__(self, connector_words: Iterable[str]) -> None:
        self.connector_words = frozenset(connector_words)

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str | None, float | None]:
        """The phrase of two words and its score; (None, None) for what is no phrase."""
        raise NotImplementedError(f"{type(self).__name__} has no score_candidate")

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[Any, float | None]]:
        """Yields the words of a sentence, with None, and its phrases with their scores, from left to right."""
        start: str | None = None
        between: list[str] = []
        for word in sentence:
            if word in self.connector_words:
                if start is None:
                    yield word, None
                else:
                    between.append(word)
                continue
            if start is not None:
                phrase, score = self.score_candidate(start, word, between)
                if score is not None:
                    yield phrase, score
                    start, between = None, []
                    continue
                yield start, None
                yield from ((other, None) for other in between)
            start, between = word, []
        if start is not None:
            yield start, None
            yield from ((other, None) for other in between)

    def __getitem__(self, sentence: Any) -> Any:
        single, sentence = _is_single(sentence)
        if not single:
            return self._apply(sentence)
        return [token for token, _ in self.analyze_sentence(sentence)]

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """The phrases of sentences, with their scores."""
        return {
            phrase: score
            for sentence in sentences
            for phrase, score in self.analyze_sentence(sentence)
            if score is not None
        }

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Any:
        """Phrases of a file that `save` wrote, here or in gensim; see `SaveLoad.load`."""
        return load(cls, fname, mmap)

    def _after_load(self) -> None:
        """Brings older versions up: bytes as words, pairs of words as phrases, scorers by name."""
        fields = self.__dict__
        delimiter = fields.get("delimiter", "_")
        fields["delimiter"] = as_text(delimiter)
        fields["connector_words"] = frozenset(fields.pop("common_terms", fields.get("connector_words", ())))
        scoring = fields.get("scoring")
        fields["scoring"] = original_scorer if scoring is None else scorer_named(scoring)
        fields.setdefault("corpus_word_count", 0)
        if "vocab" in fields:
            fields["vocab"] = {as_text(word): count for word, count in fields["vocab"].items()}
        if "phrasegrams" in fields:
            joined = {}
            for phrase, score in fields["phrasegrams"].items():
                name = self.delimiter.join(map(as_text, phrase)) if isinstance(phrase, tuple) else as_text(phrase)
                joined[name] = score[1] if isinstance(score, tuple) else score
            fields["phrasegrams"] = joined


class Phrases(_PhrasesTransformation):
    """Counts words and pairs of words, and joins the pairs that score above a threshold.

    Attributes:
        vocab: How often each word, and each pair joined by the delimiter, occurs.
        corpus_word_count: Words of all sentences.
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Callable[..., float] = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        """Counts the sentences, if some are given.

        Args:
            sentences: Lists of words.
            min_count: Fewest occurrences of a phrase, as the scorer uses it.
            threshold: A pair that scores more is a phrase.
            max_vocab_size: When more words and pairs are counted, the rarest are forgotten.
            delimiter: Stands between the words of a phrase.
            progress_per: Sentences between two lines of the log.
            scoring: default, npmi, or a function of `SCORER`'s parameters.
            connector_words: Words that stand within a phrase and are not scored.

        Raises:
            ValueError: A number is out of range, or there is no such scorer.
        """
        super().__init__(connector_words)
        if min_count <= 0:
            raise ValueError(f"min_count should be at least 1, it is {min_count}")
        if scoring == "default" and threshold <= 0:
            raise ValueError(f"threshold should be positive for default scoring, it is {threshold}")
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ValueError(f"threshold should be between -1 and 1 for npmi scoring, it is {threshold}")
        self.scoring = scorer_named(scoring)
        self.min_count, self.threshold, self.max_vocab_size = min_count, threshold, max_vocab_size
        self.delimiter, self.progress_per = delimiter, progress_per
        self.vocab: dict[str, int] = {}
        self.min_reduce = 1
        self.corpus_word_count = 0
        if sentences is not None:
            self.add_vocab(sentences)
            self.add_lifecycle_event("created", msg=f"built {self}")

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self.vocab)} vocab, min_count={self.min_count}, threshold={self.threshold}, "
            f"max_vocab_size={self.max_vocab_size}>"
        )

    def add_vocab(self, sentences: Iterable[Iterable[str]]) -> None:
        """Counts more sentences."""
        counts, words, reduce = self._learn_vocab(sentences)
        self.corpus_word_count += words
        if not self.vocab:
            self.vocab = counts
            return
        self.min_reduce = max(self.min_reduce, reduce)
        for word, count in counts.items():
            self.vocab[word] = self.vocab.get(word, 0) + count
        if len(self.vocab) > self.max_vocab_size:
            prune_vocab(self.vocab, self.min_reduce)
            self.min_reduce += 1

    def _learn_vocab(self, sentences: Iterable[Iterable[str]]) -> tuple[dict[str, int], int, int]:
        """Counts of words and pairs, the number of words, and the next count that is forgotten."""
        counts: dict[str, int] = {}
        words, reduce = 0, 1
        connectors, join = self.connector_words, self.delimiter.join
        for number, sentence in enumerate(sentences):
            if number % self.progress_per == 0:
                logger.info("PROGRESS: at sentence #%i, %i words and %i word types", number, words, len(counts))
            start: str | None = None
            between: list[str] = []
            for word in sentence:
                words += 1
                if word in connectors:
                    if start is not None:
                        between.append(word)
                    continue
                counts[word] = counts.get(word, 0) + 1
                if start is not None:
                    pair = join((start, *between, word))
                    counts[pair] = counts.get(pair, 0) + 1
                start, between = word, []
            if len(counts) > self.max_vocab_size:
                prune_vocab(counts, reduce)
                reduce += 1
        return counts, words, reduce

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str | None, float | None]:
        """See `_PhrasesTransformation.score_candidate`."""
        first, second = self.vocab.get(word_a, 0), self.vocab.get(word_b, 0)
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        together = self.vocab.get(phrase, 0)
        if not (first > 0 and second > 0 and together > 0):
            return None, None
        score = self.scoring(
            worda_count=first, wordb_count=second, bigram_count=together, len_vocab=len(self.vocab),
            min_count=self.min_count, corpus_word_count=self.corpus_word_count,
        )  # fmt: skip
        return (phrase, score) if score > self.threshold else (None, None)

    def export_phrases(self) -> dict[str, float]:
        """All phrases, with their scores."""
        found: dict[str, float] = {}
        for token in self.vocab:
            parts = token.split(self.delimiter)
            if len(parts) > 1:
                phrase, score = self.score_candidate(parts[0], parts[-1], parts[1:-1])
                if phrase is not None and score is not None:
                    found[phrase] = score
        return found

    def freeze(self) -> "FrozenPhrases":
        """The phrases alone, without the counts."""
        return FrozenPhrases(self)


class FrozenPhrases(_PhrasesTransformation):
    """Phrases with their scores: smaller and faster than `Phrases`, and it learns no more.

    Attributes:
        phrasegrams: The score of each phrase.
    """

    def __init__(self, phrases_model: Phrases) -> None:
        super().__init__(phrases_model.connector_words)
        self.threshold, self.min_count = phrases_model.threshold, phrases_model.min_count
        self.delimiter, self.scoring = phrases_model.delimiter, phrases_model.scoring
        self.phrasegrams = phrases_model.export_phrases()
        self.add_lifecycle_event("created", msg=f"exported {self} from {phrases_model}")

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self.phrasegrams)} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str | None, float | None]:
        """See `_PhrasesTransformation.score_candidate`."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase, NEGATIVE_INFINITY)
        return (phrase, score) if score > self.threshold else (None, None)


Phraser = FrozenPhrases
