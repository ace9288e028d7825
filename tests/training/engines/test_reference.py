"""The reference engine takes the model that the options ask for, learns with it, and refuses what it has not."""

import numpy as np
import pytest
from grammar import classes_recovered, sentences

torch = pytest.importorskip("torch")

import sgns  # noqa: E402
from sgns.config import Config  # noqa: E402
from sgns.errors import ConfigError  # noqa: E402
from sgns.reference.cbow import CBOW  # noqa: E402
from sgns.reference.hierarchical import HierarchicalSoftmax  # noqa: E402
from sgns.reference.subwords import SubwordEmbedding, ngram_rows  # noqa: E402
from sgns.reference.word2vec import SGNS  # noqa: E402
from sgns.text.corpus import Corpus  # noqa: E402
from sgns.training.engines.choice import choose  # noqa: E402
from sgns.training.engines.reference import ReferenceEngine  # noqa: E402
from sgns.training.plan import Plan  # noqa: E402

OPTIONS = {"engine": "reference", "dim": 16, "window": 3, "min_count": 1, "subsample": 0.0, "lr": 0.1, "epochs": 2}


@pytest.fixture(scope="module")
def corpus():
    return Corpus.from_sentences(sentences(1_000, seed=1))


def engine_of(corpus, **options):
    plan = Plan.of(corpus.vocabulary, Config(**OPTIONS | options))
    return ReferenceEngine(corpus.ids, corpus.sentence_ends, plan, corpus.vocabulary.words)


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ({}, SGNS),
        pytest.param({"model": "cbow"}, CBOW, marks=pytest.mark.slow),
        pytest.param({"model": "cbow", "combine": "sum", "lr": 0.05}, CBOW, marks=pytest.mark.slow),
        pytest.param({"loss": "hierarchical"}, HierarchicalSoftmax, marks=pytest.mark.slow),
        pytest.param({"loss": "hierarchical", "model": "cbow"}, HierarchicalSoftmax, marks=pytest.mark.slow),
        pytest.param({"ngrams": "2-3", "buckets": 300}, SGNS, marks=pytest.mark.slow),
        pytest.param({"ngrams": "2-3", "buckets": "exact", "model": "cbow"}, CBOW, marks=pytest.mark.slow),
        pytest.param(
            {"ngrams": "3-3", "buckets": 50, "loss": "hierarchical"}, HierarchicalSoftmax, marks=pytest.mark.slow
        ),
    ],
)
def test_the_model_of_the_options_learns(corpus, options, model):
    engine = engine_of(corpus, **options)
    assert type(engine.model) is model
    assert getattr(engine.model, "combine", "mean") == options.get("combine", "mean")
    V, batches, epochs = len(corpus.vocabulary), [], []
    rows = engine._plan.subwords.rows if "ngrams" in options else 0
    assert engine.E.shape == (V + rows, 16)
    assert engine.C.shape == (V, 16)
    before = engine.E.copy()
    engine.train_epochs(lambda *sums: batches.append(sums), epochs.append)
    assert epochs == [0, 1]
    first, second = (next(loss / n for epoch, _, n, loss in batches[::-1] if epoch == e) for e in (0, 1))
    assert second < first
    if rows:
        assert isinstance(engine.model.E, SubwordEmbedding)
        assert (engine.E[V:] != before[V:]).any()
        learnt = engine.model.E(torch.arange(V)).detach().numpy()
    else:
        learnt = engine.E
    untrained = classes_recovered(corpus.vocabulary.words, before[:V])
    assert classes_recovered(corpus.vocabulary.words, learnt) > untrained + 0.4


def test_the_ngrams_of_each_word_are_its_own(corpus):
    embedding = engine_of(corpus, ngrams="2-4", buckets=1_000).model.E
    V = len(corpus.vocabulary)
    for w, word in enumerate(corpus.vocabulary.words):
        rows = embedding.rows[embedding.starts[w] : embedding.starts[w + 1]].tolist()
        assert rows == [w, *(V + row for row in ngram_rows(word, 2, 4, 1_000))]


def test_a_run_is_what_the_engine_trains(corpus):
    options = OPTIONS | {"model": "cbow", "seed": 3}
    vectors = sgns.train(corpus, quiet=True, **options)
    engine = engine_of(corpus, **options)
    engine.train_epochs(lambda *sums: None, lambda epoch: None)
    np.testing.assert_array_equal(vectors.E, engine.E)
    np.testing.assert_array_equal(vectors.C, engine.C)


@pytest.mark.parametrize("window", [0, "sentence"])
def test_no_window_of_a_sentence(window):
    with pytest.raises(ConfigError, match="no --window sentence; give a number, or take --engine cpu"):
        choose(Config(engine="reference", window=window))
    assert choose(Config(engine="reference", window=5)) == "reference"


@pytest.mark.parametrize("model", ["dbow", "dm"])
def test_no_documents(model):
    with pytest.raises(ConfigError, match=f"no documents, --model {model} does; take --engine cpu"):
        choose(Config(engine="reference", model=model))
    assert choose(Config(engine="cpu", model=model)) == "cpu"
