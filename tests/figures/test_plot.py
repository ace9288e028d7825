import itertools

import numpy as np
import pytest
from matplotlib.text import Text

from sgns.base.geometry import principal_components, unit
from sgns.errors import OutputError, UnknownWord
from sgns.figures import plot
from sgns.figures.plot import around, convex_hull, plot_words
from sgns.vectors.vectors import Vectors


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_formats(vectors, groups, tmp_path, ending):
    some = {name: words[:3] for name, words in groups.items()}
    result = plot_words(vectors, [], tmp_path / f"words.{ending}", groups=some)
    magic = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert result.path.read_bytes().startswith(magic)
    assert [path.name for path in tmp_path.iterdir()] == [f"words.{ending}"]  # no temporary file stays


def test_result_is_the_pca_of_unit_vectors(vectors, groups, tmp_path):
    words = groups["fruit"] + groups["number"]
    result = plot_words(vectors, words, tmp_path / "p.png")
    xy, shares = principal_components(unit(vectors[words], np.float64))
    np.testing.assert_allclose(result.coordinates, xy)
    np.testing.assert_allclose(result.explained, shares)
    assert result.words == words


def test_groups_are_found(vectors, groups, tmp_path):
    words = [word for row in itertools.zip_longest(*groups.values()) for word in row]
    result = plot_words(vectors, words, tmp_path / "p.png")
    assert sorted(sorted(g) for g in result.groups.values()) == sorted(sorted(g) for g in groups.values())


@pytest.mark.parametrize("n", [2, 20, *(pytest.param(n, marks=pytest.mark.slow) for n in (40, 90))])
def test_labels_never_overlap(n, tmp_path):
    random = np.random.default_rng(n)
    words = [f"{'long' * (i % 4)}word{i}" for i in range(n)]
    crowded = random.normal(0, 1, (n, 5)) * [1, 0.3, 0.1, 0.1, 0.1] + [4, 0, 0, 0, 0]
    assert plot_words(Vectors(words, crowded), words, tmp_path / "p.png").overlapping == []


def test_words_that_lie_on_one_point(tmp_path):
    words = ["same", "again", "twin"]
    result = plot_words(Vectors(words, np.ones((3, 4))), words, tmp_path / "p.png")
    assert result.overlapping == []


def test_words_that_look_like_formulas_are_drawn_as_they_are(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(plot, "save", lambda figure, path: drawn.append(figure))
    words = ["$x^2$", "$", r"$\alpha$", "_a_"]
    groups = {"$x^2$": words[:2], "_b_": words[2:]}
    plot_words(Vectors(words, np.eye(4)), words, tmp_path / "p.svg", groups=groups)
    (axes,) = drawn[0].axes
    texts = drawn[0].findobj(Text)
    assert {text.get_text() for text in texts} >= {*words, "2 groups of words: $x^2$, _b_"}
    assert not any(text.get_parse_math() for text in texts if "$" in text.get_text())
    assert {text.get_text() for text in axes.texts} >= set(words)


@pytest.mark.slow  # two pictures
def test_the_same_words_give_the_same_file(vectors, groups, tmp_path):
    for name in ("a.svg", "b.svg"):
        plot_words(vectors, [], tmp_path / name, groups=groups)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_errors_leave_what_was_there(vectors, tmp_path):
    old = tmp_path / "old.png"
    old.write_text("precious")
    with pytest.raises(UnknownWord, match="did you mean apple"):
        plot_words(vectors, ["aple"], old)
    assert old.read_text() == "precious"
    with pytest.raises(OutputError, match=r"\.png, \.svg, \.pdf"):
        plot_words(vectors, ["apple"], tmp_path / "p.bmp")
    with pytest.raises(OutputError, match="mkdir -p"):
        plot_words(vectors, ["apple"], tmp_path / "no" / "p.png")


def test_hull_holds_every_point():
    xy = np.random.default_rng(0).normal(size=(50, 2))
    corners = convex_hull(xy)
    edges = np.roll(corners, -1, axis=0) - corners
    to = xy[:, None] - corners
    assert (edges[:, 0] * to[..., 1] - edges[:, 1] * to[..., 0] >= -1e-12).all()
    assert {tuple(c) for c in corners} <= {tuple(p) for p in xy}


def test_rounded_outline_stands_off_by_its_radius():
    ring = convex_hull(around(np.array([[1.0, 2.0]]), 0.5))
    np.testing.assert_allclose(np.linalg.norm(ring - [1, 2], axis=1), 0.5)
