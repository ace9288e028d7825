"""Which words a vocabulary has beside what min_count and max_vocabulary say: given, kept and dropped ones."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.known_words import KnownWords
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
        known: words of a model that a run starts from; all of them are in the vocabulary.
    """

    given: dict[str, int | None] | None = None
    keep: dict[str, None] = field(default_factory=dict)
    drop: dict[str, None] = field(default_factory=dict)
    lowercase: bool = True
    known: KnownWords | None = None

    @classmethod
    def of(cls, config: Config, known: KnownWords | None = None) -> Self:
        """Reads the lists.

        Args:
            config: names the lists.
            known: words of a model that the run starts from.

        Raises:
            InputError: a file cannot be read, or is no list of words.
            ConfigError: a word is to be kept and dropped.
        """
        given = None if config.vocabulary_file is None else read_vocabulary(config.vocabulary_file)
        lists = cls(given, listed(config.keep_words), listed(config.drop_words), config.lowercase, known)
        if both := next((word for word in lists.keep if word in lists.drop), None):
            raise ConfigError(f"keep_words and drop_words both have {both!r}; take it out of one of them")
        if known is not None and (both := next((word for word in lists.drop if word in known.counts), None)):
            raise ConfigError(f"drop_words has {both!r}, and so has start; take it out, or give vocabulary new")
        return lists

    def __bool__(self) -> bool:
        return self.given is not None or self.known is not None or bool(self.keep or self.drop)

    @property
    def has_counts(self) -> bool:
        """Whether the counts of the vocabulary are given, and not those of the text."""
        return self.given is not None and any(count is not None for count in self.given.values())

    def for_hash(self) -> list[object]:
        """Plain values that differ wherever another vocabulary would be chosen."""
        lists: list[object] = [None if self.given is None else list(self.given.items())]
        return [*lists, sorted(self.keep), sorted(self.drop), *([] if self.known is None else [self.known.digest])]

    def beside(self, content: str) -> Self:
        """These lists, for the text of this content (`Corpus.content`)."""
        return self if self.known is None else replace(self, known=self.known.beside(content))

    def marks(self, words: Sequence[str]) -> np.ndarray:
        """(t,) int8: what the lists say of each word: KEPT, DROPPED or ORDINARY."""
        if self.given is not None:
            given = self.given
            return np.fromiter((KEPT if word in given else DROPPED for word in words), np.int8, len(words))
        marks = np.full(len(words), DROPPED if self.known is not None and self.known.only else ORDINARY, np.int8)
        known = {} if self.known is None else self.known.counts
        if self.keep or self.drop or known:
            for number, word in enumerate(words):
                if word in self.keep or word in known:
                    marks[number] = KEPT
                elif word in self.drop:
                    marks[number] = DROPPED
        return marks

    def complete(
        self, words: Sequence[str], counts: np.ndarray, most: int | None = None
    ) -> tuple[list[str], np.ndarray]:
        """The vocabulary, made of the words that were chosen, with given counts where there are some.

        Args:
            words: chosen from the text.
            counts: (V,) int64, of these words in the text.
            most: words of the vocabulary at most, beside known ones; see `KnownWords.joined`.

        Returns:
            All words, the most frequent one first. With given counts, also those that the text does not have.
        """
        if self.known is not None:
            return self.known.joined(words, counts, most)
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
        if self.known is not None and not any(word in present for word in self.known.counts):
            raise InputError(self._no_overlap("start", list(self.known.counts)))
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
        if option == "start":
            remedy = "give vectors of the language and spelling of the text"
        if self.lowercase and any(word != word.lower() for word in words):
            remedy = "the text is read in lower case: list words so, or give --no-lowercase"
            if option == "start":
                remedy = "the text is read in lower case; give --no-lowercase"
        return f"{option}: the text has none of the {len(words):,} words, the first is {shown(words[0])}; {remedy}"


def listed(words: str | tuple[str, ...] | None) -> dict[str, None]:
    """The words of an option that names a file or holds words, each once. Raises `InputError`."""
    if words is None:
        return {}
    return dict.fromkeys(read_words(Path(words)) if isinstance(words, str) else words)
