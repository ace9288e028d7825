"""Held-out text: never trained on, always the same samples, a loss that agrees with its definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgns
from sgns import Config, Corpus
from sgns.errors import ConfigError
from sgns.training.engines.cpu.validation_kernels import HELD_OUT_PART, LONG_SENTENCE
from sgns.training.validation import Validation


def validation_of(ends, share=0.3, seed=1, V=40, **options):
    n = int(ends[-1])
    ids = np.random.default_rng(3).integers(0, V, n).astype(np.int32)
    config = Config(validation=share, seed=seed, **options)
    return ids, Validation(ids, np.asarray(ends), np.ones(V), np.full(V, 1 / V), config)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(2, 30), min_size=40, max_size=80), st.data())
def test_spans_and_held_out_sentences_are_the_text_once(lengths, data):
    ids, held = validation_of(np.cumsum(lengths))
    start = data.draw(st.integers(0, len(ids)))
    stop = data.draw(st.integers(start, len(ids)))
    seen = np.zeros(len(ids), int)
    for a, b in held.training_spans(start, stop):
        assert a < b
        seen[a:b] += 1
    for a, b in zip(held.begins, held.ends):
        seen[max(a, start) : max(min(b, stop), max(a, start))] += 1
    assert (seen[start:stop] == 1).all()
    assert seen.sum() == stop - start


def test_the_share_is_kept_and_the_seed_chooses():
    ends = np.arange(10, 200_001, 10)
    _, a = validation_of(ends, 0.1)
    _, b = validation_of(ends, 0.1, seed=2)
    assert abs(a.tokens / 200_000 - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 20_000)
    assert len(np.intersect1d(a.begins, b.begins)) < 0.2 * len(a.begins)


def test_of_a_long_sentence_parts_are_held_out_with_borders():
    n = LONG_SENTENCE * 20
    _, held = validation_of([n], 0.05)
    assert ((held.ends - held.begins) == HELD_OUT_PART).all()
    assert set(held.begins[held.begins > 0]) | set(held.ends) <= set(held.sentence_ends)
    assert held.sentence_ends[-1] == n


@pytest.mark.parametrize("threads", [1, 3])
def test_the_loss_is_its_definition(threads):
    _, held = validation_of(np.arange(20, 4_001, 20))
    rng = np.random.default_rng(5)
    E, C = (rng.normal(0, 0.4, (40, 16)).astype(np.float32) for _ in range(2))
    e, c = E.astype(np.float64), C.astype(np.float64)
    score = np.einsum("pd,pd->p", e[held._inputs], c[held._centres])
    other = np.einsum("pd,pkd->pk", e[held._inputs], c[held._negatives])
    terms = np.where(held._negatives == held._centres[:, None], 0.0, np.logaddexp(0, other))
    expected = (np.logaddexp(0, -score) + terms.sum(1)).mean()
    assert held.loss(E, C, threads) == pytest.approx(expected, rel=1e-6)
    assert held.loss(E, C, threads) == held.loss(E, C, 1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"sharing": "window"}, marks=pytest.mark.slow),
        {"sharing": "pair"},
        {"deterministic": True},
        pytest.param({"engine": "reference"}, marks=pytest.mark.slow),
    ],
)
def test_a_word_of_held_out_sentences_alone_is_never_an_input(options):
    """Its row of E stays as it was drawn: only inputs move E."""
    if options.get("engine") == "reference":
        pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    base = {"min_count": 1, "validation": 0.2, "dim": 12, "epochs": 2, "subsample": 0.0, "threads": 2, "lr": 0.1}
    sentences = [[f"w{x}" for x in rng.integers(0, 30, 12)] for _ in range(600)]
    plain = Corpus.from_sentences(sentences, Config(**base))
    ones = plain.vocabulary.keep_probability(0.0)
    held = Validation(plain.ids, plain.sentence_ends, ones, plain.vocabulary.noise_distribution(0.75), Config(**base))
    out = set((held.begins // 12).tolist())
    for i in out:  # a word of its own in each held-out sentence
        sentences[i][5] = f"only{i}"
    vectors = sgns.train(sentences, quiet=True, **(base | options))
    other = sgns.train(sentences, quiet=True, **(base | options | {"epochs": 1}))
    alone = [vectors.id(f"only{i}") for i in out]
    common = [vectors.id(f"w{i}") for i in range(30)]
    assert (vectors.E[alone] == other.E[alone]).all()
    assert (vectors.E[common] != other.E[common]).any(axis=1).all()
    assert len(vectors.metadata["validation_losses"]) == 2


def test_it_shows_what_the_training_loss_hides(text):
    """Many epochs on few sentences: the training loss falls on, the held-out loss rises."""
    rng = np.random.default_rng(1)
    sentences = [[f"w{x}" for x in rng.integers(0, 200, 15)] for _ in range(150)]  # nothing to learn
    meta = sgns.train(sentences, quiet=True, min_count=1, validation=0.2, epochs=60, lr=0.1, threads=1, dim=32).metadata
    assert meta["losses"][-1] < meta["losses"][5] - 0.2
    assert meta["validation_losses"][-1] > meta["validation_losses"][5] + 0.2


@pytest.mark.parametrize(
    ("share", "sentences", "remedy"), [(0.001, 5, "choose a larger share"), (0.5, 1, "choose a .* share")]
)
def test_no_sample_is_an_error(share, sentences, remedy):
    with pytest.raises(ConfigError, match=rf"validation is .* that is no sample, {remedy}, or leave validation out$"):
        validation_of(np.arange(1, sentences + 1) * 4, share, seed=3)


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_where_subsampling_leaves_no_pair_its_remedy_works(model):
    sentences = [["a", "b", "c"]] * 100
    options = {"min_count": 1, "dim": 4, "epochs": 1, "validation": 0.3, "model": model, "quiet": True}
    with pytest.raises(ConfigError, match=r"no pair of words is in it: give subsample 0, or leave validation out$"):
        sgns.train(sentences, subsample=1e-12, **options)
    assert len(sgns.train(sentences, subsample=0, **options).metadata["validation_losses"]) == 1
