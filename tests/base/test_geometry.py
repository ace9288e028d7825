import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.base.geometry import principal_components, spherical_kmeans, unit


@given(st.integers(3, 40), st.integers(2, 12), st.integers(0, 10_000))
def test_components_are_the_eigenvectors_of_the_covariance(n, d, seed):
    X = np.random.default_rng(seed).normal(0, np.arange(1, d + 1), (n, d))
    xy, shares = principal_components(X)
    values = np.linalg.eigvalsh(np.cov(X.T).reshape(d, d))[::-1]
    there = min(2, n - 1, d)
    np.testing.assert_allclose(xy.var(axis=0, ddof=1)[:there], values[:there], rtol=1e-8)
    np.testing.assert_allclose(shares[:there], values[:there] / values.sum(), rtol=1e-8)
    np.testing.assert_allclose(xy.mean(axis=0), 0, atol=1e-9)


def test_all_components_keep_all_distances():
    X = np.random.default_rng(0).normal(size=(9, 4))
    xy, shares = principal_components(X, k=4)
    before = np.linalg.norm(X[:, None] - X, axis=2)
    np.testing.assert_allclose(np.linalg.norm(xy[:, None] - xy, axis=2), before, atol=1e-10)
    assert shares.sum() == pytest.approx(1)


def test_sign_does_not_depend_on_the_sign_of_the_data():
    X = np.random.default_rng(1).normal(size=(30, 5))
    np.testing.assert_allclose(principal_components(X)[0], -principal_components(-X)[0], atol=1e-10)


@pytest.mark.parametrize("X", [np.ones((1, 3)), np.ones((4, 3)), np.arange(6.0).reshape(6, 1)])
def test_missing_components_are_zero(X):
    xy, shares = principal_components(X)
    assert xy.shape == (len(X), 2)
    assert np.isfinite(xy).all()
    assert np.isfinite(shares).all()
    assert not xy[:, 1].any()


@given(st.integers(0, 10**6))
def test_unit_rows_have_length_one_and_zero_stays(seed):
    rows = np.random.default_rng(seed).normal(size=(5, 4)) * 10.0 ** np.arange(-10, 15, 5)[:, None]
    rows[2] = 0
    np.testing.assert_allclose(np.linalg.norm(unit(rows), axis=1), [1, 1, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(unit(rows, np.float64), axis=1), [1, 1, 0, 1, 1], atol=1e-14)


def test_unit_leaves_its_argument_takes_any_shape_and_shows_nan():
    X = np.array([[[3.0, 4.0], [0.0, np.nan]]])
    np.testing.assert_allclose(unit(X), [[[0.6, 0.8], [np.nan, np.nan]]], rtol=1e-6)
    assert unit(X).dtype == np.float32
    assert unit(X, np.float64).dtype == np.float64
    np.testing.assert_allclose(unit(X[0, 0]), [0.6, 0.8], rtol=1e-6)
    assert X[0, 0].tolist() == [3, 4]


def planted(sizes, noise=0.05, seed=0):
    """Unit rows around as many axes as there are sizes, and the axis of each."""
    truth = np.repeat(np.arange(len(sizes)), sizes)
    X = np.eye(2 * len(sizes))[truth] + np.random.default_rng(seed).normal(0, noise, (len(truth), 2 * len(sizes)))
    return unit(X, np.float64), truth


@pytest.mark.parametrize("seed", [1, 2, [3, 4]])
def test_kmeans_finds_planted_clusters_and_repeats_itself(seed):
    X, truth = planted([50, 40, 30, 20, 10, 5])
    labels, centres, total = spherical_kmeans(X, 6, seed)
    assert len(set(zip(truth, labels))) == 6
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1)
    assert total == pytest.approx((X @ centres.T).max(axis=1).sum())
    assert np.array_equal(labels, spherical_kmeans(X, 6, seed)[0])


def test_more_iterations_never_lower_the_sum_of_cosines():
    X = unit(np.random.default_rng(5).normal(size=(300, 6)), np.float64)
    totals = [spherical_kmeans(X, 7, 3, iterations)[2] for iterations in range(1, 20)]
    assert np.diff(totals).min() >= -1e-9
    assert totals[-1] > totals[0]


def test_an_empty_cluster_takes_the_row_that_fits_worst():
    X = unit(np.repeat(np.eye(3), [9, 9, 1], axis=0))
    for seed in range(20):  # two clusters more than there are different rows: some stay empty in every round
        labels, centres, _ = spherical_kmeans(X, 5, seed)
        assert np.isfinite(centres).all()
        assert len({tuple(X[labels == label][0]) for label in set(labels.tolist())}) == 3


def test_one_cluster_holds_all():
    X, _ = planted([4, 3])
    labels, centres, _ = spherical_kmeans(X, 1)
    assert not labels.any()
    np.testing.assert_allclose(centres[0], unit(X.sum(axis=0), np.float64))
