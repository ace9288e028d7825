"""The subwords of a training run: which n-grams the words of a vocabulary have, and in which rows."""

from collections.abc import Sequence

import numpy as np

from sgns.base.subwords import Subwords, exact
from sgns.config import Config, parse_ngrams


def subwords_of(config: Config, words: Sequence[str], counts: np.ndarray) -> Subwords | None:
    """The `Subwords` that a Config asks for, or None where it asks for none.

    Args:
        config: Its ngrams, buckets and min_count count.
        words: V words of the vocabulary.
        counts: (V,): how often each occurs.

    Returns:
        With `buckets` exact: a row for each n-gram that occurs min_count times.
    """
    if config.ngrams is None:
        return None
    minimum, maximum = parse_ngrams(config.ngrams)
    if config.buckets == "exact":
        return exact(words, counts, minimum, maximum, config.min_count)
    return Subwords(minimum, maximum, config.buckets)
