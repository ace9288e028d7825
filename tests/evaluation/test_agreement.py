"""Agreement of spaces: a rotation changes nothing, a moved word is found, seeds are the yardstick."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.errors import ConfigError
from sgns.evaluation.agreement import SharedWords, agreement_of_words, compare_spaces
from sgns.vectors.alignment import procrustes, shared_words
from sgns.vectors.vectors import Vectors

WORDS = [f"w{i}" for i in range(120)]


def base(seed: int = 0, d: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(WORDS), d))


def rotation(seed: int, d: int = 12) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 10))
def test_a_rotated_scaled_space_agrees_wholly(seed: int, scale: float) -> None:
    E = base()
    found = compare_spaces([Vectors(WORDS, E)], [Vectors(WORDS, scale * E @ rotation(seed))], resamples=50)
    assert found.overlap == pytest.approx(1, abs=0.01)
    assert found.second_order == pytest.approx(1, abs=1e-5)
    assert found.aligned == pytest.approx(1, abs=1e-5)


def test_procrustes_is_scipys() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    x, y = base(1).astype(np.float32), base(2).astype(np.float32)
    np.testing.assert_allclose(procrustes(x, y), linalg.orthogonal_procrustes(x, y)[0], atol=1e-4)


def test_words_that_changed_places_moved_most() -> None:
    E = base()
    moved = E @ rotation(1)
    moved[[7, 80]] = moved[[80, 7]]
    found = compare_spaces([Vectors(WORDS, E)], [Vectors(WORDS, moved)], moved=2, resamples=50)
    assert {m.word for m in found.moved} == {"w7", "w80"}
    assert found.moved[0].cosine < 0.7
    assert set(found.moved[0].first).isdisjoint({found.moved[0].word})
    assert np.isnan(found.moved[0].within)


def test_what_scatters_between_seeds_has_not_moved() -> None:
    """Word 3 has another place in every training; word 7 has one place in each model."""
    generator = np.random.default_rng(0)
    E = base()

    def train(changed: bool) -> Vectors:
        rows = E + 0.05 * generator.normal(size=E.shape)
        rows[3] = generator.normal(size=12)
        if changed:
            rows[7] = -E[7]
        return Vectors(WORDS, rows @ rotation(int(generator.integers(10**6))))

    first, second = [train(False) for _ in range(3)], [train(True) for _ in range(3)]
    found = compare_spaces(first, second, moved=1, resamples=50)
    assert found.moved[0].word == "w7"
    assert found.moved[0].within > 0.9 > 0 > found.moved[0].cosine
    assert found.within_overlap > 0.7


def test_unrelated_spaces_share_neighbours_by_chance_alone() -> None:
    found = compare_spaces([Vectors(WORDS, base(1))], [Vectors(WORDS, base(2))], neighbours=10)
    assert found.overlap == pytest.approx(10 / 119, abs=0.03)
    assert found.overlap_interval is not None
    assert found.overlap_interval.low < 10 / 119 < found.overlap_interval.high


def test_spaces_of_different_dimension_and_vocabulary() -> None:
    a = Vectors(WORDS[:100], base()[:100])
    b = Vectors(WORDS[::-1], (base() @ rotation(3))[::-1, :9])
    found = compare_spaces([a], [b], words=50, resamples=50)
    assert found.words == 50
    assert 0.3 < found.aligned < 1


def test_shared_words_are_those_frequent_in_both() -> None:
    a = Vectors(["a", "b", "c", "d"], np.ones((4, 1)))
    b = Vectors(["c", "b", "a", "x", "y", "d"], np.ones((6, 1)))
    assert shared_words([a, b]) == shared_words([b, a]) != []
    assert shared_words([a, b])[0] == "b"
    assert shared_words([a, b])[-1] == "d"


def test_neighbours_are_counted_once_in_second_order() -> None:
    E = base().astype(np.float32)
    space = SharedWords.of(Vectors(WORDS, E), WORDS, 5)
    overlap, second, aligned = agreement_of_words(space, space)
    assert overlap.tolist() == [1] * 120
    np.testing.assert_allclose(second, 1, atol=1e-6)
    np.testing.assert_allclose(aligned, 1, atol=1e-5)


def test_too_few_shared_words() -> None:
    with pytest.raises(ConfigError, match="1 shared words"):
        compare_spaces([Vectors(["a"], np.ones((1, 2)))], [Vectors(["a"], np.ones((1, 2)))])
