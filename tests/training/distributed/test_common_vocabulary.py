"""The common vocabulary is that of one reader of the whole text: words, counts, and order."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threaded import run_on_ranks

from sgns.config import Config
from sgns.errors import InputError
from sgns.text.corpus import Corpus
from sgns.text.shards import shard_of
from sgns.text.sources import Column, find
from sgns.training.distributed.vocabulary import read_shard


def parts_of(path, ranks, config):
    def work(comm):
        shard = shard_of(find(path), comm.rank, ranks, config.sentences)
        return read_shard(comm, shard, config, lambda *_: None)

    return run_on_ranks(ranks, work)


def compare(path, ranks, config):
    """Every figure of the parts together against one reader's."""
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


@pytest.mark.parametrize("ranks", [1, 2, 5])
@pytest.mark.parametrize("options", [{"min_count": 4}, {"min_count": 1, "max_vocabulary": 100}])
def test_many_readers_find_what_one_finds(text, ranks, options, monkeypatch, tmp_path):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path))
    compare(text, ranks, Config(threads=1, **options))


@settings(max_examples=8, deadline=None)
@given(
    lines=st.lists(st.text("abcd ", min_size=1, max_size=20), min_size=12, max_size=40),
    ranks=st.integers(2, 3),
    limit=st.one_of(st.none(), st.integers(1, 9)),
)
def test_ties_are_ordered_as_by_one_reader(tmp_path_factory, lines, ranks, limit):
    path = tmp_path_factory.mktemp("ties") / "text.txt"
    path.write_text("".join(f"a b {line}\n" for line in lines))
    compare(path, ranks, Config(min_count=2, max_vocabulary=limit, threads=1))


def test_the_parts_of_a_file_are_told_apart_in_the_cache(text, monkeypatch, tmp_path):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path))
    config = Config(min_count=1, threads=1)
    first = parts_of(text, 2, config)
    again = parts_of(text, 2, config)
    assert [corpus.from_cache for corpus in again] == [True, True]
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(first, again))


def test_nothing_left_is_said_on_every_rank(text):
    with pytest.raises(InputError, match="no word occurs min_count = 100000 times"):
        parts_of(text, 2, Config(min_count=100_000, threads=1))


def test_a_rank_without_a_common_word_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("apple pear apple pear\n" * 50)
    (tmp_path / "b.txt").write_text("".join(f"once{k}\n" for k in range(150)))
    with pytest.raises(InputError, match="rank 1: none of its"):
        parts_of(tmp_path, 2, Config(min_count=5, threads=1))


def tables(folder, *tables):
    for i, rows in enumerate(tables):
        (folder / f"{i}.jsonl").write_text("".join(json.dumps({"ids": row}) + "\n" for row in rows))
    return folder


def vocabulary_of_ranks(folder, ranks=2):
    config = Config(column="ids", min_count=1, threads=1)

    def work(comm):
        shard = shard_of(find([folder], Column.of(config)), comm.rank, ranks, config.sentences)
        return read_shard(comm, shard, config, lambda *_: None)

    return [corpus.vocabulary for corpus in run_on_ranks(ranks, work)]


def test_ids_that_are_integers_are_so_on_every_rank(tmp_path):
    """One process finds integers too; on a rank whose shard has names alone nothing shows it."""
    ids, names = [[1, 2, 3]] * 9, [["a", "b", "c"]] * 9
    for rows in ((ids, ids), (ids, names), (names, ids)):
        folder = tables(tmp_path, *rows)
        whole = Corpus.from_sources(find([folder], Column("ids")), Config(column="ids", min_count=1, threads=1))
        assert whole.vocabulary.integers
        assert [vocabulary.integers for vocabulary in vocabulary_of_ranks(folder)] == [True, True]
    assert [v.integers for v in vocabulary_of_ranks(tables(tmp_path, names, names))] == [False, False]


def test_a_string_on_another_rank_that_looks_like_an_id_is_refused(tmp_path):
    with pytest.raises(InputError, match="among integers there is the string '2'"):
        vocabulary_of_ranks(tables(tmp_path, [[1, 2, 3]] * 9, [["a", "2"]] * 9))
