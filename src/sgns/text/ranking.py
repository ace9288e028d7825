"""Which words make the vocabulary: the most frequent ones, exactly."""

import numpy as np

from sgns.config import Config


def most_frequent(
    counts: np.ndarray,  # (t,) int64
    first: np.ndarray,  # (t,) int64
    config: Config,
) -> np.ndarray:
    """Choose the words that stay.

    Args:
        counts: how often each word stands in the text.
        first: place of its first appearance; settles equal counts.
        config: `min_count` and `max_vocabulary` apply.

    Returns:
        Places of the words, the most frequent first.
    """
    places = np.flatnonzero(counts >= config.min_count)
    limit = config.max_vocabulary
    if limit is not None and len(places) > limit:
        kept = counts[places]
        threshold = np.partition(kept, len(kept) - limit)[len(kept) - limit]
        sure, tied = places[kept > threshold], places[kept == threshold]
        if len(tied) > limit - len(sure):
            tied = tied[np.argpartition(first[tied], limit - len(sure) - 1)[: limit - len(sure)]]
        places = np.concatenate([sure, tied])
    return places[np.lexsort((first[places], -counts[places]))]
