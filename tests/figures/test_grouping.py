import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform

from sgns.figures.grouping import average_linkage, cut, leaf_order, natural_groups, silhouette


@settings(deadline=None)
@given(st.integers(2, 25), st.integers(0, 10_000))
def test_average_linkage_is_scipys(n, seed):
    D = pdist(np.random.default_rng(seed).normal(size=(n, 3)))
    mine, theirs = average_linkage(squareform(D)), hierarchy.linkage(D, "average")
    np.testing.assert_allclose(mine, theirs, rtol=1e-9)


@given(st.integers(2, 25), st.integers(0, 10_000))
def test_no_branches_cross(n, seed):
    merges = average_linkage(squareform(pdist(np.random.default_rng(seed).normal(size=(n, 3)))))
    order = leaf_order(merges)
    assert sorted(order) == list(range(n))
    for groups in range(1, n + 1):  # every cluster stands in one run
        labels = cut(merges, groups)[order]
        assert np.count_nonzero(np.diff(labels)) == groups - 1


def test_cut_gives_as_many_groups_as_asked_and_scipys():
    D = pdist(np.random.default_rng(3).normal(size=(18, 3)))
    merges = average_linkage(squareform(D))
    for groups in range(1, 19):
        mine = cut(merges, groups)
        theirs = hierarchy.fcluster(hierarchy.linkage(D, "average"), groups, "maxclust")
        assert len(set(mine)) == groups
        assert len(set(zip(mine, theirs))) == groups


def test_silhouette_of_two_far_pairs_by_hand():
    D = squareform(pdist(np.array([[0.0], [1.0], [10.0], [11.0]])))
    expected = np.mean([(10.5 - 1) / 10.5, (9.5 - 1) / 9.5] * 2)
    assert abs(silhouette(D, np.array([0, 0, 1, 1])) - expected) < 1e-12


def test_natural_groups_finds_planted_groups():
    random = np.random.default_rng(0)
    truth = np.repeat(np.arange(5), 6)
    X = random.normal(0, 0.05, (30, 8)) + np.eye(8)[truth]
    D = squareform(pdist(X, "cosine"))
    assert len(set(zip(truth, natural_groups(D)))) == 5
    assert natural_groups(D[:3, :3]).tolist() == [0, 0, 0]
