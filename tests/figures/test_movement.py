import numpy as np
import pytest
from scipy.stats import ortho_group

from sgns.errors import ConfigError
from sgns.evaluation import compare_spaces
from sgns.figures.movement import plot_movement
from sgns.vectors.vectors import Vectors


def test_a_turned_model_has_not_moved(vectors, tmp_path):
    turn = ortho_group.rvs(vectors.dim, random_state=0)
    moved = plot_movement(vectors, Vectors(vectors.words, vectors.E @ turn), tmp_path / "m.png")
    assert min(moved.cosines.values()) > 0.999
    np.testing.assert_allclose(moved.start, moved.end, atol=1e-3)


def test_the_word_that_moved_is_named(vectors, tmp_path):
    E = vectors.E.copy()
    E[vectors.id("apple")] = vectors["dog"] * 1.1
    turn = ortho_group.rvs(vectors.dim, random_state=1)
    moved = plot_movement(vectors, Vectors(vectors.words, E @ turn), tmp_path / "m.svg", names=("then", "now"))
    assert min(moved.cosines, key=moved.cosines.__getitem__) == "apple"
    assert moved.title.startswith("apple moved most from then to now")
    assert moved.overlapping == []


def test_compare_and_plot_name_the_same_words(make_vectors, tmp_path):
    """Also where the spaces do not lie around the origin, ranks differ and the word that moved is not frequent."""
    a = make_vectors(filler=2000)
    random = np.random.default_rng(2)
    E = a.E + 0.1 * random.normal(size=a.E.shape) + 0.3
    for word in a.words[900:1900:100]:
        E[a.id(word)] = random.normal(size=a.dim)
    order = random.permutation(len(a))
    b = Vectors([a.words[i] for i in order], E[order])
    compared = compare_spaces([a], [b], moved=12, resamples=10).moved
    drawn = plot_movement(a, b, tmp_path / "m.png")
    assert drawn.words[:12] == [each.word for each in compared]
    np.testing.assert_allclose(
        [drawn.cosines[each.word] for each in compared], [each.cosine for each in compared], atol=1e-5
    )
    assert drawn.title.startswith(f"{compared[0].word} moved most")


def test_words_in_another_order(vectors, tmp_path):
    order = np.random.default_rng(0).permutation(len(vectors))
    other = Vectors([vectors.words[i] for i in order], vectors.E[order])
    moved = plot_movement(vectors, other, tmp_path / "m.png", ["apple", "dog"])
    assert moved.cosines == pytest.approx({"apple": 1, "dog": 1}, abs=1e-5)


def test_models_that_cannot_be_compared(vectors, tmp_path):
    with pytest.raises(ConfigError, match="20 and 10 dimensions"):
        plot_movement(vectors, Vectors(vectors.words, vectors.E[:, :10]), tmp_path / "m.png")
    with pytest.raises(ConfigError, match="share 1 words"):
        plot_movement(vectors, Vectors(["apple", "other"], vectors.E[:2]), tmp_path / "m.png")
