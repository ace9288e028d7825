"""The fast kernel: SGNS on a block of the corpus, with negatives that neighbouring centres share.

A tile is `CENTRES` consecutive centres. Each of them, as an input, is trained against all negatives of the tile,
weighted so that each of its positive pairs has its k negatives in expectation; a negative that equals the c+ of a pair
counts nothing for that pair, as in word2vec.c. Where C is large, a set of negatives serves `LIFETIME` tiles.

A tile is one step: the exact gradient of its own samples, from the values before the step. Forward computes the scores,
loss the errors, backward the update; `plain.plain_update` shows the same for one window in plain code.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from sgns.base.jit import inlined, kernel
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.dense import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    dense_gradient,
    dense_scores,
    dense_update,
)
from sgns.training.engines.cpu.llvm import LANES
from sgns.training.engines.cpu.pairs import pair_gradient, pair_scores, pair_update
from sgns.training.engines.cpu.row_access import gather, prefetch
from sgns.training.engines.matrices import aligned_zeros

NEGATIVES_TOGETHER = 16  # the negatives of a tile are a multiple of this
LIFETIME = 4  # tiles that a set of negatives serves, where fetching new ones costs time; 8 lost .01 on SimLex
CACHED = 8 << 20  # bytes of C that the caches of a core are taken to hold
MARKS = 4096  # generation marks, by the low bits of a word: those of this tile say that the word may be a negative
LOG_2 = 0.6931471805599453
LOSS, PAIRS, CENTRES_SEEN = 0, 1, 2  # indices in the output of a kernel


def tile_negatives(negatives: int, inputs: float) -> int:
    """The number of negatives that a tile shares.

    That is about half of what a word is trained against when a window shares them, k in each of its windows: with
    fewer, analogies fall; more cost time and improve little (benchmarks/README.md).

    Args:
        negatives: k.
        inputs: Words of a window on average.
    """
    return max(1, round(negatives * inputs / 2 / NEGATIVES_TOGETHER)) * NEGATIVES_TOGETHER


def negative_lifetime(rows: int, stride: int) -> int:
    """The number of tiles that a set of negatives serves.

    A large C is fetched from memory, and negatives that stay are already in the cache; vectors of a large vocabulary
    even become better. A small vocabulary saves nothing, and there one set of negatives is a large part of all words:
    the loss fell more slowly in the first epochs (benchmarks/README.md).

    Args:
        rows: V.
        stride: Floats in a row of C.
    """
    return LIFETIME if rows * stride * 4 > CACHED else 1


@inlined
def weight_index(i, z, draws):
    """The index of input i of a tile and its negative z in the weights: `dense.number_index` of `draws` columns."""
    block = i // BLOCK_ROWS * (draws // BLOCK_COLUMNS) + z // BLOCK_COLUMNS
    return block * LANES + i % BLOCK_ROWS * BLOCK_COLUMNS + z % BLOCK_COLUMNS


class Workspace(NamedTuple):
    """The arrays that the kernel works in, made by Python: every allocation in a kernel takes time to compile.

    Arrays that are used by address begin at a multiple of 64 bytes.

    Attributes:
        inputs: int32, of each positive pair of a tile the index of its input.
        centres: int32, and of its centre.
        first_pair: (CENTRES + 1,) int32, the first pair of each centre.
        marks: (MARKS,) int16.
        x_rows: (CENTRES,) int64, addresses of the copies of the inputs.
        e_rows: (CENTRES,) int64, addresses of the rows of E.
        z_rows: (draws,) int64, addresses of the rows of the negatives.
        copies: float32, rows of E and of C as they were before the step, and a row of padding.
        weights: (CENTRES·draws,) float32, in blocks, see `weight_index`.
        gradients: As weights; the scores, then the gradients of the negatives.
        labels: As weights, all 0.
        pair_gradients: float32, the scores, then the gradients of the positive pairs.
    """

    inputs: np.ndarray
    centres: np.ndarray
    first_pair: np.ndarray
    marks: np.ndarray
    x_rows: np.ndarray
    e_rows: np.ndarray
    z_rows: np.ndarray
    copies: np.ndarray
    weights: np.ndarray
    gradients: np.ndarray
    labels: np.ndarray
    pair_gradients: np.ndarray


def workspace(stride: int, window: int, draws: int) -> Workspace:
    """The arrays for tiles of windows of this reach at most, with so many negatives."""
    most_pairs = CENTRES * 2 * window
    inputs, centres = np.zeros((2, most_pairs + 2 * window + LANES), np.int32)
    weights, gradients, labels = (aligned_zeros(CENTRES * draws) for _ in range(3))
    return Workspace(
        inputs, centres, np.zeros(CENTRES + 1, np.int32), np.zeros(MARKS, np.int16),
        np.zeros(CENTRES, np.int64), np.zeros(CENTRES, np.int64), np.zeros(draws, np.int64),
        aligned_zeros((2 * CENTRES + 2 * window + 1) * stride), weights, gradients, labels,
        aligned_zeros(most_pairs + 2 * window + LANES),
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
    reach = 2 * window

    @kernel
    def train(block, first, last, m, start, stop, lifetime, E, rows, C, lr, work, out):
        kept, left, right, cover, drawn = block.kept, block.left, block.right, block.cover, block.drawn
        inputs, centres, first_pair, marks = work.inputs, work.centres, work.first_pair, work.marks
        x_rows, e_rows, z_rows, weights = work.x_rows, work.e_rows, work.z_rows, work.weights
        X = work.copies.ctypes.data
        Y = X + (CENTRES + 2 * window) * row
        padding_row = Y + CENTRES * row  # in place of inputs and negatives that a tile lacks; their weight is 0
        G, W, labels, P = (
            work.gradients.ctypes.data, weights.ctypes.data, work.labels.ctypes.data, work.pair_gradients.ctypes.data
        )  # fmt: skip
        e, c_plus = E.ctypes.data, C.ctypes.data
        loss, fresh_loss, pairs, fresh_pairs = 0.0, 0.0, 0, 0

        for tile in range((start - first) // CENTRES, (stop - first + CENTRES - 1) // CENTRES):
            begin = first + tile * CENTRES
            end = min(last, begin + CENTRES)
            low, high = max(0, begin - window), min(m, end + window)
            first_negative = tile // lifetime * draws  # in `drawn`
            gather(stride, X, e, rows.ctypes.data + low * 4, high - low)
            gather(stride, Y, c_plus, kept.ctypes.data + begin * 4, end - begin)
            for z in range(draws):
                z_rows[z] = c_plus + np.int64(drawn[first_negative + z]) * row

            # Weights of the negatives: each of an input's pairs has k of them in expectation.
            for i in range(CENTRES):
                there = begin + i < end
                x_rows[i] = X + np.int64(begin - low + i) * row if there else padding_row
                e_rows[i] = e + np.int64(rows[begin + i]) * row if there else padding_row
                windows = np.float32(cover[begin + i]) * share if there else np.float32(0)
                for z in range(draws):
                    weights[weight_index(i, z, draws)] = windows
            generation = np.int16(tile % 0x7FFF + 1)
            twice = False
            for z in range(draws):
                slot = drawn[first_negative + z] & (MARKS - 1)
                twice |= marks[slot] == generation
                marks[slot] = generation
            for c in range(low, high):
                if marks[kept[c] & (MARKS - 1)] == generation:
                    for z in range(draws):  # a negative that is the c+ of a pair counts nothing for that pair
                        if drawn[first_negative + z] == kept[c]:
                            for i in range(max(begin, left[c]), min(end, right[c])):
                                if i != c:
                                    weights[weight_index(i - begin, z, draws)] -= share
            if twice:
                for z in range(draws):  # a word drawn twice counts once, with both weights
                    for other in range(z):
                        if drawn[first_negative + other] == drawn[first_negative + z]:
                            z_rows[z] = padding_row
                            for i in range(CENTRES):
                                weights[weight_index(i, other, draws)] += weights[weight_index(i, z, draws)]
                                weights[weight_index(i, z, draws)] = 0
                            break

            # The positive pairs of the tile's centres.
            n = 0
            for c in range(begin, end):
                first_pair[c - begin] = n
                for k in range(reach):  # always 2·window, without a branch; the surplus is overwritten
                    i = left[c] + k
                    inputs[n + k] = i + np.int32(i >= c) - low
                    centres[n + k] = c - begin
                n += right[c] - left[c] - 1
            first_pair[end - begin] = n
            for surplus in range(n, n + LANES):
                inputs[surplus] = centres[surplus] = 0

            # Forward
            for p in range(0, n, LANES):
                pair_scores(stride, X, Y, inputs.ctypes.data + p * 4, centres.ctypes.data + p * 4, P + p * 4)
            dense_scores(CENTRES, draws, stride, draws, x_rows.ctypes.data, z_rows.ctypes.data, G)
            # Loss
            if tile % lifetime == 0:
                fresh_loss += dense_gradient(numbers, G, labels, W, lr)
                fresh_pairs += n
            else:
                dense_gradient(numbers, G, labels, W, lr)  # its loss is not used, so LLVM leaves that out
            pairs += n
            if n:
                loss += pair_gradient(P, n, lr)
            # Backward
            # All rows at once, on 16 registers too: a second block would see negatives that the first has moved.
            dense_update(CENTRES, draws, stride, draws, x_rows.ctypes.data, e_rows.ctypes.data, z_rows.ctypes.data, G)
            if (tile + 1) % lifetime == 0:
                for z in range(draws):
                    prefetch(stride, c_plus + np.int64(drawn[first_negative + draws + z]) * row)
            for c in range(end - begin):
                prefetch(stride, c_plus + np.int64(kept[min(end + c, m - 1)]) * row)
                prefetch(stride, e + np.int64(rows[min(high + c, m - 1)]) * row)
                p = first_pair[c]
                if p < first_pair[c + 1]:
                    pair_update(
                        stride,
                        X,
                        Y + c * row,
                        e,
                        rows.ctypes.data + low * 4,
                        c_plus + np.int64(kept[begin + c]) * row,
                        inputs.ctypes.data + p * 4,
                        P + p * 4,
                        first_pair[c + 1] - p,
                    )
        # Earlier tiles of its lifetime have lowered the scores of a set of negatives; only its first tile measures the
        # loss of fresh negatives. Without a pair in such a tile the loss is taken to be that of zero vectors.
        out[LOSS] += loss + (fresh_loss * (pairs / fresh_pairs) if fresh_pairs > 0 else pairs * negatives * LOG_2)
        out[PAIRS] += pairs
        out[CENTRES_SEEN] += stop - start

    return train
