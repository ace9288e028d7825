"""The law of update scaling: between sum and mean, one for arrays, tensors and kernels; expected updates add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.config import Config
from sgns.training.update_scaling import expected_updates, update_scale, update_scale_in_kernel


@given(st.floats(1e-6, 50), st.integers(1, 64))
def test_the_scale_is_the_mean_of_the_powers_of_q(a, workers):
    q = np.exp(-a)
    assert update_scale(np.array([a]), workers)[0] == pytest.approx(np.mean(q ** np.arange(workers)), rel=1e-6)


def test_every_update_of_a_rare_word_counts_and_the_mean_of_a_frequent_one():
    assert update_scale(np.array([0.0, 1e-12, 1e3]), 4) == pytest.approx([1, 1, 1 / 4])


def test_arrays_keep_their_type_and_tensors_are_the_same():
    a = np.geomspace(1e-5, 100, 200)
    assert update_scale(a.astype(np.float32), 3).dtype == np.float32
    torch = pytest.importorskip("torch")
    found = update_scale(torch.from_numpy(a), 3)
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(found.numpy(), update_scale(a, 3), rtol=1e-12)


@pytest.fixture(scope="module")
def in_kernel():
    """`update_scale_in_kernel` as kernels see it."""
    from numba import njit

    return njit(lambda a, workers: update_scale_in_kernel(a, workers))


@given(a=st.floats(1e-6, 100), workers=st.integers(1, 64))
def test_the_law_in_kernels_is_the_same(in_kernel, a, workers):
    got = in_kernel(np.float32(a), workers)
    assert got == pytest.approx(float(update_scale(np.array([float(np.float32(a))]), workers)[0]), rel=1e-5)


def test_parallel_descent_arrives_where_one_worker_after_the_other_would():
    """On ½·h·x² the scaled sum of S workers' updates covers what S workers in a row cover."""
    h, lr, n, workers, x = 0.3, 1e-4, 20_000, 4, 1.0
    alone = x * (1 - lr * h) ** n - x  # the change by one worker
    together = x + float(update_scale(np.array([lr * h * n]), workers)[0]) * workers * alone
    assert together == pytest.approx(x * (1 - lr * h) ** (n * workers), abs=1e-3)


def test_expected_updates_add_up_to_the_pairs_of_a_token():
    counts = np.array([5_000, 800, 300, 40, 9])
    keep, noise = np.array([0.1, 0.5, 0.9, 1.0, 1.0]), counts**0.75 / (counts**0.75).sum()
    config = Config(window=7, negatives=5)
    in_E, in_C = expected_updates(counts, keep, noise, config)
    pairs = (config.window + 1) * (counts * keep).sum() / counts.sum()
    assert in_E.sum() == pytest.approx(pairs * 6)  # 1 + k terms of the loss have this row of E
    assert in_C.sum() == pytest.approx(pairs * 6)
