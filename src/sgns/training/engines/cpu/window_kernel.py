"""Negatives shared in a window (Ji et al. 2016, arXiv 1604.04661) or, with one input at a time, not at all.

Not shared is the algorithm of word2vec.c and gensim: each positive pair (w, c+) draws its own k negatives. The samples
are drawn first (`draw_windows`) and then trained on (`window_kernel`), so that a test or a lesson can bring its own.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from sgns.base.jit import kernel
from sgns.training.engines.cpu.llvm import LANES
from sgns.training.engines.cpu.tile import BLOCK_ROWS, block_gradient, block_scores, block_update
from sgns.training.engines.cpu.tile_kernel import COLUMNS, LOSS, PAIRS, ROWS, sources
from sgns.training.engines.sampling import draw, draw_centres, draw_word


@kernel
def draw_windows(ids, ends, start, stop, window, negatives, alone, keep, noise, keep_key, noise_key):  # type: ignore[no-untyped-def]
    """The samples of a block.

    With `alone`, each input has negatives of its own; else the window shares them. The other arguments are those of
    `draw_centres` and `draw_noise`.

    Returns:
        inputs: (n,) int32, the inputs w of all steps, one after the other.
        input_ends: (s,) int64, where each step's inputs end.
        centres: (s,) int32, its c+.
        noise_words: (s, k) int32, its negatives.
        seen: centres of the block.
    """
    room = stop - start + 2 * window + 1
    kept, left, right = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    first, last, _ = draw_centres(ids, ends, start, stop, window, keep, keep_key, kept, left, right)
    pairs = windows = np.int64(0)
    for c in range(first, last):
        pairs += right[c] - left[c] - 1
        windows += np.int64(right[c] - left[c] > 1)
    steps = pairs if alone else windows
    inputs, input_ends = np.empty(pairs, np.int32), np.empty(steps, np.int64)
    centres, noise_words = np.empty(steps, np.int32), np.empty((steps, negatives), np.int32)
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
            noise_words[step, k] = draw_word(draw(noise_key, step * negatives + k), noise)
    return inputs, input_ends, centres, noise_words, last - first


@cache
def window_kernel(stride: int, alone: bool) -> Callable[..., None]:
    """train(inputs, input_ends, centres, noise_words, E, C, lr, out) on given samples, for rows of `stride` floats.

    A step is up to `ROWS` inputs (or one) against c+ and up to 15 negatives, the exact gradient of their loss; a window
    with more of either takes several steps. A negative that is c+ counts nothing, one drawn twice counts twice.
    """
    made_of = sources()
    I = 1 if alone else ROWS
    rows = min(BLOCK_ROWS, I)
    columns = LANES // rows
    down, across, numbers = I // rows, COLUMNS // columns, I * COLUMNS

    @kernel
    def train(inputs, input_ends, centres, noise_words, E, C, lr, out):  # type: ignore[no-untyped-def]
        row = stride * 4
        work = np.zeros(3 * numbers + stride + 16, np.float32)
        skip = (-work.ctypes.data // 4) % 16
        G = work.ctypes.data + skip * 4
        labels = work[skip + numbers : skip + 2 * numbers].reshape(down, across, rows, columns)
        weights = work[skip + 2 * numbers : skip + 3 * numbers].reshape(down, across, rows, columns)
        nowhere = G + 3 * numbers * 4  # stands for inputs and negatives that are not there; their weight is 0
        e_rows, c_rows, words = np.zeros(I, np.int64), np.zeros(COLUMNS, np.int64), np.zeros(COLUMNS, np.int32)
        times = np.zeros(COLUMNS, np.float32)
        e, c_base = E.ctypes.data, C.ctypes.data
        loss, begin = 0.0, 0
        for s in range(centres.shape[0]):
            end = input_ends[s]
            for some in range(begin, end, I):
                n = min(I, end - some)
                drawn = 0
                while drawn == 0 or drawn < noise_words.shape[1]:
                    outputs = 0
                    if drawn == 0:
                        words[0], times[0], outputs = centres[s], np.float32(1), 1
                    while outputs < COLUMNS and drawn < noise_words.shape[1]:
                        word = noise_words[s, drawn]
                        drawn += 1
                        place = outputs
                        for o in range(outputs):
                            if words[o] == word:
                                place = o
                        if word == centres[s]:
                            continue
                        if place == outputs:
                            words[outputs], times[outputs] = word, np.float32(0)
                            outputs += 1
                        times[place] += np.float32(1)
                    positive = words[0] == centres[s]
                    for o in range(COLUMNS):
                        c_rows[o] = c_base + np.int64(words[o]) * row if o < outputs else nowhere
                        for i in range(I):
                            r, k, a, b = i // rows, o // columns, i % rows, o % columns
                            labels[r, k, a, b] = np.float32(1) if o == 0 and positive else np.float32(0)
                            weights[r, k, a, b] = times[o] if o < outputs and i < n else np.float32(0)
                    for i in range(I):
                        e_rows[i] = e + np.int64(inputs[some + i]) * row if i < n else nowhere
                    if outputs > 0:
                        block_scores(I, COLUMNS, stride, e_rows.ctypes.data, c_rows.ctypes.data, G)
                        loss += block_gradient(numbers, G, G + numbers * 4, G + 2 * numbers * 4, lr)
                        block_update(I, COLUMNS, stride, e_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G)
                    if drawn >= noise_words.shape[1]:
                        break
            begin = end
        if work.shape[0] + e_rows.shape[0] + c_rows.shape[0] + made_of != 0:  # used by address: alive until here
            out[LOSS] += loss
            out[PAIRS] += inputs.shape[0]

    return train
