"""The random draws of training: which tokens subsampling keeps, how far a window reaches, which words are the noise.

Every draw is a hash of (key, index), never the next number of a generator: the tokens at the border of a block are
drawn alike for the block before and the block after, so windows reach across it, and no draw depends on the thread that
makes it. The hash is the finaliser of SplitMix64 (Steele, Lea & Flood 2014), which passes BigCrush on a counter.
"""

from typing import NamedTuple

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import helper, inlined, kernel
from sgns.config import WHOLE_SENTENCE, Config

u64 = np.uint64
GOLDEN, MIX_1, MIX_2 = u64(0x9E3779B97F4A7C15), u64(0xBF58476D1CE4E5B9), u64(0x94D049BB133111EB)
HALF = u64(32)
LOW = u64(0xFFFFFFFF)

# Purposes of random streams, for `stream_key`.
KEEP, NOISE, FIRST_VECTORS = 1, 2, 3
VALIDATION_SENTENCES, VALIDATION_WINDOWS, VALIDATION_NEGATIVES = 11, 12, 13


ALONE = np.int64(1)  # centres that share a reach: each has its own
SENTENCE_REACH = 10  # reach of a window in a sentence whose words stand in a random order, see `Windows`


class Windows(NamedTuple):
    """How far the windows of a run reach.

    Attributes:
        reach: At most, on either side of the centre.
        reaches: Reaches among which each centre draws: `reach`; or 1 where all are `reach`; or 0 where windows are
            whole sentences, whose words are put into a random order first.
        inputs: Words in a window on average, away from the ends of sentences.
    """

    reach: int
    reaches: int
    inputs: int

    @classmethod
    def of(cls, config: Config) -> "Windows":
        """The windows that the options ask for."""
        if config.window == WHOLE_SENTENCE:
            return cls(SENTENCE_REACH, 0, 2 * SENTENCE_REACH)
        reach = int(config.window)
        return cls(reach, reach, reach + 1) if config.shrink_windows else cls(reach, 1, 2 * reach)


@inlined
def mix(x):
    """A random uint64 for each uint64: the finaliser of SplitMix64."""
    x = (x ^ (x >> u64(30))) * MIX_1
    x = (x ^ (x >> u64(27))) * MIX_2
    return x ^ (x >> u64(31))


@inlined
def draw(key, index):
    """The random uint64 at an index of the stream `key`."""
    return mix(key + u64(index) * GOLDEN)


def stream_key(*numbers: int) -> np.uint64:
    """The key of a random stream: a hash of the seed, a purpose, and further numbers such as the epoch."""
    key = 0
    for number in numbers:
        key = (key + number + 1) * 0x9E3779B97F4A7C15 % 2**64
        key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        key = (key ^ (key >> 27)) * 0x94D049BB133111EB % 2**64
        key ^= key >> 31
    return u64(key)


@inlined
def longer_key(key, number):
    """The key `stream_key(…, number)`, where `key` is `stream_key(…)`."""
    return mix((key + u64(number) + u64(1)) * GOLDEN)


def as_thresholds(probability: np.ndarray) -> np.ndarray:
    """Thresholds (V,) uint32 for probabilities (V,): 32 random bits are at most the threshold with this probability.

    2^32 − 1 stands for always, 0 for 2^-32, to which smaller probabilities are rounded up.
    """
    return np.clip(np.ceil(probability * 2.0**32) - 1, 0, 2.0**32 - 1).astype(np.uint32)


def alias_table(distribution: np.ndarray) -> np.ndarray:
    """A distribution as an alias table (Walker 1977; Vose 1991): one look-up a draw, no branch, any vocabulary.

    A table in which a word fills cells in proportion to its probability, as word2vec.c has, rounds rare words away and
    is larger than the cache; a search in the cumulative distribution waits for each of its steps.

    Args:
        distribution: (V,) probabilities.

    Returns:
        (V,) uint64. Cell i holds in the high half the probability of word i itself, in units of 2^-32, and in the low
        half the word that is drawn otherwise.
    """
    V = len(distribution)
    probability, alias = distribution / distribution.sum() * V, np.arange(V)
    fill_cells(probability, alias, *np.empty((2, V), np.int64))
    own = np.minimum(np.rint(probability * 2.0**32), 2.0**32 - 1).astype(np.uint64)
    return (own << HALF) | alias.astype(np.uint64)


@kernel
def fill_cells(probability, alias, small, large):
    """Vose's method, in place.

    Args:
        probability: (V,) float64 of mean 1; becomes the probability of the own word of each cell.
        alias: (V,) int64; becomes the other word of each cell.
        small: (V,) int64, to work in.
        large: As small.
    """
    V = probability.shape[0]
    s = l = 0
    for i in range(V):
        if probability[i] < 1.0:
            small[s] = i
            s += 1
        else:
            large[l] = i
            l += 1
    while s > 0 and l > 0:
        s -= 1
        giver = large[l - 1]
        alias[small[s]] = giver
        probability[giver] -= 1.0 - probability[small[s]]
        if probability[giver] < 1.0:
            l -= 1
            small[s] = giver
            s += 1
    for i in range(l):  # what rounding has left over
        probability[large[i]] = 1.0
    for i in range(s):
        probability[small[i]] = 1.0


@inlined
def draw_word(random, noise_table):
    """The noise word of a random uint64.

    Args:
        random: uint64; its high half chooses the cell, its low half between the two words of the cell.
        noise_table: (V,) uint64, see `alias_table`.
    """
    V = u64(noise_table.shape[0])
    product = (random >> HALF) * V
    cell = product >> HALF
    entry = noise_table[cell]
    return np.int32(cell) if (random & LOW) < (entry >> HALF) else np.int32(entry & LOW)


@helper
def draw_noise(key, noise_table, drawn, n):
    """Puts n noise words into `drawn`, (≥ n,) int32."""
    for i in range(n):
        drawn[i] = draw_word(draw(key, i), noise_table)


@helper
def sentence_of(sentence_ends, token):
    """The number of the sentence that holds a token: how many sentences end at the token or before it."""
    low, high = np.int64(0), np.int64(sentence_ends.shape[0])
    while low < high:  # by hand: np.searchsorted takes a second to compile
        middle = (low + high) >> 1
        if sentence_ends[middle] <= token:
            low = middle + 1
        else:
            high = middle
    return low


@helper
def draw_centres(ids, sentence_ends, start, stop, window, reaches, group, keep_thresholds, key, kept, left, right):
    """Subsamples a block and draws its windows, on whole sentences of the corpus.

    Of a sentence that goes on beyond the block, up to `window` kept tokens on each side are added: they are inputs of
    the block's windows, not centres.

    Args:
        ids: (n,) int32, the corpus.
        sentence_ends: (s,) int64.
        start: First token of the block.
        stop: One past its last token.
        window: Largest reach of a window.
        reaches: Reaches among which each centre draws, `window` or fewer: with 1, all are `window`.
        group: Centres of the block, from its first on, that share a reach: that of the first of them.
        keep_thresholds: (V,) uint32, see `as_thresholds`.
        key: Of the stream that says which tokens are kept and how far their windows reach.
        kept: (≥ stop − start + 2·window + padding,) int32, out: the words that are kept.
        left: As kept, out: index in `kept` of the first word of a centre's window.
        right: As kept, out: one past the last.

    Returns:
        (first, last, m): the centres are kept[first:last], all kept words are kept[0:m].
    """
    sentence = sentence_of(sentence_ends, start)
    begin = sentence_ends[sentence - 1] if sentence > 0 else np.int64(0)
    m = np.int64(0)
    at = start - 1
    while at >= begin and m < window:  # backwards: the tokens before the block
        r = draw(key, at)
        if (r >> HALF) <= u64(keep_thresholds[ids[at]]):
            kept[m] = ids[at]
            left[m] = window - np.int64(((r & LOW) * u64(reaches)) >> HALF)
            m += 1
        at -= 1
    for i in range(m // 2):
        kept[i], kept[m - 1 - i] = kept[m - 1 - i], kept[i]
        left[i], left[m - 1 - i] = left[m - 1 - i], left[i]
    first, opened = m, np.int64(0)
    reach, shared = np.int32(0), np.int64(0)
    position = start
    last = m
    while position < stop:
        end = sentence_ends[sentence]
        here = smaller(end, stop)
        for p in range(position, here):
            r = draw(key, p)
            w = ids[p]
            kept[m] = w  # overwritten unless it is kept: cheaper than a branch that cannot be predicted
            left[m] = window - np.int64(((r & LOW) * u64(reaches)) >> HALF)
            m += np.int64((r >> HALF) <= u64(keep_thresholds[w]))
        last = m
        at = here
        while at < end and m - last < window:  # only in a sentence that goes on beyond the block
            r = draw(key, at)
            if (r >> HALF) <= u64(keep_thresholds[ids[at]]):
                kept[m] = ids[at]
                left[m] = window - np.int64(((r & LOW) * u64(reaches)) >> HALF)
                m += 1
            at += 1
        for c in range(opened, m):
            if c <= first or shared == group:
                reach, shared = left[c], np.int64(0)
            shared += 1
            left[c] = larger(opened, c - reach)
            right[c] = smaller(m, c + reach + 1)
        opened = m
        position = here
        sentence += 1
    return first, last, m
