"""The kernels of hierarchical softmax: an input against the nodes on the path to c+, see `huffman.py`.

The loss of an input h and a word c with path nodes j and labels y_j is the true −log P(c | h),

    L = −Σ_j log σ(±h·C_j),  + where y_j = 1,

so a path takes the place of c+ and its negatives, with the same formulas for its gradients.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from sgns.base.jit import helper, kernel
from sgns.training.engines.cpu.block import CENTRES
from sgns.training.engines.cpu.dense import BLOCK_ROWS, dense_gradient, dense_scores, dense_update
from sgns.training.engines.cpu.llvm import LANES
from sgns.training.engines.cpu.row_access import gather, prefetch
from sgns.training.engines.cpu.tile_kernel import CENTRES_SEEN, LOG_2, LOSS, PAIRS, aligned_zeros
from sgns.training.engines.cpu.window_kernel import STEP_INPUTS
from sgns.training.engines.cpu.window_rows import (
    add_row,
    add_running,
    clear_rows,
    prefix_sums,
    window_spread,
    window_sum,
)

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
        x_rows: (CENTRES,) int64, addresses of copies of inputs.
        e_rows: (CENTRES,) int64, addresses of the rows that get their gradients.
        c_rows: (STEP_NODES,) int64, addresses of the rows of the nodes.
        scales: (CENTRES,) float32, see `CbowWorkspace`.
        rows: float32, copies of rows, sums, and two rows of padding.
        weights: (CENTRES·STEP_NODES,) float32, all 1.
        labels: As weights, in blocks, see `dense.number_index`.
        gradients: As labels.
    """

    ids: np.ndarray
    x_rows: np.ndarray
    e_rows: np.ndarray
    c_rows: np.ndarray
    scales: np.ndarray
    rows: np.ndarray
    weights: np.ndarray
    labels: np.ndarray
    gradients: np.ndarray


def path_workspace(stride: int, window: int) -> PathWorkspace:
    """The arrays for windows of these options."""
    widest = CENTRES + 2 * window + 1
    weights, labels, gradients = (aligned_zeros(CENTRES * STEP_NODES) for _ in range(3))
    weights[:] = 1
    return PathWorkspace(
        np.zeros(2 * window + LANES, np.int32),
        np.zeros(CENTRES, np.int64), np.zeros(CENTRES, np.int64), np.zeros(STEP_NODES, np.int64),
        np.zeros(CENTRES, np.float32), aligned_zeros((2 * CENTRES + 2 * widest + 2) * stride),
        weights, labels, gradients,
    )  # fmt: skip


@helper
def node_row(node, hot, shift):
    """The row of C of a node: that of its copy for a hot one."""
    return np.int64(node) + np.int64(shift if node < hot else 0)


@cache
def path_kernel(stride: int, window: int) -> Callable[..., None]:
    """The kernel of skip-gram with hierarchical softmax, for rows of `stride` floats.

    A step is up to `STEP_INPUTS` inputs of a window against the path of its centre: the exact gradient of their loss. A
    window with more inputs takes several steps, and so does a path of more than `STEP_NODES` nodes with it.

    Returns:
        train(block, first, last, m, start, stop, E, rows, C, lr, paths, words, hot, shift, work, out): trains on the
        centres kept[start:stop] of a drawn block and adds to `out`, (3,) float64: loss, pairs, centres. `words` are the
        kept words without hot copies; C has a row for each node; for the others see `tile_kernel.tile_kernel`.
    """
    I = STEP_INPUTS
    columns = LANES // min(BLOCK_ROWS, I)
    numbers, few_numbers = I * STEP_NODES, FEW_INPUTS * STEP_NODES
    row = stride * 4

    @kernel
    def train(block, first, last, m, start, stop, E, rows, C, lr, paths, words, hot, shift, work, out):
        left, right, ids = block.left, block.right, work.ids
        x_rows, e_rows, c_rows = work.x_rows, work.e_rows, work.c_rows
        labels = work.labels
        G, W, Y = work.gradients.ctypes.data, work.weights.ctypes.data, work.labels.ctypes.data
        X = work.rows.ctypes.data
        zero_row, unread_row = X + CENTRES * row, X + (CENTRES + 1) * row  # of inputs and nodes that a step lacks
        e, c_base = E.ctypes.data, C.ctypes.data
        loss, pairs = 0.0, 0
        for c in range(start, stop):
            ahead = words[min(c + 1, m - 1)]
            for k in range(paths.starts[ahead], paths.starts[ahead + 1]):
                prefetch(stride, c_base + node_row(paths.nodes[k], hot, shift) * row)
            prefetch(stride, e + np.int64(rows[min(c + window + 1, m - 1)]) * row)
            n = 0
            for i in range(left[c], right[c]):
                if i != c:
                    ids[n] = rows[i]
                    n += 1
            path_begin, path_end = paths.starts[words[c]], paths.starts[words[c] + 1]
            pairs += n
            for k in range(path_begin, path_end, STEP_NODES):
                nodes = min(STEP_NODES, path_end - k)
                for o in range(STEP_NODES):
                    if o < nodes:
                        c_rows[o] = c_base + node_row(paths.nodes[k + o], hot, shift) * row
                        label = paths.labels[k + o]
                    else:
                        c_rows[o], label = zero_row, NO_NODE
                    at = o // columns * LANES + o % columns
                    for block_row in range(0, LANES, columns):
                        labels[at + block_row] = label
                        if I > FEW_INPUTS:
                            labels[at + few_numbers + block_row] = label
                for some in range(0, n, I):
                    inputs = min(I, n - some)
                    if k == path_begin or n > I:
                        gather(stride, X, e, ids.ctypes.data + some * 4, inputs)
                        for i in range(I):
                            x_rows[i] = X + i * row if i < inputs else zero_row
                            e_rows[i] = e + np.int64(ids[some + i]) * row if i < inputs else unread_row
                    if inputs <= FEW_INPUTS:
                        dense_scores(FEW_INPUTS, STEP_NODES, stride, x_rows.ctypes.data, c_rows.ctypes.data, G)
                        loss += dense_gradient(few_numbers, G, Y, W, lr)
                        loss -= LOG_2 * (few_numbers - inputs * nodes)
                        dense_update(
                            FEW_INPUTS, STEP_NODES, stride,
                            x_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G,
                        )  # fmt: skip
                    else:
                        dense_scores(I, STEP_NODES, stride, x_rows.ctypes.data, c_rows.ctypes.data, G)
                        loss += dense_gradient(numbers, G, Y, W, lr) - LOG_2 * (numbers - inputs * nodes)
                        dense_update(
                            I, STEP_NODES, stride, x_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G
                        )
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
    numbers, row, widest = STEP_NODES, stride * 4, CENTRES + 2 * window + 1

    @kernel
    def train(block, first, last, m, start, stop, E, rows, C, lr, paths, words, tags, hot, shift, work, out):
        left, right, scales = block.left, block.right, work.scales
        x_rows, e_rows, c_rows = work.x_rows, work.e_rows, work.c_rows
        labels = work.labels
        G, W, Y = work.gradients.ctypes.data, work.weights.ctypes.data, work.labels.ctypes.data
        H = work.rows.ctypes.data
        A = H + CENTRES * row
        S = A + CENTRES * row
        D = S + widest * row
        zero_row = D + widest * row
        e, c_base = E.ctypes.data, C.ctypes.data
        loss, pairs = 0.0, 0
        for begin in range(start, stop, CENTRES):
            end = min(last, begin + CENTRES)
            low, high = max(0, begin - window), min(m, end + window)
            if words_in:
                prefix_sums(stride, S, e, rows.ctypes.data + low * 4, high - low)
            clear_rows(stride, A, CENTRES)
            for i in range(end - begin):
                c = begin + i
                ahead = words[min(end + i, m - 1)]
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
                    nodes = min(STEP_NODES, path_end - k)
                    for o in range(nodes):
                        c_rows[o] = c_base + node_row(paths.nodes[k + o], hot, shift) * row
                        labels[o] = paths.labels[k + o]
                    for o in range(nodes, STEP_NODES):
                        c_rows[o], labels[o] = zero_row, NO_NODE
                    dense_scores(1, STEP_NODES, stride, x_rows.ctypes.data, c_rows.ctypes.data, G)
                    loss += dense_gradient(numbers, G, Y, W, lr) - LOG_2 * (numbers - nodes)
                    dense_update(1, STEP_NODES, stride, x_rows.ctypes.data, e_rows.ctypes.data, c_rows.ctypes.data, G)
            for i in range(end - begin):
                if scales[i] == 0:
                    continue
                c = begin + i
                if words_in:
                    window_spread(stride, A + i * row, D, left[c] - low, c - low, right[c] - low, scales[i])
                if documents:
                    for t in range(tags.first[c], tags.last[c]):
                        add_row(stride, e + np.int64(tags.rows[t]) * row, A + i * row, scales[i])
            if words_in:
                add_running(stride, D, e, rows.ctypes.data + low * 4, high - low)
        out[LOSS] += loss
        out[PAIRS] += pairs
        out[CENTRES_SEEN] += stop - start

    return train
