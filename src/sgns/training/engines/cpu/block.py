"""A block of the corpus, drawn before it is trained on: the words that are kept, their windows, the negatives.

All models share it. What a model makes of a window (pairs, a mean) is in its own kernel.
"""

from typing import NamedTuple

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import helper, kernel
from sgns.training.engines.sampling import HALF, LOW, draw, draw_centres, draw_noise, sentence_of

CENTRES = 8  # centres in a tile

u64 = np.uint64


class Block(NamedTuple):
    """The arrays of a drawn block, made by Python: every allocation in a kernel takes time to compile.

    Attributes:
        kept: (≥ tokens + 3·window + 2·CENTRES,) int32, the words that subsampling keeps.
        left: As kept, see `sampling.draw_centres`.
        right: As kept.
        cover: As kept, of how many windows a kept word is an input; its own does not count.
        drawn: int32, the negatives of all sets, one set after the other.
    """

    kept: np.ndarray
    left: np.ndarray
    right: np.ndarray
    cover: np.ndarray
    drawn: np.ndarray


def empty_block(tokens: int, window: int, draws: int, lifetime: int) -> Block:
    """The arrays for a block of so many tokens.

    Args:
        tokens: Of the block.
        window: Largest reach of a window.
        draws: Negatives in a set.
        lifetime: Tiles that a set serves.
    """
    capacity = tokens + 3 * window + 2 * CENTRES  # a tile at the end is read whole
    kept, left, right, cover = np.empty((4, capacity), np.int32)
    return Block(kept, left, right, cover, np.zeros(sets_of_negatives(tokens, lifetime) * draws, np.int32))


def sets_of_negatives(centres: int, lifetime: int) -> int:
    """Sets of negatives that the tiles of a block need, with one to be prefetched behind the last."""
    return -(-centres // CENTRES) // lifetime + 2


@kernel
def draw_block(
    ids, sentence_ends, start, stop, window, reaches, group, keep_thresholds, keep_key, noise_table, noise_key,
    lifetime, draws, block,
):  # fmt: skip
    """Draws ids[start:stop].

    Args:
        ids: (n,) int32, the corpus.
        sentence_ends: (s,) int64.
        start: First token of the block.
        stop: One past its last token.
        window: Largest reach of a window.
        reaches: Reaches among which each centre draws: `window`, or 1 where all windows are as wide as may be.
        group: Centres that share a reach, see `sampling.draw_centres`.
        keep_thresholds: (V,) uint32.
        keep_key: Of the stream that says which tokens are kept and how far their windows reach.
        noise_table: (V,) uint64.
        noise_key: Of the stream of negatives.
        lifetime: Tiles that a set of negatives serves.
        draws: Negatives in a set.
        block: Out.

    Returns:
        (first, last, m): the centres are kept[first:last], all kept words are kept[0:m].
    """
    first, last, m = draw_centres(
        ids, sentence_ends, start, stop, window, reaches, group, keep_thresholds, keep_key,
        block.kept, block.left, block.right,
    )  # fmt: skip
    draw_noise(noise_key, noise_table, block.drawn, ((last - first + CENTRES - 1) // CENTRES // lifetime + 2) * draws)
    cover_words(m, block.left, block.right, block.cover)
    return first, last, m


@kernel
def draw_shuffled_block(
    ids, sentence_ends, start, stop, window, keep_thresholds, keep_key, noise_table, noise_key, lifetime, draws, block
):
    """Draws ids[start:stop] with windows that are whole sentences, see `shuffle_sentences`; as `draw_block`."""
    m = shuffle_sentences(
        ids, sentence_ends, start, stop, window, keep_thresholds, keep_key, block.kept, block.left, block.right
    )
    draw_noise(noise_key, noise_table, block.drawn, ((m + CENTRES - 1) // CENTRES // lifetime + 2) * draws)
    cover_words(m, block.left, block.right, block.cover)
    return np.int64(0), m, m


@helper
def cover_words(m, left, right, cover):
    """Counts, for each of m kept words, the windows that it is an input of."""
    for i in range(m + CENTRES):
        cover[i] = 0
    for c in range(m):
        cover[left[c]] += 1
        cover[right[c]] -= 1
    for i in range(1, m):
        cover[i] += cover[i - 1]
    for i in range(m):
        cover[i] -= 1
    for i in range(m, m + CENTRES):
        cover[i] = 0


@kernel
def shuffle_sentences(ids, sentence_ends, start, stop, reach, keep_thresholds, key, kept, left, right):
    """Draws a block whose windows are whole sentences: puts the kept words of each sentence into a random order.

    In a random order, every word of a sentence is equally likely to be a neighbour of every other. A window of a fixed
    reach in it holds all words of a short sentence and a uniform sample of those of a long one, so the cost grows
    linearly with the length. Of a sentence that goes on beyond the block, the part inside counts as a sentence.

    Args:
        ids: The corpus; for the other arguments see `draw_block`.
        sentence_ends: (s,) int64.
        start: First token of the block.
        stop: One past its last token.
        reach: Of all windows.
        keep_thresholds: (V,) uint32.
        key: Of the stream that says which tokens are kept and in which order they stand.
        kept: Out.
        left: Out.
        right: Out.

    Returns:
        The number of kept words.
    """
    sentence = sentence_of(sentence_ends, start)
    position, opened = start, np.int64(0)
    while position < stop:
        here = smaller(sentence_ends[sentence], stop)
        m = opened
        for p in range(position, here):
            r = draw(key, p)
            if (r >> HALF) <= u64(keep_thresholds[ids[p]]):
                # Fisher and Yates, from the inside out: the new word changes places with a random one before it.
                place = opened + np.int64(((r & LOW) * u64(m - opened + 1)) >> HALF)
                kept[m] = kept[place]
                kept[place] = ids[p]
                m += 1
        for c in range(opened, m):
            left[c], right[c] = larger(opened, c - reach), smaller(m, c + reach + 1)
        opened = m
        position = here
        sentence += 1
    return opened


@kernel
def use_copies(rows, n, hot, shift):
    """Replaces the numbers of hot rows by those of their copies, in rows[:n]; see `HotRows.checkout`."""
    for i in range(n):
        rows[i] += shift if rows[i] < hot else np.int32(0)
