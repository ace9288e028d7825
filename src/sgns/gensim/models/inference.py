"""The vector of a new document: gradient descent on its row alone, in NumPy."""

from typing import Any
from zlib import crc32

import numpy as np

from sgns.gensim.models.keyedvectors import pseudorandom_weak_vector
from sgns.gensim.models.vocabulary import noise_distribution


def infer(model: Any, words: list[Any], alpha: float, min_alpha: float, epochs: int) -> np.ndarray:
    """The vector (d,) float32 of a document.

    Each kept word c is an output, of the document's row alone (PV-DBOW) or of its mean or sum with the rows of the
    window (PV-DM); the step of the row is gensim's, see `network`.

    Args:
        model: A `Doc2Vec`.
        words: Of the document; unknown ones are left out.
        alpha: Learning rate in the first pass.
        min_alpha: In the last.
        epochs: Passes.
    """
    wv, text = model.wv, " ".join(map(str, words))
    v = pseudorandom_weak_vector(model.dv.vector_size, seed_string=text or None).astype(np.float64)
    rows = np.array([wv.key_to_index[word] for word in words if word in wv.key_to_index], np.int64)
    if not len(rows):
        return v.astype(np.float32)
    rng = np.random.default_rng([abs(int(model.seed or 0)), crc32(text.encode())])
    keep = wv.expandos["sample_int"][rows] / (2**32 - 1)
    outputs = Outputs(model)
    for epoch in range(epochs):
        rate = alpha - (alpha - min_alpha) * epoch / max(1, epochs - 1)
        kept = rows[rng.random(len(rows)) < keep]
        reaches = np.full(len(kept), model.window)
        if model.shrink_windows:
            reaches = rng.integers(1, model.window + 1, len(kept))
        for position, centre in enumerate(kept):
            context, size = 0.0, 1
            if not model.sg:
                low = max(0, position - reaches[position])
                window = np.concatenate([kept[low:position], kept[position + 1 : position + 1 + reaches[position]]])
                context, size = wv.vectors[window].sum(axis=0, dtype=np.float64), len(window) + 1
            h = (v + context) / (size if model.cbow_mean and not model.sg else 1)
            step = rate * outputs.gradient(centre, h, rng)
            v -= step if model.sg or model.cbow_mean else step / size
    return v.astype(np.float32)


class Outputs:
    """The gradient of the loss with respect to the input, for the losses that a model has."""

    def __init__(self, model: Any) -> None:
        self.model, wv = model, model.wv
        if model.negative:
            self._noise = np.cumsum(noise_distribution(wv.expandos["count"], model.ns_exponent))

    def gradient(self, centre: int, h: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """∂L/∂h (d,) of one word.

        Args:
            centre: Its row.
            h: (d,) the input.
            rng: Draws the negatives.
        """
        model, total = self.model, np.zeros(len(h))
        if model.negative:
            drawn = np.searchsorted(self._noise, rng.random(model.negative) * self._noise[-1])
            drawn = drawn[drawn != centre]  # a negative that equals c+ counts nothing
            C = model.syn1neg[np.append(centre, drawn)].astype(np.float64)
            labels = np.zeros(len(C))
            labels[0] = 1
            total += (sigmoid(C @ h) - labels) @ C
        if model.hs:
            codes, points = model.wv.expandos["code"][centre], model.wv.expandos["point"][centre]
            C = model.syn1[points].astype(np.float64)
            total += (sigmoid(C @ h) - (1.0 - np.asarray(codes, np.float64))) @ C
        return total


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−x))."""
    return 0.5 * (1 + np.tanh(0.5 * x))
