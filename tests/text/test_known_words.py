"""The vocabulary that the words of a model make with those of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.config import Config
from sgns.errors import ConfigError, InputError
from sgns.text.corpus import Corpus
from sgns.text.known_words import KnownWords
from sgns.text.vocabulary import Vocabulary

words = st.sampled_from("abcdefghij")


def by_count(counts):
    """Words and counts, the most frequent first."""
    pairs = sorted(counts.items(), key=lambda pair: -pair[1])
    return [word for word, _ in pairs], np.array([count for _, count in pairs], np.int64)


@given(st.dictionaries(words, st.integers(1, 9), min_size=1), st.dictionaries(words, st.integers(1, 9)), st.booleans())
def test_counts_add_up(old, text, only):
    found, counts = KnownWords(old, only).joined(*by_count(text))
    wanted = old if only else {w: old.get(w, 0) + text.get(w, 0) for w in old.keys() | text.keys()}
    assert dict(zip(found, counts.tolist(), strict=True)) == wanted
    assert (np.diff(counts) <= 0).all()


@given(st.dictionaries(words, st.integers(1, 9), min_size=1), st.dictionaries(words, st.integers(1, 9)))
def test_counts_of_a_known_text_are_not_added_again(old, text):
    known = KnownWords(old, texts=["this"])
    found, counts = known.beside("this").joined(*by_count(text))
    assert {w: c for w, c in zip(found, counts.tolist(), strict=True) if w in old} == old
    assert known.beside("that").joined(*by_count(text))[1].sum() == sum(old.values()) + sum(text.values())


def test_unknown_counts_are_those_of_the_text():
    known = KnownWords({"a": None, "b": None, "c": None})
    found, counts = known.joined(["new", "b"], np.array([5, 3]))
    assert (found, counts.tolist()) == (["new", "b", "a", "c"], [5, 3, 0, 0])


def test_the_limit_leaves_out_the_rarest_new_words():
    known = KnownWords({"a": 9, "b": 1})
    assert known.joined(["new", "newer", "a"], np.array([5, 4, 3]), most=3)[0] == ["a", "new", "b"]
    assert known.joined(["new", "a"], np.array([5, 3]), most=1)[0] == ["a", "b"]


def test_a_text_in_the_vocabulary_of_both():
    text = [["a", "new", "x"], ["a", "new", "b"], ["b", "y"]]
    corpus = Corpus.from_sentences(text, Config(min_count=1))
    grown = corpus.grown(KnownWords({"a": 10, "gone": 4, "b": 1}), Config(min_count=2))
    assert grown.vocabulary.words == ["a", "gone", "b", "new"]
    assert grown.vocabulary.counts.tolist() == [12, 4, 3, 2]
    assert grown.ids.tolist() == [0, 3, 0, 3, 2, 2]
    assert grown.sentence_ends.tolist() == [2, 5, 6]
    assert grown.content == corpus.content
    assert grown.hash != corpus.hash
    only = corpus.grown(KnownWords({"a": 10, "gone": 4, "b": 1}, only=True), Config(min_count=2))
    assert only.vocabulary.words == ["a", "gone", "b"]
    assert only.vocabulary.counts.tolist() == [10, 4, 1]
    assert only.ids.tolist() == [0, 0, 2, 2]


def test_words_that_never_occur_are_no_noise():
    vocabulary = Vocabulary(["a", "b", "gone"], [4, 1, 0], least=0)
    for power in (0.75, 0.0, -1.0):
        noise = vocabulary.noise_distribution(power)
        assert noise[2] == 0
        assert noise.sum() == pytest.approx(1)
        np.testing.assert_allclose(noise[:2], Vocabulary(["a", "b"], [4, 1]).noise_distribution(power))
    assert np.isfinite(vocabulary.keep_probability(1e-3)).all()


def test_what_does_not_go_together():
    corpus = Corpus.from_sentences([["a", "b"]] * 9, Config(min_count=1))
    with pytest.raises(InputError, match="start: the text has none of the 2 words, the first is 'x'; give vectors"):
        corpus.grown(KnownWords({"x": 1, "y": 1}))
    with pytest.raises(InputError, match=r"start: .* give --no-lowercase"):
        corpus.grown(KnownWords({"A": 1}))
    with pytest.raises(ConfigError, match="drop_words has 'a', and so has start"):
        corpus.grown(KnownWords({"a": 1}), Config(drop_words=["a"]))


def test_the_content_is_that_of_the_text_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "text.txt").write_text("a b a b c\n" * 9)
    one, two, cached = (
        Corpus.from_files(tmp_path / "text.txt", Config(min_count=count, keep_words=keep))
        for count, keep in ((1, None), (2, ["c"]), (1, None))
    )
    assert one.content == two.content == cached.content
    assert cached.from_cache
    assert one.hash != two.hash
    (tmp_path / "text.txt").write_text("a b a b d\n" * 9)
    assert Corpus.from_files(tmp_path / "text.txt", Config(min_count=1)).content != one.content
