"""`sgns.train` from Python: every kind of source, every way to give options, mistakes as exceptions."""

import gzip
import math
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import sgns

SENTENCES = [["the", "cat", "sat"], ["the", "dog", "sat", "down"], ["a", "cat", "ran"]] * 60
OPTIONS = {"dim": 8, "epochs": 2, "min_count": 1, "threads": 1, "quiet": True}


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in SENTENCES))
    return path


def test_every_kind_of_source_gives_the_same_vectors(text, tmp_path):
    packed = tmp_path / "text.txt.gz"
    packed.write_bytes(gzip.compress(text.read_bytes()))
    halves = [tmp_path / "1.txt", tmp_path / "2.txt"]
    lines = text.read_text().splitlines(keepends=True)
    for path, part in zip(halves, (lines[:90], lines[90:]), strict=True):
        path.write_text("".join(part))
    sources = [
        text,
        str(text),
        [text],
        packed,
        halves,
        tuple(map(str, halves)),
        SENTENCES,
        iter(SENTENCES),
        (tuple(sentence) for sentence in SENTENCES),
        sgns.Corpus.from_sentences(SENTENCES, sgns.Config(min_count=1)),
    ]
    runs = [sgns.train(source, **OPTIONS) for source in sources]
    for run in runs[1:]:
        assert list(run.words) == list(runs[0].words)
        assert np.array_equal(run.E, runs[0].E)
        assert np.array_equal(run.C, runs[0].C)
    assert len({run.metadata["corpus"] for run in runs[:4]}) == 1


def test_no_source_is_the_documentation_on_this_machine(monkeypatch):
    small = sgns.Corpus.from_sentences(SENTENCES, sgns.Config(min_count=1))
    monkeypatch.setattr(sgns.Corpus, "builtin", lambda config, progress: small)
    assert len(sgns.train(**OPTIONS).words) == len(small.vocabulary)


def test_a_config_is_all_options_at_once(text):
    config = sgns.Config(dim=8, epochs=2, min_count=1, threads=1)
    one, two = sgns.train(text, config=config, quiet=True), sgns.train(text, **OPTIONS)
    assert np.array_equal(one.E, two.E)
    assert one.metadata["config"] == config.to_dict() | {"subsample": 1e-3}  # left to the text, which is small


def test_vectors_come_with_everything_that_is_known(text):
    vectors = sgns.train(text, **OPTIONS)
    known = vectors.metadata
    assert vectors.E.shape == vectors.C.shape == (len(vectors.words), 8)
    assert vectors.counts.sum() == known["tokens"] == sum(map(len, SENTENCES))
    assert known["words"] == 2 * known["tokens"]
    assert len(known["losses"]) == 2
    assert all(0 < loss < 6 * math.log(2) + 0.5 for loss in known["losses"])
    assert known["versions"]["sgns"] == sgns.__version__
    assert known["interrupted"] is False


def test_vectors_survive_saving(text, tmp_path):
    vectors = sgns.train(text, **OPTIONS)
    vectors.save(tmp_path / "v.safetensors")
    back = sgns.load(tmp_path / "v.safetensors")
    assert list(back.words) == list(vectors.words)
    assert np.array_equal(back.E, vectors.E)
    assert back.metadata["config"] == vectors.metadata["config"]


@pytest.mark.parametrize(
    ("source", "options", "kind", "said"),
    [
        ("nowhere.txt", {}, sgns.SgnsError, "nowhere.txt"),
        (Path("nowhere.txt"), {}, ValueError, "nowhere.txt"),
        ([], {}, sgns.SgnsError, ""),
        ([["one"], ["two"]], {}, sgns.SgnsError, "no context"),
        (["the cat sat", "on the mat"], {}, sgns.SgnsError, "the cat sat"),
        (5, {}, sgns.SgnsError, "the text is 5, not a path"),
        (b"corpus.txt", {}, sgns.SgnsError, "b'corpus.txt'"),
        ([1, 2, 3], {}, sgns.SgnsError, "sentence 1 is 1, not a list of words"),
        (SENTENCES, {"lowercase": "no"}, ValueError, "lowercase is 'no'; give True or False"),
        (SENTENCES, {"dimension": 5}, sgns.SgnsError, "dim"),
        (SENTENCES, {"dim": 0}, ValueError, "dim is 0"),
        (SENTENCES, {"lr": "fast"}, ValueError, "'fast'"),
        (SENTENCES, {"min_count": 1_000}, sgns.SgnsError, "1000"),
    ],
)
def test_mistakes_are_exceptions_of_one_line(source, options, kind, said):
    with pytest.raises(kind) as caught:
        sgns.train(source, **(OPTIONS | options))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_config_and_options_together_are_refused():
    with pytest.raises(ValueError, match="both config and dim"):
        sgns.train(SENTENCES, config=sgns.Config(), dim=5)


def test_ctrl_c_returns_what_was_learnt(monkeypatch):
    from sgns.training import run as room

    def interrupted(*arguments, **named):
        threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
        return train_blocks(*arguments, **named)

    train_blocks = room.train_blocks
    monkeypatch.setattr(room, "train_blocks", interrupted)
    vectors = sgns.train(SENTENCES, **(OPTIONS | {"epochs": 100_000}))
    assert vectors.metadata["interrupted"] is True
    assert 0 < vectors.metadata["words"] < 100_000 * 600
    assert np.abs(vectors.C).sum() > 0


def test_training_on_a_cpu_needs_no_pytorch():
    """It takes seconds to import; ranks alone need it."""
    code = """
import sys
import sgns
sgns.train([["a", "b"]] * 50, min_count=1, dim=4, epochs=2, threads=2, quiet=True, on_epoch=lambda *_: None)
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=200)
