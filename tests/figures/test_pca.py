import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.figures.pca import pca, unit_rows


@given(st.integers(3, 40), st.integers(2, 12), st.integers(0, 10_000))
def test_components_are_the_eigenvectors_of_the_covariance(n, d, seed):
    X = np.random.default_rng(seed).normal(0, np.arange(1, d + 1), (n, d))
    xy, shares = pca(X)
    values = np.linalg.eigvalsh(np.cov(X.T).reshape(d, d))[::-1]
    there = min(2, n - 1, d)
    np.testing.assert_allclose(xy.var(axis=0, ddof=1)[:there], values[:there], rtol=1e-8)
    np.testing.assert_allclose(shares[:there], values[:there] / values.sum(), rtol=1e-8)
    np.testing.assert_allclose(xy.mean(axis=0), 0, atol=1e-9)


def test_all_components_keep_all_distances():
    X = np.random.default_rng(0).normal(size=(9, 4))
    xy, shares = pca(X, k=4)
    before = np.linalg.norm(X[:, None] - X, axis=2)
    np.testing.assert_allclose(np.linalg.norm(xy[:, None] - xy, axis=2), before, atol=1e-10)
    assert shares.sum() == pytest.approx(1)


def test_sign_does_not_depend_on_the_sign_of_the_data():
    X = np.random.default_rng(1).normal(size=(30, 5))
    np.testing.assert_allclose(pca(X)[0], -pca(-X)[0], atol=1e-10)


@pytest.mark.parametrize("X", [np.ones((1, 3)), np.ones((4, 3)), np.arange(6.0).reshape(6, 1)])
def test_missing_components_are_zero(X):
    xy, shares = pca(X)
    assert xy.shape == (len(X), 2)
    assert np.isfinite(xy).all()
    assert np.isfinite(shares).all()
    assert not xy[:, 1].any()


def test_unit_rows_keep_zero_rows():
    X = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(X, [[0.6, 0.8], [0, 0]])
