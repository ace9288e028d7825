import numpy as np
import pytest

from sgns.errors import ConfigError
from sgns.figures.projection import project, turn_onto


def test_projection_fits_the_square(vectors):
    xy, shares = project(vectors.E)
    assert np.abs(xy).max() == pytest.approx(0.95, abs=1e-5)
    assert 0 < shares.sum() <= 1


def test_turn_onto_undoes_a_turn():
    xy = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    turned = xy @ np.array([[0, 1], [1, 0]], np.float32)  # a mirror image
    rows = np.arange(20)
    np.testing.assert_allclose(turn_onto(turned, xy, rows, rows), xy, atol=1e-5)


@pytest.mark.slow
def test_umap_keeps_neighbours_together(make_vectors):
    pytest.importorskip("umap")
    vectors = make_vectors(filler=300)
    xy, shares = project(vectors.E, "umap")
    assert shares is None
    near = np.argsort(np.linalg.norm(xy[:24, None] - xy, axis=2), axis=1)[:, 1:4]
    same = (near // 6 == np.arange(24)[:, None] // 6) & (near < 24)
    assert same.mean() > 0.8


def test_umap_needs_sixteen_words():
    with pytest.raises(ConfigError, match="3 words for umap"):
        project(np.eye(3), "umap")
