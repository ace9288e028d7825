"""Phrases and word lists on several ranks: what one reader of the whole text finds."""

import numpy as np
import pytest
from threaded import run_on_ranks

from sgns.config import Config
from sgns.errors import ConfigError, InputError, OutputError
from sgns.text.corpus import Corpus
from sgns.text.shards import shard_of
from sgns.text.sources import find
from sgns.training.distributed import phrases
from sgns.training.distributed.vocabulary import read_shard


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(2)
    path = tmp_path / "text.txt"
    path.write_text(
        "".join("new york " * (n % 2) + " ".join(f"w{k}" for k in rng.integers(0, 60, 8)) + "\n" for n in range(400))
        + "only at the end\n" * 9
    )
    return path


def parts_of(path, ranks, config):
    def work(comm):
        shard = shard_of(find(path), comm.rank, ranks, config.sentences)
        return read_shard(comm, shard, config, lambda *_: None)

    return run_on_ranks(ranks, work)


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"drop_words": ["w1", "w2", "end"]},
        {"min_count": 60, "keep_words": ["w3", "only", "nowhere"]},
        {"min_count": 60, "max_vocabulary": 9, "keep_words": ["w3", "only"], "drop_words": ["w5"]},
        {"vocabulary_file": "w4\nw9\nnew\nnowhere\n"},
        {"vocabulary_file": "w4\t5\nnowhere\t99\nw9\t5\nnew\t7\n"},
        {"phrases": "new_york\nw1_w2\nonly_at_the_end\nnot_here\n"},
        {"phrases": "new_york\nonly_at\n", "drop_words": ["end"], "min_count": 3},
        {"phrases": 1},
        {"phrases": 2, "phrase_threshold": 1.5, "min_count": 3, "drop_words": ["w7"]},
        {"phrases": 3, "phrase_score": "npmi", "phrase_threshold": 0.1, "connector_words": ["w1", "at", "the"]},
        {"phrases": 2, "phrase_threshold": 1e9},
    ],
)
def test_many_readers_find_what_one_finds(path, tmp_path, options, ranks):
    for name in ("vocabulary_file", "phrases"):
        if isinstance(options.get(name), str):
            (tmp_path / name).write_text(options[name])
            options = options | {name: str(tmp_path / name)}
    config = Config(threads=1, **({"min_count": 1} | options))
    whole = Corpus.from_files(path, config, cache=False)
    parts = parts_of(path, ranks, config)
    for name in ("tokens", "raw_tokens", "sentences"):
        assert sum(getattr(corpus, name) for corpus in parts) == getattr(whole, name)
    for corpus in parts:
        assert corpus.vocabulary.words == whole.vocabulary.words
        assert corpus.vocabulary.counts.tolist() == whole.vocabulary.counts.tolist()
    assert np.array_equal(np.concatenate([corpus.ids for corpus in parts]), whole.ids)
    starts = np.cumsum([0, *(corpus.tokens for corpus in parts)])
    ends = np.concatenate([corpus.sentence_ends + start for corpus, start in zip(parts, starts)])
    assert np.array_equal(ends, whole.sentence_ends)
    assert len({corpus.hash for corpus in parts}) == 1
    assert parts[0].warnings == whole.warnings
    assert not any(corpus.warnings for corpus in parts[1:])


def test_phrases_that_no_rank_has_often_enough_are_found(tmp_path, monkeypatch):
    """A pair below the least count in every shard, and ids that are sent in several blocks."""
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(phrases, "BLOCK", 7)
    rng = np.random.default_rng(3)
    lines = [" ".join(f"w{k}" for k in rng.integers(0, 40, 8)) for _ in range(90)]
    for line in range(0, 90, 15):
        lines[line] = "tierra del fuego " + lines[line]
    (tmp_path / "text").write_text("\n".join(lines) + "\n")
    config = Config(min_count=1, threads=1, phrases=2)  # at least 5 times; 6 in all, 2 in each shard
    whole = Corpus.from_files(tmp_path / "text", config, cache=False)
    assert "tierra_del_fuego" in whole.vocabulary.words
    parts = parts_of(tmp_path / "text", 3, config)
    assert parts[0].vocabulary.words == whole.vocabulary.words
    assert np.array_equal(np.concatenate([corpus.ids for corpus in parts]), whole.ids)


def test_a_full_disk_of_rank_0_is_said_by_all(path, monkeypatch):
    def full(*_):
        raise OutputError("no room for the encoded text")

    monkeypatch.setattr(phrases, "write_all", full)
    with pytest.raises(OutputError, match="rank 0: no room for the encoded text"):
        parts_of(path, 2, Config(min_count=1, phrases=1))


def test_another_list_is_another_text(path):
    hashes = [parts_of(path, 2, Config(min_count=1, drop_words=words))[0].hash for words in (["w1"], ["w2"], [])]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep_words": ["nowhere"]}, "keep_words: the text has none of the 1 words"),
        ({"drop_words": ["nowhere"]}, "drop_words: the text has none of the 1 words"),
        ({"phrases": "not_here\n"}, "the words of none of the 1 phrases"),
    ],
)
def test_what_no_rank_can_do_is_said_once(path, tmp_path, options, message):
    if isinstance(options.get("phrases"), str):
        (tmp_path / "list").write_text(options["phrases"])
        options = {"phrases": str(tmp_path / "list")}
    with pytest.raises((ConfigError, InputError)) as error:
        parts_of(path, 2, Config(min_count=1, **options))
    assert message in str(error.value)
    assert "rank " not in str(error.value)
