import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns import Config, Corpus, Vocabulary
from sgns.errors import InputError


def test_sentences_are_taken_as_they_are():
    corpus = Corpus.from_sentences([["New York", "is", "BIG."], [], ["is", "it"], iter(["is"])], Config(min_count=1))
    assert corpus.vocabulary.words == ["is", "New York", "BIG.", "it"]
    assert corpus.ids.tolist() == [1, 0, 2, 0, 3, 0]
    assert corpus.sentence_ends.tolist() == [3, 5, 6]
    assert corpus.raw_tokens == 6
    assert (corpus.tokens, corpus.sentences) == (6, 3)


def test_a_generator_is_read_once():
    corpus = Corpus.from_sentences((str(i % 3) for i in range(10)) for _ in range(5))
    assert corpus.tokens == 50


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=20), st.integers(1, 3), st.integers(1, 5))
def test_sentences_and_text_agree(tmp_path_factory, sentences, least, most):
    config = Config(min_count=least, max_vocabulary=most)
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(map(" ".join, sentences)))
    try:
        one = Corpus.from_sentences(sentences, config)
    except InputError:
        with pytest.raises(InputError):
            Corpus.from_files(path, config)
        return
    other = Corpus.from_files(path, config)
    assert one.vocabulary.words == other.vocabulary.words
    assert one.ids.tolist() == other.ids.tolist()
    assert one.sentence_ends.tolist() == other.sentence_ends.tolist()


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (["a string"], "sentence 1 is a string"),
        ("a string", "one string"),
        ([["a"], [1, 2.5]], "sentence 2 holds 2.5"),
        ([["a\nb"]], "line break"),
        ([[""]], "not empty"),
        ([["\ud800"]], "valid Unicode"),
        ([], "no words"),
        ([["a"]], "set min_count to 1 or less"),
    ],
)
def test_what_makes_no_sentences(sentences, message):
    with pytest.raises(InputError, match=message):
        Corpus.from_sentences(sentences)


def test_the_hash_of_sentences_depends_on_words_ends_and_options():
    base = [["a", "b"], ["a"]]
    one = Config(min_count=1)
    hashes = {Corpus.from_sentences(s, one).hash for s in (base, [["a", "b", "a"]], [["a", "c"], ["a"]])}
    hashes.add(Corpus.from_sentences(base, Config(min_count=1, max_vocabulary=1)).hash)
    assert len(hashes) == 4
    assert Corpus.from_sentences(base, one).hash == Corpus.from_sentences(iter(base), Config(min_count=1, dim=7)).hash


def test_ids_are_read_only_and_the_array_of_the_caller_is_not():
    corpus = Corpus.from_sentences([["a", "b"], ["a"]], Config(min_count=1))
    assert not corpus.ids.flags.writeable
    assert not corpus.sentence_ends.flags.writeable
    ids = np.zeros(2, np.int32)
    made = Corpus(ids, np.array([2]), Vocabulary(["a"], [2]), "hash", 2)
    with pytest.raises(ValueError, match="read-only"):
        made.ids[0] = 1
    ids[0] = 0
