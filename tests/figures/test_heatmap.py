import itertools

import numpy as np
import pytest

from sgns.errors import ConfigError, UnknownWord
from sgns.figures.heatmap import plot_heatmap


def test_like_words_stand_side_by_side(vectors, groups, tmp_path):
    asked = [word for row in zip(*groups.values()) for word in row]
    heat = plot_heatmap(vectors, asked, tmp_path / "h.png")
    group_of = {word: name for name, members in groups.items() for word in members}
    row = [group_of[word] for word in heat.words]
    assert sum(a != b for a, b in itertools.pairwise(row)) == len(groups) - 1
    assert (tmp_path / "h.png").stat().st_size > 1000


def test_cosines_are_those_of_the_vectors(vectors, groups, tmp_path):
    heat = plot_heatmap(vectors, groups["fruit"] + groups["colour"], tmp_path / "h.svg")
    for i, a in enumerate(heat.words):
        for j, b in enumerate(heat.words):
            assert heat.cosines[i, j] == pytest.approx(vectors.similarity(a, b), abs=1e-6)
    i, j = divmod(int(np.argmax(heat.cosines - 3 * np.eye(len(heat.words)))), len(heat.words))
    assert heat.words[i] in heat.title
    assert heat.words[j] in heat.title


@pytest.mark.slow
def test_many_words(vectors, tmp_path):
    assert len(plot_heatmap(vectors, vectors.words[:60], tmp_path / "h.png").words) == 60


def test_limits(vectors, tmp_path):
    with pytest.raises(ConfigError, match="1 words for a heat map, outside 2 to 120"):
        plot_heatmap(vectors, ["apple", "apple"], tmp_path / "h.png")
    with pytest.raises(UnknownWord):
        plot_heatmap(vectors, ["apple", "nosuchword"], tmp_path / "h.png")
