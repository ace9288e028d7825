"""The hot loops of the CPU engine: one pass of SGNS over a block of the corpus, compiled by Numba.

`tile_kernel` shares negatives among `CENTRES` consecutive centres. As an input, each word meets all of a tile's
negatives, weighted so that each of its positive pairs has its k in expectation; a negative that equals a pair's c+
counts nothing for that pair, as in word2vec.c. Where C is large, a set of negatives serves `LIFETIME` tiles.
`window_kernel` shares them in a window (Ji et al. 2016, arXiv
1604.04661) or, one input at a time, not at all (word2vec.c, gensim).

Both are sequences of small steps, and each step is the exact gradient of its own samples, from the old values: forward
(scores), loss and error (gradient), backward (update).
"""

from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numba import njit

from sgns.base.jit import kernel
from sgns.training.engines.cpu.llvm import LANES, REGISTERS
from sgns.training.engines.cpu.pairs import pair_gradient, pair_scores, pair_update
from sgns.training.engines.cpu.row_access import gather, prefetch
from sgns.training.engines.cpu.tile import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    block_gradient,
    block_scores,
    block_update,
)
from sgns.training.engines.sampling import draw_centres, draw_noise

CENTRES = 8  # centres in a tile
ROWS = 8 if REGISTERS == 32 else 4  # inputs in one step of `window_kernel`
COLUMNS = 16  # negatives drawn together
LOG_2 = 0.6931471805599453
LOSS, PAIRS, CENTRES_SEEN = 0, 1, 2  # places in a kernel's output


def sources() -> int:
    """A number that changes with the code a kernel is made of.

    Numba's disk cache watches the file of the kernel alone; closing over this number makes it notice the others.
    """
    folder = Path(__file__).parent
    text = b"".join(
        (folder / name).read_bytes()
        for name in ("vector.py", "rows.py", "tile.py", "pairs.py", "sampling.py", "kernels.py", "window_kernel.py")
    )
    return int.from_bytes(blake2b(text, digest_size=7).digest(), "big")


def negative_groups(negatives: int, window: int) -> int:
    """Groups of `COLUMNS` negatives that a tile shares.

    That is about half of what a word meets with window sharing, k in each of the window + 1 windows around it: with
    fewer analogies fall, more cost time and gain little (benchmarks/README.md).
    """
    return max(1, round(negatives * (window + 1) / 2 / COLUMNS))


LIFETIME = 4  # tiles that a set of negatives serves, where fetching new ones costs time; 8 lost .01 on SimLex
CACHED = 8 << 20  # bytes of C that the caches of a core may be taken to hold
STAMPS = 4096  # places where a tile's negatives leave a stamp, to see cheaply whether a word is among them


def negative_lifetime(rows: int, stride: int) -> int:
    """Tiles that a set of negatives serves.

    A large C is fetched from memory, and negatives that stay are already there; vectors of a large vocabulary even
    gain from it. A small vocabulary saves nothing, and there one set of negatives is a large part of all words: the
    loss fell more slowly in the first epochs (benchmarks/README.md).

    Args:
        rows: V.
        stride: Floats in a row of C.
    """
    return LIFETIME if rows * stride * 4 > CACHED else 1


@njit(inline="always", error_model="numpy")
def weight_place(i, z, draws):  # type: ignore[no-untyped-def]
    """Where input i of a tile and its negative z stand in the matrix of weights: `tile.place` of `draws` columns."""
    block = i // BLOCK_ROWS * (draws // BLOCK_COLUMNS) + z // BLOCK_COLUMNS
    return block * LANES + i % BLOCK_ROWS * BLOCK_COLUMNS + z % BLOCK_COLUMNS


@cache
def tile_kernel(stride: int, window: int, negatives: int) -> Callable[..., None]:
    """The kernel that shares negatives in tiles, for rows of `stride` floats.

    It is called as kernel(ids, ends, start, stop, keep, noise, lifetime, E, C, lr, keep_key, noise_key, head, shift,
    out): see `cpu.CpuEngine.train_block`, and `heads` for head and shift.
    """
    made_of = sources()
    draws = negative_groups(negatives, window) * COLUMNS  # negatives of a tile
    share = np.float32(negatives / draws)  # weight of one negative for one positive pair
    row = stride * 4  # bytes
    numbers = CENTRES * draws
    most_pairs = CENTRES * 2 * window
    reach = 2 * window

    @kernel
    def train(ids, ends, start, stop, keep, noise, lifetime, E, C, lr, keep_key, noise_key, head, shift, out):  # type: ignore[no-untyped-def]
        room = stop - start + 2 * window + CENTRES
        kept, left, right = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
        first, last, m = draw_centres(ids, ends, start, stop, window, keep, keep_key, kept, left, right)
        tiles = (last - first + CENTRES - 1) // CENTRES
        drawn = np.empty((tiles // lifetime + 2) * draws, np.int32)
        draw_noise(noise_key, noise, drawn)
        if head > 0:
            for words in (kept[:m], drawn):
                for i in range(words.shape[0]):
                    words[i] += shift if words[i] < head else np.int32(0)

        # cover[i]: of how many windows kept[i] is an input; its own does not count
        cover = np.zeros(room, np.int32)
        for c in range(m):
            cover[left[c]] += 1
            cover[right[c]] -= 1
        for i in range(1, m):
            cover[i] += cover[i - 1]
        for i in range(m):
            cover[i] -= 1
        for i in range(m, room):
            cover[i] = 0

        copies = np.zeros((2 * CENTRES + 2 * window + 2) * stride + 16, np.float32)
        X = (copies.ctypes.data + 63) // 64 * 64
        Y = X + (CENTRES + 2 * window) * row
        nowhere = Y + CENTRES * row  # stands for inputs and negatives that are not there; their weight is 0
        matrices = np.zeros(3 * numbers + most_pairs + 2 * window + 4 * LANES, np.float32)
        G = (matrices.ctypes.data + 63) // 64 * 64
        W, labels = G + numbers * 4, G + 2 * numbers * 4  # labels are all 0
        P = labels + numbers * 4
        at = (W - matrices.ctypes.data) // 4
        weights = matrices[at : at + numbers]
        inputs, centres = np.zeros(most_pairs + reach + LANES, np.int32), np.zeros(most_pairs + reach + LANES, np.int32)
        first_pair = np.zeros(CENTRES + 1, np.int32)
        stamps = np.zeros(STAMPS, np.int16)
        x_rows, e_rows, z_rows = np.zeros(CENTRES, np.int64), np.zeros(CENTRES, np.int64), np.zeros(draws, np.int64)
        e, c_plus = E.ctypes.data, C.ctypes.data
        loss, fresh_loss, pairs, fresh_pairs = 0.0, 0.0, 0, 0

        for tile in range(tiles):
            begin = first + tile * CENTRES
            end = min(last, begin + CENTRES)
            low, high = max(0, begin - window), min(m, end + window)
            now = tile // lifetime * draws  # its negatives are drawn[now : now + draws]
            gather(stride, X, e, kept.ctypes.data + low * 4, high - low)
            gather(stride, Y, c_plus, kept.ctypes.data + begin * 4, end - begin)
            for z in range(draws):
                z_rows[z] = c_plus + np.int64(drawn[now + z]) * row

            # Weights of the negatives: each of an input's pairs has k of them in expectation.
            for i in range(CENTRES):
                there = begin + i < end
                x_rows[i] = X + np.int64(begin - low + i) * row if there else nowhere
                e_rows[i] = e + np.int64(kept[begin + i]) * row if there else nowhere
                windows = np.float32(cover[begin + i]) * share if there else np.float32(0)
                for z in range(draws):
                    weights[weight_place(i, z, draws)] = windows
            stamp = np.int16(tile % 0x7FFF + 1)
            twice = False
            for z in range(draws):
                place = drawn[now + z] & (STAMPS - 1)
                twice |= stamps[place] == stamp
                stamps[place] = stamp
            for c in range(low, high):
                if stamps[kept[c] & (STAMPS - 1)] == stamp:
                    for z in range(draws):  # a negative that is the c+ of a pair counts nothing for that pair
                        if drawn[now + z] == kept[c]:
                            for i in range(max(begin, left[c]), min(end, right[c])):
                                if i != c:
                                    weights[weight_place(i - begin, z, draws)] -= share
            if twice:
                for z in range(draws):  # a word drawn twice stands once, with both weights
                    for other in range(z):
                        if drawn[now + other] == drawn[now + z]:
                            z_rows[z] = nowhere
                            for i in range(CENTRES):
                                weights[weight_place(i, other, draws)] += weights[weight_place(i, z, draws)]
                                weights[weight_place(i, z, draws)] = 0
                            break

            # The drawn positive pairs of the tile's centres.
            n = 0
            for c in range(begin, end):
                first_pair[c - begin] = n
                for k in range(reach):  # always as many, for no branch can be predicted; the surplus is overwritten
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
            block_scores(CENTRES, draws, stride, x_rows.ctypes.data, z_rows.ctypes.data, G)
            # Loss
            if tile % lifetime == 0:
                fresh_loss += block_gradient(numbers, G, labels, W, lr)
                fresh_pairs += n
            else:
                block_gradient(numbers, G, labels, W, lr)  # nobody asks for its loss, so LLVM leaves that out
            pairs += n
            if n:
                loss += pair_gradient(P, n, lr)
            # Backward
            # All rows at once, on 16 registers too: a second block would see negatives that the first has moved.
            block_update(CENTRES, draws, stride, x_rows.ctypes.data, e_rows.ctypes.data, z_rows.ctypes.data, G)
            if (tile + 1) % lifetime == 0:
                for z in range(draws):
                    prefetch(stride, c_plus + np.int64(drawn[now + draws + z]) * row)
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
        alive += inputs.shape[0] + centres.shape[0] + kept.shape[0] + made_of
        if alive != 0:
            # A set of negatives has been pushed away by the tiles before; only its first tile meets it as a stranger
            # and shows what negatives cost. With no pair in such a tile there is nothing to go by.
            out[LOSS] += loss + (fresh_loss * (pairs / fresh_pairs) if fresh_pairs > 0 else pairs * negatives * LOG_2)
            out[PAIRS] += pairs
            out[CENTRES_SEEN] += last - first

    return train
