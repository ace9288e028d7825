"""The log-likelihood of sentences under hierarchical softmax (Taddy 2015, arXiv 1504.07295)."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np


def scores(model: Any, sentences: Iterable[Sequence[Any]], most: int) -> np.ndarray:
    """The score (n,) float32 of each of the first `most` sentences; see `sentence_score`."""
    return np.array([sentence_score(model, sentence) for sentence in islice(sentences, most)], np.float32)


def sentence_score(model: Any, sentence: Sequence[Any]) -> float:
    """Σ log P(c | h) over the words c of a sentence with full windows.

    h is each word of the window in turn with skip-gram, their mean or sum with CBOW.
    """
    wv = model.wv
    rows = [wv.key_to_index[word] for word in sentence if word in wv.key_to_index]
    codes, points = wv.expandos["code"], wv.expandos["point"]
    total = 0.0
    for position, centre in enumerate(rows):
        others = rows[max(0, position - model.window) : position] + rows[position + 1 : position + 1 + model.window]
        if not others:
            continue
        inputs = wv.vectors[others]
        h = inputs if model.sg else inputs.sum(axis=0, keepdims=True) / (len(others) if model.cbow_mean else 1)
        signs = 1.0 - 2.0 * np.asarray(codes[centre], np.float64)
        total -= float(np.logaddexp(0, -signs * (h @ model.syn1[points[centre]].T)).sum())
    return total
