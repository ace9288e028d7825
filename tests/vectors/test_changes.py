"""Words and rows that a user changes: never believed by half. Arrays are read-only, and calls make new vectors."""

import copy
import json
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgns
from sgns.errors import ConfigError, FormatError, InputError, ReadOnlyError, UnknownWord
from sgns.vectors import Vectors


@pytest.fixture
def three() -> Vectors:
    return Vectors(["a", "b", "c"], np.float32([[1, 0], [0.6, 0.8], [0, 1]]), np.ones((3, 2)), np.array([9, 8, 7]))


def in_place(v: Vectors) -> list[Callable[[], object]]:
    """Ways to change vectors in place."""

    def item(array: object, at: object, value: object) -> Callable[[], object]:
        return lambda: array.__setitem__(at, value)  # type: ignore[attr-defined]

    def attribute(name: str, value: object) -> Callable[[], object]:
        return lambda: setattr(v, name, value)

    return [
        item(v.E, 1, [3, 4]),
        item(v.E, (1, 0), 5),
        item(v.E, slice(None), 0),
        item(v.E[1], 0, 5),
        item(v.E[:2], 0, 5),
        item(v.E.T, 0, 5),
        item(v["b"], 0, 5),
        item(v.C, 0, 1),
        item(v.counts, 0, 1),
        item(v.words, 1, "x"),
        item(v, "a", [1, 2]),
        lambda: v.E.__imul__(2),
        lambda: v["b"].__itruediv__(2),
        lambda: np.multiply(v.E, 2, out=v.E),
        lambda: v.E.fill(0),
        lambda: v.E.sort(),
        lambda: v.counts.__iadd__(1),  # type: ignore[union-attr]
        lambda: v.words.append("d"),
        lambda: v.words.extend(["d"]),
        lambda: v.words.__iadd__(["d"]),
        lambda: v.words.insert(0, "d"),
        lambda: v.words.remove("a"),
        lambda: v.words.pop(),
        lambda: v.words.sort(),
        lambda: v.words.reverse(),
        lambda: v.words.clear(),
        lambda: v.words.__delitem__(0),
        attribute("E", np.ones((3, 2))),
        attribute("C", None),
        attribute("counts", None),
        attribute("words", ["x", "y", "z"]),
    ]


@pytest.mark.parametrize("way", range(31))
def test_no_change_in_place_goes_unseen(three: Vectors, way: int, tmp_path) -> None:
    three.save(tmp_path / "v.safetensors")
    for v in (three, Vectors.load(tmp_path / "v.safetensors"), three.select(["a", "b", "c"]), three.restrict(3)):
        with pytest.raises(ReadOnlyError, match=r"v\.with_rows.*v\.add.*v\.merge.*v\.E\.copy"):
            in_place(v)[way]()
        assert v.most_similar("a") == [("b", pytest.approx(0.6)), ("c", 0)]


def test_every_way_is_tried(three: Vectors) -> None:
    assert len(in_place(three)) == 31


def test_the_index_cannot_be_changed_and_numpy_refuses_the_rest(three: Vectors) -> None:
    with pytest.raises(TypeError):
        three.index["d"] = 3  # type: ignore[index]
    for change in (lambda: np.copyto(three.E, 0), lambda: np.put(three.E, 0, 9), lambda: np.random.shuffle(three.E)):  # noqa: NPY002
        with pytest.raises(ValueError):
            change()


@pytest.mark.parametrize("large", [False, True])
def test_the_owner_of_an_array_may_change_it_and_answers_follow(monkeypatch, large: bool) -> None:
    if large:
        monkeypatch.setattr("sgns.vectors.search.WORTH_THREADS", 1)
    E = np.float32([[1, 0], [0.6, 0.8], [0, 1]])
    for v in (
        Vectors(["a", "b", "c"], E),
        Vectors(["a", "b", "c"], E[:, :2]).restrict(3),
        Vectors("abc", E).space("E"),
    ):
        E[1] = 0.6, 0.8
        assert v.most_similar("a", n=1) == [("b", pytest.approx(0.6))]
        E[1] = 3, 4
        assert E.flags.writeable
        assert v.most_similar("a", n=1) == [("b", pytest.approx(0.6))]
        assert v.similarity("a", "b") == pytest.approx(0.6)
        assert v.analogy("c", "a", "c", n=1)[0] == ("b", pytest.approx(0.6))
        assert v.most_similar_each(["a"], n=1) == [[("b", pytest.approx(0.6))]]
        assert v.normalized()["b"].tolist() == pytest.approx([0.6, 0.8])


def test_what_is_computed_or_copied_is_a_plain_array(three: Vectors) -> None:
    for made in (
        three.E + 1,
        three.E @ three.E.T,
        three.E[[0, 2]],
        three[["a", "b"]],
        three.E.copy(),
        three.E.astype(np.float64),
        np.array(three.E),
        np.asarray(three.E),
        three.E / np.linalg.norm(three.E, axis=1, keepdims=True),
        three.E.sum(axis=0),
        copy.deepcopy(three.E),
        pickle.loads(pickle.dumps(three.E)),
    ):
        assert type(made) is np.ndarray
    for made in (three.E.copy(), three.E + 1, three.E[[0, 2]], pickle.loads(pickle.dumps(three.E))):
        made[0] = 7
    assert isinstance(three.E[0, 0], np.float32)
    assert three.E.sum() == pytest.approx(3.4)
    assert json.dumps(three.words) == '["a", "b", "c"]'
    assert three.words == ["a", "b", "c"]
    assert [*three.words, "d"] == three.words + ["d"] == ["a", "b", "c", "d"]  # noqa: RUF005


def test_copies_and_pickles_are_read_only_too(three: Vectors) -> None:
    three.norms  # noqa: B018
    for v in (copy.copy(three), copy.deepcopy(three), pickle.loads(pickle.dumps(three))):
        assert v.words == three.words
        assert v.E.tobytes() == three.E.tobytes()
        assert v.most_similar("a") == three.most_similar("a")
        with pytest.raises(ReadOnlyError):
            v.E[0] = 2
        with pytest.raises(ReadOnlyError):
            v.words[0] = "x"


def test_trained_vectors_are_read_only_and_keep_lengths() -> None:
    v = sgns.train([["a", "b", "c", "d"]] * 50, dim=4, epochs=1, min_count=1, threads=1)
    with pytest.raises(ReadOnlyError):
        v.E[1] = 0
    assert v.norms is v.norms


# --- new vectors -----------------------------------------------------------------------------------------------------


def test_with_rows(three: Vectors) -> None:
    v = three.with_rows("b", [0, 3])
    assert v.words == three.words
    assert v.E.tolist() == [[1, 0], [0, 3], [0, 1]]
    assert v.C is not None
    assert v.counts is not None
    assert v.counts.tolist() == [9, 8, 7]
    assert v.most_similar("c", n=1) == [("b", 1)]
    assert three.E.tolist()[1] == pytest.approx([0.6, 0.8])
    assert three.with_rows(["c", "a"], np.float32([[5, 5], [6, 6]])).E[[0, 2]].tolist() == [[6, 6], [5, 5]]
    with pytest.raises(UnknownWord):
        three.with_rows("d", [0, 3])


def test_add(three: Vectors) -> None:
    v = three.add(["d", "e"], [[1, 1], [2, 3]])
    assert v.words == ["a", "b", "c", "d", "e"]
    assert v["e"].tolist() == [2, 3]
    assert v.most_similar("d", n=1)[0][0] == "b"
    assert v.C is None
    assert v.counts is None
    full = three.add("d", [1, 1], C=[7, 8], counts=3)
    assert full.C is not None
    assert full.C[3].tolist() == [7, 8]
    assert full.counts is not None
    assert full.counts.tolist() == [9, 8, 7, 3]
    with pytest.raises(ConfigError, match=r"'a' is among the words.*with_rows"):
        three.add("a", [1, 1])


def test_drop(three: Vectors) -> None:
    v = three.drop("b")
    assert v.words == ["a", "c"]
    assert v.C is not None
    assert v.counts is not None
    assert v.counts.tolist() == [9, 7]
    assert three.drop(["a", "c"]).words == ["b"]
    with pytest.raises(UnknownWord):
        three.drop("x")


def test_merge(three: Vectors) -> None:
    other = Vectors(["x", "b"], np.float32([[5, 5], [0, 2]]), np.zeros((2, 2)), np.array([2, 1]))
    with pytest.raises(ConfigError, match=r"both have 1 words, the first 'b'.*on_conflict="):
        three.merge(other)
    wanted = {"first": ([0.6, 0.8], [1, 1], 8), "second": ([0, 2], [0, 0], 1), "mean": ([0.3, 1.4], [0.5, 0.5], 9)}
    for conflict, (row, context, count) in wanted.items():
        v = three.merge(other, on_conflict=conflict)  # type: ignore[arg-type]
        assert v.words == ["a", "b", "c", "x"]
        assert v["b"].tolist() == pytest.approx(row)
        assert v["x"].tolist() == [5, 5]
        assert v.C is not None
        assert v.counts is not None
        assert v.C[1].tolist() == context
        assert v.counts.tolist() == [9, count, 7, 2]
    assert three.merge(Vectors(["x"], np.ones((1, 2)))).counts is None
    with pytest.raises(ConfigError, match="dimension 3 cannot be merged"):
        three.merge(Vectors(["x"], np.ones((1, 3))))
    with pytest.raises(ConfigError, match="choose error, first, second or mean"):
        three.merge(other, on_conflict="both")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "rows", "message"),
    [
        ("d", [1, 2, 3], r"shape \(1, 3\) for 1 words; they need the shape \(1, 2\)"),
        (["d", "e"], [[1, 2]], r"\(2, 2\)"),
        (["d", "d"], [[1, 2], [3, 4]], "'d' stands twice"),
        ("d", [np.nan, 1], "row of 'd' holds NaN"),
        ("d", ["x", "y"], "no numbers"),
        ([7], [[1, 2]], "'7' is a int"),
        ([None], [[1, 2]], "'None' is a NoneType"),
    ],
)
def test_rows_that_do_not_fit(three: Vectors, words, rows, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        three.add(words, rows)


@given(st.lists(st.text(max_size=3), unique=True, min_size=1, max_size=8), st.data())
def test_dropping_what_was_added_gives_the_same(words: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(words)))
    rows = np.random.default_rng(len(words)).normal(size=(len(words), 3)).astype(np.float32)
    v = Vectors(words[:cut], rows[:cut], counts=np.arange(cut))
    both = v.add(words[cut:], rows[cut:], counts=np.arange(len(words) - cut))
    assert both.E.tobytes() == rows.tobytes()
    assert both.words == words
    again = both.drop(words[cut:])
    assert again.words == v.words
    assert again.E.tobytes() == v.E.tobytes()
    merged = v.merge(both, on_conflict="first")
    assert merged.words == words
    assert merged.E.tobytes() == rows.tobytes()


@pytest.mark.parametrize("counts", ["x", 2.7, -5, [1, 2], None])
def test_counts_that_are_none(three: Vectors, counts) -> None:
    if counts is None:
        assert three.add("d", [1, 2], counts=counts).counts is None
        return
    with pytest.raises(ConfigError, match="1 words need as many whole numbers, 0 or more"):
        three.add("d", [1, 2], counts=counts)


def test_a_set_of_words_has_no_order_and_gets_no_rows(three: Vectors) -> None:
    """The rows went to the words in the order of PYTHONHASHSEED."""
    for call in (three.add, three.with_rows):
        with pytest.raises(ConfigError, match="the words are a set, which has no order; give a list"):
            call({"a", "b"}, [[1, 2], [3, 4]])  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [None, 1.5, True, b"ab"])
def test_words_that_are_none(three: Vectors, words) -> None:
    for call in (
        lambda: three.add(words, [[1, 2]]),
        lambda: three.with_rows(words, [[1, 2]]),
        lambda: three.drop(words),
    ):
        with pytest.raises(ConfigError, match=r"no words; give one, or a list of them") as error:
            call()
        assert repr(words) in str(error.value)


@pytest.mark.parametrize("words", [None, 1.5, b"ab"])
def test_questions_about_what_is_no_word(three: Vectors, words) -> None:
    for call in (three.__getitem__, three.most_similar, three.doesnt_match, three.composable, three.select):
        with pytest.raises(ConfigError, match="is no words; give one, or a list of them"):
            call(words)
    with pytest.raises(InputError, match="is no text; give a string, or a list of its words"):
        three.centroid(words)
    with pytest.raises(ConfigError, match="1 different words"):  # not the letters of one word
        three.doesnt_match("abc")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"words": None}, "words is None; give a list, a word for each row of E"),
        ({"words": 2}, "words is 2; give a list"),
        ({"words": {"a", "b"}}, "words is a set, which has no order; give a list, row by row"),
        ({"E": [["x", "y"], ["1", "2"]]}, "E holds no numbers in rows of one length"),
        ({"E": [[1, 2], [1]]}, "E holds no numbers in rows of one length"),
        ({"E": np.eye(2) * 1j}, "E holds no numbers"),
        ({"C": [[1, 2], [1]]}, "C holds no numbers"),
        ({"counts": [1.7, 2]}, "counts holds 1.7; counts are whole numbers, 0 or more"),
        ({"counts": [3, -1]}, "counts holds -1"),
        ({"counts": ["x", 1]}, "counts holds 'x'"),
        ({"counts": [float("nan"), 1]}, "counts holds nan"),
        ({"counts": [10**30, 1]}, "counts holds 1000"),
        ({"metadata": "x"}, "metadata is 'x'; give a dict"),
    ],
)
def test_vectors_of_what_does_not_fit(given: dict, message: str) -> None:
    with pytest.raises(FormatError, match=message) as error:
        Vectors(**({"words": ["a", "b"], "E": np.eye(2)} | given))
    assert "\n" not in str(error.value)


def test_counts_of_whole_numbers_of_any_type() -> None:
    for counts in ([3, 0], np.array([3, 0], np.uint8), np.array([3.0, 0.0]), np.array([3, 0], object)):
        assert Vectors(["a", "b"], np.eye(2), counts=counts).counts.tolist() == [3, 0]  # type: ignore[arg-type, union-attr]


def test_rows_to_take(three: Vectors) -> None:
    for rows in ([0, 2], np.array([0, 2], np.int32), [True, False, True], np.array([-3, -1]), slice(0, 3, 2)):
        assert three.take(rows).words == ["a", "c"]  # type: ignore[arg-type]
    assert three.take([]).words == []  # type: ignore[arg-type]
    for odd, message in (
        (None, "rows is None; give a slice, row numbers, or True and False for each of the 3 rows"),
        ("a", "rows is 'a'"),
        ([0.5], r"rows is \[0.5\]"),
        ([True], r"rows is \[True\]"),
        (1, "rows is 1;"),
        ([[0]], "rows is"),
        ([[0], [1, 2]], "rows is"),
        ([1, 3], "row 3 is outside -3 to 2"),
        ([-4], "row -4 is outside -3 to 2"),
    ):
        for vectors in (three, three.quantize("int8")):
            with pytest.raises(ConfigError, match=message):
                vectors.take(odd)  # type: ignore[arg-type]


def test_integers_given_as_words_are_words_like_those_that_were_trained_on(tmp_path) -> None:
    """They could be asked for, but not saved, added to or merged with text."""
    ids = Vectors([3, np.int64(7)], [[1, 0], [0, 1]])  # type: ignore[list-item]
    assert ids.words == [3, 7]
    assert ids[7].tolist() == ids["7"].tolist() == [0, 1]
    more = ids.add(9, [1, 1])  # type: ignore[arg-type]
    assert more.words == [3, 7, 9]
    with pytest.raises(ConfigError, match="'7' is among the words already"):
        more.add("7", [1, 1])
    more.save(tmp_path / "v.safetensors")
    assert sgns.load(tmp_path / "v.safetensors").words == [3, 7, 9]
    assert more.with_rows(3, [5, 5]).drop([7])[3].tolist() == [5, 5]  # type: ignore[list-item, arg-type]
    assert Vectors(["a", "7"], [[1, 0], [0, 1]]).merge(ids, "first").words == ["a", "7", "3"]
    assert more.merge(Vectors(["x", "7"], [[2, 0], [0, 2]]), "second").words == [3, 7, 9, "x"]
    assert Vectors(np.arange(2), np.eye(2)).words == [0, 1]  # type: ignore[arg-type]
    for odd in (None, 1.5, True, b"a", ("a",)):
        with pytest.raises(FormatError, match="is no word; words are strings or whole numbers"):
            Vectors(["b", odd], np.eye(2))  # type: ignore[list-item]


@pytest.mark.parametrize("other", ["more.bin", None])
def test_merging_what_is_no_vectors(three: Vectors, other) -> None:
    with pytest.raises(ConfigError, match="merge takes Vectors, not"):
        three.merge(other)
