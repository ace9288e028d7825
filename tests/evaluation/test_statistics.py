"""Ranks and correlations equal SciPy's; intervals cover what they claim; Holm as in the paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.evaluation import statistics

numbers = st.integers(-4, 4).map(float)  # few values: many ties


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=30))
def test_spearman_and_pearson_are_scipys(pairs: list[tuple[float, float]]) -> None:
    scipy = pytest.importorskip("scipy.stats")
    x, y = map(np.array, zip(*pairs))
    assert statistics.mean_ranks(x).tolist() == scipy.rankdata(x).tolist()
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(statistics.spearman(x, y))
        assert np.isnan(statistics.pearson(x, y))
    else:
        assert statistics.spearman(x, y) == pytest.approx(scipy.spearmanr(x, y).statistic, abs=1e-12)
        assert statistics.pearson(x, y) == pytest.approx(scipy.pearsonr(x, y).statistic, abs=1e-9)


@given(st.lists(st.tuples(numbers, numbers, st.integers(0, 3)), min_size=2, max_size=15))
def test_a_weighted_resample_is_the_resample_written_out(items: list[tuple[float, float, int]]) -> None:
    x, y, times = (np.array(part) for part in zip(*items))
    if times.sum() < 2:
        return
    draws = times[None, :].astype(float)
    written_x, written_y = np.repeat(x, times), np.repeat(y, times)
    for weighted, plain in (
        (statistics.spearman_of(x, y)(draws)[0], statistics.spearman(written_x, written_y)),
        (statistics.pearson_of(x, y)(draws)[0], statistics.pearson(written_x, written_y)),
        (statistics.mean_of(x)(draws)[0], written_x.mean()),
    ):
        assert weighted == pytest.approx(plain, abs=1e-9, nan_ok=True)


@given(st.integers(1, 50), st.integers(1, 40), st.integers(0, 99))
def test_resamples_draw_n_of_n_and_repeat_themselves(n: int, count: int, seed: int) -> None:
    draws = np.concatenate(list(statistics.resamples(n, count, seed)))
    assert draws.shape == (count, n)
    assert (draws.sum(axis=1) == n).all()
    assert np.array_equal(draws, np.concatenate(list(statistics.resamples(n, count, seed))))


@pytest.mark.slow  # 400 bootstraps; its draws and its known answers are tested beside it
@pytest.mark.parametrize("rho", [0.3, 0.6])
def test_the_interval_of_spearman_covers_what_it_claims(rho: float) -> None:
    """400 simulated test sets of 200 pairs; 95 % intervals should hold the true rho 380 times, give or take 4.4."""
    generator = np.random.default_rng(0)
    truth = 6 / np.pi * np.arcsin(rho / 2)  # Spearman's rho of a bivariate normal with Pearson's rho
    held = 0
    for trial in range(400):
        x = generator.normal(size=200)
        y = rho * x + np.sqrt(1 - rho**2) * generator.normal(size=200)
        interval = statistics.bootstrap(statistics.spearman_of(x, y), 200, count=500, seed=trial)
        assert interval is not None
        held += interval.low <= truth <= interval.high
    assert 366 <= held <= 394  # three standard errors


@pytest.mark.parametrize(("n", "p"), [(50, 0.3), (500, 0.05), (300, 0.6)])
def test_the_interval_of_a_share_covers_what_it_claims(n: int, p: float) -> None:
    generator = np.random.default_rng(1)
    rights = generator.binomial(n, p, size=4000)
    intervals = {k: statistics.proportion(k, n) for k in set(rights.tolist())}
    held = np.mean([intervals[k].low <= p <= intervals[k].high for k in rights.tolist()])
    assert 0.92 <= held <= 0.98


@given(st.integers(3, 300), st.data())
def test_the_closed_form_of_a_share_is_its_bootstrap(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(1, n - 1))
    values = np.arange(n) < right
    closed = statistics.proportion(right, n)
    drawn = statistics.bootstrap(statistics.mean_of(values), n, count=2000)
    assert closed is not None
    assert drawn is not None
    spread = np.sqrt(right / n * (1 - right / n) / n)
    assert closed.low == pytest.approx(drawn.low, abs=1.2 / n + 0.3 * spread)
    assert closed.high == pytest.approx(drawn.high, abs=1.2 / n + 0.3 * spread)


def test_none_right_is_not_certainly_zero() -> None:
    assert statistics.proportion(0, 0) is None
    none, everything = statistics.proportion(0, 12), statistics.proportion(12, 12)
    assert none is not None
    assert everything is not None
    assert (none.low, everything.high) == (0, 1)
    assert none.high == pytest.approx(0.2425, abs=1e-4)  # Wilson's bound for 0 of 12
    assert everything.low == pytest.approx(1 - none.high)


def test_too_few_items_have_no_interval() -> None:
    x = np.arange(2.0)
    assert statistics.bootstrap(statistics.spearman_of(x, x), 2) is None
    flat = np.ones(10)
    assert statistics.bootstrap(statistics.spearman_of(flat, flat), 10, count=50) is None


def test_holm_by_hand() -> None:
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.9, 0.8]) == [1.0, 1.0]
    assert statistics.holm([]) == []
    with_gap = statistics.holm([0.01, float("nan"), 0.5])
    assert with_gap[0] == pytest.approx(0.02)
    assert np.isnan(with_gap[1])


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_and_keeps_the_order(p: list[float]) -> None:
    corrected = statistics.holm(p)
    assert all(c >= q for c, q in zip(corrected, p))
    assert all(c <= 1 for c in corrected)
    for i, a in enumerate(p):
        for j, b in enumerate(p):
            assert a >= b or corrected[i] <= corrected[j]
