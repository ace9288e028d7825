"""Vectors of documents that were not trained on: descends the loss of each by its row alone, while E and C stay.

Plain SGD, a centre at a time, with negatives of its own: a text is short, and its vector must not depend on the texts
beside it. The input of a centre is h = D (PV-DBOW), or the mean or sum of D and the rows of its window (PV-DM).
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from sgns.base.instructions import larger, smaller
from sgns.base.jit import inlined, kernel
from sgns.training.engines.cpu.block import shuffle_sentences
from sgns.training.engines.sampling import ALONE, draw, draw_centres, draw_word, longer_key

KEPT, NEGATIVES = 0, 1  # streams of an epoch


class InferenceModel(NamedTuple):
    """What a model says about a new text.

    Attributes:
        E: (V, ≥ d) float32; (0, d) for PV-DBOW, whose input is D alone.
        C: (V, ≥ d) float32, or the rows of a tree.
        keep_thresholds: (V,) uint32.
        noise_table: (V,) uint64, see `sampling.alias_table`.
        path_starts: (V + 1,) int64, see `huffman.HuffmanTree`; (1,) where negatives are drawn.
        path_nodes: (n,) int32.
        path_labels: (n,) float32.
        key: Of all random draws: the same for every text.
        reach: Of windows, see `sampling.Windows`.
        reaches: See `sampling.Windows`.
        negatives: For each centre.
        mean: Whether h is a mean; else a sum.
        epochs: Passes over each text.
        lr: At the start.
        min_lr: At the end.
    """

    E: np.ndarray
    C: np.ndarray
    keep_thresholds: np.ndarray
    noise_table: np.ndarray
    path_starts: np.ndarray
    path_nodes: np.ndarray
    path_labels: np.ndarray
    key: np.uint64
    reach: int
    reaches: int
    negatives: int
    mean: bool
    epochs: int
    lr: np.float32
    min_lr: np.float32


@inlined
def input_of(E, kept, left, right, c, mean, row, h):
    """Puts the input of the centre kept[c] into h: the row of the document and those of its window.

    Returns:
        The derivative of h by the row of the document: a number, as h is linear in it.
    """
    d = row.shape[0]
    for j in range(d):
        h[j] = row[j]
    if E.shape[0] == 0:
        return np.float32(1)
    for i in range(left, right):
        if i != c:
            for j in range(d):
                h[j] += E[kept[i], j]
    scale = np.float32(1) / np.float32(right - left) if mean else np.float32(1)
    for j in range(d):
        h[j] *= scale
    return scale


@inlined
def add_gradient(C, target, label, h, gradient):
    """Adds (label − σ(h·C_target)) C_target, the step that lowers the loss of one output of h."""
    d, score = h.shape[0], np.float32(0)
    for j in range(d):
        score += h[j] * C[target, j]
    error = label - np.float32(1) / (np.float32(1) + np.exp(-score))
    for j in range(d):
        gradient[j] += error * C[target, j]


@partial(kernel, fastmath=True)
def infer_rows(model, ids, ends, first, last, D):
    """Infers the rows of the texts first:last. Windows and subsampling are those of training.

    An epoch in which subsampling would drop every word of a text keeps all of them.

    Args:
        model: An `InferenceModel`.
        ids: (n,) int32, the words of all texts.
        ends: (t,) int64, the end of each text.
        first: The first text.
        last: One past the last.
        D: (t, d) float32, in and out: where the rows begin. A text without words keeps its row.
    """
    d = D.shape[1]
    h, gradient = np.empty(d, np.float32), np.empty(d, np.float32)
    end_of_text = np.empty(1, np.int64)
    hierarchical = model.path_starts.shape[0] > 1
    for text in range(first, last):
        start = ends[text - 1] if text > 0 else np.int64(0)
        size, row = ends[text] - start, D[text]
        words = ids[start : start + size]
        end_of_text[0] = size
        kept, left, right = np.empty((3, size + 2 * model.reach + 1), np.int32)
        for epoch in range(model.epochs):
            key = longer_key(model.key, epoch)
            draws, noise = longer_key(key, KEPT), longer_key(key, NEGATIVES)
            if size == 0:
                m = np.int64(0)
            elif model.reaches > 0:
                _, _, m = draw_centres(
                    words, end_of_text, np.int64(0), size, model.reach, model.reaches, ALONE, model.keep_thresholds,
                    draws, kept, left, right,
                )  # fmt: skip
            else:
                m = shuffle_sentences(
                    words, end_of_text, np.int64(0), size, model.reach, model.keep_thresholds, draws, kept, left, right
                )
            if m == 0:
                m = size
                for c in range(m):
                    kept[c], left[c], right[c] = words[c], larger(0, c - model.reach), smaller(m, c + model.reach + 1)
            for c in range(m):
                done = np.float32(epoch * m + c) / np.float32(model.epochs * m)
                rate = model.lr + (model.min_lr - model.lr) * done
                scale = input_of(model.E, kept, left[c], right[c], c, model.mean, row, h)
                for j in range(d):
                    gradient[j] = 0
                word = kept[c]
                if hierarchical:
                    for n in range(model.path_starts[word], model.path_starts[word + 1]):
                        add_gradient(model.C, model.path_nodes[n], model.path_labels[n], h, gradient)
                else:
                    add_gradient(model.C, word, np.float32(1), h, gradient)
                    for n in range(model.negatives):
                        negative = draw_word(draw(noise, c * model.negatives + n), model.noise_table)
                        if negative != word:
                            add_gradient(model.C, negative, np.float32(0), h, gradient)
                for j in range(d):
                    row[j] += rate * scale * gradient[j]
