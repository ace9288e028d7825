"""Questions as text: sums held against Python's own arithmetic, mistakes with their position, answers of `ask`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.errors import ExpressionError, UnknownWord
from sgns.vectors import Vectors
from sgns.vectors.query import LONGEST_QUESTION, Question, ask, hint, parse, quoted

WORDS = {"king": 3.0, "man": 5.0, "self-made": 7.0, "c++": 11.0, "new york": 13.0, "1984": 17.0, '"': 19.0}


@st.composite
def sums(draw: st.DrawFn, depth: int = 0) -> tuple[str, float]:
    """A sum and its value, worked out as it is written."""
    text, value = "", 0.0
    for i in range(draw(st.integers(1, 4))):
        sign = draw(st.sampled_from(["+", "-", "−"] if i else ["", "-", "+"]))
        weight = draw(st.sampled_from([None, 2, 0.5]))
        if depth < 3 and draw(st.booleans()):
            inner, worth = draw(sums(depth + 1))
            inner = f"( {inner} )" if draw(st.booleans()) else f"({inner})"
        else:
            word = draw(st.sampled_from(sorted(WORDS)))
            worth = WORDS[word]
            inner = word if word not in ("new york", '"') else '"' + word.replace('"', '\\"') + '"'
        text += f" {sign} {'' if weight is None else f'{weight} * '}{inner}"
        value += (-1 if sign in ("-", "−") else 1) * (weight or 1) * worth
    return text, value


@given(sums())
def test_a_sum_is_worth_what_it_says(question: tuple[str, float]) -> None:
    text, value = question
    assert sum(weight * WORDS[word] for weight, word in parse(text).terms) == pytest.approx(value)


@pytest.mark.parametrize("text", ["man : king = woman : ?", "man : king = woman :", "man : king :: woman : ?"])
def test_analogies(text: str) -> None:
    assert parse(text) == Question(analogy=("man", "king", "woman"))


def test_words_that_look_like_something_else() -> None:
    assert parse("1984").terms == ((1.0, "1984"),)
    assert parse('"+" + "a (b)"').terms == ((1.0, "+"), (1.0, "a (b)"))
    assert parse("paris-france").terms == ((1.0, "paris-france"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paris france", r"character 7: \+ or - belongs before 'france'"),
        ("paris +", "ends where a word belongs"),
        ("", "ends where a word belongs"),
        ("paris + + italy", "character 9: a word belongs here"),
        ("(paris", r"character 1: \( is never closed"),
        ("paris )", r"character 7: \) closes nothing"),
        ("( )", r"character 3: a word belongs before \)"),
        ("* paris", "character 1: .* follows a number"),
        ("paris * 2", "character 7: .* follows a number"),
        ("2 *", r"character 3: a word belongs after \*"),
        ('"paris', "character 1: a quote without its end"),
        ("a : b", "the end does not fit an analogy"),
        ("a : b = c + d", "character 11: .* does not fit an analogy"),
        ("a" * (LONGEST_QUESTION + 1), "more than 10,000"),
        ("999999999 * (" * 40 + "a" + ")" * 40, "multiply to infinity"),
    ],
)
def test_mistakes_are_shown_with_their_place(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        parse(text)


def test_a_hint_for_signs_without_blanks() -> None:
    known = {"paris", "france", "italy"}
    assert hint("paris-france+italy", known) == "paris - france + italy"
    assert hint("paris-frankreich", known) is None
    assert hint("paris", known) is None


# --- answers ---

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
