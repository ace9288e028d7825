import numpy as np
import pytest

from sgns.errors import UnknownWord
from sgns.figures.trends import find_trends
from sgns.vectors.vectors import Vectors


def test_neighbours_are_those_of_most_similar(vectors, groups):
    words = groups["fruit"] + groups["animal"]
    found = find_trends(vectors, words)
    assert list(found.neighbours) == words
    for word, near in found.neighbours.items():
        assert dict(near) == pytest.approx(dict(vectors.most_similar(word, n=3)), abs=1e-6)


def test_groups_come_tightest_first():
    E = np.array([[1, 0, 0, 0], [1, 0.1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1.0]])
    v = Vectors(["a", "b", "c", "d"], E)
    found = find_trends(v, v.words, {"loose": ["c", "d"], "tight": ["a", "b"], "alone": ["a"]})
    assert [group.name for group in found.groups] == ["tight", "loose"]
    assert found.groups[0].tightness == pytest.approx(1 / np.hypot(1, 0.1))
    assert found.groups[1].tightness == pytest.approx(np.sqrt(0.5))
    assert ".71  c, d" in found.text()


def test_text_names_every_word_and_neighbour(vectors, groups):
    found = find_trends(vectors, groups["fruit"], groups)
    text = found.text()
    for word, near in found.neighbours.items():
        assert word in text
        assert all(other in text for other, _ in near)


def test_nothing_asked_nothing_found(vectors):
    assert find_trends(vectors, []).neighbours == {}


def test_unknown_word(vectors):
    with pytest.raises(UnknownWord, match="did you mean pear"):
        find_trends(vectors, ["paer"])
