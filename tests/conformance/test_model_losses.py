"""Each model of the CPU engine and its readable counterpart, trained on one language, have the same loss."""

import numpy as np
import pytest
from grammar import sentences

import sgns
from sgns.text.corpus import Corpus

OPTIONS = {"dim": 12, "window": 5, "epochs": 3, "lr": 0.05, "subsample": 0.0, "min_count": 1, "threads": 1}
MODELS = {
    "cbow, mean": {"model": "cbow"},
    "cbow, sum": {"model": "cbow", "combine": "sum"},
    "hierarchical skip-gram": {"loss": "hierarchical"},
    "hierarchical cbow": {"loss": "hierarchical", "model": "cbow"},
    "subwords": {"ngrams": "2-3", "buckets": 100},
    "subwords, cbow": {"ngrams": "2-3", "buckets": "exact", "model": "cbow"},
    "windows of one width": {"shrink_windows": False},
}


@pytest.fixture(scope="module")
def corpus():
    return Corpus.from_sentences(sentences(800, seed=1))


LONG = ("hierarchical skip-gram", "hierarchical cbow", "windows of one width")


@pytest.mark.parametrize("model", [pytest.param(m, marks=pytest.mark.slow if m in LONG else ()) for m in MODELS])
def test_the_loss_is_that_of_the_readable_model(corpus, model):
    pytest.importorskip("torch")
    options = OPTIONS | MODELS[model] | {"quiet": True}
    readable, fast = (sgns.train(corpus, engine=engine, **options).metadata for engine in ("reference", "cpu"))
    # A tile has one reach, so the pairs of a small text scatter more: 800 reaches of a mean of 3 ± 1.4 are 1.7 % off.
    assert fast["pairs"] == pytest.approx(readable["pairs"], rel=0.05)
    # Tiles share negatives, which costs some loss while E and C are far off; see test_language.
    np.testing.assert_allclose(fast["losses"][-1], readable["losses"][-1], rtol=0.04)
    np.testing.assert_allclose(fast["losses"], readable["losses"], rtol=0.07)
