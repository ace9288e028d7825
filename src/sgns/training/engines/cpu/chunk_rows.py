"""The rows that several chunks of a batch need: each chunk trains copies, whose changes are added to the rows.

See `deterministic.py`, and `Batch` for the arrays. Both kernels prefetch, because the rows lie anywhere.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from sgns.base.instructions import smaller
from sgns.base.jit import kernel
from sgns.training.engines.cpu.batch import ALONE, AS_NEGATIVE, IN_TEXT
from sgns.training.engines.cpu.row_access import prefetch
from sgns.training.update_scaling import update_scale_in_kernel

ROWS_AHEAD = 8  # rows that are prefetched before they are copied
WORDS_AHEAD = 4  # words whose rows and copies are prefetched before they are added up

u64 = np.uint64


@cache
def row_copies(stride: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """The kernels that copy rows of `stride` floats for a chunk, and that add the changes of the copies to the rows.

    Returns:
        copy_out(E, C, V, k, words, word_counts, use, keep_thresholds, ids, pool, tokens, negatives): copies the rows
        that chunk k shares with others, and puts row numbers into its text and its pool.
        add_back(E, C, V, words, use, next_copy, first_copies, updates_E, updates_C, rate): adds the changes of all
        copies of the words at `first_copies` to their rows, in the order of the chunks, scaled by
        `update_scaling.update_scale`; a = rate · updates.
    """
    size = stride * 4

    @kernel
    def copy_out(E, C, V, k, words, word_counts, use, keep_thresholds, ids, pool, tokens, negatives):
        e, c = E.ctypes.data, C.ctypes.data
        text, n, here = word_counts[k, 0], word_counts[k, 1], k * words.shape[1]
        row_of = np.empty(n, np.int32)
        for i in range(n):
            ahead = smaller(i + ROWS_AHEAD, n - 1)
            if use[here + ahead] != ALONE:
                prefetch(stride, e + np.int64(words[k, ahead]) * size)
                prefetch(stride, c + np.int64(words[k, ahead]) * size)
                prefetch(stride, c + np.int64(V + 1 + here + ahead) * size)
                if ahead < text:
                    prefetch(stride, e + np.int64(V + 1 + here + ahead) * size)
            w = words[k, i]
            row_of[i] = w
            if use[here + i] == ALONE:
                continue
            copy = V + 1 + here + i
            row_of[i] = copy
            keep_thresholds[copy] = keep_thresholds[w]
            if i < text:
                for j in range(stride):
                    E[copy, j] = E[w, j]
            for j in range(stride):
                C[copy, j] = C[w, j]
        for p in range(tokens):
            i = ids[k, p]
            ids[k, p] = row_of[i] if i >= 0 else V
        for i in range(negatives):
            pool[k, i] = u64(row_of[pool[k, i]])

    @kernel
    def add_back(E, C, V, words, use, next_copy, first_copies, updates_E, updates_C, rate):
        capacity, n = words.shape[1], first_copies.shape[0]
        e, c = E.ctypes.data, C.ctypes.data
        total = np.empty(stride, np.float32)
        for o in range(n):
            at = first_copies[smaller(o + WORDS_AHEAD, n - 1)]
            w = np.int64(words[at // capacity, at % capacity])
            prefetch(stride, e + w * size)
            prefetch(stride, c + w * size)
            while at >= 0:
                prefetch(stride, e + np.int64(V + 1 + at) * size)
                prefetch(stride, c + np.int64(V + 1 + at) * size)
                at = next_copy[at]
            w = words[first_copies[o] // capacity, first_copies[o] % capacity]
            for A, updates, least in ((E, updates_E, IN_TEXT), (C, updates_C, AS_NEGATIVE)):
                m = 0
                at = first_copies[o]
                while at >= 0:
                    if use[at] >= least:
                        copy = V + 1 + at
                        if m == 0:
                            for j in range(stride):
                                total[j] = A[copy, j]
                        else:
                            for j in range(stride):
                                total[j] += A[copy, j]
                        m += 1
                    at = next_copy[at]
                if m == 1:
                    for j in range(stride):
                        A[w, j] = total[j]
                elif m > 1:
                    scale = update_scale_in_kernel(rate * updates[w], m)
                    for j in range(stride):
                        A[w, j] += scale * (total[j] - np.float32(m) * A[w, j])

    return copy_out, add_back
