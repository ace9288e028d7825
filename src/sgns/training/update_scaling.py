"""How far steps may be added up that several workers took at the same time, each as if it were alone.

A row that every worker uses is moved by each of them, and the sum of their steps overshoots. Around the minimum of a
loss with curvature h, the steps of one worker cover 1 − exp(−a) of the way, a = lr·h·uses, and one after the other S
workers would cover 1 − exp(−S·a). So the sum of the steps is scaled by

    (1 − exp(−S·a)) / (S·(1 − exp(−a))) = (1 + q + … + q^(S−1)) / S,  q = exp(−a),

which is 1 for a rare word (every step counts) and 1/S for the most frequent ones (the mean of the workers).
"""

import numpy as np

from sgns.config import Config

CURVATURE = 0.3  # h of a pair, σ(1 − σ)·|other row|², in the direction in which it is largest


def uses(
    counts: np.ndarray,  # (V,) int64
    keep: np.ndarray,  # (V,) float64
    noise: np.ndarray,  # (V,) float64
    config: Config,
) -> tuple[np.ndarray, np.ndarray]:
    """How many pairs, negatives among them, each row is in, for a token of the text on average.

    Args:
        counts: Of each word in the text.
        keep: `Vocabulary.keep_probabilities`.
        noise: `Vocabulary.noise`.
        config: Window and negatives.

    Returns:
        (V,) float32 for the rows of E, and for those of C.
    """
    kept = np.asarray(counts) * keep
    own = kept / max(1.0, kept.sum())
    pairs = (config.window + 1) * kept.sum() / max(1, int(np.sum(counts)))
    in_E, in_C = pairs * (1 + config.negatives) * own, pairs * (own + config.negatives * noise)
    return in_E.astype(np.float32), in_C.astype(np.float32)


def gain(a: np.ndarray, workers: int) -> np.ndarray:
    """What the sum of the steps of so many workers is scaled by: (1 − exp(−S·a)) / (S·(1 − exp(−a))).

    Args:
        a: lr·h·uses of each row by one worker.
        workers: S.

    Returns:
        As `a`, between 1/S and 1.
    """
    a = np.maximum(a, 1e-9)  # 1 at 0, without dividing 0 by 0
    scale: np.ndarray = np.expm1(-workers * a) / (workers * np.expm1(-a))
    return scale
