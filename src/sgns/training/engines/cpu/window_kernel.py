"""The exact kernels: negatives shared in a window (Ji et al. 2016, arXiv 1604.04661), or by nobody.

Not shared is the algorithm of word2vec.c and gensim: each positive pair (w, c+) draws its own k negatives, so a step
has one input. The samples are drawn first (`draw_windows`) and then trained on (`window_kernel`), so that a test or a
lesson can bring its own (`one_window`).
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from sgns.base.instructions import smaller
from sgns.base.jit import kernel
from sgns.training.engines.cpu.block import shuffle_sentences
from sgns.training.engines.cpu.dense import BLOCK_ROWS, dense_gradient, dense_scores
from sgns.training.engines.cpu.dense_columns import dense_update
from sgns.training.engines.cpu.llvm import LANES, REGISTERS
from sgns.training.engines.cpu.tile_kernel import LOSS, PAIRS
from sgns.training.engines.matrices import row_stride, zero_rows
from sgns.training.engines.sampling import ALONE, draw, draw_centres, draw_word

STEP_INPUTS = 8 if REGISTERS == 32 else 4  # inputs of a step at most
STEP_OUTPUTS = 16  # outputs of a step at most: c+ and negatives


@kernel
def draw_windows(
    ids,
    sentence_ends,
    start,
    stop,
    window,
    reaches,
    negatives,
    alone,
    keep_thresholds,
    noise_table,
    keep_key,
    noise_key,
):
    """The samples of a block.

    With `alone`, each input has negatives of its own; else the inputs of a window share them. The other arguments are
    those of `block.draw_block`.

    Returns:
        inputs: (n,) int32, the inputs w of all steps, one after the other.
        input_ends: (s,) int64, one past the last input of each step.
        centres: (s,) int32, the c+ of each step.
        drawn: (s, k) int32, the negatives of each step.
        seen: centres of the block.
    """
    capacity = stop - start + 2 * window + 1
    kept, left, right = np.empty(capacity, np.int32), np.empty(capacity, np.int32), np.empty(capacity, np.int32)
    if reaches > 0:
        first, last, _ = draw_centres(
            ids, sentence_ends, start, stop, window, reaches, ALONE, keep_thresholds, keep_key, kept, left, right
        )
    else:
        m = shuffle_sentences(ids, sentence_ends, start, stop, window, keep_thresholds, keep_key, kept, left, right)
        first, last = np.int64(0), m
    pairs = windows = np.int64(0)
    for c in range(first, last):
        pairs += right[c] - left[c] - 1
        windows += np.int64(right[c] - left[c] > 1)
    steps = pairs if alone else windows
    inputs, input_ends = np.empty(pairs, np.int32), np.empty(steps, np.int64)
    centres, drawn = np.empty(steps, np.int32), np.empty((steps, negatives), np.int32)
    n = s = 0
    for c in range(first, last):
        for i in range(left[c], right[c]):
            if i != c:
                inputs[n] = kept[i]
                n += 1
                if alone:
                    input_ends[s], centres[s] = n, kept[c]
                    s += 1
        if not alone and right[c] - left[c] > 1:
            input_ends[s], centres[s] = n, kept[c]
            s += 1
    for step in range(steps):
        for k in range(negatives):
            drawn[step, k] = draw_word(draw(noise_key, step * negatives + k), noise_table)
    return inputs, input_ends, centres, drawn, last - first


@cache
def window_kernel(stride: int, alone: bool) -> Callable[..., None]:
    """The kernel that trains on given samples, for rows of `stride` floats.

    A step is up to `STEP_INPUTS` inputs (or one, with `alone`) against c+ and up to 15 negatives: the exact gradient of
    their loss. A window with more of either takes several steps. A negative that is c+ counts nothing, one drawn twice
    counts twice.

    Returns:
        train(inputs, input_ends, centres, negatives, E, C, lr, out): the first four as `draw_windows` returns them; E
        and C (V, stride) float32 are changed in place; adds loss and pairs to `out`, (3,) float64.
    """
    I = 1 if alone else STEP_INPUTS
    rows = min(BLOCK_ROWS, I)
    columns = LANES // rows
    down, across, numbers = I // rows, STEP_OUTPUTS // columns, I * STEP_OUTPUTS

    @kernel
    def train(inputs, input_ends, centres, negatives, E, C, lr, out):
        row = stride * 4
        work = np.zeros(3 * numbers + stride + 16, np.float32)
        skip = (-work.ctypes.data // 4) % 16
        G = work.ctypes.data + skip * 4
        labels = work[skip + numbers : skip + 2 * numbers].reshape(down, across, rows, columns)
        weights = work[skip + 2 * numbers : skip + 3 * numbers].reshape(down, across, rows, columns)
        padding_row = G + 3 * numbers * 4  # in place of inputs and negatives that a step lacks; their weight is 0
        e_rows, c_rows, words = (
            np.zeros(I, np.int64),
            np.zeros(STEP_OUTPUTS, np.int64),
            np.zeros(STEP_OUTPUTS, np.int32),
        )
        times = np.zeros(STEP_OUTPUTS, np.float32)
        e, c_base = E.ctypes.data, C.ctypes.data
        loss, begin = 0.0, 0
        for s in range(centres.shape[0]):
            end = input_ends[s]
            for first in range(begin, end, I):
                n = smaller(I, end - first)
                drawn = 0
                while drawn == 0 or drawn < negatives.shape[1]:
                    outputs = 0
                    if drawn == 0:
                        words[0], times[0], outputs = centres[s], np.float32(1), 1
                    while outputs < STEP_OUTPUTS and drawn < negatives.shape[1]:
                        word = negatives[s, drawn]
                        drawn += 1
                        output = outputs
                        for o in range(outputs):
                            if words[o] == word:
                                output = o
                        if word == centres[s]:
                            continue
                        if output == outputs:
                            words[outputs], times[outputs] = word, np.float32(0)
                            outputs += 1
                        times[output] += np.float32(1)
                    positive = words[0] == centres[s]
                    for o in range(STEP_OUTPUTS):
                        c_rows[o] = c_base + np.int64(words[o]) * row if o < outputs else padding_row
                        for i in range(I):
                            r, k, a, b = i // rows, o // columns, i % rows, o % columns
                            labels[r, k, a, b] = np.float32(1) if o == 0 and positive else np.float32(0)
                            weights[r, k, a, b] = times[o] if o < outputs and i < n else np.float32(0)
                    for i in range(I):
                        e_rows[i] = e + np.int64(inputs[first + i]) * row if i < n else padding_row
                    if outputs > 0:
                        dense_scores(I, STEP_OUTPUTS, stride, STEP_OUTPUTS, e_rows.ctypes.data, c_rows.ctypes.data, G)
                        loss += dense_gradient(numbers, G, G + numbers * 4, G + 2 * numbers * 4, lr)
                        dense_update(
                            I, STEP_OUTPUTS, stride, STEP_OUTPUTS,
                            e_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G,
                        )  # fmt: skip
                    if drawn >= negatives.shape[1]:
                        break
            begin = end
        if work.shape[0] + e_rows.shape[0] + c_rows.shape[0] != 0:  # used by address: keeps them alive until here
            out[LOSS] += loss
            out[PAIRS] += inputs.shape[0]

    return train


def one_window(
    E: np.ndarray,
    C: np.ndarray,
    inputs: Sequence[int] | np.ndarray,
    centre: int,
    negatives: Sequence[int] | np.ndarray,
    lr: float,
) -> float:
    """One step of the fast kernel on samples of your own: every input w with c+ = centre and all negatives.

    The loss is Σ_w (−log σ(E_w·C_c+) − Σ_i log σ(−E_w·C_c−i)), the step E, C ← E, C − lr · ∇loss. A negative equal to
    c+ counts nothing, one that is listed twice counts twice; so does an input.

    Args:
        E: (V, d) float32, changed in place.
        C: (V, d) float32, changed in place.
        inputs: Rows of E; up to `STEP_INPUTS` make one step, more make several.
        centre: Row of C.
        negatives: Rows of C; up to 15 make one step, more make several.
        lr: Learning rate; at 1 the change is minus the gradient.

    Returns:
        The loss before the step, in float64.
    """
    dim, stride = E.shape[1], row_stride(E.shape[1])
    e, c = zero_rows(len(E), stride), zero_rows(len(C), stride)
    e[:, :dim], c[:, :dim] = E, C
    out = np.zeros(3)
    window_kernel(stride, False)(
        np.array(inputs, np.int32),
        np.array([len(inputs)], np.int64),
        np.array([centre], np.int32),
        np.array([negatives], np.int32).reshape(1, len(negatives)),
        e,
        c,
        np.float32(lr),
        out,
    )
    E[:], C[:] = e[:, :dim], c[:, :dim]
    return float(out[LOSS])
