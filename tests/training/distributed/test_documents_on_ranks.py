"""Documents of a text that several ranks read: the tags, numbers and rows of one reader of the whole text."""

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

WORDS = st.sampled_from(["a", "b", "c", "d", "seldom"])
LINES = st.lists(st.lists(WORDS, max_size=6), min_size=8, max_size=30)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path_factory.mktemp("cache")))


def shards_of(path, ranks, config):
    def work(comm):
        sources = find(path, Column.of(config))
        whole_files = config.sentences == "none"
        shard = shard_of(sources, comm.rank, ranks, config.sentences, whole_files)
        return read_shard(comm, shard, config, lambda *_: None)

    return run_on_ranks(ranks, work)


def tags_of_sentences(corpus):
    documents = corpus.documents
    return [
        [documents.names[row] for row in documents.rows[documents.starts[i] : documents.starts[i + 1]]]
        for i in range(len(documents.starts) - 1)
    ]


def compare(path, ranks, config):
    whole = Corpus.from_files(path, config, cache=False)
    for _ in range(2):  # read, and from the cache
        parts = shards_of(path, ranks, config)
        for corpus in parts:
            assert corpus.documents.names == whole.documents.names
            assert len(corpus.documents.starts) == len(corpus.sentence_ends) + 1
            assert corpus.documents.rows.dtype == np.int32
        assert [tags for corpus in parts for tags in tags_of_sentences(corpus)] == tags_of_sentences(whole)
        assert np.array_equal(np.concatenate([corpus.ids for corpus in parts]), whole.ids)
        told = [[text for text in corpus.warnings if "document" in text] for corpus in parts]
        assert told[0] == [text for text in whole.warnings if "document" in text]
        assert not any(told[1:])


@settings(max_examples=25, deadline=None)
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n", "\r"]), unit=st.sampled_from(["line", "paragraph"]))
def test_numbers_are_those_of_one_reader(tmp_path_factory, lines, end, unit):
    """Blank lines and documents without a word of the vocabulary are counted as one reader counts them."""
    path = tmp_path_factory.mktemp("numbers") / "text.txt"
    gap = end if unit == "line" else end + end
    text = gap.join(["a b", "c d", *map(" ".join, lines), "a c", "b d", "a b c", "c d a"]) + end
    path.write_bytes(text.encode())
    compare(path, 2, Config(model="dbow", sentences=unit, min_count=2, threads=1))


@settings(max_examples=15, deadline=None)
@given(
    lines=st.lists(st.tuples(st.lists(st.sampled_from("tuvw"), min_size=1, max_size=3), st.lists(WORDS)), min_size=8)
)
def test_tags_are_those_of_one_reader(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("tags") / "text.txt"
    lines = [("x", "a b c"), *((",".join(tags), " ".join(words)) for tags, words in lines), ("y", "a b"), ("x", "c d")]
    path.write_text("".join(f"{tags}\t{words}\n" for tags, words in lines))
    compare(path, 2, Config(model="dm", tags=True, min_count=1, threads=1))


def test_a_table_and_several_files(tmp_path):
    for k in range(4):
        rows = "".join(f"g{n % 3},a b w{n}\n" for n in range(k, k + 5))
        (tmp_path / f"{k}.csv").write_text("kind,text\n" + rows)
    config = Config(model="dbow", column="text", tag_column="kind", min_count=1, threads=1)
    compare([tmp_path / f"{k}.csv" for k in range(4)], 3, config)


def test_where_a_document_is_a_file_no_file_is_cut(tmp_path):
    for k in range(5):
        (tmp_path / f"{k}.txt").write_text("a b c\n\nd e f\n" * (20 if k == 2 else 1 + k))
    paths = [tmp_path / f"{k}.txt" for k in range(5)]
    compare(paths, 2, Config(model="dbow", sentences="none", min_count=1, threads=1))
    with pytest.raises(InputError, match="a file is one document and is not cut: give more files, or start fewer"):
        shards_of(paths[2], 2, Config(model="dbow", sentences="none", min_count=1, threads=1))


def test_words_alone_have_no_documents(text):
    assert all(corpus.documents is None for corpus in shards_of(text, 2, Config(threads=1)))


def test_a_document_without_a_tag_is_refused(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("x\ta b c\n" * 20 + "a b c d\n" * 2)
    config = Config(model="dbow", tags=True, min_count=1, threads=1)
    with pytest.raises(
        InputError, match=r"2 documents of this shard have no tag.* give every document a tag, or leave"
    ):
        shards_of(path, 2, config)
    path.write_text("x\ta b c\n" * 20 + "y\ta b c d\n" * 2)  # the remedy
    assert shards_of(path, 2, config)[1].documents.names == ["x", "y"]


def test_a_document_that_two_ranks_would_share_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sgns.text.shards.SEARCHED", 64)
    monkeypatch.setattr("sgns.text.shards.STEP", 16)
    path = tmp_path / "text.txt"
    path.write_text("a b\n" + "a b c d " * 200 + "\nc d\n")
    config = Config(model="dbow", min_count=1, threads=1)
    with pytest.raises(InputError, match=r"a document is longer than the shard .* give the text in more lines"):
        shards_of(path, 2, config)
    path.write_text("a b\n" + "a b c d \n" * 200 + "\nc d\n")
    compare(path, 2, config)
