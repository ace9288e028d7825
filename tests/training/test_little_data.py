"""A run that had too little to learn from says so, in the API as on the command line; its losses are numbers."""

import json
import math
import warnings

import numpy as np
import pytest

import sgns
from sgns import Config
from sgns.cli import make_app, run
from sgns.errors import InputError, TrainingWarning

OPTIONS = {"dim": 4, "epochs": 2, "min_count": 1, "threads": 1, "quiet": True, "engine": "cpu"}
MANY = [f"w{i}" for i in range(200)]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path_factory.mktemp("cache")))


def trained(sentences, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vectors = sgns.train(sentences, **(OPTIONS | options))
    return vectors, [str(one.message) for one in caught if one.category is TrainingWarning], caught


LITTLE = {  # sentences, options, what the message says
    "a sentence": ([["the", "cat", "sat"]], {}, "give more text"),
    "few sentences": ([MANY[:10]] * 5, {"subsample": 0}, "give more text"),
    "subsampled": ([["a", "b"]] * 2_000, {"subsample": 1e-6}, "set subsample to 0"),
    "rare words": ([MANY[:2], MANY] * 3, {"min_count": 4}, "lower min_count"),
}


@pytest.mark.parametrize("name", LITTLE)
def test_few_pairs_are_said_with_what_to_change(name):
    sentences, options, remedy = LITTLE[name]
    vectors, messages, caught = trained(sentences, **options)
    assert len(messages) == 1
    assert "pairs were trained in an epoch, fewer than 1,000" in messages[0]
    assert remedy in messages[0]
    assert caught[-1].filename == __file__
    heard: list[str] = []
    assert trained(sentences, **options, on_warning=heard.append)[1] == []
    assert heard == messages
    assert all(isinstance(loss, float) and math.isfinite(loss) for loss in vectors.metadata["losses"])


def test_subsampling_that_drops_nearly_all():
    sentences = [["a", "b", "c"] * 100] * 600
    _, messages, _ = trained(sentences, subsample=1e-4, epochs=1)
    assert len(messages) == 1
    assert "subsampling dropped 98" in messages[0]
    assert trained(sentences, subsample=0, epochs=1)[1] == []  # the remedy


@pytest.mark.parametrize("sentences", [[MANY] * 20, [MANY[:20]] * 100])
def test_enough_pairs_are_nothing_to_warn_of(sentences):
    assert trained(sentences, subsample=0)[1] == []


def test_the_remedies_work():
    assert trained([["a", "b"]] * 2_000, subsample=0)[1] == []
    assert trained([["the", "cat", "sat"]] * 400, subsample=0)[1] == []


@pytest.mark.parametrize("options", [{"model": "skipgram"}, {"model": "cbow"}])
def test_sentences_of_one_word_have_no_context(options):
    with pytest.raises(InputError, match="all 40 sentences have a single word of the vocabulary"):
        trained([["a"], ["b"]] * 20, **options)


@pytest.mark.parametrize("options", [{"model": "dbow"}, {"model": "dm"}, {"model": "dbow", "loss": "hierarchical"}])
def test_documents_of_one_word_are_trained(options):
    """A document predicts its word, whether or not the word has neighbours: lists of (user, item) train users."""
    pairs = [([f"user{i % 8}"], [f"item{i % 2}{i // 8 % 3}"]) for i in range(1_200)]
    vectors, messages, _ = trained(pairs, epochs=20, dim=8, subsample=0, **options)
    assert messages == []
    assert vectors.metadata["pairs"] == 20 * 1_200
    even = [name for name, _ in vectors.documents.most_similar("user0", n=3)]
    assert set(even) == {"user2", "user4", "user6"}  # those with the same items


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_losses_of_epochs_without_a_pair_are_0(engine):
    sentences = [["a", "b"]] * 300
    with pytest.raises(sgns.errors.ConfigError, match="that is no sample"):  # nor is there a validation loss of nothing
        trained(sentences, subsample=1e-12, engine=engine, validation=0.3)
    vectors, messages, _ = trained(sentences, subsample=1e-12, engine=engine)
    assert vectors.metadata["pairs"] == 0
    assert vectors.metadata["losses"] == [0.0, 0.0]
    assert np.isfinite(vectors.E).all()
    assert "only 0 pairs" in messages[0]


def test_the_command_warns_too(tmp_path, capsys):
    text = tmp_path / "c.txt"
    text.write_text("a b\n" * 300)
    arguments = ["train", str(text), "-o", str(tmp_path / "v.safetensors"), "--dim", "4", "--threads", "1"]
    assert run(make_app(), [*arguments, "--subsample", "1e-12", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "warning: only 0 pairs were trained in an epoch" in err
    report = json.loads(out)
    assert report["losses"] == [0.0] * Config().epochs
    assert report["pairs"] == 0
    assert json.loads((tmp_path / "v.safetensors.run.json").read_text())["losses"] == report["losses"]
    assert run(make_app(), [*arguments, "--subsample", "1e-12"]) == 0
    out, _ = capsys.readouterr()
    assert "none: subsampling left no pairs" in out
    text.write_text("a b\n" * 3000)
    assert run(make_app(), [*arguments, "--subsample", "0"]) == 0
    assert "warning" not in capsys.readouterr().err


def test_on_warning_hears_of_the_text_too(tmp_path):
    text = tmp_path / "c.txt"
    text.write_bytes(b"caf\xe9 the cat\n" * 3_000)
    heard: list[str] = []
    sgns.train(text, **OPTIONS, subsample=0, on_warning=heard.append)
    assert len(heard) == 1
    assert "not UTF-8" in heard[0]
