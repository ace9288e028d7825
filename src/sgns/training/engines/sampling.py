"""What is drawn during training: which tokens survive, how far a window reaches, which words are the noise.

Every draw is a hash of (key, position), never the next number of a stream: the tokens at the edge of a block are drawn
alike by the block before and the block after, so windows reach across, and no draw depends on which thread works.
The hash is SplitMix64's finaliser (Steele, Lea & Flood 2014), which passes BigCrush on a counter.
"""

import numpy as np
from numba import njit

from sgns.base.jit import kernel

u64 = np.uint64
GOLDEN, MIX_1, MIX_2 = u64(0x9E3779B97F4A7C15), u64(0xBF58476D1CE4E5B9), u64(0x94D049BB133111EB)
HALF = u64(32)
LOW = u64(0xFFFFFFFF)


@njit(inline="always", error_model="numpy")
def mix(x):  # type: ignore[no-untyped-def]
    """A random uint64 for each uint64."""
    x = (x ^ (x >> u64(30))) * MIX_1
    x = (x ^ (x >> u64(27))) * MIX_2
    return x ^ (x >> u64(31))


@njit(inline="always", error_model="numpy")
def draw(key, position):  # type: ignore[no-untyped-def]
    """The random uint64 that belongs to a position of the stream named by `key`."""
    return mix(key + u64(position) * GOLDEN)


def stream_key(*numbers: int) -> np.uint64:
    """The name of a random stream: a hash of seed, epoch and purpose."""
    key = 0
    for number in numbers:
        key = (key + number + 1) * 0x9E3779B97F4A7C15 % 2**64
        key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        key = (key ^ (key >> 27)) * 0x94D049BB133111EB % 2**64
        key ^= key >> 31
    return u64(key)


def keep_thresholds(keep: np.ndarray) -> np.ndarray:
    """Chances (V,) as uint32 thresholds: a token survives when 32 random bits are ≤ its word's (2^32 − 1: always)."""
    return np.clip(np.ceil(keep * 2.0**32) - 1, 0, 2.0**32 - 1).astype(np.uint32)


def noise_table(noise: np.ndarray) -> np.ndarray:
    """The noise distribution as an alias table (Walker 1977; Vose 1991): one look-up a draw, no branch, any vocabulary.

    A table of words, as word2vec.c has, rounds rare words away and is larger than the cache; a search in the cumulative
    distribution waits for each of its steps.

    Args:
        noise: (V,) probabilities.

    Returns:
        (V,) uint64: in the low half the word that shares this cell, in the high half the chance of the cell's own word,
        in 2^-32.
    """
    V = len(noise)
    chance, alias = noise / noise.sum() * V, np.arange(V)
    _share_cells(chance, alias)
    own = np.minimum(np.rint(chance * 2.0**32), 2.0**32 - 1).astype(np.uint64)
    return (own << HALF) | alias.astype(np.uint64)


@kernel
def _share_cells(chance, alias):  # type: ignore[no-untyped-def]
    """Vose's method in place: chance (V,), of mean 1, becomes each cell's own share, alias (V,) the other word."""
    V = chance.shape[0]
    small, large = np.empty(V, np.int64), np.empty(V, np.int64)
    s = l = 0
    for i in range(V):
        if chance[i] < 1.0:
            small[s] = i
            s += 1
        else:
            large[l] = i
            l += 1
    while s > 0 and l > 0:
        s -= 1
        giver = large[l - 1]
        alias[small[s]] = giver
        chance[giver] -= 1.0 - chance[small[s]]
        if chance[giver] < 1.0:
            l -= 1
            small[s] = giver
            s += 1
    for i in range(l):  # what rounding has left over
        chance[large[i]] = 1.0
    for i in range(s):
        chance[small[i]] = 1.0


@njit(inline="always", error_model="numpy")
def draw_word(random, table):  # type: ignore[no-untyped-def]
    """The noise word of a random uint64; `table` is from `noise_table`."""
    V = u64(table.shape[0])
    product = (random >> HALF) * V
    cell = product >> HALF
    entry = table[cell]
    return np.int32(cell) if (random & LOW) < (entry >> HALF) else np.int32(entry & LOW)


@njit(nogil=True, error_model="numpy")
def draw_noise(key, table, drawn):  # type: ignore[no-untyped-def]
    """Fill `drawn` (n,) int32 with noise words."""
    for i in range(drawn.shape[0]):
        drawn[i] = draw_word(draw(key, i), table)


@njit(nogil=True, error_model="numpy")
def draw_centres(  # type: ignore[no-untyped-def]
    ids,  # (n,) int32, the corpus
    ends,  # (s,) int64
    start,  # the block is ids[start:stop]
    stop,
    window,
    keep,  # (V,) uint32
    key,
    kept,  # (≥ stop − start + 2·window + padding,) int32: out, surviving words
    left,  # as kept: out, first place in a centre's window
    right,  # as kept: out, one past the last
):
    """Subsample a block and draw its windows, on the corpus's whole sentences.

    A sentence that goes on beyond the block lends up to `window` surviving tokens on each side: they are inputs of the
    block's windows, not centres.

    Returns:
        (first, last, m): centres are kept[first:last]; kept[0:m] are all tokens.
    """
    sentence = np.searchsorted(ends, start, side="right")
    begin = ends[sentence - 1] if sentence > 0 else np.int64(0)
    m = np.int64(0)
    at = start - 1
    while at >= begin and m < window:  # backwards: the tokens before the block
        r = draw(key, at)
        if (r >> HALF) <= u64(keep[ids[at]]):
            kept[m] = ids[at]
            left[m] = window - np.int64(((r & LOW) * u64(window)) >> HALF)
            m += 1
        at -= 1
    for i in range(m // 2):
        kept[i], kept[m - 1 - i] = kept[m - 1 - i], kept[i]
        left[i], left[m - 1 - i] = left[m - 1 - i], left[i]
    first, opened = m, np.int64(0)
    position = start
    last = m
    while position < stop:
        end = ends[sentence]
        here = min(end, stop)
        for p in range(position, here):
            r = draw(key, p)
            w = ids[p]
            kept[m] = w  # overwritten unless it survives: cheaper than a branch that nobody can predict
            left[m] = window - np.int64(((r & LOW) * u64(window)) >> HALF)
            m += np.int64((r >> HALF) <= u64(keep[w]))
        last = m
        at = here
        while at < end and m - last < window:  # only in a sentence that goes on beyond the block
            r = draw(key, at)
            if (r >> HALF) <= u64(keep[ids[at]]):
                kept[m] = ids[at]
                left[m] = window - np.int64(((r & LOW) * u64(window)) >> HALF)
                m += 1
            at += 1
        for c in range(opened, m):
            reach = left[c]
            left[c] = max(opened, c - reach)
            right[c] = min(m, c + reach + 1)
        opened = m
        position = here
        sentence += 1
    return first, last, m
