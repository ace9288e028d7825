"""Phrases and word lists on several ranks: what one reader of the whole text finds."""

import numpy as np
import pytest
from threaded import run_on_ranks

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.corpus import Corpus
from sgns.text.shards import shard_of
from sgns.text.sources import find
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
    ],
)
def test_many_readers_find_what_one_finds(path, tmp_path, options, ranks):
    for name in ("vocabulary_file", "phrases"):
        if name in options:
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


def test_another_list_is_another_text(path):
    hashes = [parts_of(path, 2, Config(min_count=1, drop_words=words))[0].hash for words in (["w1"], ["w2"], [])]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phrases": 2}, "sgns phrases TEXT --phrases 2 -o phrases.tsv"),
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
