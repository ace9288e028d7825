"""The numbers of raw tokens in a chunk -> word ids and sentence ends."""

import numpy as np

from sgns.base.jit import kernel


@kernel
def remap(numbers, ends, single, lists, starts, every):
    """The ids and sentence ends of a chunk.

    Args:
        numbers: (n,) int32 raw tokens.
        ends: (s,) int32, raw tokens before each sentence end.
        single: by raw token: the id of its word; -1 for no word; -2 - i for the words of list i.
        lists: the ids of raw tokens with several words, -1 for words that are left out.
        starts: where list i begins in `lists`; one more at the end.
        every: whether empty sentences have an end too.

    Returns:
        ids: (m,) int32.
        ends: (≤ s,) int64, ids before each sentence end, without repetition unless `every`.
    """
    size = numbers.shape[0]
    if starts.shape[0] > 1:
        for number in numbers:
            value = single[number]
            if value < -1:
                size += starts[-1 - value] - starts[-2 - value] - 1
    ids, n = np.empty(size, dtype=np.int32), 0
    stops, n_stops = np.empty(ends.shape[0], dtype=np.int64), 0
    at = 0
    for row in range(ends.shape[0] + 1):
        end = ends[row] if row < ends.shape[0] else numbers.shape[0]
        while at < end:
            value = single[numbers[at]]
            at += 1
            if value >= -1:
                ids[n] = value
                n += value >= 0
            else:
                for i in range(starts[-2 - value], starts[-1 - value]):
                    ids[n] = lists[i]
                    n += lists[i] >= 0
        if row < ends.shape[0] and (every or n_stops == 0 or stops[n_stops - 1] != n):
            stops[n_stops] = n
            n_stops += 1
    return ids[:n].copy() if 2 * n < size else ids[:n], stops[:n_stops]
