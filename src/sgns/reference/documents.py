"""Vectors of documents in PyTorch: PV-DBOW and PV-DM, and the vector of a new text.

Each document has a row D of its own, which stands in E behind the rows of the words. In PV-DBOW it is the input alone
and predicts every word of its document, as a word of skip-gram predicts its neighbours. In PV-DM it is one more row of
the window, and says what the text is about where the window does not:

    PV-DBOW:  h = D                          PV-DM:  h = (D + Σ E_w) / (1 + m)

Loss and gradients are those of `sgns.reference.cbow`: `CBOW(V, dim, documents=…)` has the rows, `train` takes them as
inputs with samples="dbow" or "dm". `infer` finds a row for a text that was not trained on.

Source: Le & Mikolov 2014, "Distributed Representations of Sentences and Documents" (arXiv 1405.4053).
"""

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sgns.reference.cbow import CBOW, train
from sgns.reference.windows import Documents


def one_each(sentences: int) -> Documents:
    """Every sentence as a document of its own."""
    return Documents(torch.arange(sentences + 1), torch.arange(sentences))


def document_rows(model: CBOW, vocabulary_size: int) -> Tensor:
    """The rows of the documents, (documents, d)."""
    return model.E.weight.detach()[vocabulary_size:]


def infer(
    model: CBOW,
    text: np.ndarray,
    counts: np.ndarray,
    *,
    samples: str = "dbow",
    epochs: int = 20,
    lr: float = 0.05,
    seed: int = 1,
    **options: Any,
) -> Tensor:
    """The vector of a text that was not trained on: descends its loss by a new row, while E and C keep their values.

    Args:
        model: A trained model with documents, which stays as it is.
        text: (n,) int32, the word ids of the text.
        counts: (V,) int64, occurrences of each word in the corpus, for the noise distribution.
        samples: dbow or dm, as in training.
        epochs: Passes over the text.
        lr: Learning rate at the start.
        seed: Seed of the first vector and of every draw; the same text and seed give the same vector.
        **options: window and negatives, as in `cbow.train`.

    Returns:
        (d,) float32; for a text without words it is the first vector, which is random.
    """
    V, dim = len(counts), model.C.weight.shape[1]
    fresh = deepcopy(model)
    fresh.E = CBOW(V, dim, documents=1, seed=seed, sparse=False).E
    fresh.E.weight.data[:V] = model.E.weight.detach()[:V]
    fresh.C.requires_grad_(False)
    new = (torch.arange(V + 1) == V)[:, None]
    fresh.E.weight.register_hook(lambda gradient: gradient * new)  # the rows of words keep their values
    train(
        fresh,
        text,
        np.array([len(text)]),
        counts,
        samples=samples,
        documents=one_each(1),
        epochs=epochs,
        lr=lr,
        subsample=0.0,
        seed=seed,
        **options,
    )
    return document_rows(fresh, V)[0]
