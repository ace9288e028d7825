"""What every way to read text gives, and the options that decide it."""

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.text.ranking import most_frequent

TEXT_OPTIONS = ("sentences", "lowercase", "punctuation", "min_count", "max_vocabulary")


@dataclass
class EncodedText:
    """A text as ids.

    Attributes:
        ids: (n,) int32.
        ends: (s,) int64, exclusive.
        words, counts: the vocabulary.
        hash: of content and text options.
        raw_tokens: words before min_count and max_vocabulary.
        from_cache: whether it had been encoded before.
        notes: what the user should be told.
    """

    ids: np.ndarray
    ends: np.ndarray
    words: list[str]
    counts: np.ndarray
    hash: str
    raw_tokens: int
    from_cache: bool = False
    notes: list[str] = field(default_factory=list)


def text_options(config: Config) -> dict[str, Any]:
    """The options of `config` that decide what ids a text becomes."""
    return {name: getattr(config, name) for name in TEXT_OPTIONS}


@dataclass
class Encoded:
    """What became of a text, beside its ids and sentence ends.

    Attributes:
        words: V words, most frequent first.
        counts: (V,) int64.
        raw_tokens: words before min_count and max_vocabulary.
        distinct: distinct words before them.
        highest: count of the most frequent word.
        tokens, sentences: ids and sentence ends.
        broken: (bytes that were no UTF-8, place of the first in the text).
        unsegmented: tokens that are long runs of a script without blanks.
    """

    words: list[str] = field(default_factory=list)
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    raw_tokens: int = 0
    distinct: int = 0
    highest: int = 0
    tokens: int = 0
    sentences: int = 0
    broken: tuple[int, int] = (0, -1)
    unsegmented: int = 0


def from_numbers(
    raw: "array[int]",
    ends: "array[int]",
    names: list[str],
    config: Config,
) -> tuple[Encoded, np.ndarray, np.ndarray]:
    """The last step where a text is in memory: choose the vocabulary, and number its words by frequency.

    Args:
        raw: ("i") for each token the place of its word in `names`.
        ends: ("q") tokens before each sentence end, ascending.
        names: distinct words by first appearance.
        config: `min_count` and `max_vocabulary` apply.

    Returns:
        What is known of the text, ids (n,) int32, sentence ends (s,) int64 without empty sentences.
    """
    places = np.frombuffer(raw, dtype=np.int32)
    counts = np.bincount(places, minlength=len(names)).astype(np.int64)
    chosen = most_frequent(counts, np.arange(len(names)), config)
    final = np.full(len(names), -1, dtype=np.int32)
    final[chosen] = np.arange(len(chosen), dtype=np.int32)
    ids = final[places]
    kept = ids >= 0
    before = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(kept, out=before[1:])
    stops = np.unique(before[np.frombuffer(ends, dtype=np.int64)])
    stops = stops[stops > 0]
    words = [names[place] for place in chosen.tolist()]
    highest = int(counts.max(initial=0))
    result = Encoded(words, counts[chosen], len(places), len(names), highest, int(before[-1]), len(stops))
    return result, ids[kept], stops


def nothing_left(tokens: int, distinct: int, highest: int, config: Config) -> InputError:
    """The error for a text without a single word to train on."""
    if not tokens:
        return InputError("the text holds no words; give text with letters or digits in it")
    return InputError(
        f"no word occurs min_count = {config.min_count} times ({tokens:,} tokens, {distinct:,} distinct words, the "
        f"most frequent {highest:,} times); set min_count to {highest} or less, or give more text"
    )
