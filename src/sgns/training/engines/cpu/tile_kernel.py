"""The fast kernel: SGNS on a block of the corpus, with negatives that neighbouring centres share.

A tile is `CENTRES` consecutive centres. Each of them, as an input, is trained against all negatives of the tile,
weighted so that each of its positive pairs has its k negatives in expectation; a negative that equals the c+ of a pair
counts nothing for that pair, as in word2vec.c. Where C is large, a set of negatives serves `LIFETIME` tiles.

A tile is one step: the exact gradient of its own samples, from the values before the step. Forward computes the scores,
loss the errors, backward the update; `plain.plain_update` shows the same for one window in plain code.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from sgns.base.jit import inlined, kernel
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
from sgns.training.engines.sampling import draw_centres, draw_noise

CENTRES = 8  # centres in a tile
NEGATIVES_TOGETHER = 16  # the negatives of a tile are a multiple of this
LIFETIME = 4  # tiles that a set of negatives serves, where fetching new ones costs time; 8 lost .01 on SimLex
CACHED = 8 << 20  # bytes of C that the caches of a core are taken to hold
MARKS = 4096  # generation marks, by the low bits of a word: those of this tile say that the word may be a negative
LOG_2 = 0.6931471805599453
LOSS, PAIRS, CENTRES_SEEN = 0, 1, 2  # indices in the output of a kernel


def tile_negatives(negatives: int, window: int) -> int:
    """The number of negatives that a tile shares.

    That is about half of what a word meets when a window shares them, k in each of the window + 1 windows around it:
    with fewer, analogies fall; more cost time and improve little (benchmarks/README.md).
    """
    return max(1, round(negatives * (window + 1) / 2 / NEGATIVES_TOGETHER)) * NEGATIVES_TOGETHER


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


@cache
def tile_kernel(stride: int, window: int, negatives: int) -> Callable[..., None]:
    """The kernel that shares negatives in tiles, for rows of `stride` floats.

    Returns:
        train(ids, sentence_ends, start, stop, keep_thresholds, noise_table, lifetime, E, C, lr, keep_key, noise_key,
        hot, shift, out): trains on ids[start:stop] and adds to `out`, (3,) float64: loss, pairs, centres. E and C are
        (≥ V, stride) float32, lr is a float32; hot and shift are those of `HotRows.checkout`.
    """
    draws = tile_negatives(negatives, window)
    share = np.float32(negatives / draws)  # weight of one negative for one positive pair
    row = stride * 4  # bytes
    numbers = CENTRES * draws
    most_pairs = CENTRES * 2 * window
    reach = 2 * window

    @kernel
    def train(
        ids, sentence_ends, start, stop, keep_thresholds, noise_table, lifetime, E, C, lr, keep_key, noise_key,
        hot, shift, out,
    ):  # fmt: skip
        capacity = stop - start + 2 * window + CENTRES
        kept, left, right = np.empty(capacity, np.int32), np.empty(capacity, np.int32), np.empty(capacity, np.int32)
        first, last, m = draw_centres(
            ids, sentence_ends, start, stop, window, keep_thresholds, keep_key, kept, left, right
        )
        tiles = (last - first + CENTRES - 1) // CENTRES
        drawn = np.empty((tiles // lifetime + 2) * draws, np.int32)
        draw_noise(noise_key, noise_table, drawn)
        if hot > 0:
            for words in (kept[:m], drawn):
                for i in range(words.shape[0]):
                    words[i] += shift if words[i] < hot else np.int32(0)

        # cover[i]: of how many windows kept[i] is an input; its own does not count
        cover = np.zeros(capacity, np.int32)
        for c in range(m):
            cover[left[c]] += 1
            cover[right[c]] -= 1
        for i in range(1, m):
            cover[i] += cover[i - 1]
        for i in range(m):
            cover[i] -= 1
        for i in range(m, capacity):
            cover[i] = 0

        copies = np.zeros((2 * CENTRES + 2 * window + 2) * stride + 16, np.float32)
        X = (copies.ctypes.data + 63) // 64 * 64
        Y = X + (CENTRES + 2 * window) * row
        padding_row = Y + CENTRES * row  # in place of inputs and negatives that a tile lacks; their weight is 0
        matrices = np.zeros(3 * numbers + most_pairs + 2 * window + 4 * LANES, np.float32)
        G = (matrices.ctypes.data + 63) // 64 * 64
        W, labels = G + numbers * 4, G + 2 * numbers * 4  # labels are all 0
        P = labels + numbers * 4
        at = (W - matrices.ctypes.data) // 4
        weights = matrices[at : at + numbers]
        inputs, centres = np.zeros(most_pairs + reach + LANES, np.int32), np.zeros(most_pairs + reach + LANES, np.int32)
        first_pair = np.zeros(CENTRES + 1, np.int32)
        marks = np.zeros(MARKS, np.int16)
        x_rows, e_rows, z_rows = np.zeros(CENTRES, np.int64), np.zeros(CENTRES, np.int64), np.zeros(draws, np.int64)
        e, c_plus = E.ctypes.data, C.ctypes.data
        loss, fresh_loss, pairs, fresh_pairs = 0.0, 0.0, 0, 0

        for tile in range(tiles):
            begin = first + tile * CENTRES
            end = min(last, begin + CENTRES)
            low, high = max(0, begin - window), min(m, end + window)
            first_negative = tile // lifetime * draws  # in `drawn`
            gather(stride, X, e, kept.ctypes.data + low * 4, high - low)
            gather(stride, Y, c_plus, kept.ctypes.data + begin * 4, end - begin)
            for z in range(draws):
                z_rows[z] = c_plus + np.int64(drawn[first_negative + z]) * row

            # Weights of the negatives: each of an input's pairs has k of them in expectation.
            for i in range(CENTRES):
                there = begin + i < end
                x_rows[i] = X + np.int64(begin - low + i) * row if there else padding_row
                e_rows[i] = e + np.int64(kept[begin + i]) * row if there else padding_row
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
                for z in range(draws):  # a word drawn twice stands once, with both weights
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
            dense_scores(CENTRES, draws, stride, x_rows.ctypes.data, z_rows.ctypes.data, G)
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
            dense_update(CENTRES, draws, stride, x_rows.ctypes.data, e_rows.ctypes.data, z_rows.ctypes.data, G)
            if (tile + 1) % lifetime == 0:
                for z in range(draws):
                    prefetch(stride, c_plus + np.int64(drawn[first_negative + draws + z]) * row)
            for c in range(end - begin):
                prefetch(stride, c_plus + np.int64(kept[min(end + c, m - 1)]) * row)
                prefetch(stride, e + np.int64(kept[min(high + c, m - 1)]) * row)
                p = first_pair[c]
                if p < first_pair[c + 1]:
                    pair_update(
                        stride,
                        X,
                        Y + c * row,
                        e,
                        kept.ctypes.data + low * 4,
                        c_plus + np.int64(kept[begin + c]) * row,
                        inputs.ctypes.data + p * 4,
                        P + p * 4,
                        first_pair[c + 1] - p,
                    )
        # Numba frees an array after its last use by name; these were used by address.
        alive = copies.shape[0] + matrices.shape[0] + x_rows.shape[0] + e_rows.shape[0] + z_rows.shape[0]
        alive += inputs.shape[0] + centres.shape[0] + kept.shape[0]
        if alive != 0:
            # Earlier tiles of its lifetime have lowered the scores of a set of negatives; only its first tile measures
            # the loss of fresh negatives. Without a pair in such a tile the loss is taken to be that of zero vectors.
            out[LOSS] += loss + (fresh_loss * (pairs / fresh_pairs) if fresh_pairs > 0 else pairs * negatives * LOG_2)
            out[PAIRS] += pairs
            out[CENTRES_SEEN] += last - first

    return train
