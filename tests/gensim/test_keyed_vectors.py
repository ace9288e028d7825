"""`sgns.gensim` beside gensim itself: the same calls give the same answers, types and exceptions."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.gensim import utils
from sgns.gensim.models.fasttext import FastText, FastTextKeyedVectors, ft_ngram_hashes
from sgns.gensim.models.keyedvectors import KeyedVectors
from sgns.gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases
from sgns.gensim.models.word2vec import LineSentence, Text8Corpus

gensim = pytest.importorskip("gensim")
from gensim.models import fasttext, phrases, word2vec  # noqa: E402

WORDS = ["king", "queen", "man", "woman", "prince", "boy", "girl", "apple", "pear", "plum", "tree", "leaf"]


@pytest.fixture(scope="module")
def both() -> tuple[KeyedVectors, Any]:
    rows = np.random.default_rng(7).normal(size=(len(WORDS), 6)).astype(np.float32)
    made = []
    for kind in (KeyedVectors, gensim.models.KeyedVectors):
        vectors = kind(6)
        vectors.add_vectors(WORDS, rows)
        for i, word in enumerate(WORDS):
            vectors.set_vecattr(word, "count", 100 - i)
        made.append(vectors)
    return made[0], made[1]


CALLS = {
    "most_similar": lambda v: v.most_similar("king", topn=4),
    "positive and negative": lambda v: v.most_similar(["king", "woman"], ["man"], topn=3),
    "weights": lambda v: v.most_similar([("king", 0.5), ("queen", 2.0)], topn=3),
    "a vector": lambda v: v.most_similar([v["king"]], topn=3),
    "restricted": lambda v: v.most_similar("king", restrict_vocab=4),
    "clipped": lambda v: v.most_similar("king", clip_start=3, clip_end=7),
    "all": lambda v: v.most_similar("king", topn=None),
    "none": lambda v: v.most_similar("king", topn=0),
    "cosmul": lambda v: v.most_similar_cosmul(["king", "woman"], ["man"], topn=3),
    "similarity": lambda v: v.similarity("king", "queen"),
    "distance": lambda v: v.distance("king", "king"),
    "distances": lambda v: v.distances("king", ["queen", "man"]),
    "n_similarity": lambda v: v.n_similarity(["king", "queen"], ["apple"]),
    "doesnt_match": lambda v: v.doesnt_match(["king", "queen", "apple", "unknown"]),
    "rank": lambda v: v.rank("king", "apple"),
    "closer_than": lambda v: v.closer_than("king", "apple"),
    "to given": lambda v: v.most_similar_to_given("king", ["man", "apple"]),
    "mean": lambda v: v.get_mean_vector(["king", "queen"], [1, 2]),
    "centrality": lambda v: v.rank_by_centrality(["king", "queen", "apple"]),
    "relative": lambda v: v.relative_cosine_similarity("king", "queen", 3),
    "all of some": lambda v: v.vectors_for_all(["king", "king", "unknown", "pear"]).index_to_key,
    "normed": lambda v: v.get_normed_vectors(),
    "str": str,
    "attributes": lambda v: (
        v.get_index("man"),
        v.get_vecattr("man", "count"),
        "man" in v,
        "none" in v,
        3 in v,
        len(v),
    ),
}


def equal(one: Any, other: Any) -> None:
    if isinstance(other, list | tuple):
        assert type(one) is type(other)
        assert len(one) == len(other)
        for a, b in zip(one, other):
            equal(a, b)
    elif isinstance(other, str | int | bool):
        assert one == other
    else:
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CALLS)
def test_the_same_call_gives_the_same_answer(both: tuple[Any, Any], name: str) -> None:
    ours, theirs = both
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        equal(CALLS[name](ours), CALLS[name](theirs))


@pytest.mark.parametrize(
    "call",
    [
        lambda v: v["nobody"],
        lambda v: v.most_similar("nobody"),
        lambda v: v.most_similar(),
        lambda v: v.most_similar_cosmul(),
        lambda v: v.n_similarity([], ["king"]),
        lambda v: v.get_mean_vector([]),
        lambda v: v.get_mean_vector(["king"], [1, 2]),
        lambda v: v.doesnt_match(["nobody"]),
        lambda v: v.set_vecattr("king", "count", "text"),
        lambda v: v.vocab,
        lambda v: v.index2word,
        lambda v: v.similarity_unseen_docs(1, 2),
        lambda v: v.load("x"),
    ],
)
def test_the_same_mistake_raises_the_same_exception(both: tuple[Any, Any], call: Any) -> None:
    ours, theirs = both
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as caught:
            call(theirs)
        if "load" not in str(caught.value) and caught.type is not FileNotFoundError:
            with pytest.raises(caught.type):
                call(ours)


def test_vectors_that_are_handed_out_cannot_be_written(both: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        both[0]["king"][0] = 1.0


@pytest.mark.parametrize("binary", [False, True])
def test_files_of_one_are_read_by_the_other(both: tuple[Any, Any], tmp_path: Path, binary: bool) -> None:
    ours, theirs = both
    for writer, reader in ((ours, gensim.models.KeyedVectors), (theirs, KeyedVectors)):
        path, vocab = str(tmp_path / "v"), str(tmp_path / "vocab")
        writer.save_word2vec_format(path, vocab, binary=binary)
        read = reader.load_word2vec_format(path, vocab, binary=binary)
        assert read.index_to_key == writer.index_to_key
        np.testing.assert_array_equal(read.vectors, writer.vectors)
        assert read.get_vecattr("pear", "count") == writer.get_vecattr("pear", "count")
        few = reader.load_word2vec_format(path, binary=binary, limit=3, datatype=np.float16)
        assert few.vectors.dtype == np.float16
        assert len(few) == 3


def test_words_of_unknown_vectors_are_composed_as_gensim_does() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 5)).astype(np.float32)
    made = []
    for kind in (FastTextKeyedVectors, fasttext.FastTextKeyedVectors):
        vectors = kind(5, 3, 6, 100)
        vectors.index_to_key, vectors.key_to_index = ["where", "wo"], {"where": 0, "wo": 1}
        vectors.vectors_vocab, vectors.vectors_ngrams = rows[:2].copy(), rows
        vectors.recalc_char_ngram_buckets()
        vectors.adjust_vectors()
        made.append(vectors)
    ours, theirs = made
    for word in ("where", "wo", "elsewhere", "Ärger", "日本語", "a"):
        np.testing.assert_allclose(ours[word], theirs[word], rtol=1e-5, atol=1e-6)
        assert ft_ngram_hashes(word, 3, 6, 100) == fasttext.ft_ngram_hashes(word, 3, 6, 100)
    assert [part.tolist() for part in ours.buckets_word] == [part.tolist() for part in theirs.buckets_word]


SENTENCES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "new", "york", "of", "the"]), max_size=8), max_size=12
)


@settings(deadline=None)
@given(SENTENCES, st.sampled_from(["default", "npmi"]), st.booleans())
def test_phrases_are_those_of_gensim(sentences: list[list[str]], scoring: str, connectors: bool) -> None:
    options = {
        "min_count": 1, "threshold": 0.2, "scoring": scoring,
        "connector_words": ENGLISH_CONNECTOR_WORDS if connectors else frozenset(),
    }  # fmt: skip
    ours, theirs = Phrases(sentences, **options), phrases.Phrases(sentences, **options)
    assert ENGLISH_CONNECTOR_WORDS == phrases.ENGLISH_CONNECTOR_WORDS
    assert ours.vocab == theirs.vocab
    try:
        expected = list(theirs[sentences])
    except ZeroDivisionError:  # gensim's npmi of a pair that is all of a text
        return
    assert list(ours[sentences]) == expected
    assert ours.find_phrases(sentences) == pytest.approx(theirs.find_phrases(sentences))
    assert list(FrozenPhrases(ours)[sentences]) == list(theirs.freeze()[sentences])


def test_texts_are_cut_as_gensim_cuts_them(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("a b c d\n\ne ä\n" + "w " * 25, encoding="utf-8")
    for ours, theirs in (
        (LineSentence(str(tmp_path / "t"), 3), word2vec.LineSentence(str(tmp_path / "t"), 3)),
        (Text8Corpus(str(tmp_path / "t"), 7), word2vec.Text8Corpus(str(tmp_path / "t"), 7)),
    ):
        assert list(ours) == list(theirs)
    text = "Ärger mit _under 42 numbers42 x café supercalifragilistic"
    for deacc in (False, True):
        assert utils.simple_preprocess(text, deacc) == gensim.utils.simple_preprocess(text, deacc)


def test_tables_of_3_8_that_have_rows_for_some_buckets() -> None:
    """Their rows stand in the order of `hash2index`: composed anew, the words have the vectors of the file."""
    path = Path(gensim.__file__).parent / "test" / "test_data" / "compatible-hash-true.model"
    vectors = FastText.load(str(path)).wv
    kept = vectors.vectors.copy()
    assert len(vectors.vectors_ngrams) == vectors.bucket == 100
    vectors.adjust_vectors()
    np.testing.assert_allclose(vectors.vectors, kept, rtol=1e-5, atol=1e-6)
