"""A byte order mark is no part of a word: at the beginning of any file, packed or not, between files, within a text."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns import Config, Corpus

MARK = "\ufeff"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("punctuation", [False, True])
def test_marks_at_the_beginning_of_each_file(tmp_path, pack, punctuation):
    for name in "abc":
        (tmp_path / name).write_bytes(pack(f"{MARK}the cat\n".encode()))
    config = Config(min_count=1, punctuation=punctuation)
    corpus = Corpus.from_files(tmp_path, config)
    assert corpus.vocabulary.words == ["the", "cat"]
    assert corpus.vocabulary.counts.tolist() == [3, 3]
    assert corpus.warnings == []


@given(st.lists(st.sampled_from(["the", "cat", "über", MARK, " ", "\n"]), max_size=30), st.booleans(), st.booleans())
def test_a_text_with_marks_is_the_text_without(tmp_path_factory, parts, punctuation, packed):
    folder = tmp_path_factory.mktemp("marks")
    text = "a b\n" + "".join(parts)
    pack = gzip.compress if packed else bytes
    (folder / "with").write_bytes(pack((MARK + text).encode()))
    (folder / "without").write_text(text.replace(MARK, ""))
    config = Config(min_count=1, punctuation=punctuation)
    one, other = (Corpus.from_files(folder / name, config) for name in ("with", "without"))
    assert one.vocabulary.words == other.vocabulary.words
    assert one.ids.tolist() == other.ids.tolist()
