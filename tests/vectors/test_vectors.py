"""Answers of `Vectors` that are known by construction; test_vectors_gensim.py compares others with gensim's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.errors import ConfigError, FormatError, SgnsError, UnknownWord
from sgns.vectors import Vectors


@pytest.fixture
def royal() -> Vectors:
    """Axes: royal, male, female, fruit."""
    rows = {
        "king": [3, 1, 0, 0],
        "queen": [3, 0, 1, 0],
        "man": [0, 1, 0, 0],
        "woman": [0, 0, 1, 0],
        "prince": [2.5, 1.2, 0, 0],
        "apple": [0, 0, 0, 2],
        "pear": [0, 0, 0.1, 2],
        "New York": [0.1, 0.1, 0.1, -1],
    }
    E = np.array(list(rows.values()), np.float32)
    return Vectors(list(rows), E, C=E[::-1].copy(), counts=np.arange(8, 0, -1) * 10)


def words(answers: list[tuple[str, float]]) -> list[str]:
    return [word for word, _ in answers]


def test_rows_by_word_and_by_list(royal: Vectors) -> None:
    assert royal["king"].tolist() == [3, 1, 0, 0]
    assert royal[["king", "man"]].shape == (2, 4)
    assert "king" in royal
    assert "kong" not in royal
    assert len(royal) == 8
    assert royal.dim == 4


def test_arithmetic_reads_as_it_should(royal: Vectors) -> None:
    assert royal.most_similar(royal["king"] - royal["man"] + royal["woman"], n=1)[0] == ("queen", pytest.approx(1))


def test_most_similar_leaves_out_what_was_asked_with(royal: Vectors) -> None:
    assert words(royal.most_similar("apple", n=1)) == ["pear"]
    assert words(royal.most_similar(royal["apple"], n=1)) == ["apple"]
    assert words(royal.most_similar(["king", "woman"], ["man"], n=1)) == ["queen"]
    assert words(royal.most_similar(["king", "woman"], "man", n=1)) == ["queen"]
    assert len(royal.most_similar("king", n=100)) == 7


def test_analogy_by_both_methods(royal: Vectors) -> None:
    assert words(royal.analogy("man", "king", "woman", n=1)) == ["queen"]
    assert words(royal.analogy("man", "king", "woman", n=1, method="mul")) == ["queen"]
    assert {"man", "king", "woman"}.isdisjoint(words(royal.analogy("man", "king", "woman", n=99)))
    with pytest.raises(ConfigError, match="3CosMul"):
        royal.analogy("man", "king", "woman", method="div")  # type: ignore[arg-type]


def test_doesnt_match_similarity_rank_of_closer_than(royal: Vectors) -> None:
    assert words(royal.doesnt_match(["king", "queen", "prince", "apple"]))[0] == "apple"
    assert royal.similarity("man", "woman") == pytest.approx(0)
    assert royal.similarity("man", royal["man"] * 7) == pytest.approx(1)
    assert royal.rank_of("king", "prince") == 1
    assert royal.rank_of("king", "queen") == 2
    assert words(royal.closer_than("king", "queen")) == ["prince"]
    with pytest.raises(ConfigError, match="at least 3"):
        royal.doesnt_match(["king", "king", "man"])


@given(st.integers(0, 10**6))
def test_rank_of_agrees_with_most_similar(seed: int) -> None:
    generator = np.random.default_rng(seed)
    v = Vectors([str(i) for i in range(12)], generator.normal(size=(12, 5)))
    order = words(v.most_similar("0", n=11))
    assert [v.rank_of("0", word) for word in order] == list(range(1, 12))


@given(st.integers(0, 10**6), st.integers(1, 8))
def test_many_questions_at_once_are_the_single_ones(seed: int, n: int) -> None:
    v = Vectors([str(i) for i in range(20)], np.random.default_rng(seed).normal(size=(20, 5)))
    at_once = v.most_similar_each([str(i) for i in range(6)], n)
    for i, answers in enumerate(at_once):
        single = v.most_similar(str(i), n=n)
        assert words(answers) == words(single)
        np.testing.assert_allclose([c for _, c in answers], [c for _, c in single], atol=1e-6)
    assert [words(a)[0] for a in v.most_similar_each(v.E[:6], 1)] == [str(i) for i in range(6)]


def test_centroid_of_a_text(royal: Vectors) -> None:
    np.testing.assert_allclose(royal.centroid("The King, the apple!"), [1.5, 0.5, 0, 1])
    np.testing.assert_allclose(royal.centroid(["New York"]), royal["New York"])
    with pytest.raises(UnknownWord, match="none of the 2 words"):
        royal.centroid("nothing here")


def test_unknown_words_are_key_errors_with_spellings(royal: Vectors) -> None:
    with pytest.raises(KeyError, match="did you mean king"):
        royal["kingg"]
    with pytest.raises(UnknownWord, match="did you mean queen"):
        royal.most_similar("Queen")
    with pytest.raises(UnknownWord, match="no spelling is near"):
        royal.id("zzzzzzzz")


def test_spaces_on_request(royal: Vectors) -> None:
    assert royal.space("E") is royal
    assert royal.space("C")["king"].tolist() == royal["New York"].tolist()
    np.testing.assert_allclose(royal.space("E+C")["king"], royal["king"] + royal["New York"])
    with pytest.raises(ConfigError, match="E alone"):
        Vectors(["a"], np.ones((1, 2))).space("C")


def test_restrict_takes_the_most_frequent_in_any_order(royal: Vectors) -> None:
    assert royal.restrict(3).words == ["king", "queen", "man"]
    assert np.shares_memory(royal.restrict(3).E, royal.E)
    turned = Vectors(royal.words, royal.E, counts=np.arange(8))
    assert turned.restrict(2).words == ["New York", "pear"]
    assert royal.restrict(100).words == royal.words


def test_select_keeps_rows_counts_and_order(royal: Vectors) -> None:
    chosen = royal.select(["pear", "king"])
    assert chosen.words == ["pear", "king"]
    assert chosen.counts is not None
    assert chosen.counts.tolist() == [20, 80]
    assert chosen["king"].tolist() == royal["king"].tolist()


def test_take_gives_views_for_a_slice_and_copies_for_rows(royal: Vectors) -> None:
    first = royal.take(slice(2, 4))
    assert first.words == ["man", "woman"]
    assert np.shares_memory(first.E, royal.E)
    assert first.C is not None
    assert first.C.tolist() == royal.C[2:4].tolist()
    some = royal.take(np.array([5, 0]))
    assert some.words == ["apple", "king"]
    assert some.counts.tolist() == [30, 80]
    assert some.id("king") == 1


def test_rows_that_are_not_finite_are_left_out_with_a_warning(royal: Vectors) -> None:
    warnings: list[str] = []
    assert royal.without_nonfinite(warnings.append) is royal
    E, C = royal.E.copy(), royal.C.copy()
    E[1, 2], C[5, 0] = np.nan, -np.inf
    sound = Vectors(royal.words, E, C).without_nonfinite(warnings.append)
    assert sound.words == [word for word in royal.words if word not in ("queen", "apple")]
    assert warnings == ["2 rows left out (NaN, infinity or beyond 1e19; first: 'queen')"]


def test_other_spaces_share_words_and_index(royal: Vectors) -> None:
    royal.index  # noqa: B018
    assert royal.space("C").words is royal.words
    assert royal.normalized().parts.words.index is royal.parts.words.index


def test_parts_make_the_same_vectors(royal: Vectors) -> None:
    again = Vectors.from_parts(royal.parts)
    assert again.words == royal.words
    assert again.parts.E is royal.parts.E
    assert again.parts.C is royal.parts.C
    assert again.parts.counts is royal.parts.counts


def test_normalized_and_all_but_the_top() -> None:
    generator = np.random.default_rng(0)
    E = generator.normal(size=(200, 10)) + 5  # a common direction
    E[:, 3] *= 30
    v = Vectors([str(i) for i in range(200)], E)
    np.testing.assert_allclose(np.linalg.norm(v.normalized().E, axis=1), 1, atol=1e-6)
    flat = v.all_but_the_top(1)
    np.testing.assert_allclose(flat.E.mean(axis=0), 0, atol=1e-4)
    strongest = np.linalg.svd(v.E - v.E.mean(axis=0))[2][0]
    np.testing.assert_allclose(flat.E @ strongest, 0, atol=1e-3)
    assert flat.metadata["all_but_the_top"] == 1
    assert v.metadata == {}
    assert np.array_equal(v.E, E.astype(np.float32))  # never silently
    with pytest.raises(ConfigError, match="outside 0 to 10"):
        v.all_but_the_top(11)


def test_arrays_are_taken_as_they_are() -> None:
    padded = np.zeros((3, 16), np.float32)
    v = Vectors(["a", "b", "c"], padded[:, :5])
    assert np.shares_memory(v.E, padded)


@pytest.mark.parametrize(
    "arguments",
    [
        (["a"], np.ones(3)),
        (["a"], np.ones((2, 3))),
        (["a"], np.ones((1, 3)), np.ones((1, 2))),
        (["a"], np.ones((1, 3)), None, np.ones(2, int)),
        (["a"], np.ones((1, 0))),
    ],
)
def test_shapes_must_fit(arguments: tuple) -> None:
    with pytest.raises(FormatError):
        Vectors(*arguments)


def test_a_word_may_have_one_row() -> None:
    with pytest.raises(FormatError, match="'a' stands twice"):
        Vectors(["a", "b", "a"], np.ones((3, 2))).id("b")


@pytest.mark.parametrize(
    "question",
    [
        lambda v: v.most_similar("king", n=0),
        lambda v: v.most_similar("king", "king"),
        lambda v: v.most_similar([]),
        lambda v: v.most_similar(np.ones(3)),
        lambda v: v.most_similar_each(np.ones((2, 3))),
        lambda v: v.most_similar(np.full(4, np.nan)),
        lambda v: v.restrict(0),
        lambda v: v.space("D"),
    ],
)
def test_questions_without_an_answer_say_so(royal: Vectors, question) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SgnsError):
        question(royal)
