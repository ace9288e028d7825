"""What every way to read text gives, and the options that decide it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.errors import InputError

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


def nothing_left(tokens: int, distinct: int, highest: int, config: Config) -> InputError:
    """The error for a text without a single word to train on."""
    if not tokens:
        return InputError("the text holds no words; give text with letters or digits in it")
    return InputError(
        f"no word occurs min_count = {config.min_count} times ({tokens:,} tokens, {distinct:,} distinct words, the most "
        f"frequent {highest:,} times); set min_count to {highest} or less, or give more text"
    )
