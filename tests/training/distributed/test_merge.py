"""Merging: what is learnt anywhere is known everywhere, and no exchange hides or doubles a step."""

import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from threaded import run_on_ranks

from sgns.training.distributed.combine import combine, curvatures, eigen_curvature, sample
from sgns.training.distributed.merge import MergeOptions, Merger
from sgns.training.distributed.merged_rows import RowsOfRun
from sgns.training.distributed.row_schedule import RowSchedule

V, D, STRIDE = 90, 5, 16


@settings(max_examples=40, deadline=None)
@given(V=st.integers(1, 5_000), hot_rows=st.integers(1, 300), interval=st.sampled_from([1, 2, 8, 1 << 30]))
def test_each_row_has_its_turn_as_often_as_its_band_says(V, hot_rows, interval):
    rows = RowSchedule(V, hot_rows, interval)
    longest = max(every for _, _, every in rows.bands())
    times = np.zeros(V, int)
    for number in range(longest):
        here = np.zeros(V, int)
        for low, high in rows.of_round(number):
            here[low:high] += 1
        assert here.max(initial=0) <= 1
        times += here
    for begin, end, every in rows.bands():
        assert (times[begin:end] == longest // every).all()
    assert longest <= interval
    assert rows.bands()[0][0] == 0
    assert rows.bands()[-1][1] == V


def test_rounds_are_equally_short():
    rows = RowSchedule(1_000_000, 1_024)
    sizes = [sum(high - low for low, high in rows.of_round(number)) for number in range(2_048)]
    assert max(sizes) - min(sizes) <= len(rows.bands())
    assert np.mean(sizes) == pytest.approx(rows.rows_per_round, rel=0.01)


def merged(ranks, combiner, communication_dtype="float32", rounds=6, merge_all_at=(), hot_rows=16, steps=None):
    """Each rank adds `steps(rank, round)` to its tables in each round.

    Returns the tables at the start, and of each rank its tables at the end and the figures that it received.
    """
    steps = steps or (lambda rank, number: np.random.default_rng([rank, number]).normal(0, 0.01, (2, V, D)))
    start = np.random.default_rng(1).normal(size=(2, V, STRIDE)).astype(np.float32)
    expected = (np.ones(V, np.float32), np.ones(V, np.float32))

    def work(comm):
        tables = start.copy()
        options = MergeOptions(hot_rows=hot_rows, combiner=combiner, communication_dtype=communication_dtype)
        rows = RowsOfRun.of_words(torch.from_numpy(tables[0]), torch.from_numpy(tables[1]), D, expected)
        merger = Merger(rows, D, comm, options)
        received = []
        for number in range(rounds):
            tables[:, :, :D] += steps(comm.rank, number).astype(np.float32)
            received.append(merger.receive())
            if number in merge_all_at:
                merger.merge_all(1.0, 0.025)
            else:
                merger.send(number, 1.0, 0.025, [float(comm.rank), float(number)])
        received.append(merger.receive())
        merger.merge_all(0.0, 0.025)
        merger.close()
        return tables, received

    return start, run_on_ranks(ranks, work)


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
@pytest.mark.parametrize(("combiner", "factor"), [("sum", 1.0), ("mean", None)])
@pytest.mark.parametrize("merge_all_at", [(), (2,)])
def test_no_step_is_lost_or_counted_twice(ranks, combiner, factor, merge_all_at):
    """However rows travel, the end is the start plus all steps (sum), or plus their mean over the ranks."""
    start, found = merged(ranks, combiner, merge_all_at=merge_all_at)
    steps = sum(
        np.random.default_rng([rank, number]).normal(0, 0.01, (2, V, D)) for rank in range(ranks) for number in range(6)
    )
    wanted = start[:, :, :D] + steps * (factor or 1 / ranks)
    for tables, _ in found:
        np.testing.assert_allclose(tables[:, :, :D], wanted, atol=2e-6)
        assert np.array_equal(tables[:, :, D:], start[:, :, D:])


@pytest.mark.parametrize("combiner", ["shaped", "damped", "touched"])
@pytest.mark.parametrize("communication_dtype", ["float32", "bfloat16"])
def test_all_ranks_end_with_the_same_bits_and_a_run_repeats(combiner, communication_dtype):
    _, found = merged(3, combiner, communication_dtype)
    _, again = merged(3, combiner, communication_dtype)
    for tables, _ in [*found, *again]:
        assert np.array_equal(tables, found[0][0])


def test_what_rounding_before_sending_loses_is_sent_later():
    """The same small step in every round: without the remainder bfloat16 would lose a part of each."""
    steps = np.full((2, V, D), 0.0100021)
    start, found = merged(2, "mean", "bfloat16", rounds=40, hot_rows=V, steps=lambda *_: steps)
    gone = found[0][0][:, :, :D] - start[:, :, :D]
    assert abs(gone.mean() / (40 * 0.0100021) - 1) < 3e-3
    assert abs(float(torch.tensor(0.0100021).bfloat16()) / 0.0100021 - 1) < 4e-3


def test_ranks_receive_the_figures_of_all_after_a_round():
    _, found = merged(3, "sum", rounds=3)
    for _, received in found:
        assert received == [[], *([[float(r), float(n)] for r in range(3)] for n in range(3))]


def test_touched_divides_by_the_ranks_that_moved_a_row():
    steps = torch.zeros(4, 3, 2)
    steps[0, 0], steps[:, 1], steps[1:3, 2] = 1.0, 1.0, 1.0
    assert combine("touched", steps, torch.ones(3), 0.025, 0.1).tolist() == [[1, 1], [1, 1], [1, 1]]


@settings(max_examples=100, deadline=None)
@given(a=st.floats(1e-7, 100), N=st.integers(1, 128))
def test_the_scaled_sum_lies_between_mean_and_sum(a, N):
    g = float(combine("damped", torch.ones(N, 1, 1), torch.tensor([a]), 1.0, 1.0)) / N
    assert 1 / N * 0.9999 <= g <= 1.0001
    assert g == pytest.approx(np.expm1(-N * min(50, max(a, 1e-5))) / (N * np.expm1(-min(50, max(a, 1e-5)))), rel=1e-4)


def test_on_a_quadratic_the_common_step_is_that_of_all_updates_one_after_the_other():
    """Ranks descend ½·xᵀHx; combined along the axes of H, they arrive where one rank with all updates does."""
    generator = torch.Generator().manual_seed(3)
    rows = torch.randn(200, D, generator=generator) * torch.tensor([3.0, 1.0, 0.5, 0.2, 0.1])
    H, lr, expected, N = eigen_curvature(rows, torch.full((200,), 0.25)), 0.025, 300, 4
    x = torch.randn(D, generator=generator).double()
    U, values = H.vectors.double(), H.values.double()

    def after(n):
        return U @ (torch.exp(-lr * values * n) * (U.T @ x))

    steps = (after(expected) - x).float().expand(N, 1, D)
    step = combine("shaped", steps.contiguous(), torch.tensor([float(expected)]), lr, H)[0]
    np.testing.assert_allclose(step, (after(N * expected) - x), atol=1e-4)


def test_curvature_is_the_hessian_of_the_loss_of_negatives():
    """H of a row w of E, from autograd: the mean over pairs of −log σ(−E_w·C_c)."""
    generator = torch.Generator().manual_seed(5)
    E, C = torch.randn(1, D, generator=generator), torch.randn(60, D, generator=generator)
    ours = curvatures(E, C)[0]
    hessian = torch.autograd.functional.hessian(
        lambda w: -torch.nn.functional.logsigmoid(-(C.double() @ w)).mean(), E[0].double()
    )
    rebuilt = ours.vectors @ torch.diag(ours.values) @ ours.vectors.T
    np.testing.assert_allclose(rebuilt, hessian, atol=1e-5)


def test_rows_are_sampled_in_proportion_to_their_updates():
    rows = sample(np.array([3.0, 1.0, 0.0, 4.0]))
    assert np.bincount(rows, minlength=4).tolist() == [192, 64, 0, 256]


def test_a_slow_rank_does_not_keep_the_others_from_the_next_round():
    """Rank 1 ends its round 2 only after rank 0 has ended its round 3: with exchanges in step, both would wait."""
    ended = threading.Event()

    def work(comm):
        tables = torch.zeros(2, V, STRIDE)
        expected = (np.ones(V, np.float32), np.ones(V, np.float32))
        rows = RowsOfRun.of_words(tables[0], tables[1], D, expected)
        merger = Merger(rows, D, comm, MergeOptions(hot_rows=16, combiner="sum"))
        for number in range(5):
            if comm.rank == 1 and number == 2:
                assert ended.wait(250)
            tables[:, :, :D] += 1.0
            if comm.rank == 0 and number == 3:
                ended.set()
            merger.receive()
            merger.send(number, 1.0, 0.025, [])
        merger.receive()
        merger.merge_all(0.0, 0.025)
        merger.close()
        return tables

    for tables in run_on_ranks(2, work):
        assert (tables[:, :, :D] == 10).all()
