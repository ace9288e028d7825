"""Resume gives the bits of an undisturbed run; what is torn, foreign or impossible is reported and loses nothing."""

import errno
import os
import shutil

import numpy as np
import pytest

from sgns import Config, Corpus, load
from sgns.errors import CheckpointError, ConfigError, DivergedError
from sgns.training import checkpoint, plan
from sgns.training.checkpoint import CheckpointInterval, CheckpointPlan
from sgns.training.loop import State
from sgns.training.plan import Plan
from sgns.training.run import run as train

OPTIONS = {"dim": 20, "epochs": 3, "min_count": 1, "threads": 1, "validation": 0.05}


class Notes:
    """A display that keeps its notes."""

    def __init__(self):
        self.lines = []

    def update(self, *_):
        pass

    def note(self, text):
        self.lines.append(text)

    warn = note


@pytest.fixture(scope="module")
def corpus(text):
    return Corpus.from_files([text], Config(**OPTIONS), cache=False)


def run(corpus, output, every="7blocks", resume=False, **options):
    display = Notes()
    checkpoints = CheckpointPlan(output, CheckpointInterval.parse(every), resume) if output else None
    plan = Plan.of(corpus.vocabulary, Config(**(OPTIONS | options)))
    trained = train(corpus, plan, display, checkpoints=checkpoints)
    return trained, display.lines


def same(a, b):
    assert (a.vectors.E == b.vectors.E).all()
    assert (a.vectors.C == b.vectors.C).all()
    assert a.vectors.metadata == b.vectors.metadata


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {}),
        ({"sharing": "window"}, {"sharing": "window"}),
        ({"sharing": "pair"}, {"sharing": "pair"}),
        ({"validation": 0.0}, {"validation": 0.0}),
        ({"deterministic": True, "threads": 2}, {"deterministic": True, "threads": 3}),
    ],
)
def test_resumed_is_the_same_to_the_bit(corpus, tmp_path, first, then):
    whole, _ = run(corpus, None, **first)
    run(corpus, tmp_path / "v.safetensors", **first)  # the checkpoints stay, as after a kill
    left = sorted(path.name for path in tmp_path.iterdir())
    assert len(left) == 2
    assert all(name.endswith(".checkpoint") for name in left)
    for path in sorted(tmp_path.iterdir(), reverse=True):
        resumed, notes = run(corpus, tmp_path / "v.safetensors", "9999blocks", True, **then)
        assert f"going on after block {int(path.name.split('.')[-2])} " in notes[-1]
        same(whole, resumed)
        path.unlink()


def test_losses_go_on_where_they_stood(corpus, tmp_path):
    whole, _ = run(corpus, None)
    run(corpus, tmp_path / "v", "50blocks")
    resumed, _ = run(corpus, tmp_path / "v", resume=True)
    for name in ("losses", "validation_losses", "pairs", "words"):
        assert resumed.report[name] == whole.report[name]
    assert len(whole.report["validation_losses"]) == 3


def test_threads_that_race_lose_no_block(corpus, tmp_path):
    run(corpus, tmp_path / "v", "25blocks", threads=4)
    resumed, _ = run(corpus, tmp_path / "v", resume=True, threads=4)
    assert resumed.report["words"] == 3 * corpus.tokens
    assert np.isfinite(resumed.vectors.E).all()


def test_a_checkpoint_is_a_vector_file(corpus, tmp_path):
    run(corpus, tmp_path / "v")
    vectors = load(next(tmp_path.iterdir()))
    assert vectors.words == corpus.vocabulary.words
    assert vectors.most_similar(vectors.words[0], n=3)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lr": 0.02}, "--lr was 0.025, now it is 0.02"),
        ({"dim": 21}, "--dim was 20"),
        ({"threads": 2}, "--threads was 1"),
        ({"validation": 0.1}, "--validation was 0.05"),
        ({"seed": 2}, "--seed was 1"),
    ],
)
def test_other_options_are_refused_by_name(corpus, tmp_path, change, named):
    run(corpus, tmp_path / "v")
    before = sorted((path.name, path.read_bytes()) for path in tmp_path.iterdir())
    with pytest.raises(CheckpointError, match=named):
        run(corpus, tmp_path / "v", resume=True, **change)
    assert sorted((path.name, path.read_bytes()) for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("then", "now", "named"),
    [
        ({"model": "cbow"}, {}, ["--model was cbow, now it is skipgram", "--lr was 0.15, now it is 0.025"]),
        (
            {"ngrams": "3-4", "buckets": 50},
            {},
            ["--ngrams was 3-4, now it is left out", "--buckets was 50, now it is 2000000", "--lr was 0.05"],
        ),
    ],
)
def test_all_options_that_differ_are_named_at_once(corpus, tmp_path, then, now, named):
    small = {"epochs": 1, "validation": 0, "dim": 16}  # kernels of 16 columns are those of other tests too
    run(corpus, tmp_path / "v", **small, **then)
    with pytest.raises(CheckpointError) as refused:
        run(corpus, tmp_path / "v", resume=True, **small, **now)
    message = str(refused.value)
    assert all(name in message for name in named)
    assert message.index(named[0]) < message.index("--lr")  # the option that was forgotten, then its consequences
    assert message.endswith("make them equal, or train without --resume")
    run(corpus, tmp_path / "v", resume=True, **small, **then)  # the remedy


def test_another_text_is_refused(corpus, tmp_path, text):
    run(corpus, tmp_path / "v")
    other = tmp_path / "other.txt"
    other.write_text(text.read_text().replace("w1 ", "w2 ", 1))
    with pytest.raises(CheckpointError, match="the text was another one"):
        run(Corpus.from_files([other], Config(**OPTIONS), cache=False), tmp_path / "v", resume=True)


def test_another_version_is_refused(corpus, tmp_path, monkeypatch):
    run(corpus, tmp_path / "v")
    monkeypatch.setattr(plan, "__version__", "99.0")
    with pytest.raises(CheckpointError, match=r"sgns version was .*, now it is 99.0"):
        run(corpus, tmp_path / "v", resume=True)


def damage(path, how):
    data = bytearray(path.read_bytes())
    if how == "cut":
        data = data[: len(data) * 2 // 3]
    elif how == "empty":
        data = b""
    elif how == "header":
        data[3] ^= 0xFF
    else:
        data[-100] ^= 0x01  # one bit of a row
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["cut", "empty", "header", "bit"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(corpus, tmp_path, how):
    whole, _ = run(corpus, None)
    run(corpus, tmp_path / "v")
    older, newer = sorted(tmp_path.iterdir())
    stamp = newer.stat().st_mtime_ns
    damage(newer, how)
    os.utime(newer, ns=(stamp, stamp))
    resumed, notes = run(corpus, tmp_path / "v", "9999blocks", resume=True)
    assert newer.name in notes[0]
    assert "is damaged" in notes[0]
    assert f"block {int(older.name.split('.')[-2])} " in notes[1]
    same(whole, resumed)


def test_all_damaged_is_an_error(corpus, tmp_path):
    run(corpus, tmp_path / "v")
    for path in tmp_path.iterdir():
        damage(path, "bit")
    with pytest.raises(CheckpointError, match=r"2 checkpoints of .* are here and all are damaged"):
        run(corpus, tmp_path / "v", resume=True)


def test_none_is_a_beginning(corpus, tmp_path):
    whole, _ = run(corpus, None)
    resumed, notes = run(corpus, tmp_path / "v", "9999blocks", resume=True)
    assert "training begins at the beginning" in notes[0]
    same(whole, resumed)


def test_a_full_disk_ends_no_run_and_spoils_no_older_checkpoint(corpus, tmp_path, monkeypatch):
    whole, _ = run(corpus, None)
    write, calls = checkpoint.safetensors.write, []

    def full(vectors, file):
        calls.append(1)
        if len(calls) > 3:
            file.write(b"x" * 1000)
            raise OSError(errno.ENOSPC, "No space left on device")
        write(vectors, file)

    monkeypatch.setattr(checkpoint.safetensors, "write", full)
    trained, notes = run(corpus, tmp_path / "v")
    same(whole, trained)
    assert all("No space left on device; training goes on" in note for note in notes)
    assert len(notes) == len(calls) - 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.000000014.checkpoint", "v.000000021.checkpoint"]
    monkeypatch.undo()
    resumed, _ = run(corpus, tmp_path / "v", resume=True)
    same(whole, resumed)


def test_a_folder_that_vanishes_ends_no_run(corpus, tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    sign, calls = checkpoint.checksum_of, []

    def vanish(file):
        calls.append(1)
        if len(calls) == 2:
            shutil.rmtree(folder)
        return sign(file)

    monkeypatch.setattr(checkpoint, "checksum_of", vanish)
    whole, _ = run(corpus, None)
    trained, notes = run(corpus, folder / "v")
    same(whole, trained)
    assert "training goes on" in notes[0]


def test_divergence_leaves_the_last_good_state(corpus, tmp_path, monkeypatch):
    from sgns.training.engines.cpu.engine import CpuEngine

    train_block, calls = CpuEngine.train_block, []

    def poisoned(self, *arguments):
        calls.append(1)
        if len(calls) == 40:
            self.E[5, 5] = np.nan
        return train_block(self, *arguments)

    monkeypatch.setattr(CpuEngine, "train_block", poisoned)
    with pytest.raises(DivergedError, match=r"diverged: .*; try --lr 0.0063; the last good state is .*\.checkpoint"):
        run(corpus, tmp_path / "v", "5blocks")
    newest = max(tmp_path.iterdir())
    assert 35 <= int(newest.name.split(".")[-2]) <= 40
    assert np.isfinite(checkpoint.read(newest).E).all()


def test_divergence_without_checkpoints_says_how_to_keep_a_good_state(corpus, tmp_path):
    with pytest.raises(DivergedError, match=r"try --lr 0.05; no checkpoint had been written, --checkpoint-every 60s"):
        run(corpus, tmp_path / "v", "9999blocks", lr=10.0, min_lr=10.0)
    assert list(tmp_path.iterdir()) == []


def test_rows_that_are_not_finite_are_never_written(corpus, tmp_path):
    trained, _ = run(corpus, tmp_path / "v")
    before = sorted(path.name for path in tmp_path.iterdir())
    trained.vectors.parts.E[3, 3] = np.inf
    with pytest.raises(DivergedError, match="E holds numbers that are not finite"):
        trained.checkpoints.write(trained.vectors, State(), wait=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("text", ["60s", "1.5h", "5m", "20blocks", "1block"])
def test_how_often(text):
    every = CheckpointInterval.parse(text)
    assert (every.seconds is None) != (every.blocks is None)
    assert CheckpointInterval.parse("5m").seconds == 300


@pytest.mark.parametrize("text", ["60", "s", "-5s", "0s", "0blocks", "1.5blocks", "5 days", ""])
def test_how_often_refuses(text):
    with pytest.raises(ConfigError, match="60s, 5m, 1h or 20blocks"):
        CheckpointInterval.parse(text)
