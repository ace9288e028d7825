"""One run by ranks that are threads: the same vectors on all, hooks where rows are common, an end that all agree on."""

from dataclasses import asdict

import numpy as np
import pytest
from threaded import run_on_ranks

import sgns
from sgns.config import Config
from sgns.errors import DivergedError
from sgns.text.shards import shard_of
from sgns.text.sources import find
from sgns.training.checkpoint import CheckpointInterval, CheckpointPlan, checkpoints_of
from sgns.training.distributed.torchrun import RankInterrupts
from sgns.training.distributed.vocabulary import read_shard
from sgns.training.options import DistributedOptions
from sgns.training.plan import Plan, Resources
from sgns.training.run import Distributed, run
from sgns.training.start import Restarts
from sgns.training.tables import tables_in

CONFIG = Config(dim=10, epochs=3, min_count=2, threads=1, engine="cpu", validation=0.05)


class Silent:
    def __init__(self):
        self.notes = []

    def update(self, *_):
        pass

    def note(self, text):
        self.notes.append(text)

    warn = note


def nothing(comm, signals):
    pass


def train_on_ranks(text, config=CONFIG, world_size=2, checkpoints=None, on_epoch=None, watch=nothing):
    """What each rank returns, and the notes of each."""

    def work(comm):
        display, signals = Silent(), RankInterrupts(lambda number: None)
        display.update = lambda *_: watch(comm, signals)
        shard = shard_of(find(text), comm.rank, comm.world_size, config.sentences)
        corpus = read_shard(comm, shard, config, lambda *_: None)
        plan = Plan.of(corpus.vocabulary, config, Resources("cpu", config.threads))
        ranks = Distributed(comm, DistributedOptions(), signals, Restarts(), lambda: "; start again")
        trained = run(corpus, plan, display, checkpoints=checkpoints, on_epoch=on_epoch, distributed=ranks)
        return trained, display.notes

    results = run_on_ranks(world_size, work)
    first = results[0][0].vectors
    for trained, _ in results:
        assert np.array_equal(trained.vectors.E, first.E)
        if first.C is not None:
            assert np.array_equal(trained.vectors.C, first.C)
        for name, table in tables_in(first).items():
            assert np.array_equal(tables_in(trained.vectors)[name], table), name
        assert trained.vectors.metadata == first.metadata
    return results


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize("world_size", [1, 3])
def test_all_ranks_return_the_same_run(text, world_size):
    results = train_on_ranks(text, world_size=world_size)
    report = results[0][0].report
    assert report["ranks"] == world_size
    assert report["words"] == 3 * report["tokens"]
    assert len(report["validation_losses"]) == 3
    assert report["losses"][2] < report["losses"][0]
    assert len(report["traffic"]) == world_size


def test_the_users_function_is_called_on_rank_0_and_all_ranks_stop(text):
    calls = []

    def on_epoch(epoch, loss, validation_loss, vectors):
        calls.append((epoch, loss, validation_loss, vectors.E.copy()))
        return epoch < 2

    results = train_on_ranks(text, on_epoch=on_epoch)
    known = results[0][0].vectors.metadata
    assert (known["stopped_early"], known["interrupted"]) == (True, False)
    assert [call[:3] for call in calls] == list(zip([1, 2], known["losses"], known["validation_losses"], strict=True))
    assert np.array_equal(calls[1][3], results[0][0].vectors.E)
    assert known["words"] == 2 * known["tokens"]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_on_one_rank_stops_all_and_the_run_goes_on_from_there(text, tmp_path, rank):
    """An interruption merges all rows, which the undisturbed run does not: so the vectors are near, not equal."""
    checkpoints = CheckpointPlan(tmp_path / "v")
    seen = []

    def watch(comm, signals):
        seen.append(1)
        if comm.rank == rank and signals.training and len(seen) > 10:
            signals.asked = 15

    results = train_on_ranks(text, CONFIG, checkpoints=checkpoints, watch=watch)
    trained = results[0][0]
    assert trained.interrupted
    assert trained.signal == 15
    assert 0 < trained.report["words"] < 3 * trained.report["tokens"]
    assert len(checkpoints_of(tmp_path / "v")) == 1
    results = train_on_ranks(text, CONFIG, checkpoints=CheckpointPlan(tmp_path / "v", resume=True))
    assert "going on after round" in results[1][1][-1]
    assert results[0][0].report["words"] == 3 * trained.report["tokens"]
    assert len(results[0][0].report["validation_losses"]) == 3


def test_resumed_is_the_same_to_the_bit(text, tmp_path):
    interval = CheckpointInterval(blocks=50)
    whole = train_on_ranks(text, checkpoints=CheckpointPlan(tmp_path / "v", interval))[0][0]
    assert len(checkpoints_of(tmp_path / "v")) == 2
    resumed = train_on_ranks(text, checkpoints=CheckpointPlan(tmp_path / "v", interval, resume=True))[0][0]
    assert np.array_equal(resumed.vectors.E, whole.vectors.E)
    assert resumed.vectors.metadata == whole.vectors.metadata


MODELS = {
    "n-grams": {"ngrams": "3-4", "buckets": 500},
    "n-grams of their own": {"ngrams": "3", "buckets": "exact"},
    "CBOW of n-grams": {"model": "cbow", "ngrams": "3-4", "buckets": 500},
    "CBOW": {"model": "cbow"},
    "a tree": {"loss": "hierarchical"},
    "PV-DBOW": {"model": "dbow"},
    "PV-DBOW over a tree": {"model": "dbow", "loss": "hierarchical", "lr": 0.3},
    "PV-DM": {"model": "dm"},
    "tags": {"model": "dm", "tags": True},
}


ALSO = ("n-grams of their own", "PV-DBOW over a tree", "PV-DM")  # what they combine is in the others


@pytest.mark.parametrize("name", [pytest.param(m, marks=pytest.mark.slow if m in ALSO else ()) for m in MODELS])
def test_every_model_on_two_ranks(text, tmp_path, name):
    """The loss is near that of one process, all ranks have the same bits, and so has a run that was resumed."""
    config = Config(**asdict(CONFIG) | {"epochs": 8} | MODELS[name])
    path = tmp_path / "text.txt"
    lines = text.read_text().splitlines()[:3_000]
    # Documents of 5 lines in a row; tags: one for each document, and three that all ranks have.
    documents = [" ".join(lines[k : k + 5]) for k in range(0, len(lines), 5)]
    if config.tags:
        documents = [f"d{k},kind{k % 3}\t{document}" for k, document in enumerate(documents)]
    path.write_text("\n".join(documents if config.documents else lines) + "\n")
    interval = CheckpointInterval(blocks=50)
    results = train_on_ranks(path, config, checkpoints=CheckpointPlan(tmp_path / "v", interval))
    whole, report = results[0][0].vectors, results[0][0].report
    again = train_on_ranks(path, config, checkpoints=CheckpointPlan(tmp_path / "v", interval, resume=True))
    assert "going on after round" in again[0][1][-1]
    for table_name, table in tables_in(whole).items():
        assert np.array_equal(tables_in(again[0][0].vectors)[table_name], table), table_name
    alone = sgns.train(path, config=config, quiet=True)
    # On a text as short as this, ranks are a little behind: of what one process learns they have most.
    for kind in ("losses", "validation_losses"):
        begin, end, of_ranks = alone.metadata["losses"][0], alone.metadata[kind][-1], report[kind][-1]
        assert (of_ranks - end) / (begin - end) < 0.2, kind
    if config.documents:
        assert whole.documents.words == alone.documents.words
        assert np.abs(whole.documents.E - results[1][0].vectors.documents.E).max() == 0
        first = alone.documents.words[0]
        assert whole.documents.similarity(first, alone.documents.words[-1]) < 0.999


@pytest.mark.parametrize("options", [{}, {"ngrams": "3", "buckets": 100}])
def test_deterministic_ranks_have_the_same_bits_with_any_threads(text, options):
    config = asdict(CONFIG) | {"deterministic": True, "epochs": 1} | options
    one, two = (train_on_ranks(text, Config(**config | {"threads": n}))[0][0].vectors for n in (1, 2))
    assert np.array_equal(one.E, two.E)
    assert np.array_equal(one.C, two.C)


def test_ranks_that_diverge_say_how_to_start_again(text):
    with pytest.raises(DivergedError, match=r"try --lr .*; start again"):
        train_on_ranks(text, Config(dim=10, epochs=3, min_count=2, threads=1, engine="cpu", lr=10.0, min_lr=10.0))
