"""The kernels of validation: the choice of the sentences that are held out, and the loss of given pairs."""

from functools import partial

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import kernel
from sgns.training.engines.sampling import GOLDEN, mix

LONG_SENTENCE = 10_000  # tokens; a longer sentence is held out in parts
HELD_OUT_PART = 1_000  # tokens of such a part

u64 = np.uint64


@kernel
def choose_spans(sentence_ends, key, bound):
    """Chooses the sentences, or parts of long ones, whose hash is below a bound.

    Args:
        sentence_ends: (s,) int64.
        key: uint64, of the random stream.
        bound: uint64, the probability of being chosen in units of 2^-64.

    Returns:
        (h, 2) int64, first token of each and one past its last.
    """
    spans = np.empty((0, 2), np.int64)
    for fill in range(2):
        n = 0
        begin = np.int64(0)
        for s in range(sentence_ends.shape[0]):
            end = sentence_ends[s]
            step = HELD_OUT_PART if end - begin > LONG_SENTENCE else larger(1, end - begin)
            for at in range(begin, end, step):
                if mix(mix(key + u64(s) * GOLDEN) + u64(at - begin) * GOLDEN) < bound:
                    if fill:
                        spans[n, 0], spans[n, 1] = at, smaller(end, at + step)
                    n += 1
            begin = end
        if not fill:
            spans = np.empty((n, 2), np.int64)
    return spans


@partial(kernel, fastmath={"reassoc", "nsz", "contract"})
def pair_losses(E, C, inputs, centres, negatives):
    """The sum of L over given samples, in float64.

    Args:
        E: (V, ≥ d) float32; columns beyond d are zero.
        C: As E.
        inputs: (n,) int32, rows of E.
        centres: (n,) int32, c+, rows of C.
        negatives: (n, k) int32, rows of C; one that is c+ counts nothing.
    """
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


@partial(kernel, fastmath={"reassoc", "nsz", "contract"})
def input_losses(words, documents, outputs, mean, input_starts, inputs, output_starts, output_rows, labels, weights):
    """The sum of L over given samples of any model, in float64.

    Args:
        words: (V, d) float32, composed rows of words.
        documents: (D, d) float32.
        outputs: (≥ rows, d) float32, rows of C or of nodes.
        mean: Whether an input is the mean of its rows; else their sum.
        input_starts: (n + 1,) int64.
        inputs: int32, the rows of sample p are inputs[starts[p]:starts[p + 1]]; V + i is row i of documents.
        output_starts: (n + 1,) int64.
        output_rows: int32, of each sample.
        labels: float32, 1 where the loss is −log σ(x), 0 where it is −log σ(−x).
        weights: float32, 0 for a negative that is c+.
    """
    V, d = words.shape
    h = np.empty(d, np.float64)
    loss = 0.0
    for p in range(input_starts.shape[0] - 1):
        first, last = input_starts[p], input_starts[p + 1]
        for j in range(d):
            h[j] = 0.0
        for k in range(first, last):
            i = inputs[k]
            for j in range(d):
                h[j] += np.float64(words[i, j] if i < V else documents[i - V, j])
        scale = 1.0 / (last - first) if mean else 1.0
        for k in range(output_starts[p], output_starts[p + 1]):
            x = 0.0
            for j in range(d):
                x += h[j] * outputs[output_rows[k], j]
            x *= scale
            x = -x if labels[k] > 0 else x
            loss += weights[k] * (max(0.0, x) + np.log1p(np.exp(-abs(x))))
    return loss
