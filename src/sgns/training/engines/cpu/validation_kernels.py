"""The kernels of validation: which sentences are held out, and the loss of given pairs."""

from functools import partial

import numpy as np

from sgns.base.jit import kernel
from sgns.training.engines.sampling import GOLDEN, mix

LONG, STRETCH = 10_000, 1_000  # tokens; see `training.validation`

u64 = np.uint64


@kernel
def choose_spans(ends, key, bound):  # type: ignore[no-untyped-def]
    """The sentences, or stretches of long ones, whose hash is below `bound`: (h, 2) int64, begin and end of each."""
    spans = np.empty((0, 2), np.int64)
    for fill in range(2):
        n = 0
        begin = np.int64(0)
        for s in range(ends.shape[0]):
            end = ends[s]
            step = STRETCH if end - begin > LONG else max(np.int64(1), end - begin)
            for at in range(begin, end, step):
                if mix(mix(key + u64(s) * GOLDEN) + u64(at - begin) * GOLDEN) < bound:
                    if fill:
                        spans[n, 0], spans[n, 1] = at, min(end, at + step)
                    n += 1
            begin = end
        if not fill:
            spans = np.empty((n, 2), np.int64)
    return spans


@partial(kernel, fastmath={"reassoc", "nsz", "contract"})
def pair_losses(E, C, inputs, centres, negatives):  # type: ignore[no-untyped-def]
    """Σ L over pairs, in float64: inputs (n,), centres (n,), negatives (n, k)."""
    loss = 0.0
    for p in range(inputs.shape[0]):
        w, c = inputs[p], centres[p]
        x = np.float32(0)
        for j in range(E.shape[1]):
            x += E[w, j] * C[c, j]
        loss += max(0.0, -np.float64(x)) + np.log1p(np.exp(-abs(np.float64(x))))
        for k in range(negatives.shape[1]):
            z = negatives[p, k]
            if z != c:
                x = np.float32(0)
                for j in range(E.shape[1]):
                    x += E[w, j] * C[z, j]
                loss += max(0.0, np.float64(x)) + np.log1p(np.exp(-abs(np.float64(x))))
    return loss
