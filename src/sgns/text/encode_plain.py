"""Encoding in plain Python, for texts of a few megabytes: it is done before Numba is even imported.

It is also the definition: `encode_fast` gives the same ids, bit for bit, and the tests hold it to this.
"""

import re
from array import array
from collections.abc import Iterable

import numpy as np

from sgns.base.normalise import UNSEGMENTED, decode, normalise
from sgns.config import Config
from sgns.text.chunks import TO_BLANK, Chunk
from sgns.text.vocabulary import Vocabulary, most_frequent
from sgns.text.warnings import TextFacts

BREAK = {"line": re.compile(rb"\n"), "paragraph": re.compile(rb"\n[\x00-\x20]*\n"), "none": re.compile(rb"(?!)")}


class RawTokens(dict[bytes, int]):
    """Raw tokens and their numbers, in the order of first appearance; each is normalised when it is first looked up.

    Attributes:
        known: by word, its number.
        words: for all raw tokens, one after the other, the numbers of their words.
        lengths: for each raw token, how many words it has.
        invalid: by raw token, how many of its bytes are not UTF-8, where there are any.
        unsegmented: raw tokens that are long runs of a script without blanks.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.known: dict[str, int] = {}
        self.words, self.lengths = array("i"), array("i")
        self.invalid: dict[int, int] = {}
        self.unsegmented: list[int] = []
        self._config = config

    def __missing__(self, raw_token: bytes) -> int:
        """The number of a raw token that appears for the first time."""
        number = self[raw_token] = len(self)
        if raw_token.isalnum():  # nearly always: ASCII letters and digits are one word
            word = (raw_token.lower() if self._config.lowercase else raw_token).decode()
            self.words.append(self.known.setdefault(word, len(self.known)))
            self.lengths.append(1)
            return number
        decoded, lost = decode(raw_token)
        if lost:
            self.invalid[number] = lost
        if not decoded.isascii() and UNSEGMENTED.search(decoded):
            self.unsegmented.append(number)
        words = normalise(decoded, self._config.lowercase, self._config.punctuation)
        self.words.extend([self.known.setdefault(word, len(self.known)) for word in words])
        self.lengths.append(len(words))
        return number


def encode_plain(
    chunks: Iterable[tuple[Chunk, bytes]], config: Config
) -> tuple[np.ndarray, np.ndarray, Vocabulary, TextFacts]:
    """Encodes a text that is in memory.

    Args:
        chunks: the text, in order.
        config: text options.

    Returns:
        As `number_by_frequency`; the facts are complete.
    """
    raw_tokens = RawTokens(config)
    parts, ends = [np.zeros(0, dtype=np.int32)], array("q")  # numbers of raw tokens; how many before each sentence end
    first_invalid, before = -1, 0
    for chunk, text in chunks:
        numbers: list[int] = []
        for sentence in BREAK[config.sentences].split(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")):
            numbers.extend(map(raw_tokens.__getitem__, sentence.translate(TO_BLANK).split()))
            ends.append(before + len(numbers))
        parts.append(np.fromiter(numbers, np.int32, len(numbers)))
        before += len(numbers)
        if not chunk.closing or (config.documents and text):
            ends.pop()  # the sentence goes on in the next chunk; or the line end of the last document has ended it
        if raw_tokens.invalid and first_invalid < 0:
            number = next(iter(raw_tokens.invalid))
            raw_token = next(raw_token for raw_token, other in raw_tokens.items() if other == number)
            first_invalid = chunk.base + position_of(raw_token, text)
    indices = np.concatenate(parts)
    counts = np.bincount(indices, minlength=len(raw_tokens))
    words, word_ends = words_of(indices, np.frombuffer(ends, dtype=np.int64), raw_tokens)
    ids, sentence_ends, vocabulary, facts = number_by_frequency(words, word_ends, list(raw_tokens.known), config)
    facts.invalid_bytes = sum(lost * int(counts[number]) for number, lost in raw_tokens.invalid.items())
    facts.first_invalid, facts.unsegmented = first_invalid, int(counts[raw_tokens.unsegmented].sum())
    return ids, sentence_ends, vocabulary, facts


def words_of(
    indices: np.ndarray,  # (n,) int32
    ends: np.ndarray,  # (s,) int64
    raw_tokens: RawTokens,
) -> tuple[np.ndarray, np.ndarray]:
    """The words of a text of raw tokens.

    Args:
        indices: the numbers of raw tokens.
        ends: raw tokens before each sentence end.
        raw_tokens: their words.

    Returns:
        words: (m,) int32, the numbers of words.
        ends: (s,) int64, words before each sentence end.
    """
    numbers, lengths = (np.frombuffer(part, dtype=np.int32) for part in (raw_tokens.words, raw_tokens.lengths))
    starts = np.cumsum(lengths, dtype=np.int64) - lengths
    if (lengths == 1).all():
        return numbers[indices], ends
    each = lengths[indices]
    words_before = np.zeros(len(indices) + 1, dtype=np.int64)
    np.cumsum(each, out=words_before[1:])
    where = np.repeat(starts[indices] - words_before[:-1], each)
    where += np.arange(len(where))
    return numbers[where], words_before[ends]


def position_of(raw_token: bytes, text: bytes) -> int:
    """The position of the first `raw_token` between blanks."""
    found = re.search(rb"(?<![^\x00-\x20])" + re.escape(raw_token) + rb"(?![^\x00-\x20])", text)
    return found.start() if found else 0


def number_by_frequency(
    numbers: "array[int] | np.ndarray", ends: "array[int] | np.ndarray", words: list[str], config: Config
) -> tuple[np.ndarray, np.ndarray, Vocabulary, TextFacts]:
    """Chooses the vocabulary of a text in memory and turns the numbers of words into ids.

    Args:
        numbers: ("i", or int32) for each token the index of its word in `words`.
        ends: ("q", or int64) tokens before each sentence end, ascending.
        words: distinct words by first appearance.
        config: `min_count` and `max_vocabulary` apply.

    Returns:
        ids: (n,) int32.
        sentence_ends: (s,) int64, without empty sentences; of documents all of them.
        vocabulary: V words; V may be 0.
        facts: raw_tokens, distinct and highest.
    """
    indices = np.frombuffer(numbers, dtype=np.int32)
    counts = np.bincount(indices, minlength=len(words)).astype(np.int64)
    chosen = most_frequent(counts, np.arange(len(words)), config)
    id_of = np.full(len(words), -1, dtype=np.int32)
    id_of[chosen] = np.arange(len(chosen), dtype=np.int32)
    ids = id_of[indices]
    kept = ids >= 0
    kept_before = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(kept, out=kept_before[1:])
    sentence_ends = kept_before[np.frombuffer(ends, dtype=np.int64)]
    if not config.documents:
        sentence_ends = np.unique(sentence_ends)
        sentence_ends = sentence_ends[sentence_ends > 0]
    vocabulary = Vocabulary([words[index] for index in chosen.tolist()], counts[chosen])
    facts = TextFacts(raw_tokens=len(indices), distinct=len(words), highest=int(counts.max(initial=0)))
    return ids[kept], sentence_ends, vocabulary, facts
