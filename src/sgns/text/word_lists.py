"""Which words a vocabulary has beside what min_count and max_vocabulary say: given, kept and dropped ones."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.sentences import shown
from sgns.text.vocabulary import DROPPED, KEPT, ORDINARY
from sgns.text.word_files import read_vocabulary, read_words


@dataclass(frozen=True)
class WordLists:
    """The lists that a Config names, read.

    Attributes:
        given: words of a vocabulary file and their counts, which are all None if it has none; None without a file.
        keep: words that stay.
        drop: words that are left out.
        lowercase: whether the text is in lower case, for messages.
    """

    given: dict[str, int | None] | None = None
    keep: dict[str, None] = field(default_factory=dict)
    drop: dict[str, None] = field(default_factory=dict)
    lowercase: bool = True

    @classmethod
    def of(cls, config: Config) -> Self:
        """Reads the lists.

        Raises:
            InputError: a file cannot be read, or is no list of words.
            ConfigError: a word is to be kept and dropped.
        """
        given = None if config.vocabulary_file is None else read_vocabulary(config.vocabulary_file)
        lists = cls(given, listed(config.keep_words), listed(config.drop_words), config.lowercase)
        if both := next((word for word in lists.keep if word in lists.drop), None):
            raise ConfigError(f"keep_words and drop_words both have {both!r}; take it out of one of them")
        return lists

    def __bool__(self) -> bool:
        return self.given is not None or bool(self.keep or self.drop)

    @property
    def has_counts(self) -> bool:
        """Whether the counts of the vocabulary are given, and not those of the text."""
        return self.given is not None and any(count is not None for count in self.given.values())

    def for_hash(self) -> list[object]:
        """Plain values that differ wherever another vocabulary would be chosen."""
        return [None if self.given is None else list(self.given.items()), sorted(self.keep), sorted(self.drop)]

    def marks(self, words: Sequence[str]) -> np.ndarray:
        """(t,) int8: what the lists say of each word: KEPT, DROPPED or ORDINARY."""
        if self.given is not None:
            given = self.given
            return np.fromiter((KEPT if word in given else DROPPED for word in words), np.int8, len(words))
        marks = np.full(len(words), ORDINARY, np.int8)
        if self.keep or self.drop:
            for number, word in enumerate(words):
                if word in self.keep:
                    marks[number] = KEPT
                elif word in self.drop:
                    marks[number] = DROPPED
        return marks

    def complete(self, words: Sequence[str], counts: np.ndarray) -> tuple[list[str], np.ndarray]:
        """The vocabulary, made of the words that were chosen, with given counts where there are some.

        Args:
            words: chosen from the text.
            counts: (V,) int64, of these words in the text.

        Returns:
            All words, the most frequent one first. With given counts, also those that the text does not have.
        """
        if self.given is None or not self.has_counts:
            return list(words), counts
        listed, numbers = list(self.given), np.array(list(self.given.values()), np.int64)
        order = np.argsort(-numbers, kind="stable")
        return [listed[i] for i in order.tolist()], numbers[order]

    def check(self, present: Collection[str], dropped: int) -> list[tuple[str, int, str]]:
        """Finds the words of lists that the text does not have.

        Args:
            present: words that were chosen from the text; those that are given or kept are among them.
            dropped: how many distinct words were dropped.

        Returns:
            For each list with such words: its option, how many there are, the first one.

        Raises:
            InputError: the text has no word of a list.
        """
        found = []
        lists: list[tuple[str, Iterable[str]]] = [("vocabulary_file", self.given or ()), ("keep_words", self.keep)]
        for option, words in lists:
            listed = list(words)
            missing = [word for word in listed if word not in present]
            if not missing:
                continue
            if len(missing) == len(listed):
                raise InputError(self._no_overlap(option, listed))
            found.append((option, len(missing), missing[0]))
        if self.drop and not dropped:
            raise InputError(self._no_overlap("drop_words", list(self.drop)))
        return found

    def _no_overlap(self, option: str, words: list[str]) -> str:
        remedy = "give words in the spelling of the text"
        if self.lowercase and any(word != word.lower() for word in words):
            remedy = "the text is read in lower case: list words so, or give --no-lowercase"
        return f"{option}: the text has none of the {len(words):,} words, the first is {shown(words[0])}; {remedy}"


def listed(words: str | tuple[str, ...] | None) -> dict[str, None]:
    """The words of an option that names a file or holds words, each once. Raises `InputError`."""
    if words is None:
        return {}
    return dict.fromkeys(read_words(Path(words)) if isinstance(words, str) else words)
