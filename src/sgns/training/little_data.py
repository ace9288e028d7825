"""Warnings about a run that had too little to learn from: few pairs, or nearly all tokens dropped by subsampling."""

from collections.abc import Sequence

import numpy as np

from sgns.config import Config

FEW_PAIRS = 1_000  # positive pairs in an epoch below which vectors are hardly better than random ones
NEARLY_ALL = 0.95  # share of the tokens that subsampling drops


def warnings_of(
    pairs: Sequence[int],
    raw_tokens: int,
    counts: np.ndarray,  # (V,) int64
    keep_probability: np.ndarray,  # (V,) float64
    config: Config,
) -> list[str]:
    """What a user should know about a run that learnt little, a sentence each, with what to change.

    Args:
        pairs: Positive pairs trained on, in each epoch that was begun; the last one may be unfinished.
        raw_tokens: Tokens of the text, before min_count and max_vocabulary.
        counts: How often each word of the vocabulary occurs in the text.
        keep_probability: Of a token of each word in subsampling.
        config: The options, with the threshold of subsampling that was used.
    """
    tokens = int(counts.sum())
    dropped = 1 - float(counts @ keep_probability) / max(1, tokens)
    most = max(pairs, default=FEW_PAIRS)
    if most < FEW_PAIRS:
        remedies = ["give more text"]
        if tokens < raw_tokens / 2:
            remedies.append(f"lower min_count (it left out {1 - tokens / raw_tokens:.0%} of the words)")
        if dropped > 0.3:
            remedies.append(f"set subsample to 0 (it dropped {dropped:.0%} of the tokens)")
        return [
            f"only {most:,} pairs were trained in an epoch, fewer than {FEW_PAIRS:,}: the vectors are hardly better "
            f"than random ones; {' or '.join(remedies)}"
        ]
    if dropped > NEARLY_ALL:
        threshold = f"subsample = {config.subsample:g}"
        return [
            f"subsampling dropped {dropped:.1%} of the tokens ({threshold}); raise it, or set it to 0, which keeps all"
        ]
    return []
