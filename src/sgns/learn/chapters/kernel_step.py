"""One step of the training kernel on the example of a relative, at lr = 1: rows before minus rows after are a gradient.

A text is made in which one centre has the input and the outputs of the example. A tile draws more negatives than the
example has and counts each of them less: a seed is taken with which every negative of the example is drawn equally
often. Skip-gram's negatives belong to the inputs of a tile, so there the input is a centre too; what it is the context
of has a row of zeros, which moves nothing.
"""

import math
from itertools import count
from typing import Any, Literal

import numpy as np


def precision() -> str:
    """What the kernel multiplies with on this processor; sums are float32 everywhere."""
    from sgns.training.engines.cpu.llvm import BFLOAT16

    return "bfloat16" if BFLOAT16 else "float32"


def step_gradients(
    topic: str, R: np.ndarray, C: np.ndarray, weight: float, labels: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """L, ∂L/∂R and ∂L/∂C of an example by the production kernel, in float32 or bfloat16, see `precision`.

    Words 0 to n − 1 are the inputs (subwords: word 0 and n-grams), then come the positive and the negatives.

    Args:
        topic: cbow, subwords or hierarchical.
        R: (inputs, d), the rows of which the input is made.
        C: (outputs, d), the rows of the outputs.
        weight: Of each row in the input.
        labels: Of each output.
    """
    from sgns.config import Config
    from sgns.training.engines.cpu.cbow_kernel import cbow_negatives
    from sgns.training.engines.cpu.engine import CpuEngine
    from sgns.training.engines.cpu.huffman import HuffmanTree
    from sgns.training.engines.cpu.models import Rows
    from sgns.training.engines.cpu.subword_rows import WordParts
    from sgns.training.engines.cpu.tile_kernel import tile_negatives
    from sgns.training.engines.sampling import Windows

    tree, parts, more_rows = topic == "hierarchical", None, 0
    words = len(R) if topic == "cbow" else 1
    k = 0 if tree else int(np.count_nonzero(labels == 0))
    V = max(words + 1 + k, len(C) + 1)
    centre, sentence = words, [*range(words), words]
    options: dict[str, Any] = {"loss": "hierarchical"} if tree else {"negatives": max(1, k)}
    model: Literal["cbow", "skipgram"] = "cbow" if topic == "cbow" else "skipgram"
    config = Config(dim=R.shape[1], model=model, window=len(sentence), shrink_windows=False, **options)
    if topic == "subwords":
        parts = WordParts.of(np.array([0, *[len(R) - 1] * V]), np.arange(len(R) - 1, dtype=np.int32))  # of word 0
        more_rows = len(R) - 1
    path = None
    if tree:
        starts = np.array([0] * (centre + 1) + [len(C)] * (V - centre), np.int64)
        path = HuffmanTree(starts, np.arange(len(C), dtype=np.int32), labels.astype(np.float32))
    noise = np.zeros(V)
    noise[words + 1 : words + 1 + k] = 1 / max(1, k)
    if tree:
        noise[:] = 1 / V
    else:
        in_window, of_ngrams = Windows.of(config).inputs, topic == "subwords"
        draws = cbow_negatives(k) if topic == "cbow" else tile_negatives(k, in_window, of_ngrams)
        config = Config(**config.to_dict() | {"seed": equal_draws(noise, draws, k)})
    engine = CpuEngine(
        np.array(sentence, np.int32), np.array([len(sentence)]), np.ones(V), noise, config,
        rows=Rows(parts, tree=path), more_rows=more_rows,
    )  # fmt: skip
    d = config.dim
    inputs = np.r_[0, V : V + more_rows] if topic == "subwords" else np.arange(words)
    outputs = np.arange(len(C)) + (0 if tree else words)
    engine.E[:, :d] = 0
    engine.E[inputs, :d], engine.C[outputs, :d] = R, C
    before_R, before_C = engine.E[inputs, :d], engine.C[outputs, :d]
    sums = engine.train_block(0, 0, 0 if topic == "subwords" else centre, centre + 1, 1.0)
    loss = sums.loss - ((1 + k) * math.log(2) if topic == "subwords" else 0.0)  # that of the zeros
    by_row, by_output = (
        (before - after[rows, :d]).astype(np.float64)
        for before, after, rows in ((before_R, engine.E, inputs), (before_C, engine.C, outputs))
    )
    # A row of a word of n-grams takes the whole change of the word, as in fastText.
    return loss, by_row * (weight if topic == "subwords" else 1.0), by_output


def equal_draws(noise: np.ndarray, draws: int, k: int) -> int:
    """A seed with which the first `draws` negatives are each of the k noise words equally often."""
    from sgns.training.engines.sampling import NOISE, alias_table, draw_noise, stream_key

    table, drawn = alias_table(noise), np.empty(draws, np.int32)
    for seed in count(1):
        draw_noise(stream_key(seed, NOISE, 0, 0), table, drawn, draws)
        if (np.bincount(drawn)[noise > 0] == draws // k).all():
            return seed
    raise AssertionError
