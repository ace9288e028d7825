import numpy as np
import pytest

from sgns.figures import labels
from sgns.figures.labels import covered, crossings, leaders_of, overlaps, place_labels
from sgns.figures.style import new_figure


@pytest.mark.slow  # that none overlap is asked in test_plot.py
def test_labels_move_off_points_of_a_tight_group(monkeypatch):
    random = np.random.default_rng(0)
    xy = np.repeat(random.normal(0, 1, (6, 2)), 6, axis=0) + random.normal(0, 0.05, (36, 2))
    words = [f"word{'long' * (i % 2)}{i}" for i in range(36)]

    def points_covered():
        figure, axes = new_figure(9, 6.75)
        axes.scatter(*xy.T)
        figure.draw_without_rendering()
        texts = place_labels(figure, axes, xy, words, ["black"] * 36)
        assert overlaps(figure, texts) == []
        return covered(figure, axes, xy, texts)

    careful = points_covered()
    monkeypatch.setattr(labels, "CAREFUL", 0)
    assert careful < 0.7 * points_covered()


def test_lines_that_cross():
    square = np.array([[[0, 0], [1, 1]], [[0, 1], [1, 0]], [[0, 0], [1, 0]], [[2, 0], [2, 1]]], float)
    assert crossings(square) == 1  # the two diagonals; a common end is no crossing
    assert crossings(square[:1]) == crossings(square[:0]) == 0


@pytest.mark.slow  # that labels do not overlap is asked in test_plot.py
def test_lines_to_the_words_of_a_tight_group_seldom_cross():
    random = np.random.default_rng(3)
    xy = np.repeat(random.normal(0, 1, (6, 2)), 6, axis=0) + random.normal(0, 0.05, (36, 2))
    words = [f"word{'long' * (i % 2)}{i}" for i in range(36)]
    figure, axes = new_figure(9, 6.75)
    axes.scatter(*xy.T)
    figure.draw_without_rendering()
    place_labels(figure, axes, xy, words, ["black"] * 36)
    leaders = leaders_of(axes.lines)
    assert len(leaders) > 12
    assert crossings(leaders) < 8  # 24 where nobody looks
