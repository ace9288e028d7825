"""A run that starts from vectors, on several ranks: the vocabulary of one reader, the same vectors on all ranks."""

from pathlib import Path

import numpy as np
import pytest
from threaded import launch_on_ranks, report_of, run_on_ranks

import sgns
from sgns.config import Config
from sgns.errors import ConfigError
from sgns.text.corpus import Corpus
from sgns.text.derive import with_all_words
from sgns.text.known_words import KnownWords
from sgns.text.shards import shard_of
from sgns.text.sources import find
from sgns.training.distributed.checks import check_start
from sgns.training.distributed.vocabulary import read_shard
from sgns.training.growing import Start


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(2)
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(f"w{k}" for k in rng.integers(0, 60, 8)) + "\n" for _ in range(300)))
    return path


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize("options", [{}, {"min_count": 45}, {"max_vocabulary": 20}], ids=str)
def test_many_readers_find_what_one_finds(path, options, only, ranks):
    config = Config(threads=1, **({"min_count": 1} | options))
    known = KnownWords({"gone": 500, "w3": 40, "w5": 2}, only)
    whole = Corpus.from_files(path, with_all_words(config)).grown(known, config)

    def work(comm):
        shard = shard_of(find(path), comm.rank, ranks, config.sentences)
        return read_shard(comm, shard, config, lambda *_: None, known)

    parts = run_on_ranks(ranks, work)
    for corpus in parts:
        assert corpus.vocabulary.words == whole.vocabulary.words
        assert corpus.vocabulary.counts.tolist() == whole.vocabulary.counts.tolist()
    assert np.array_equal(np.concatenate([corpus.ids for corpus in parts]), whole.ids)
    assert len({(corpus.hash, corpus.content) for corpus in parts}) == 1
    assert {"gone", "w3", "w5"} <= set(whole.vocabulary.words)
    assert len(whole.vocabulary) == (3 if only else 20 if "max_vocabulary" in options else len(whole.vocabulary))


def test_other_vectors_on_a_rank_are_refused():
    one, two = (sgns.Vectors(["a", "b"], np.full((2, 3), value, np.float32)) for value in (0, 1))
    config = Config(dim=3, start="v.safetensors")

    def work(comm):
        check_start(comm, Start.of(config, one))
        check_start(comm, Start.of(config, (one, one, two)[comm.rank]))

    with pytest.raises(
        ConfigError, match="start holds other vectors on rank 2 than on rank 0; give all ranks the same"
    ):
        run_on_ranks(3, work)


@pytest.mark.slow
def test_two_processes_go_on(ranks, text, tmp_path):
    pytest.importorskip("torch")
    old = sgns.train([[f"w{k}" for k in range(n, n + 5)] for n in range(200)] * 5, dim=8, min_count=1, quiet=True)
    old.save(tmp_path / "old.safetensors")
    output = tmp_path / "new.safetensors"
    options = ["--dim", 8, "--epochs", 1, "--threads", 1, "--start", tmp_path / "old.safetensors", "--freeze", "E"]
    codes, outputs = ranks(2, "train", text, "-o", output, "--json", "--quiet", *options).wait()
    assert codes == [0, 0], outputs
    new = sgns.load(output)
    assert set(old.words) < set(new.words)
    assert np.array_equal(new.E[[new.id(word) for word in old.words]], old.E)
    assert not np.array_equal(new.C[[new.id(word) for word in old.words]], old.C)
    assert report_of(outputs[0][0])["start"]["words"] == len(old.words)
    assert len(new.metadata["trained_on"]) == 2


def test_the_mean_with_the_start_is_taken_of_what_ranks_have_merged(text, tmp_path, monkeypatch):
    """With the whole weight on the start its rows come back, on all of what two ranks trained, with phrases."""
    pytest.importorskip("torch")
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    old = sgns.train([[f"w{k}" for k in range(n, n + 5)] for n in range(200)] * 5, dim=8, min_count=1, quiet=True)
    old.save(tmp_path / "old.safetensors")
    start = str(tmp_path / "old.safetensors")
    config = Config(dim=8, epochs=1, threads=1, start=start, start_weight=1, phrases=1)
    for trained in launch_on_ranks(2, text, config, tmp_path / "new.safetensors"):
        new = trained.vectors
        assert trained.report["ranks"] == 2
        rows = [new.id(word) for word in old.words]
        np.testing.assert_allclose(new.E[rows], old.E, atol=1e-6)
        np.testing.assert_allclose(new.C[rows], old.C, atol=1e-6)


def test_torchrun_takes_start_for_its_own_unless_dashes_say_where_the_command_begins(capsys):
    """torchrun has --start-method; docs/growing.md and docs/scale.md name the remedy."""
    run = pytest.importorskip("torch.distributed.run")
    command = ["sgns", "train", "text.txt", "--start", "old.safetensors"]
    try:
        run.parse_args(["--standalone", "-m", *command])
    except SystemExit:  # newer versions of Python leave what follows the command to it
        assert "--start could match --start" in capsys.readouterr().err
    found = run.parse_args(["--standalone", "-m", "--", *command])
    assert [found.training_script, *found.training_script_args] == command
    for page in ("growing", "scale"):
        assert "-m -- sgns train" in (Path(__file__).parents[3] / "docs" / f"{page}.md").read_text(encoding="utf-8")
