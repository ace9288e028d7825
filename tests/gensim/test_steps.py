"""The steps of training are as large as gensim's: the same rows at the start, one small rate, the same text."""

from typing import Any

import numpy as np
import pytest

import sgns.gensim.models as ours

theirs = pytest.importorskip("gensim").models

RNG = np.random.default_rng(1)
WORDS = ["alpha", "betamax", "gammaglobulin", "deltas", "epsilontic", "zeta", "etas", "thetan", "iotas", "kappa"]
TEXT = [list(RNG.choice(WORDS, 10)) for _ in range(400)]
OPTIONS: dict[str, Any] = {  # size and window of conformance/test_engine_models.py, whose kernels these are
    "vector_size": 12, "min_count": 1, "workers": 1, "sample": 0, "window": 5, "shrink_windows": False,
    "alpha": 1e-4, "min_alpha": 1e-4,
}  # fmt: skip
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    f"{kind} {more}": (kind, more)
    for kind, options in {
        "Word2Vec": [{"sg": 1}, {"sg": 0}, {"sg": 0, "cbow_mean": 0}, {"sg": 1, "hs": 1, "negative": 0},
                     {"sg": 0, "hs": 1, "negative": 0}],
        "FastText": [{"sg": 1}, {"sg": 0}, {"sg": 0, "cbow_mean": 0}, {"sg": 1, "hs": 1, "negative": 0},
                     {"sg": 0, "hs": 1, "negative": 0}],
        "Doc2Vec": [{"dm": 0}, {"dm": 0, "dbow_words": 1}, {"dm": 1}, {"dm": 1, "dm_mean": 0},
                    {"dm": 1, "hs": 1, "negative": 0}],
    }.items()
    for more in options
}  # fmt: skip


def steps(models: Any, kind: str, more: dict[str, Any]) -> dict[str, float]:
    """How far each matrix of a model moves in one epoch: the length of its change."""
    text: Any = TEXT
    if kind == "Doc2Vec":
        text = [models.doc2vec.TaggedDocument(words, [number % 20]) for number, words in enumerate(TEXT)]
    model = getattr(models, kind)(**OPTIONS, **more, **({"bucket": 500} if kind == "FastText" else {}))
    if more.get("dm_mean") == 0:
        model.cbow_mean = 0  # gensim's constructor overwrites it
    model.build_vocab(text)
    rng = np.random.default_rng(2)
    matrices = {"words": model.wv.vectors_vocab if kind == "FastText" else model.wv.vectors}
    if kind == "FastText":
        matrices["n-grams"] = model.wv.vectors_ngrams
    if kind == "Doc2Vec":
        matrices["documents"] = model.dv.vectors
    output = "syn1neg" if model.negative else "syn1"
    matrices[output] = getattr(model, output)
    for name, matrix in matrices.items():
        matrix[:] = rng.normal(size=matrix.shape) * (1 if name == output else 0.1)
    if kind == "FastText":
        model.wv.adjust_vectors()
    before = {name: matrix.copy() for name, matrix in matrices.items()}
    model.train(text, total_examples=len(text), epochs=1)
    after = {"words": model.wv.vectors, output: getattr(model, output)}
    if kind == "FastText":
        after |= {"words": model.wv.vectors_vocab, "n-grams": model.wv.vectors_ngrams}
    if kind == "Doc2Vec":
        after["documents"] = model.dv.vectors
    return {name: float(np.linalg.norm(after[name] - before[name])) for name in matrices}


@pytest.mark.parametrize("name", MODELS)
def test_steps_are_as_large_as_gensims(name: str) -> None:
    """Within 15 %: negatives are other words, and what differs from word to word is right on average alone."""
    one, other = (steps(models, *MODELS[name]) for models in (ours, theirs))
    assert one == pytest.approx(other, rel=0.15), (one, other)
