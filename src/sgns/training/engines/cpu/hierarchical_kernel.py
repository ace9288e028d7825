"""The kernels of hierarchical softmax: an input against the nodes on the path to c+, see `huffman.py`.

The loss of an input h and a word c with path nodes j and labels y_j is the true −log P(c | h),

    L = −Σ_j log σ(±h·C_j),  + where y_j = 1,

so a path takes the place of c+ and its negatives, with the same formulas for its gradients.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import helper, kernel
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.dense import BLOCK_COLUMNS, dense_scores, output_gradient
from sgns.training.engines.cpu.dense_columns import narrow_update
from sgns.training.engines.cpu.llvm import LANES
from sgns.training.engines.cpu.row_access import prefetch
from sgns.training.engines.cpu.tile_kernel import CENTRES_SEEN, LOG_2, LOSS, PAIRS
from sgns.training.engines.cpu.window_kernel import STEP_INPUTS
from sgns.training.engines.cpu.window_rows import (
    add_row,
    add_running,
    clear_rows,
    prefix_sums,
    window_spread,
    window_sum,
)
from sgns.training.engines.matrices import aligned_zeros

FEW_INPUTS = 4  # a step of no more inputs than this computes half as much
STEP_NODES = 16  # nodes of a path that are computed at once
# The label of a node that a path lacks: its row is zero, so its score is 0, its error exactly 0 and its loss log 2, as
# that of an input that a step lacks.
NO_NODE = np.float32(0.5)


class Paths(NamedTuple):
    """The paths of `HuffmanTree`, as kernels take them.

    Attributes:
        starts: (V + 1,) int64.
        nodes: (n,) int32.
        labels: (n,) float32.
    """

    starts: np.ndarray
    nodes: np.ndarray
    labels: np.ndarray


class PathWorkspace(NamedTuple):
    """The arrays that the kernels work in; those that are used by address begin at a multiple of 64 bytes.

    Attributes:
        ids: (≥ inputs of a window,) int32, rows of E.
        x_rows: (CENTRES,) int64, addresses of the inputs.
        e_rows: (CENTRES,) int64, addresses of the rows that get their gradients.
        c_rows: (STEP_NODES,) int64, addresses of the rows of the nodes.
        scales: (CENTRES,) float32, see `CbowWorkspace`.
        rows: float32, inputs, sums, and two rows of padding.
        labels: (STEP_NODES,) float32.
        gradients: (CENTRES·STEP_NODES,) float32, in blocks, see `dense.number_index`.
    """

    ids: np.ndarray
    x_rows: np.ndarray
    e_rows: np.ndarray
    c_rows: np.ndarray
    scales: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    gradients: np.ndarray


def path_workspace(stride: int, window: int) -> PathWorkspace:
    """The arrays for windows of these options."""
    widest = CENTRES + 2 * window + 1
    return PathWorkspace(
        np.zeros(2 * window + LANES, np.int32),
        np.zeros(CENTRES, np.int64), np.zeros(CENTRES, np.int64), np.zeros(STEP_NODES, np.int64),
        np.zeros(CENTRES, np.float32), aligned_zeros((CENTRES + 3 * widest + 2) * stride),
        aligned_zeros(STEP_NODES), aligned_zeros(CENTRES * STEP_NODES),
    )  # fmt: skip


@helper
def node_row(node, hot, shift):
    """The row of C of a node: that of its copy for a hot one."""
    return np.int64(node) + np.int64(shift if node < hot else 0)


@cache
def path_kernel(stride: int, window: int) -> Callable[..., None]:
    """The kernel of skip-gram with hierarchical softmax, for rows of `stride` floats.

    A step is up to `STEP_INPUTS` inputs of a window against up to `STEP_NODES` nodes of the path of its centre: the
    exact gradient of their loss. A window with more inputs, or a longer path, takes several steps.

    Returns:
        train(block, first, last, m, start, stop, E, rows, C, lr, paths, words, hot, shift, work, out): trains on the
        centres kept[start:stop] of a drawn block and adds to `out`, (3,) float64: loss, pairs, centres. `words` are the
        kept words without hot copies; C has a row for each node; for the others see `tile_kernel.tile_kernel`.
    """
    I = STEP_INPUTS
    columns = BLOCK_COLUMNS
    row = stride * 4

    @kernel
    def train(block, first, last, m, start, stop, E, rows, C, lr, paths, words, hot, shift, work, out):
        left, right, ids = block.left, block.right, work.ids
        x_rows, e_rows, c_rows, labels = work.x_rows, work.e_rows, work.c_rows, work.labels
        G, Y = work.gradients.ctypes.data, work.labels.ctypes.data
        zero_row = work.rows.ctypes.data  # of inputs and nodes that a step lacks
        unread_row = zero_row + row
        e, c_base = E.ctypes.data, C.ctypes.data
        loss, pairs = 0.0, 0
        for c in range(start, stop):
            ahead = words[smaller(c + 1, m - 1)]
            for k in range(paths.starts[ahead], paths.starts[ahead + 1]):
                prefetch(stride, c_base + node_row(paths.nodes[k], hot, shift) * row)
            prefetch(stride, e + np.int64(rows[smaller(c + window + 1, m - 1)]) * row)
            n = 0
            for i in range(left[c], right[c]):
                ids[n] = rows[i]  # overwritten where i is the centre
                n += 1 if i != c else 0
            path_begin, path_end = paths.starts[words[c]], paths.starts[words[c] + 1]
            pairs += n
            for k in range(path_begin, path_end, STEP_NODES):
                nodes = smaller(STEP_NODES, path_end - k)
                used = (nodes + columns - 1) // columns * columns
                for o in range(nodes):
                    c_rows[o] = c_base + node_row(paths.nodes[k + o], hot, shift) * row
                    labels[o] = paths.labels[k + o]
                for o in range(nodes, used):
                    c_rows[o], labels[o] = zero_row, NO_NODE
                for some in range(0, n, I):
                    inputs = smaller(I, n - some)
                    for i in range(I):
                        there = i < inputs
                        x = e + np.int64(ids[some + i]) * row
                        x_rows[i], e_rows[i] = x if there else zero_row, x if there else unread_row
                    if inputs <= FEW_INPUTS:
                        dense_scores(FEW_INPUTS, STEP_NODES, stride, used, x_rows.ctypes.data, c_rows.ctypes.data, G)
                        loss += output_gradient(FEW_INPUTS, STEP_NODES, used, G, Y, lr)
                        loss -= LOG_2 * (FEW_INPUTS * used - inputs * nodes)
                        narrow_update(
                            FEW_INPUTS, STEP_NODES, stride, used,
                            x_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G,
                        )  # fmt: skip
                    else:
                        dense_scores(I, STEP_NODES, stride, used, x_rows.ctypes.data, c_rows.ctypes.data, G)
                        loss += output_gradient(I, STEP_NODES, used, G, Y, lr) - LOG_2 * (I * used - inputs * nodes)
                        narrow_update(
                            I, STEP_NODES, stride, used,
                            x_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G,
                        )  # fmt: skip
        out[LOSS] += loss
        out[PAIRS] += pairs
        out[CENTRES_SEEN] += stop - start

    return train


@cache
def mean_path_kernel(stride: int, window: int, words_in: bool, documents: bool, mean: bool) -> Callable[..., None]:
    """The kernel of CBOW, PV-DM and PV-DBOW with hierarchical softmax, for rows of `stride` floats.

    A step is a tile of `CENTRES` centres, each with its input and its path. Inputs are made, and their gradients given
    to the rows of E, as in `cbow_kernel.cbow_kernel`, whose arguments these are; nodes that several paths of a tile
    share are updated path after path.

    Returns:
        train(block, first, last, m, start, stop, E, rows, C, lr, paths, words, tags, hot, shift, work, out): see
        `path_kernel` and `cbow_kernel.cbow_kernel`.
    """
    row, widest = stride * 4, CENTRES + 2 * window + 1

    @kernel
    def train(block, first, last, m, start, stop, E, rows, C, lr, paths, words, tags, hot, shift, work, out):
        left, right, scales = block.left, block.right, work.scales
        x_rows, e_rows, c_rows = work.x_rows, work.e_rows, work.c_rows
        labels = work.labels
        G, Y = work.gradients.ctypes.data, work.labels.ctypes.data
        H = work.rows.ctypes.data
        S = H + CENTRES * row
        D = S + widest * row
        all_gradients = D + widest * row  # as D; zero but for the rows of the centres
        A = all_gradients + window * row
        zero_row = all_gradients + widest * row
        e, c_base = E.ctypes.data, C.ctypes.data
        loss, pairs = 0.0, 0
        for begin in range(start, stop, CENTRES):
            end = smaller(last, begin + CENTRES)
            low, high = larger(0, begin - window), smaller(m, end + window)
            origin = begin - window  # of the rows of D
            if words_in:
                prefix_sums(stride, S, e, rows.ctypes.data + low * 4, high - low)
            clear_rows(stride, A, CENTRES)
            for i in range(end - begin):
                c = begin + i
                ahead = words[smaller(end + i, m - 1)]
                for k in range(paths.starts[ahead], paths.starts[ahead + 1]):
                    prefetch(stride, c_base + node_row(paths.nodes[k], hot, shift) * row)
                inputs = 0
                if words_in:
                    inputs += right[c] - left[c] - 1
                if documents:
                    inputs += tags.last[c] - tags.first[c]
                scales[i] = np.float32(0)
                if inputs == 0:
                    continue
                scales[i] = np.float32(1) / np.float32(inputs) if mean else np.float32(1)
                if words_in:
                    window_sum(stride, H + i * row, S, left[c] - low, c - low, right[c] - low, scales[i])
                else:
                    clear_rows(stride, H + i * row, 1)
                if documents:
                    for t in range(tags.first[c], tags.last[c]):
                        add_row(stride, H + i * row, e + np.int64(tags.rows[t]) * row, scales[i])
            for i in range(end - begin):
                if scales[i] == 0:
                    continue
                pairs += 1
                word = words[begin + i]
                x_rows[0], e_rows[0] = H + i * row, A + i * row
                path_end = paths.starts[word + 1]
                for k in range(paths.starts[word], path_end, STEP_NODES):
                    nodes = smaller(STEP_NODES, path_end - k)
                    for o in range(nodes):
                        c_rows[o] = c_base + node_row(paths.nodes[k + o], hot, shift) * row
                        labels[o] = paths.labels[k + o]
                    for o in range(nodes, STEP_NODES):
                        c_rows[o], labels[o] = zero_row, NO_NODE
                    dense_scores(1, STEP_NODES, stride, STEP_NODES, x_rows.ctypes.data, c_rows.ctypes.data, G)
                    loss += output_gradient(1, STEP_NODES, STEP_NODES, G, Y, lr) - LOG_2 * (STEP_NODES - nodes)
                    narrow_update(
                        1, STEP_NODES, stride, STEP_NODES,
                        x_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G,
                    )  # fmt: skip
            for i in range(end - begin):
                if scales[i] == 0:
                    continue
                c = begin + i
                if documents:
                    for t in range(tags.first[c], tags.last[c]):
                        add_row(stride, e + np.int64(tags.rows[t]) * row, A + i * row, scales[i])
                if words_in:
                    begins, ends = D + (left[c] - origin) * row, D + (right[c] - origin) * row
                    window_spread(stride, A + i * row, begins, ends, scales[i])
            if words_in:
                skipped = (low - origin) * row
                add_running(stride, D + skipped, all_gradients + skipped, e, rows.ctypes.data + low * 4, high - low)
        out[LOSS] += loss
        out[PAIRS] += pairs
        out[CENTRES_SEEN] += stop - start

    return train
