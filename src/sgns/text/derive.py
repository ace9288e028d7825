"""What is made of an encoded text before it is a corpus: phrases are joined, then the words of the vocabulary chosen.

The text that this begins with is encoded with all of its words, whatever `min_count` is, so that neighbours are those
of the text, and kept in the cache: other phrases or word lists begin with it too.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text.encoded import Encoded, first_appearances, renumber
from sgns.text.known_words import KnownWords
from sgns.text.phrases import PhraseOptions, join_phrases
from sgns.text.vocabulary import DROPPED, most_frequent, nothing_left
from sgns.text.word_lists import WordLists


@dataclass(frozen=True)
class Derivation:
    """The options of phrases and of word lists, their files read.

    Attributes:
        phrases: how phrases are found, or which; None without phrases.
        lists: words that are given, kept and dropped.
    """

    phrases: PhraseOptions | None
    lists: WordLists

    @classmethod
    def of(cls, config: Config, known: KnownWords | None = None) -> Self | None:
        """Reads the files that the options name; None where none of these options is set.

        Args:
            config: The options.
            known: Words of a model that the run starts from.

        Raises:
            InputError: a file cannot be read, or is no list.
            ConfigError: the lists contradict each other.
        """
        phrases, lists = PhraseOptions.of(config), WordLists.of(config, known)
        return cls(phrases, lists) if phrases is not None or lists else None

    def beside(self, content: str) -> Self:
        """This, for the text of this content; see `KnownWords.beside`."""
        return replace(self, lists=self.lists.beside(content))

    def for_hash(self) -> list[object]:
        """Plain values that differ wherever another corpus would be made."""
        return [None if self.phrases is None else self.phrases.for_hash(), self.lists.for_hash()]


@dataclass(frozen=True)
class Derived:
    """A text in its vocabulary.

    Attributes:
        ids: (n,) int32.
        sentence_ends: (s,) int64, one for each sentence of the text; those of empty ones repeat the one before.
        words: V, the most frequent first.
        counts: (V,) int64, of the text or of a vocabulary file.
        facts: for warnings, see `facts_of`.
    """

    ids: np.ndarray
    sentence_ends: np.ndarray
    words: list[str]
    counts: np.ndarray
    facts: dict[str, Any]


def with_all_words(config: Config) -> Config:
    """The options of the text that a derivation begins with."""
    return replace(
        config,
        min_count=1,
        max_vocabulary=None,
        phrases=0,
        vocabulary_file=None,
        keep_words=None,
        drop_words=None,
    )


def derive(
    encoded: Encoded, derivation: Derivation, config: Config, folder: Path | None, progress: ProgressCallback
) -> Derived:
    """Joins phrases and chooses the vocabulary.

    Args:
        encoded: the text with all of its words.
        derivation: what is made of it.
        config: `min_count` and `max_vocabulary` apply.
        folder: where temporary files go; None for the system's folder.
        progress: called after each block of the text.

    Raises:
        InputError: nothing is left, or the text has no word of a list.
        OutputError: the disk is full.
    """
    raw_tokens, unknown = len(encoded.ids), list[str]()
    if derivation.phrases is not None:
        joined = join_phrases(encoded, derivation.phrases, folder, progress)
        encoded, unknown = joined.text, joined.unknown
    marks = derivation.lists.marks(encoded.words)
    first = first_appearances(encoded.ids, len(encoded.words))
    order = most_frequent(encoded.counts, first, config, marks)
    chosen, present = [encoded.words[i] for i in order.tolist()], encoded.counts > 0
    dropped = int(np.count_nonzero(present & (marks == DROPPED)))
    missing = derivation.lists.check(set(chosen), dropped)
    if not chosen:
        raise none_chosen(raw_tokens, int(present.sum()), int(encoded.counts[marks != DROPPED].max(initial=0)), config)
    words, counts = derivation.lists.complete(chosen, encoded.counts[order], config.max_vocabulary)
    ids, ends = renumber(encoded, words, folder)
    return Derived(ids, ends, words, counts, facts_of(missing, unknown))


def none_chosen(raw_tokens: int, distinct: int, highest: int, config: Config) -> InputError:
    """The error for a text whose vocabulary is empty.

    Args:
        raw_tokens: words of the text.
        distinct: distinct words.
        highest: count of the most frequent word that is not dropped, 0 if all are.
        config: `min_count` applies.
    """
    if raw_tokens and not highest:
        return InputError(f"drop_words drops all {distinct:,} distinct words of the text; give a shorter list")
    return nothing_left(raw_tokens, distinct, highest, config)


def facts_of(missing: list[tuple[str, int, str]], unknown: list[str]) -> dict[str, Any]:
    """What warnings are made of, as plain values.

    Args:
        missing: of each list with words that the text does not have: its option, how many there are, the first one.
        unknown: phrases with words that the text does not have.
    """
    facts: dict[str, Any] = {}
    if missing:
        facts["missing"] = [list(one) for one in missing]
    if unknown:
        facts["unknown_phrases"] = [len(unknown), unknown[0]]
    return facts
