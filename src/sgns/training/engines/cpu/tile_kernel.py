"""The fast kernel: SGNS on a block of the corpus, with negatives that neighbouring centres share.

A tile is `CENTRES` consecutive centres. Each of them, as an input, is trained against all negatives of the tile,
weighted so that each of its positive pairs has its k negatives in expectation; a negative that equals the c+ of a pair
counts nothing for that pair, as in word2vec.c. Where C is large, a set of negatives serves `LIFETIME` tiles.

The windows of a tile have one reach, drawn anew for each tile, so its positive pairs are a band (`band.py`).

A tile is one step: the gradient of its own samples, from the values before the step. Where products of bfloat16 are
faster, factors of the negatives' gradient are rounded to it (`dense_columns.py`). Forward computes the scores, loss the
errors, backward the update; `plain.plain_update` shows the same for one window in plain code.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import helper, inlined, kernel
from sgns.training.engines.cpu.band import (
    SIDES,
    band_gradient,
    band_scores,
    update_centres,
    update_negatives,
    update_words,
    weigh_pairs,
)
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.dense import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    dense_gradient,
    dense_scores,
)
from sgns.training.engines.cpu.llvm import LANES
from sgns.training.engines.cpu.row_access import gather, lowest, places, prefetch
from sgns.training.engines.matrices import aligned_zeros

NEGATIVES_TOGETHER = 16  # the negatives of a tile are a multiple of this
OF_NGRAMS = 3  # times as many where words are made of n-grams, see `tile_negatives`
LIFETIME = 4  # tiles that a set of negatives serves, where fetching new ones costs time; 8 lost .01 on SimLex
CACHED = 8 << 20  # bytes of C that the caches of a core are taken to hold
LOG_2 = 0.6931471805599453
LOSS, PAIRS, CENTRES_SEEN = 0, 1, 2  # indices in the output of a kernel


def tile_negatives(negatives: int, inputs: float, of_ngrams: bool = False) -> int:
    """The number of negatives that a tile shares.

    That is about half of what a word is trained against when a window shares them, k in each of its windows: with
    fewer, analogies fall; more cost time and improve little (benchmarks/README.md). Words that are made of n-grams
    are more alike, and what all words of a tile do to a negative adds up; with three times as many, each counts a
    third, which gains .02 to .09 in every figure on 100 MB (benchmarks/LOG.md).

    Args:
        negatives: k.
        inputs: Words of a window on average.
        of_ngrams: Whether words are made of n-grams.
    """
    wanted = negatives * inputs / 2 * (OF_NGRAMS if of_ngrams else 1)
    return max(1, round(wanted / NEGATIVES_TOGETHER)) * NEGATIVES_TOGETHER


def negative_lifetime(rows: int, stride: int, of_ngrams: bool = False) -> int:
    """The number of tiles that a set of negatives serves.

    A large C is fetched from memory, and negatives that stay are already in the cache; vectors of a large vocabulary
    even become better. A small vocabulary saves nothing, and there one set of negatives is a large part of all words:
    the loss fell more slowly in the first epochs (benchmarks/README.md).

    Args:
        rows: V.
        stride: Floats in a row of C.
        of_ngrams: Whether words are made of n-grams: composing them takes longer than fetching negatives, and a strip
            of them may be one tile.
    """
    return LIFETIME if rows * stride * 4 > CACHED and not of_ngrams else 1


@inlined
def weight_index(i, z, draws):
    """The index of input i of a tile and its negative z in the weights: `dense.number_index` of `draws` columns."""
    block = i // BLOCK_ROWS * (draws // BLOCK_COLUMNS) + z // BLOCK_COLUMNS
    return block * LANES + i % BLOCK_ROWS * BLOCK_COLUMNS + z % BLOCK_COLUMNS


@helper
def count_once(drawn, first, draws, z_rows, padding_row, weights):
    """A word drawn twice counts once, with both weights; its second row becomes the padding, whose weights are 0.

    Args:
        drawn: int32, the negatives.
        first: Index of the first one of the tile; it has `draws`.
        draws: Their number.
        z_rows: (draws,) int64, addresses of their rows of C; changed.
        padding_row: Address of a row that stands for none.
        weights: (CENTRES·draws,) float32, see `weight_index`; changed.
    """
    for z in range(draws):
        for other in range(z):
            if drawn[first + other] == drawn[first + z]:
                z_rows[z] = padding_row
                for i in range(CENTRES):
                    weights[weight_index(i, other, draws)] += weights[weight_index(i, z, draws)]
                    weights[weight_index(i, z, draws)] = 0
                break


class Workspace(NamedTuple):
    """The arrays that the kernel works in, made by Python: every allocation in a kernel takes time to compile.

    Arrays that are used by address begin at a multiple of 64 bytes.

    Attributes:
        e_rows: (CENTRES + 2·window,) int64, addresses of the rows of E of a tile's words.
        c_rows: (CENTRES,) int64, addresses of the rows of C of its centres.
        z_rows: (draws,) int64, addresses of the rows of the negatives.
        copies: float32, 2·CENTRES + 1 rows: those of C of the centres as they were before the step, a row of padding,
            and what the negatives add to the rows of E of the centres' words, see `band.update_negatives`.
        weights: (CENTRES·draws,) float32, in blocks, see `weight_index`.
        gradients: As weights; the scores, then the gradients of the negatives.
        labels: As weights, all 0.
        pair_gradients: (SIDES·CENTRES·window,) float32, the scores, then the gradients of the positive pairs.
        whole: As pair_gradients, all 1: the weights of the pairs of a tile that lacks none.
        pair_weights: As pair_gradients, 1 or 0: the weights of the pairs of another tile.
    """

    e_rows: np.ndarray
    c_rows: np.ndarray
    z_rows: np.ndarray
    copies: np.ndarray
    weights: np.ndarray
    gradients: np.ndarray
    labels: np.ndarray
    pair_gradients: np.ndarray
    whole: np.ndarray
    pair_weights: np.ndarray


def workspace(stride: int, window: int, draws: int) -> Workspace:
    """The arrays for tiles of windows of this reach at most, with so many negatives."""
    weights, gradients, labels = (aligned_zeros(CENTRES * draws) for _ in range(3))
    pair_gradients, whole, pair_weights = (aligned_zeros(SIDES * CENTRES * window) for _ in range(3))
    whole[:] = 1
    return Workspace(
        np.zeros(CENTRES + 2 * window, np.int64), np.zeros(CENTRES, np.int64), np.zeros(draws, np.int64),
        aligned_zeros((2 * CENTRES + 1) * stride), weights, gradients, labels, pair_gradients, whole, pair_weights,
    )  # fmt: skip


@cache
def tile_kernel(stride: int, window: int, negatives: int, draws: int) -> Callable[..., None]:
    """The kernel that shares negatives in tiles.

    Args:
        stride: Floats in a row.
        window: Largest reach of a window.
        negatives: k.
        draws: Negatives of a tile, see `tile_negatives`.

    Returns:
        train(block, first, last, m, begin, end, lifetime, E, rows, C, lr, work, out): trains on the centres
        kept[begin:end] of a drawn block, with first ≤ begin and end ≤ last, and adds to `out`, (3,) float64: loss,
        pairs, centres. E and C are float32 of `stride` columns; rows, (≥ m,) int32, are the rows of E of the kept
        words, block.kept where they are those of the words; lr is a float32, work a `Workspace`.
    """
    share = np.float32(negatives / draws)  # weight of one negative for one positive pair
    row = stride * 4  # bytes
    numbers = CENTRES * draws

    @kernel
    def train(block, first, last, m, start, stop, lifetime, E, rows, C, lr, work, out):
        kept, left, right, cover, drawn = block.kept, block.left, block.right, block.cover, block.drawn
        e_rows, c_rows, z_rows, weights = work.e_rows, work.c_rows, work.z_rows, work.weights
        pair_weights = work.pair_weights
        Y = work.copies.ctypes.data
        padding_row = Y + CENTRES * row  # in place of words and negatives that a tile lacks; their weight is 0
        G, W, labels, P = (
            work.gradients.ctypes.data, weights.ctypes.data, work.labels.ctypes.data, work.pair_gradients.ctypes.data
        )  # fmt: skip
        steps = padding_row + row
        X = e_rows.ctypes.data + window * 8
        e, c_plus = E.ctypes.data, C.ctypes.data
        known = twice = False
        loss, fresh_loss, pairs, fresh_pairs = 0.0, 0.0, 0, 0

        for tile in range((start - first) // CENTRES, (stop - first + CENTRES - 1) // CENTRES):
            begin = first + tile * CENTRES
            end = smaller(last, begin + CENTRES)
            low, high = larger(0, begin - window), smaller(m, end + window)
            first_negative = tile // lifetime * draws  # in `drawn`
            for i in range(CENTRES + 2 * window):
                e_rows[i] = e + np.int64(rows[larger(0, begin - window) + i]) * row
            if begin < window or begin + CENTRES + window > high:
                for i in range(CENTRES + 2 * window):
                    here = begin - window + i
                    e_rows[i] = e + np.int64(rows[here]) * row if low <= here < high else padding_row
            gather(stride, Y, c_plus, kept.ctypes.data + begin * 4, end - begin)
            n, reach = 0, np.int64(0)  # a literal 0 would compile `weigh_pairs` once more
            for i in range(CENTRES):
                c_rows[i] = padding_row
                if begin + i < end:
                    c_rows[i] = c_plus + np.int64(kept[begin + i]) * row
                    n += right[begin + i] - left[begin + i] - 1
                    reach = larger(reach, larger(begin + i - left[begin + i], right[begin + i] - 1 - begin - i))
            for z in range(draws):
                z_rows[z] = c_plus + np.int64(drawn[first_negative + z]) * row

            # Weights of the negatives: each of an input's pairs has k of them in expectation.
            for i in range(CENTRES):
                windows = np.float32(cover[begin + i]) * share if begin + i < end else np.float32(0)
                for z in range(draws):
                    weights[weight_index(i, z, draws)] = windows
            D = drawn.ctypes.data + first_negative * 4
            if tile % lifetime == 0 or not known:
                known, twice = True, False
                for z in range(draws):
                    for part in range(z // LANES + 1):
                        same = places(D + part * LANES * 4, drawn[first_negative + z])
                        twice |= same & (same - 1) != 0 or (same != 0 and part < z // LANES)
            for c in range(low, high):
                for part in range(0, draws, LANES):
                    same = places(D + part * 4, kept[c])
                    while same != 0:  # a negative that is the c+ of a pair counts nothing for that pair
                        z = part + lowest(same)
                        same &= same - 1
                        for i in range(larger(begin, left[c]), smaller(end, right[c])):
                            if i != c:
                                weights[weight_index(i - begin, z, draws)] -= share
            if twice:
                count_once(drawn, first_negative, draws, z_rows, padding_row, weights)

            if (tile + 1) % lifetime == 0:
                for z in range(draws):
                    prefetch(stride, c_plus + np.int64(drawn[first_negative + draws + z]) * row)
            for c in range(end - begin):
                prefetch(stride, c_plus + np.int64(kept[smaller(end + c, m - 1)]) * row)
                prefetch(stride, e + np.int64(rows[smaller(high + c, m - 1)]) * row)

            # Forward
            dense_scores(CENTRES, draws, stride, draws, X, z_rows.ctypes.data, G)
            if reach > 0:
                band_scores(stride, X, c_rows.ctypes.data, reach, P)
            # Loss
            if tile % lifetime == 0:
                fresh_loss += dense_gradient(numbers, G, labels, W, lr)
                fresh_pairs += n
            else:
                dense_gradient(numbers, G, labels, W, lr)  # its loss is not used, so LLVM leaves that out
            pairs += n
            there = work.whole.ctypes.data
            if n < SIDES * CENTRES * reach:
                there = pair_weights.ctypes.data
                weigh_pairs(begin, end, left, right, reach, work.whole, pair_weights)
            if reach > 0:
                loss += band_gradient(P, there, SIDES * CENTRES * reach, lr)
            # Backward
            if reach > 0:
                update_negatives(stride, draws, X, z_rows.ctypes.data, G, steps)
                update_centres(stride, window, X, c_rows.ctypes.data, reach, P)
                update_words(stride, window, X, Y, reach, P, steps)
        # Earlier tiles of its lifetime have lowered the scores of a set of negatives; only its first tile measures the
        # loss of fresh negatives. Without a pair in such a tile the loss is taken to be that of zero vectors.
        out[LOSS] += loss + (fresh_loss * (pairs / fresh_pairs) if fresh_pairs > 0 else pairs * negatives * LOG_2)
        out[PAIRS] += pairs
        out[CENTRES_SEEN] += stop - start

    return train
