"""What a notebook shows, and tables of pandas."""

import json
import sys

import numpy as np
import pytest

from sgns.errors import MissingExtra
from sgns.vectors import Answers, Vectors


@pytest.fixture
def vectors():
    E = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    return Vectors(["a<b", "b", "c"], E, counts=np.array([5, 3, 1]), metadata={"config": {"dim": 2, "window": 5}})


def test_a_notebook_shows_size_words_and_options_escaped(vectors):
    html = vectors._repr_html_()
    assert "a&lt;b b c" in html
    assert "a<b" not in html
    assert "E, counts" in html
    assert "dim 2, window 5" in html


def test_answers_are_a_list_and_a_table(vectors):
    for answers in (
        vectors.most_similar("b", n=2),
        vectors.doesnt_match(["a<b", "b", "c"]),
        vectors.analogy("a<b", "b", "c"),
    ):
        assert isinstance(answers, Answers)
        assert answers == list(answers)
        assert json.loads(json.dumps(answers)) == [list(pair) for pair in answers]
        assert answers._repr_html_().count("<tr>") == len(answers) + 1
    assert all(isinstance(found, Answers) for found in vectors.most_similar_each(["b", "c"]))


def test_pandas_gets_rows_counts_and_answers(vectors):
    pytest.importorskip("pandas")
    frame = vectors.to_pandas()
    assert list(frame.index) == vectors.words
    assert frame["count"].tolist() == [5, 3, 1]
    np.testing.assert_array_equal(frame[[0, 1]].to_numpy(), vectors.E)
    answers = vectors.most_similar("b").to_pandas()
    assert list(answers.columns) == ["word", "cosine"]
    assert "count" not in Vectors(["x"], np.ones((1, 2))).to_pandas()


def test_without_pandas_the_remedy_is_said(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match="pip install pandas"):
        vectors.to_pandas()
