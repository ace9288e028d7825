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
    known: dict[str, int] = {}  # word -> number, in the order of first appearance
    words_of: dict[bytes, int | list[int]] = {}  # raw token -> number, or numbers where it is not one word
    numbers, ends = array("i"), array("q")
    n_invalid, first_invalid, n_unsegmented = 0, -1, 0
    invalid: dict[bytes, int] = {}
    unsegmented: set[bytes] = set()
    for chunk, text in chunks:
        for sentence in BREAK[config.sentences].split(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")):
            for raw_token in sentence.translate(TO_BLANK).split():
                found = words_of.get(raw_token)
                if found is None:
                    decoded, lost = decode(raw_token)
                    if lost:
                        invalid[raw_token] = lost
                    if UNSEGMENTED.search(decoded):
                        unsegmented.add(raw_token)
                    words = normalise(decoded, config.lowercase, config.punctuation)
                    several = [known.setdefault(word, len(known)) for word in words]
                    found = words_of[raw_token] = several[0] if len(several) == 1 else several
                if isinstance(found, int):
                    numbers.append(found)
                else:
                    numbers.extend(found)
                if invalid and raw_token in invalid:
                    n_invalid += invalid[raw_token]
                    if first_invalid < 0:
                        first_invalid = chunk.base + position_of(raw_token, text)
                if unsegmented and raw_token in unsegmented:
                    n_unsegmented += 1
            ends.append(len(numbers))
        if not chunk.closing or (config.documents and text):
            ends.pop()  # the sentence goes on in the next chunk; or the line end of the last document has ended it
    ids, sentence_ends, vocabulary, facts = number_by_frequency(numbers, ends, list(known), config)
    facts.invalid_bytes, facts.first_invalid, facts.unsegmented = n_invalid, first_invalid, n_unsegmented
    return ids, sentence_ends, vocabulary, facts


def position_of(raw_token: bytes, text: bytes) -> int:
    """The position of the first `raw_token` between blanks."""
    found = re.search(rb"(?<![^\x00-\x20])" + re.escape(raw_token) + rb"(?![^\x00-\x20])", text)
    return found.start() if found else 0


def number_by_frequency(
    numbers: "array[int]", ends: "array[int]", words: list[str], config: Config
) -> tuple[np.ndarray, np.ndarray, Vocabulary, TextFacts]:
    """Chooses the vocabulary of a text in memory and turns the numbers of words into ids.

    Args:
        numbers: ("i") for each token the index of its word in `words`.
        ends: ("q") tokens before each sentence end, ascending.
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
