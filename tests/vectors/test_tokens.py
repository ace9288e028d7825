"""The words of a question's text are those that training makes of it."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns import Config
from sgns.errors import InputError
from sgns.text.chunks import Chunk
from sgns.text.encode_plain import encode_plain
from sgns.vectors import tokens
from sgns.vectors.tokens import Tokeniser
from sgns.vectors.word_list import WordList

pieces = st.one_of(
    st.sampled_from([" ", "\n", "\t", "\0", "\x01", "\x1c", "\x85", "\u00a0", "\u3000", "\u2028"]),
    st.sampled_from(["the", "The", "and/or", "--", "x.", "u.s.a", "3.14", "’tis", "don't", "new_york", "İs", "ΟΔΟΣ"]),
    st.sampled_from(["über", "Straße", "東京", "mot\u00a0juste", "e\u0301", "(a)b", "\ufeffa", "a,b"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
texts = st.lists(pieces, max_size=40).map("".join)


@given(text=texts, lowercase=st.booleans(), punctuation=st.booleans())
def test_the_words_of_a_text_are_those_that_training_makes_of_it(text: str, lowercase: bool, punctuation: bool) -> None:
    config = Config(lowercase=lowercase, punctuation=punctuation, min_count=1, sentences="none")
    data = text.encode()
    ids, _, vocabulary, _ = encode_plain([(Chunk(0, 0, len(data), True), data)], config)
    words = vocabulary.words
    asked = Tokeniser(WordList(words, len(words)), {"config": config.to_dict()})
    assert asked.rows_of(text) == ids.tolist()
    assert [words.index(word) for word in asked.words_of(text)] == ids.tolist()
    rows, ends = asked.rows_of_texts([text, "", text])
    assert rows.tolist() == 2 * ids.tolist()
    assert ends.tolist() == [len(ids), len(ids), 2 * len(ids)]


def lookup(*words: str, **config: bool) -> Tokeniser:
    return Tokeniser(WordList(words, len(words)), {"config": config} if config else {})


def test_case_as_in_training_first_then_the_other() -> None:
    assert lookup("us", "US", lowercase=True).rows_of("US us") == [0, 0]
    assert lookup("us", "US", lowercase=False).rows_of("US us") == [1, 0]
    assert lookup("us", "US").rows_of("US us Us") == [1, 0, 0]  # a foreign file
    assert lookup("Paris", lowercase=True).rows_of("(Paris) paris") == [0, -1]  # trained on lists of words


def test_words_of_a_list_are_taken_as_they_are() -> None:
    asked = lookup("new york", "x.", "7", lowercase=True)
    assert asked.rows_of(["new york", "x.", "X.", "x", 7, np.int64(7)]) == [0, 1, 1, -1, 2, 2]
    rows, ends = asked.rows_of_texts([["new york"], "x.", ("x.", "y"), np.array([7])])
    assert rows.tolist() == [0, -1, 1, -1, 2]  # "x." of a string is the word x
    assert ends.tolist() == [1, 2, 4, 5]


def test_phrases_are_joined_where_training_joined_them() -> None:
    words = "new york new_york city new_york_city bank_of_america of us".split()  # noqa: SIM905
    joined = Tokeniser(WordList(words, 8), {"config": {"lowercase": True, "phrases": 2}})
    text = "New York, New York City new of Bank of America new"
    wanted = ["new_york", "new_york_city", "new", "of", "bank_of_america", "new"]
    assert joined.words_of(text) == wanted
    assert joined.rows_of(text) == [words.index(word) for word in wanted]
    again = pickle.loads(pickle.dumps(joined))
    rows, ends = again.rows_of_texts([text, "new york of", ["new", "york"]])
    assert rows.tolist() == [*(words.index(word) for word in wanted), 2, 6, 0, 1]
    assert ends.tolist() == [6, 8, 10]
    plain = Tokeniser(WordList(words, 8), {"config": {"lowercase": True, "phrases": 0}})
    assert plain.rows_of("new york new_york") == [0, 1, 2]


def test_what_is_remembered_is_bounded_and_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = lookup(*(f"w{i}" for i in range(50)))
    text = " ".join(f"w{i}/w{i + 1}" for i in range(49))
    before = asked.rows_of_texts([text]).rows.tolist()
    monkeypatch.setattr(tokens, "MOST_REMEMBERED", 10)
    assert asked.rows_of_texts([text]).rows.tolist() == before == [i for n in range(49) for i in (n, n + 1)]
    assert len(asked._of_raw) == 49
    asked.rows_of_texts(["w1"])
    assert len(asked._of_raw) == 1


@pytest.mark.parametrize("wrong", [None, float("nan"), b"bytes", 7, {"a": 1}])
def test_what_is_no_text_is_named(wrong: object) -> None:
    with pytest.raises(InputError, match=r"text 12 is .*, no text; give a string"):
        lookup("a").rows_of_texts(["a", wrong], first=11)
    with pytest.raises(InputError, match="text 1 holds lists"):
        lookup("a").rows_of_texts([[["a"]]])
