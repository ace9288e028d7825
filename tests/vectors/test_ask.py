"""Questions as text, and vector files in another format, as calls from Python."""

import numpy as np
import pytest

from sgns.errors import ExpressionError, UnknownWord
from sgns.vectors.ask import ask
from sgns.vectors.query import parse, quoted
from sgns.vectors.vectors import Vectors

ROWS = {"king": [3, 1, 0, 0], "queen": [3, 0, 1, 0], "man": [0, 1, 0, 0], "woman": [0, 0, 1, 0], "x y": [0, 0, 0, 1]}


@pytest.fixture
def royal():
    return Vectors(list(ROWS), np.array(list(ROWS.values()), np.float32))


def test_a_sum_is_answered_as_most_similar_does(royal):
    assert ask(royal, "king - man + woman", 2) == royal.most_similar(["king", "woman"], ["man"], 2)
    assert ask(royal, '"x y"', 1) == royal.most_similar("x y", n=1)


def test_an_analogy_is_answered_as_analogy_does(royal):
    assert ask(royal, "man : king = woman : ?", 3) == royal.analogy("man", "king", "woman", 3)


def test_unknown_words_get_suggestions(royal):
    with pytest.raises(UnknownWord, match="did you mean queen"):
        ask(royal, "quene")
    with pytest.raises(UnknownWord, match="with blanks around the signs: king - man"):
        ask(royal, "king-man")
    with pytest.raises(ExpressionError, match="ends where a word belongs"):
        ask(royal, "king +")


@pytest.mark.parametrize("word", ["king", "x y", "+", "::", 'a"b', "back\\slash", "back \\ slash", "(", "c++", "2x"])
def test_a_quoted_word_is_read_back(word):
    assert parse(quoted(word)).terms == ((1.0, word),)
