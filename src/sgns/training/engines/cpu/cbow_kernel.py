"""The kernel of models whose input is made of many rows: CBOW, and vectors of documents (PV-DM, PV-DBOW).

For each centre c the input is h, the mean (or the sum) of the m rows of its window, of E: the words beside c, the rows
of the document that c stands in, or both. The loss is that of skip-gram with h in place of E_w and c as c+,

    L = −log σ(h·C_c) − Σ_i log σ(−h·C_c−i),

and with h = (1/m) Σ_j E_j each row of the window gets ∂L/∂E_j = (1/m) ∂L/∂h. word2vec.c and gensim leave the division
out, which is not the gradient of any loss (Irsoy, Benton & Stratos 2021, arXiv 2012.15332).

A tile is `CENTRES` consecutive centres that share a reach, and negatives that are weighted so that each centre has its
k in expectation. It is one step: the exact gradient of its own samples, from the values before the step.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import helper, kernel
from sgns.training.engines.cpu.band import SIDES, STATIC, spread_sums, weigh_pairs, window_sums
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.dense import BLOCK_COLUMNS, dense_gradient, dense_scores, row_scores
from sgns.training.engines.cpu.llvm import LANES
from sgns.training.engines.cpu.row_access import prefetch
from sgns.training.engines.cpu.tile_kernel import (
    CENTRES_SEEN,
    LOG_2,
    LOSS,
    PAIRS,
    count_once,
    weight_index,
)
from sgns.training.engines.cpu.window_rows import (
    add_row,
    add_running,
    clear_rows,
    mean_update,
    prefix_sums,
    window_sum,
)
from sgns.training.engines.matrices import aligned_zeros

PADDED = max(CENTRES, LANES)  # numbers of the positive pairs of a tile
MARKS = 4096  # generation marks, by the low bits of a word: those of this tile say that the word may be a negative
LEAST_NEGATIVES = 16  # of a tile: with 8, analogies on 100 MB of text were .02 lower; 32 gain .01 and cost a third


def cbow_negatives(negatives: int) -> int:
    """The number of negatives that a tile shares, a whole number of blocks of scores."""
    return -(-max(negatives, LEAST_NEGATIVES) // BLOCK_COLUMNS) * BLOCK_COLUMNS


class CbowWorkspace(NamedTuple):
    """The arrays that the kernel works in; those that are used by address begin at a multiple of 64 bytes.

    Attributes:
        scales: (CENTRES,) float32, 1/m of each centre, or 1; 0 for one without an input.
        there: (PADDED,) float32, 1 for a centre with an input, 0 for one without.
        marks: (MARKS,) int16.
        h_rows: (CENTRES,) int64, addresses of the inputs.
        a_rows: (CENTRES,) int64, addresses of their gradients.
        c_rows: (CENTRES,) int64, addresses of the rows of C of the centres.
        z_rows: (draws,) int64, addresses of the rows of the negatives.
        begins: (CENTRES,) int64, addresses of the differences where the windows begin.
        ends: (CENTRES,) int64, and where they end.
        e_rows: (CENTRES + 2·window,) int64, addresses of the rows of E of a tile's words.
        rows: float32: inputs, running sums, differences, gradients, three rows of padding.
        shares: (SIDES·CENTRES·window,) float32, what a word counts in the input of a centre, see `band.band_index`.
        weights: (CENTRES·draws,) float32, in blocks, see `weight_index`.
        gradients: As weights; the scores, then the gradients of the negatives.
        labels: As weights, all 0.
        ones: (PADDED,) float32, the labels of the positive pairs.
        pair_gradients: (PADDED,) float32, the scores, then the gradients of the positive pairs.
    """

    scales: np.ndarray
    there: np.ndarray
    marks: np.ndarray
    h_rows: np.ndarray
    a_rows: np.ndarray
    c_rows: np.ndarray
    z_rows: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    e_rows: np.ndarray
    rows: np.ndarray
    shares: np.ndarray
    weights: np.ndarray
    gradients: np.ndarray
    labels: np.ndarray
    ones: np.ndarray
    pair_gradients: np.ndarray


def cbow_workspace(stride: int, window: int, draws: int) -> CbowWorkspace:
    """The arrays for tiles of windows of this reach at most, with so many negatives."""
    weights, gradients, labels = (aligned_zeros(CENTRES * draws) for _ in range(3))
    there, ones, pair_gradients = (aligned_zeros(PADDED) for _ in range(3))
    ones[:] = 1
    widest = CENTRES + 2 * window + 1
    rows = aligned_zeros((CENTRES + 3 * widest + 3) * stride)
    h_rows = rows.ctypes.data + np.arange(CENTRES) * stride * 4
    a_rows = h_rows + (CENTRES + 2 * widest + window) * stride * 4
    c_rows, begins, ends = np.zeros((3, CENTRES), np.int64)
    return CbowWorkspace(
        np.zeros(CENTRES, np.float32), there, np.zeros(MARKS, np.int16), h_rows, a_rows, c_rows,
        np.zeros(draws, np.int64), begins, ends, np.zeros(CENTRES + 2 * window, np.int64), rows,
        aligned_zeros(SIDES * CENTRES * window), weights, gradients, labels, ones, pair_gradients,
    )  # fmt: skip


@helper
def fill_shares(begin, end, left, right, scales, shares):
    """What each word counts in the inputs of a tile: the scale of the centre, or 0 outside its window.

    Args:
        begin: The first centre.
        end: One past the last; the tile may lack some.
        left: See `sampling.draw_centres`.
        right: As left.
        scales: (CENTRES,) float32.
        shares: Out, see `CbowWorkspace`.

    Returns:
        The widest reach of a window.
    """
    reach, members, alike = 0, 0, True
    for c in range(begin, end):
        reach = larger(reach, larger(c - left[c], right[c] - 1 - c))
        members += right[c] - left[c] - 1
        alike &= scales[c - begin] == scales[0]
    if alike and members == SIDES * CENTRES * reach:
        for k in range(SIDES * CENTRES * reach):
            shares[k] = scales[0]
        return reach
    weigh_pairs(begin, end, left, right, reach, scales, shares)
    return reach


@cache
def cbow_kernel(
    stride: int, window: int, negatives: int, words: bool, documents: bool, mean: bool
) -> Callable[..., None]:
    """The kernel for rows of `stride` floats.

    Args:
        stride: Floats in a row.
        window: Largest reach of a window.
        negatives: k.
        words: Whether the words beside the centre are part of its input.
        documents: Whether the rows of its document are.
        mean: Whether the input is the mean of its rows; else their sum.

    Returns:
        train(block, first, last, m, start, stop, lifetime, E, rows, C, lr, tags, work, out): trains on the centres
        kept[start:stop] of a drawn block and adds to `out`, (3,) float64: loss, pairs, centres. `rows`, (≥ m,) int32,
        are the rows of E of the kept words; `tags`, a `tags.Tags`, says which rows of E are those of the document
        of each centre; for the others see `tile_kernel.tile_kernel`. A pair is a centre with its whole input.
    """
    draws = cbow_negatives(negatives)
    share = np.float32(negatives / draws)  # weight of one negative for one positive pair
    row = stride * 4  # bytes
    numbers = CENTRES * draws
    widest = CENTRES + 2 * window + 1
    # Wide windows are sums that run over the rows of a tile; of narrow ones each is made by itself, in registers.
    narrow = words and window <= STATIC
    wide = words and not narrow
    WIDE = int(wide)  # a literal for `mean_update`
    one = np.float32(1)

    @kernel
    def train(block, first, last, m, start, stop, lifetime, E, rows, C, lr, tags, work, out):
        kept, left, right, drawn = block.kept, block.left, block.right, block.drawn
        h_rows, a_rows, c_rows, z_rows = work.h_rows, work.a_rows, work.c_rows, work.z_rows
        begins, ends, scales = work.begins, work.ends, work.scales
        e_rows, shares = work.e_rows, work.shares
        weights, there, marks = work.weights, work.there, work.marks
        H = work.rows.ctypes.data
        S = H + CENTRES * row
        D = S + widest * row
        A = D + widest * row  # as D; zero but for the rows of the centres
        # In place of what a tile lacks: c+ and negatives, whose weights are 0, and the ends of windows.
        padding_row = A + widest * row
        no_begin, no_end = padding_row + row, padding_row + 2 * row
        G, W, labels, P, ones, T = (
            work.gradients.ctypes.data, weights.ctypes.data, work.labels.ctypes.data, work.pair_gradients.ctypes.data,
            work.ones.ctypes.data, there.ctypes.data,
        )  # fmt: skip
        X, N = e_rows.ctypes.data + window * 8, shares.ctypes.data
        factors = ones if narrow else scales.ctypes.data  # of the gradients of the inputs; shares have them, too
        e, c_plus = E.ctypes.data, C.ctypes.data
        loss, fresh_loss, pairs, fresh_pairs = 0.0, 0.0, 0, 0
        whole = False  # whether all weights are `share`, as the last tile has left them

        for tile in range((start - first) // CENTRES, (stop - first + CENTRES - 1) // CENTRES):
            begin = first + tile * CENTRES
            end = smaller(last, begin + CENTRES)
            low, high = larger(0, begin - window), smaller(m, end + window)
            origin = begin - window  # of the rows of D and A
            first_negative = tile // lifetime * draws  # in `drawn`
            for z in range(draws):
                z_rows[z] = c_plus + np.int64(drawn[first_negative + z]) * row
            # What the next tile needs
            for i in range(CENTRES):
                prefetch(stride, c_plus + np.int64(kept[smaller(end + i, m - 1)]) * row)
                if words:
                    prefetch(stride, e + np.int64(rows[smaller(high + i, m - 1)]) * row)
            if (tile + 1) % lifetime == 0:
                for z in range(draws):
                    prefetch(stride, c_plus + np.int64(drawn[first_negative + draws + z]) * row)

            # The inputs
            if wide:
                prefix_sums(stride, S, e, rows.ctypes.data + low * 4, high - low)
            n, reach = 0, 0
            for i in range(CENTRES):
                c = begin + i
                inputs = 0
                if c < end:
                    if words:
                        inputs += right[c] - left[c] - 1
                    if documents:
                        inputs += tags.last[c] - tags.first[c]
                if inputs == 0:
                    scales[i] = there[i] = np.float32(0)
                    c_rows[i], begins[i], ends[i] = padding_row, no_begin, no_end
                    clear_rows(stride, H + i * row, 1)
                    continue
                scales[i] = np.float32(1) / np.float32(inputs) if mean else np.float32(1)
                there[i] = np.float32(1)
                c_rows[i] = c_plus + np.int64(kept[c]) * row
                if wide:
                    begins[i], ends[i] = D + (left[c] - origin) * row, D + (right[c] - origin) * row
                    window_sum(stride, H + i * row, S, left[c] - low, c - low, right[c] - low, scales[i])
                elif not narrow:
                    clear_rows(stride, H + i * row, 1)
                n += 1
            if narrow:
                reach = fill_shares(begin, end, left, right, scales, shares)
                if reach > 0:
                    for i in range(CENTRES + 2 * window):
                        here = begin - window + i
                        e_rows[i] = e + np.int64(rows[here]) * row if low <= here < high else padding_row
                    window_sums(stride, window, X, H, reach, N)
                else:
                    clear_rows(stride, H, CENTRES)
            if documents:
                for c in range(begin, end):
                    for t in range(tags.first[c], tags.last[c]):
                        add_row(stride, H + (c - begin) * row, e + np.int64(tags.rows[t]) * row, scales[c - begin])

            # Weights of the negatives: each centre has k of them in expectation; one that is c+ counts nothing.
            if not whole:
                for w in range(numbers):
                    weights[w] = share
            whole = n == CENTRES
            if not whole:
                for i in range(CENTRES):
                    if scales[i] == 0:
                        for z in range(draws):
                            weights[weight_index(i, z, draws)] = np.float32(0)
            generation = np.int16(tile % 0x7FFF + 1)
            twice = False
            for z in range(draws):
                slot = drawn[first_negative + z] & (MARKS - 1)
                twice |= marks[slot] == generation
                marks[slot] = generation
            for c in range(begin, end):
                if marks[kept[c] & (MARKS - 1)] == generation:
                    for z in range(draws):
                        if drawn[first_negative + z] == kept[c]:
                            weights[weight_index(c - begin, z, draws)] = np.float32(0)
                            whole = False
            whole &= not twice
            if twice:
                count_once(drawn, first_negative, draws, z_rows, padding_row, weights)

            # Forward
            row_scores(CENTRES, stride, h_rows.ctypes.data, c_rows.ctypes.data, P)
            dense_scores(CENTRES, draws, stride, draws, h_rows.ctypes.data, z_rows.ctypes.data, G)
            # Loss
            if tile % lifetime == 0:
                fresh_loss += dense_gradient(numbers, G, labels, W, lr)
                fresh_pairs += n
            else:
                dense_gradient(numbers, G, labels, W, lr)  # its loss is not used, so LLVM leaves that out
            loss += dense_gradient(PADDED, P, ones, T, lr)
            pairs += n
            # Backward, to the inputs and all rows of C
            mean_update(
                CENTRES, draws, stride, WIDE, h_rows.ctypes.data, c_rows.ctypes.data, z_rows.ctypes.data,
                a_rows.ctypes.data, G, P, factors, begins.ctypes.data, ends.ctypes.data,
            )  # fmt: skip
            # … and from the inputs to the rows of E
            if documents:
                for c in range(begin, end):
                    for t in range(tags.first[c], tags.last[c]):
                        factor = scales[c - begin] if narrow else one
                        add_row(stride, e + np.int64(tags.rows[t]) * row, a_rows[c - begin], factor)
            if narrow and reach > 0:
                spread_sums(stride, window, X, a_rows[0], reach, N)
            if wide:
                skipped = (low - origin) * row
                add_running(stride, D + skipped, A + skipped, e, rows.ctypes.data + low * 4, high - low)
        # As in `tile_kernel`: only the first tile of a set of negatives measures the loss of fresh ones.
        out[LOSS] += loss + (fresh_loss * (pairs / fresh_pairs) if fresh_pairs > 0 else pairs * negatives * LOG_2)
        out[PAIRS] += pairs
        out[CENTRES_SEEN] += stop - start

    return train
