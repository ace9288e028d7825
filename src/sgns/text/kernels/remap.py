"""The numbers of raw tokens in a chunk -> word ids and sentence ends."""

import numpy as np

from sgns.base.jit import kernel


def remap(
    numbers: np.ndarray,
    ends: np.ndarray,
    single: np.ndarray,
    lists: np.ndarray,
    starts: np.ndarray,
    every: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """The ids and sentence ends of a chunk.

    Args:
        numbers: (n,) int32 raw tokens.
        ends: (s,) int32, raw tokens before each sentence end.
        single: int32, by raw token: the id of its word; -1 for no word; -2 - i for the words of list i.
        lists: int32, the ids of raw tokens with several words, -1 for words that are left out.
        starts: int64, where list i begins in `lists`; one more at the end.
        every: whether empty sentences have an end too.

    Returns:
        ids: (m,) int32.
        ends: (≤ s,) int64, ids before each sentence end, without repetition unless `every`.
    """
    size = len(numbers)
    if len(starts) > 1:
        size += more_words(numbers, single, starts)
    ids, stops = np.empty(size, dtype=np.int32), np.empty(len(ends), dtype=np.int64)
    n, n_stops = put_ids(numbers, ends, single, lists, starts, every, ids, stops)
    return ids[:n].copy() if 2 * n < size else ids[:n], stops[:n_stops]


@kernel
def put_ids(numbers, ends, single, lists, starts, every, ids, stops):
    """Puts the ids and sentence ends of a chunk into `ids` and `stops`, see `remap`. Returns how many there are."""
    n = n_stops = at = 0
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
    return n, n_stops


@kernel
def more_words(numbers, single, starts):
    """By how many the words of raw tokens outnumber these, as far as they have lists."""
    more = 0
    for i in range(numbers.shape[0]):
        value = single[numbers[i]]
        if value < -1:
            more += starts[-1 - value] - starts[-2 - value] - 1
    return more
