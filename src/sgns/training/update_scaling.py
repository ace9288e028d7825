"""Scales the sum of the updates that S workers computed in parallel from the same stale row.

Each worker moves the row as if it were alone, and for a row that all of them use often the sum of their updates goes
too far. Let a row be trained by gradient descent near the minimum of a loss with curvature h. n updates at learning
rate lr leave exp(−a) of the distance to the minimum, a = lr·h·n, and cover 1 − exp(−a) of it. S workers one after the
other would cover 1 − exp(−S·a); the sum of S parallel updates covers S·(1 − exp(−a)). So the sum is multiplied by

    (1 − exp(−S·a)) / (S·(1 − exp(−a))) = (1 + q + … + q^(S−1)) / S,  q = exp(−a),

which is 1 for a rare word (every update counts in full) and 1/S for the most frequent ones (the mean of the workers).

The law has two forms here: `update_scale` for arrays and tensors, `update_scale_in_kernel` for a number in a kernel.
"""

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sgns.base.jit import inlined
from sgns.config import Config
from sgns.training.engines.sampling import Windows

if TYPE_CHECKING:
    import torch

    Array = TypeVar("Array", np.ndarray, torch.Tensor)

CURVATURE = 0.3  # h of a pair, σ(1 − σ)·|other row|², in the direction in which it is largest


def expected_updates(
    counts: np.ndarray,
    keep_probability: np.ndarray,
    noise_distribution: np.ndarray,
    config: Config,
    node_counts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The expected number of updates of the rows of words for one token of the text.

    A positive pair is one update of a row of E and one of a row of C, and so is each of its negatives. Where the input
    is the mean of m rows, each of them moves by 1/m of the gradient, and the input by 1/m of that: so much less does an
    update count. A tree has as many rows of C as words, less one, and a pair updates one for each node of its path.

    Args:
        counts: (V,) int64, occurrences of each word in the text.
        keep_probability: (V,) float64, see `Vocabulary.keep_probability`.
        noise_distribution: (V,) float64, see `Vocabulary.noise_distribution`.
        config: Windows, negatives and the model.
        node_counts: (V − 1,) how often each node of the tree is passed, for hierarchical softmax.

    Returns:
        (V,) float32 for the rows of E, and for those of C.
    """
    kept = np.asarray(counts) * keep_probability
    own = kept / max(1.0, kept.sum())
    inputs = Windows.of(config).inputs
    centres = kept.sum() / max(1, int(np.sum(counts)))
    pairs = inputs * centres if config.model == "skipgram" else centres  # a window is one input of a mean
    if node_counts is None:
        in_E, in_C = pairs * (1 + config.negatives) * own, pairs * (own + config.negatives * noise_distribution)
    else:
        passed = np.append(node_counts, 0.0) / max(1.0, kept.sum())
        in_E, in_C = pairs * passed.sum() * own, pairs * passed
    if config.model != "skipgram":
        in_E = in_E * (1 / inputs if config.combine == "mean" else inputs)
    return in_E.astype(np.float32), in_C.astype(np.float32)


def updates_of_inputs(
    config: Config, counts: np.ndarray, keep_probability: np.ndarray, node_counts: np.ndarray | None = None
) -> float:
    """The expected number of updates of the row of a document for one token of it; see `expected_updates`.

    Each kept word is predicted from it: alone (PV-DBOW), or together with the window (PV-DM).

    Args:
        config: Windows, negatives and the model.
        counts: (V,) int64.
        keep_probability: (V,) float64.
        node_counts: (V − 1,), for hierarchical softmax.
    """
    kept = np.asarray(counts) * keep_probability
    outputs = 1.0 + config.negatives if node_counts is None else float(node_counts.sum()) / max(1.0, kept.sum())
    of_window = 1.0
    if config.model == "dm":
        inputs = Windows.of(config).inputs
        of_window = 1 / inputs if config.combine == "mean" else inputs
    return float(kept.sum() / max(1, int(np.sum(counts))) * outputs * of_window)


def update_scale(a: "Array", workers: "int | Array") -> "Array":
    """The factor (1 − exp(−S·a)) / (S·(1 − exp(−a))) for the sum of the updates of S workers.

    Args:
        a: lr·h·n of each row, n the updates of one worker: a NumPy array, or a tensor on any device.
        workers: S, one for all or of each row.

    Returns:
        As `a`, between 1/S and 1.
    """
    a = a.clip(1e-9)  # the limit at 0 is 1; 0 / 0 would be NaN
    expm1 = getattr(type(a), "expm1", np.expm1)  # tensors have the method
    scale: Array = expm1(-workers * a) / (workers * expm1(-a))
    return scale


@inlined
def update_scale_in_kernel(a: np.float32, workers: int) -> np.float32:
    """`update_scale` of one float32, by the sum of the powers of q = exp(−a)."""
    q, scale = np.float32(np.exp(-a)), np.float32(1)
    for _ in range(workers - 1):
        scale = scale * q + np.float32(1)
    return scale / np.float32(workers)
