"""Phrases: words that often stand together become one word, such as new_york (Mikolov et al. 2013, section 4).

Scores, counts and the choice of what is joined are those of gensim's `Phrases`: a pair is two neighbouring words, with
any number of connector words between them; its score is one of

    default   (count − min_count) / (count of the first word · count of the second) · V
    npmi      log(p(pair) / (p(first) · p(second))) / −log p(pair)

where V is the number of distinct words and pairs, and p(…) = count / all words. Pairs whose score is above the
threshold are joined from left to right. Every word counts, whatever `min_count` is: the vocabulary is cut afterwards,
so neighbours are those of the text. A second pass takes the joined words for words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from sgns.base.kernel_cache import is_compiled, note_compiled
from sgns.base.parallel import run_threads
from sgns.config import Config, PhraseScore
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.encoded import Encoded
from sgns.text.join import Trie, join
from sgns.text.joined_names import shared_names
from sgns.text.neighbours import count_pairs
from sgns.text.phrase_list import DELIMITER, Phrase, read_phrases
from sgns.text.sentences import shown
from sgns.text.word_files import read_words

VERSION = 1  # raise it when the same text would get other phrases
ENGLISH = "english"
ENGLISH_CONNECTOR_WORDS = (
    "a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by", "and", "or",
)  # fmt: skip
"""Articles, prepositions and conjunctions: the same as gensim's ENGLISH_CONNECTOR_WORDS."""
DEFAULT_THRESHOLD = {"default": 10.0, "npmi": 0.5}
PLAIN_TOKENS = 1 << 19  # as many are counted and joined by plain Python before Numba is imported
PLAIN_TOKENS_COLD = 1 << 20  # … and as many before the kernels are compiled
NEAR = 1e-9  # scores that are as near to the threshold are computed again, in the way of gensim to the last bit


@dataclass(frozen=True)
class PhraseOptions:
    """How phrases are found.

    Attributes:
        passes: how often; 0 where a list is given.
        given: the phrases of a list, by pass; None where they are to be found.
        threshold: the score that a phrase must exceed.
        min_count: pairs that occur fewer times are no phrases.
        score: which score.
        connectors: words that may stand within a phrase.
    """

    passes: int = 1
    given: list[list[Phrase]] | None = None
    threshold: float = DEFAULT_THRESHOLD["default"]
    min_count: int = 5
    score: PhraseScore = "default"
    connectors: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Config) -> Self | None:
        """The options of a Config, its files read; None if no phrases are asked for.

        Raises:
            InputError: a file cannot be read, or is no list of phrases or of words.
        """
        if isinstance(config.phrases, str):
            return cls(0, read_phrases(config.phrases))
        if config.phrases == 0:
            return None
        threshold, words = config.phrase_threshold, config.connector_words
        if isinstance(words, str):
            words = ENGLISH_CONNECTOR_WORDS if words == ENGLISH else tuple(read_words(words))
        return cls(
            config.phrases,
            None,
            DEFAULT_THRESHOLD[config.phrase_score] if threshold is None else float(threshold),
            config.phrase_min_count,
            config.phrase_score,
            words or (),
        )

    def for_hash(self) -> list[object]:
        """Plain values that differ wherever other phrases would be joined."""
        if self.given is not None:
            return [VERSION, [[[phrase.name, *phrase.words] for phrase in one] for one in self.given]]
        return [VERSION, self.passes, self.threshold, self.min_count, self.score, sorted(set(self.connectors))]


@dataclass(frozen=True)
class Scored:
    """The phrases of one pass, by descending score.

    Attributes:
        sequences: the ids of each phrase.
        scores: (p,) float64.
        counts: (p,) int64, how often the words stand together; they are joined less often where phrases overlap.
    """

    sequences: list[tuple[int, ...]]
    scores: np.ndarray
    counts: np.ndarray

    def phrases(self, words: Sequence[str], number: int) -> list[Phrase]:
        """The phrases of pass `number`, as they are listed."""
        names = [tuple(words[i] for i in sequence) for sequence in self.sequences]
        return [
            Phrase(DELIMITER.join(name), name, number, score, count)
            for name, score, count in zip(names, self.scores.tolist(), self.counts.tolist(), strict=True)
        ]


@dataclass
class Joined:
    """A text with its phrases joined.

    Attributes:
        text: the text; its words are those of the text before, and behind them the phrases.
        phrases: what was found, pass by pass.
        unknown: phrases of a list that have a word which the text does not have.
    """

    text: Encoded
    phrases: list[Phrase] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def join_phrases(encoded: Encoded, options: PhraseOptions, folder: Path | None, progress: ProgressCallback) -> Joined:
    """Finds phrases in a text, or takes those of a list, and joins them.

    Args:
        encoded: the text, with all of its words.
        options: how.
        folder: where temporary files go; None for the system's folder.
        progress: called after each block of the text.

    Raises:
        InputError: no phrase of the list can be in the text.
        OutputError: the disk is full.
    """
    if options.given is not None:
        return join_given(encoded, options.given, folder, progress)
    found = Joined(encoded)
    for number in range(1, options.passes + 1):
        scored = score_pairs(found.text, options, folder, progress)
        if not scored.sequences:
            break
        found.phrases += scored.phrases(found.text.words, number)
        found.text = join_sequences(found.text, scored.sequences, folder, progress)
    return found


def join_given(
    encoded: Encoded,
    passes: list[list[Phrase]],
    folder: Path | None,
    progress: ProgressCallback,
    everywhere: bool = True,
) -> Joined:
    """Joins the phrases of a list, pass by pass.

    Args:
        encoded: the text.
        passes: the phrases.
        folder: where temporary files go.
        progress: called after each block.
        everywhere: this is all of the text, not a part of it.

    Raises:
        InputError: all of the text has the words of no phrase.
    """
    found = Joined(encoded)
    for phrases in passes:
        ids = {word: number for number, word in enumerate(found.text.words)}
        known = []
        for phrase in phrases:
            if all(word in ids for word in phrase.words):
                known.append(phrase)
            else:
                found.unknown.append(phrase.name)
        if known:
            found.phrases += known
            sequences = [tuple(ids[word] for word in phrase.words) for phrase in known]
            found.text = join_sequences(found.text, sequences, folder, progress, [phrase.name for phrase in known])
    if everywhere and not found.phrases:
        raise no_phrase(found.unknown)
    return found


def no_phrase(unknown: list[str]) -> InputError:
    """The error for a list of which no phrase has its words in the text."""
    return InputError(
        f"the text has the words of none of the {len(unknown):,} phrases, the first is {shown(unknown[0])}; give "
        "phrases in the spelling of the text (lower case, unless --no-lowercase)"
    )


def join_sequences(
    encoded: Encoded,
    sequences: Sequence[tuple[int, ...]],
    folder: Path | None,
    progress: ProgressCallback,
    names: Sequence[str] | None = None,
) -> Encoded:
    """Joins sequences of ids in a text; a joined word that the text has already gets its id.

    Args:
        encoded: the text.
        sequences: what is joined.
        folder: where a temporary file goes.
        progress: called after each block.
        names: what they become; by default their words with underscores between them.
    """
    words = list(encoded.words)
    ids = {word: number for number, word in enumerate(words) if DELIMITER in word}
    if names is None:
        names = [DELIMITER.join([words[i] for i in sequence]) for sequence in sequences]
    joined = []
    for name in names:
        number = ids.setdefault(name, len(words))
        if number == len(words):
            words.append(name)
        joined.append(number)
    plain = choose_plain(len(encoded.ids), progress)
    return join(encoded, Trie(sequences, joined, len(encoded.words)), words, plain, folder, progress)


def score_pairs(encoded: Encoded, options: PhraseOptions, folder: Path | None, progress: ProgressCallback) -> Scored:
    """The phrases of a text: all pairs whose score is above the threshold."""
    wanted = set(options.connectors)
    connectors = np.array([i for i, word in enumerate(encoded.words) if word in wanted], np.int64)
    counts = encoded.counts.copy()
    tokens = int(counts.sum())
    counts[connectors] = 0
    pairs = count_pairs(encoded, connectors, choose_plain(len(encoded.ids), progress), folder, progress)
    shared = shared_names(pairs, encoded.words, counts)
    distinct = int(np.count_nonzero(counts)) + pairs.distinct - shared.surplus
    counts[list(shared.words)] = list(shared.words.values())
    keys, number = frequent_pairs(pairs.parts, options.min_count, shared.pairs)
    opening, second = np.divmod(keys, len(encoded.words))
    first = pairs.openings.first_word(opening)
    scores = score(counts[first], counts[second], number, distinct, tokens, options)
    chosen = np.flatnonzero(scores > options.threshold)
    chosen = chosen[np.lexsort((keys[chosen], -number[chosen], -scores[chosen]))]
    return Scored([pairs.openings.pair(key) for key in keys[chosen].tolist()], scores[chosen], number[chosen])


def frequent_pairs(
    parts: list[tuple[np.ndarray, np.ndarray]], min_count: int, other_counts: dict[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that occur `min_count` times, and their counts.

    Args:
        parts: keys ascending, counts.
        min_count: least count.
        other_counts: by key, counts that hold instead.
    """
    found_keys, found_counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for keys, counts in parts:
        at = np.flatnonzero(counts >= min_count)
        found_keys.append(keys[at])
        found_counts.append(counts[at].astype(np.int64))
    keys, counts = np.concatenate(found_keys), np.concatenate(found_counts)
    if other_counts:
        other = np.fromiter(other_counts, np.int64, len(other_counts))
        numbers = np.fromiter(other_counts.values(), np.int64, len(other_counts))
        left = ~np.isin(keys, other)
        other, numbers = other[numbers >= min_count], numbers[numbers >= min_count]
        keys, counts = np.concatenate([keys[left], other]), np.concatenate([counts[left], numbers])
        order = np.argsort(keys)
        keys, counts = keys[order], counts[order]
    return keys, counts


def score(
    first: np.ndarray, second: np.ndarray, pairs: np.ndarray, distinct: int, tokens: int, options: PhraseOptions
) -> np.ndarray:
    """Scores of pairs that occur `options.min_count` times.

    Args:
        first: (k,) int64, counts of the first words.
        second: (k,) int64, counts of the second words.
        pairs: (k,) int64, counts of the pairs.
        distinct: V, distinct words and pairs.
        tokens: all words of the text.
        options: score, threshold and min_count.

    Returns:
        (k,) float64.
    """
    if options.score == "default":
        return (pairs - options.min_count) / (first.astype(np.float64) * second) * distinct
    p_first, p_second, p_pair = first / tokens, second / tokens, pairs / tokens
    with np.errstate(divide="ignore", invalid="ignore"):  # a pair that is all of the text
        scores = np.log(p_pair / (p_first * p_second)) / -np.log(p_pair)
    scores[~np.isfinite(scores)] = -np.inf
    for at in np.flatnonzero(np.abs(scores - options.threshold) < NEAR).tolist():  # NumPy's log may differ by a bit
        p = float(p_pair[at])
        scores[at] = math.log(p / (float(p_first[at]) * float(p_second[at]))) / -math.log(p)
    return scores


def choose_plain(tokens: int, progress: ProgressCallback) -> bool:
    """Whether plain Python is the faster way for a text of so many tokens; if it is not, the kernels are loaded."""
    compiled = is_compiled("phrases")
    if tokens <= (PLAIN_TOKENS if compiled else PLAIN_TOKENS_COLD):
        return True
    stage = "load the phrase kernels" if compiled else "compile the phrase kernels (once)"
    run_threads(lambda stop: load_kernels(), 1, lambda: progress(stage, 0, None, ""))
    return False


def load_kernels() -> None:
    """Imports Numba and compiles the kernels of phrases, or loads them from the cache."""
    encoded = Encoded(np.zeros(4, np.int32), np.array([4]), ["a", "b"], np.array([4, 0]))
    for connectors in ([], [1]):
        count_pairs(encoded, np.array(connectors, np.int64), False, None, lambda *_: None)
    join(encoded, Trie([(0, 0)], [2], 2), ["a", "b", "a_a"], False, None, lambda *_: None)
    note_compiled("phrases")
