import numpy as np

from sgns.base.geometry import unit
from sgns.figures.colouring import NO_COLOUR, by_cluster, by_frequency, carry_over, name_clusters
from sgns.vectors.vectors import Vectors


def test_clusters_are_found_and_numbered_by_size():
    truth = np.repeat(np.arange(8), [60, 50, 40, 30, 20, 10, 8, 5])
    X = np.eye(16)[truth] + np.random.default_rng(0).normal(0, 0.05, (len(truth), 16))
    clusters = by_cluster(Vectors([f"w{i}" for i in range(len(truth))], X), seed=9)
    assert clusters.of.tolist() == truth.tolist()
    for c, name in enumerate(clusters.names):
        assert {int(word[1:]) for word in name.split(", ")} <= set(np.flatnonzero(truth == c).tolist())


def test_a_cluster_is_named_by_the_words_nearest_to_its_mean():
    X = unit(np.array([[1, 0], [1, 1], [3, 1], [0, 1], [4, 1]]), np.float64)
    names = name_clusters(X, ["a", "b", "c", "d", "e"], np.array([0, 0, 0, 1, 0]), np.array([[1.0, 0], [0, 1]]))
    assert names == ["a, e, c", "d"]


def test_frequency_runs_from_frequent_to_rare(vectors):
    bands = by_frequency(vectors)
    assert (np.diff(bands.of.astype(int)) >= 0).all()
    assert set(bands.of.tolist()) == set(range(8))
    for band, name in enumerate(bands.names):
        least = int(name.split()[1].replace(",", ""))
        assert vectors.counts[bands.of == band].min() == least


def test_words_that_are_not_shared_have_no_colour(vectors):
    other = ["nowhere", vectors.words[5], vectors.words[0]]
    carried = carry_over(by_frequency(vectors), vectors.words, other)
    assert carried.of.tolist() == [NO_COLOUR, *by_frequency(vectors).of[[5, 0]]]
    assert carried.scale
