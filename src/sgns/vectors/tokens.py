"""The rows of the words of texts, which are normalised as the text that the vectors were trained on."""

import re
from array import array
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from sgns.base.normalise import normalise
from sgns.errors import ConfigError, InputError, UnknownWord
from sgns.vectors.subwords import SUBWORDS_DROPPED, SubwordTable
from sgns.vectors.word_list import WordList, as_text

ASCII_BLANKS = re.compile("[\x00-\x20]+")  # what divides raw tokens in training
UNKNOWN = -1
Unknown = Literal["skip", "compose"]
"""What happens to a word that is not in the vocabulary: it is left out, or its vector is composed of its n-grams."""
MOST_COMPOSED = 2**16  # unknown words whose vectors are kept from one call to the next
MOST_REMEMBERED = 2**20  # different raw tokens whose rows are kept from one call to the next


class TextRows(NamedTuple):
    """The words of n texts."""

    rows: np.ndarray
    """(m,) int64: the row of each word, −1 where it is unknown; from V on those of `Tokeniser.composed`."""
    ends: np.ndarray
    """(n,) int64: the number of words up to the end of each text."""


def table_for(unknown: Unknown, subwords: SubwordTable | None, metadata: dict[str, Any]) -> SubwordTable | None:
    """The rows that unknown words are composed of; None where they are left out.

    Args:
        unknown: skip or compose.
        subwords: Of the vectors.
        metadata: Of the vectors.

    Raises:
        ConfigError: `unknown` is neither, or is compose although there are no subwords.
    """
    if unknown not in get_args(Unknown):
        raise ConfigError(f"unknown is {unknown!r}; choose one of {', '.join(get_args(Unknown))}")
    if unknown == "compose" and subwords is None:
        dropped = metadata.get(SUBWORDS_DROPPED)
        why = f", {dropped} leaves them out; ask E as it is" if dropped else "; train with ngrams 3-6"
        raise ConfigError(f"unknown is compose, but these vectors have no subwords{why}, or take unknown skip")
    return subwords if unknown == "compose" else None


class Tokeniser:
    """Finds the rows of the words of texts.

    A string is split and normalised by the rules of training (`base.normalise`), with the options `lowercase` and
    `punctuation` that the vectors were trained with; where those are not known, as in a foreign file, case is kept and
    marks at the edges of words are stripped. Where training joined words to phrases, phrases of the vocabulary are
    joined, the longest first. A list of words is taken as it is. A word that is unknown so is looked up in lower case,
    or in the case that it has in the text.

    Args:
        words: The words of the vectors.
        metadata: Of the vectors; its `config` has the options.
        subwords: With these, an unknown word has a row too, behind those of the V words: its vector is composed.
    """

    def __init__(self, words: WordList, metadata: dict[str, Any], subwords: SubwordTable | None = None) -> None:
        config = metadata.get("config")
        options = config if isinstance(config, dict) else {}
        self.lowercase = options.get("lowercase") is True
        self.punctuation = options.get("punctuation") is True
        self.phrases = bool(options.get("phrases"))
        self._words, self._subwords = words.texts, subwords
        self._remember()

    def _remember(self) -> None:
        self._composed: list[np.ndarray] = []  # (d,) of each unknown word
        self._pool, self._lengths = array("q"), array("q")  # the rows of each different raw token, and their number
        self._of_raw = Numbers(self._string, self._pool, self._lengths)
        self._of_word = Numbers(self._listed, self._pool, self._lengths)

    def __reduce__(self) -> tuple[Any, ...]:  # pickled without what it remembers
        options = {"lowercase": self.lowercase, "punctuation": self.punctuation, "phrases": self.phrases}
        return type(self), (self._words, {"config": options}, self._subwords)

    @property
    def composed(self) -> np.ndarray:
        """(m, d) float32: the vectors of the unknown words of the last texts, of which the first has row V."""
        return np.array(self._composed, np.float32)

    @cached_property
    def _longest_phrases(self) -> dict[str, int]:
        """The first word of each phrase of the vocabulary, and the number of words of the longest that begins so."""
        longest: dict[str, int] = {}
        for phrase in self._words.index:
            first, *others = phrase.split("_")
            if others:
                longest[first] = max(longest.get(first, 0), 1 + len(others))
        return longest

    def words_of(self, text: Any) -> list[str]:
        """The words of a text: a string, or a list of words."""
        if not isinstance(text, str):
            return [as_text(word) for word in text]
        raw_tokens = ASCII_BLANKS.split(text)
        words = [word for raw in raw_tokens for word in normalise(raw, self.lowercase, self.punctuation)]
        return self._joined(words) if self.phrases else words

    def unknown(self, text: Any) -> list[str]:
        """The unknown words of a text, as they are looked up first."""
        words = self.words_of(text)
        return [word for word, row in zip(words, self.rows_of(text)) if row < 0]

    def rows_of(self, text: Any) -> list[int]:
        """The row of each word of a text, −1 where it is unknown; see `TextRows.rows`."""
        if self.phrases and isinstance(text, str):
            text = self.words_of(text)
        return self._string(text) if isinstance(text, str) else [row for word in text for row in self._listed(word)]

    def rows_of_texts(self, texts: Iterable[Any], first: int = 1) -> TextRows:
        """The rows of the words of many texts. Each different raw token is normalised and looked up once.

        Args:
            texts: Strings and lists of words.
            first: The number of the first text, for messages.

        Raises:
            InputError: One of the texts is neither; the message has its number.
        """
        if len(self._lengths) > MOST_REMEMBERED or len(self._composed) > MOST_COMPOSED:
            self._remember()
        tokens, ends = array("q"), array("q")
        for number, text in enumerate(texts, first):
            if isinstance(text, str) and not self.phrases:
                tokens.extend(map(self._of_raw.__getitem__, text.split()))
            elif isinstance(text, Iterable) and not isinstance(text, bytes | dict):
                try:
                    words = self.words_of(text) if isinstance(text, str) else text
                    tokens.extend(map(self._of_word.__getitem__, words))
                except TypeError:
                    raise InputError(f"text {number} holds lists; give a string, or one list of its words") from None
            else:
                raise InputError(f"text {number} is {text!r:.60}, no text; give a string, or a list of its words")
            ends.append(len(tokens))
        return expanded(*(np.array(part, np.int64) for part in (tokens, ends, self._pool, self._lengths)))

    def _joined(self, words: list[str]) -> list[str]:
        """Words of which those that are a phrase of the vocabulary are joined, the longest phrase first."""
        longest, index = self._longest_phrases, self._words.index
        found, at = [], 0
        while at < len(words):
            sizes = range(min(longest.get(words[at], 1), len(words) - at), 1, -1)
            size = next((size for size in sizes if "_".join(words[at : at + size]) in index), 1)
            found.append("_".join(words[at : at + size]))
            at += size
        return found

    def _string(self, text: str) -> list[int]:
        index = self._words.index
        if text.isascii() and text.isalnum():  # nearly always
            row = index.get(text.lower() if self.lowercase else text)
            if row is not None:
                return [row]
        rows = []
        for raw in ASCII_BLANKS.split(text):
            words = normalise(raw, self.lowercase, self.punctuation)
            here = [index.get(word, UNKNOWN) for word in words]
            if UNKNOWN in here:
                other = normalise(raw, not self.lowercase, self.punctuation)
                if len(other) == len(words):
                    here = [index.get(word, UNKNOWN) if row < 0 else row for word, row in zip(other, here)]
                here = [self._compose(word) if row < 0 else row for word, row in zip(words, here)]
            rows += here
        return rows

    def _listed(self, word: Any) -> list[int]:
        text, index = as_text(word), self._words.index
        row = index.get(text, UNKNOWN)
        if row >= 0 or not isinstance(text, str):
            return [row]
        row = index.get(text.lower(), UNKNOWN)
        return [self._compose(text.lower() if self.lowercase else text) if row < 0 else row]

    def _compose(self, word: str) -> int:
        """The row of an unknown word, whose vector is composed here; −1 where none of its n-grams has a row."""
        if self._subwords is None:
            return UNKNOWN
        try:
            self._composed.append(self._subwords.compose(word))
        except UnknownWord:
            return UNKNOWN
        return len(self._words.index) + len(self._composed) - 1


class Numbers(dict[Any, int]):
    """Numbers tokens in the order in which they are first asked for.

    Args:
        rows_of: The rows of a token.
        pool: Where the rows of each new token are appended.
        lengths: Where their number is appended; a token's own number is its index here.
    """

    def __init__(self, rows_of: Callable[[Any], list[int]], pool: "array[int]", lengths: "array[int]") -> None:
        super().__init__()
        self.rows_of, self.pool, self.lengths = rows_of, pool, lengths

    def __missing__(self, token: Any) -> int:
        rows = self.rows_of(token)
        self.pool.extend(rows)
        self[token] = number = len(self.lengths)
        self.lengths.append(len(rows))
        return number


def expanded(tokens: np.ndarray, ends: np.ndarray, pool: np.ndarray, lengths: np.ndarray) -> TextRows:
    """Puts the rows of its words in the place of each raw token, which may be none, one or several words.

    Args:
        tokens: (t,) int64: the number of each raw token.
        ends: (n,) int64: the number of raw tokens up to the end of each text.
        pool: (p,) int64: the rows of each different raw token, one after the other.
        lengths: (r,) int64: the number of rows of each.
    """
    if bool(np.all(lengths == 1)):
        return TextRows(pool[tokens], ends)
    starts = np.cumsum(lengths) - lengths  # of each raw token in `pool`
    sizes = lengths[tokens]
    before = np.concatenate([[0], np.cumsum(sizes)])  # words before each raw token, and in all
    places = np.repeat(starts[tokens] - before[:-1], sizes) + np.arange(before[-1])
    return TextRows(pool[places], before[ends])
