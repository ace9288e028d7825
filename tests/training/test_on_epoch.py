"""The user's function after each epoch: what it is given, early stopping, and that its errors end the run in order."""

import threading
from itertools import pairwise

import numpy as np
import pytest

import sgns
from sgns.training.schedule import SHORTEST

OPTIONS = {"dim": 8, "epochs": 4, "min_count": 1, "threads": 2, "quiet": True}
ENGINES = [{}, {"deterministic": True}, {"sharing": "pair"}, {"engine": "reference"}]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def sentences():
    rng = np.random.default_rng(1)
    return [[f"w{n}" for n in rng.integers(0, 60, 10)] for _ in range(1_500)]


def names(options):
    return next(iter(options.values()), "cpu") if "deterministic" not in options else "deterministic"


@pytest.mark.parametrize("options", ENGINES, ids=names)
def test_it_is_called_after_each_epoch_with_its_losses_and_vectors(sentences, options):
    if options.get("engine") == "reference":
        pytest.importorskip("torch")
    calls, copies = [], []

    def on_epoch(epoch, loss, validation_loss, vectors):
        assert threading.current_thread() is threading.main_thread()
        calls.append((epoch, loss, validation_loss))
        copies.append(vectors.E.copy())
        assert vectors.C.any()
        assert len(vectors.most_similar("w1", n=3)) == 3

    trained = sgns.train(sentences, validation=0.1, on_epoch=on_epoch, **(OPTIONS | options))
    known = trained.metadata
    assert calls == list(zip([1, 2, 3, 4], known["losses"], known["validation_losses"], strict=True))
    assert np.array_equal(copies[-1], trained.E)
    assert all((a != b).any() for a, b in pairwise(copies))
    assert (known["stopped_early"], known["interrupted"]) == (False, False)


def test_without_validation_there_is_no_validation_loss(sentences):
    seen = []
    sgns.train(sentences, on_epoch=lambda *given: seen.append(given[2]), **OPTIONS)
    assert seen == [None] * 4


@pytest.mark.parametrize("options", ENGINES, ids=names)
def test_false_stops_the_training(sentences, options):
    if options.get("engine") == "reference":
        pytest.importorskip("torch")
    kept = []

    def on_epoch(epoch, loss, validation_loss, vectors):
        kept.append(vectors.E.copy())
        return epoch < 2

    trained = sgns.train(sentences, on_epoch=on_epoch, **(OPTIONS | options))
    known = trained.metadata
    assert (known["stopped_early"], known["interrupted"]) == (True, False)
    assert len(kept) == len(known["losses"]) == 2
    assert known["words"] == 2 * known["tokens"]
    assert np.array_equal(trained.E, kept[-1])


@pytest.mark.parametrize("answer", [None, 0, "", True])
def test_nothing_but_false_stops_it(sentences, answer):
    known = sgns.train(sentences, on_epoch=lambda *_: answer, **OPTIONS).metadata
    assert len(known["losses"]) == 4


def test_false_after_the_last_epoch_is_no_early_stop(sentences):
    known = sgns.train(sentences, on_epoch=lambda epoch, *_: epoch < 4, **OPTIONS).metadata
    assert len(known["losses"]) == 4
    assert known["stopped_early"] is False


def test_it_changes_no_bits(sentences):
    options = OPTIONS | {"threads": 1}
    plain, watched = sgns.train(sentences, **options), sgns.train(sentences, on_epoch=lambda *_: None, **options)
    assert np.array_equal(plain.E, watched.E)
    assert np.array_equal(plain.C, watched.C)


def test_the_vectors_are_read_only(sentences):
    def on_epoch(epoch, loss, validation_loss, vectors):
        for matrix in (vectors.E, vectors.C):
            with pytest.raises(ValueError, match="read-only"):
                matrix[0, 0] = 1.0
        vectors.E.copy()[0, 0] = 1.0

    trained = sgns.train(sentences, on_epoch=on_epoch, **OPTIONS)
    with pytest.raises(ValueError, match="read-only"):
        trained.E[0, 0] = 1.0  # so are those that are returned
    assert trained.with_rows(trained.words[0], np.ones(trained.dim)).E[0, 0] == 1


@pytest.mark.parametrize("options", ENGINES, ids=names)
def test_what_it_raises_is_raised_and_all_threads_end(sentences, options, tmp_path):
    if options.get("engine") == "reference":
        pytest.importorskip("torch")
    before = {thread for thread in threading.enumerate() if thread.name.startswith("sgns-")}

    def on_epoch(epoch, *_):
        if epoch == 2:
            raise RuntimeError("of the user")

    with pytest.raises(RuntimeError, match="of the user"):
        sgns.train(sentences, on_epoch=on_epoch, **(OPTIONS | options))
    assert {thread for thread in threading.enumerate() if thread.name.startswith("sgns-")} <= before


@pytest.mark.parametrize("options", [{"threads": 1}, {"deterministic": True}], ids=["1 thread", "deterministic"])
def test_a_resumed_run_calls_it_after_the_remaining_epochs(sentences, tmp_path, options):
    """The first run ends by an exception after epoch 3; the checkpoint of epoch 2 was written after its call."""
    calls, options = [], OPTIONS | options

    def on_epoch(epoch, loss, validation_loss, vectors):
        calls.append((epoch, loss))
        if epoch == 3 and len(calls) == 3:
            raise RuntimeError

    whole = sgns.train(sentences, **options)
    blocks = -(-whole.metadata["tokens"] // SHORTEST)  # of an epoch
    options |= {"checkpoint": tmp_path / "v.safetensors", "checkpoint_every": f"{blocks}blocks"}
    with pytest.raises(RuntimeError):
        sgns.train(sentences, on_epoch=on_epoch, **options)
    resumed = sgns.train(sentences, on_epoch=on_epoch, resume=True, **options)
    losses = whole.metadata["losses"]
    assert calls == [(1, losses[0]), (2, losses[1]), (3, losses[2]), (3, losses[2]), (4, losses[3])]
    assert np.array_equal(resumed.E, whole.E)


def test_an_early_stop_leaves_no_checkpoints(sentences, tmp_path):
    output = tmp_path / "v.safetensors"
    sgns.train(sentences, on_epoch=lambda *_: False, checkpoint=output, checkpoint_every="3blocks", **OPTIONS)
    assert list(tmp_path.iterdir()) == []
