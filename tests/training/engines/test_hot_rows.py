"""Copies of the most frequent rows: their changes are added to the rows, and nothing else changes."""

from functools import partial

import numpy as np
import pytest

from sgns.base.parallel import run_all
from sgns.config import Config
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.cpu.hot_rows import CENTRES_AT_LEAST, CENTRES_OF_A_THREAD, HotRows
from sgns.training.update_scaling import CURVATURE, expected_updates, update_scale

V, TOKENS, LR = 400, 12_000, 0.05
CONFIG = Config(dim=20, subsample=1e-2, seed=3)


def zipf():
    """counts, keep, noise, ids."""
    share = 1 / np.arange(1, V + 1)
    share /= share.sum()
    ids = np.random.default_rng(5).choice(V, TOKENS, p=share).astype(np.int32)
    counts = np.bincount(ids, minlength=V)
    order = np.argsort(-counts, kind="stable")
    ids, counts = np.argsort(order)[ids].astype(np.int32), counts[order]
    ratio = CONFIG.subsample * TOKENS / np.maximum(1, counts)
    noise = counts**0.75 / (counts**0.75).sum()
    return counts, np.minimum(1.0, np.sqrt(ratio) + ratio), noise, ids


def engine(threads, spans=None, tokens=10**9):
    counts, keep, noise, ids = zipf()
    hot_rows = HotRows(counts, keep, noise, CONFIG, threads, tokens) if threads else None
    more = {} if spans is None else {"spans": spans}
    made = CpuEngine(ids, np.array([TOKENS]), keep, noise, CONFIG, hot_rows=hot_rows, **more)
    made.C[:, : CONFIG.dim] = np.random.default_rng(6).normal(0, 0.1, (V, CONFIG.dim))
    made.compile()
    return made


def with_a_gap(start, stop):
    return [(start, start + (stop - start) // 3), (start + (stop - start) // 2, stop)]


@pytest.mark.parametrize("threads", [0, 1])
def test_one_thread_trains_the_rows_themselves(threads):
    plain = engine(0)
    other = engine(threads)
    for each in (plain, other):
        each.train_block(0, 0, 0, TOKENS, LR)
    assert other._rows[0].shape == plain._rows[0].shape
    assert np.array_equal(plain.E, other.E)
    assert np.array_equal(plain.C, other.C)


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("spans", [None, with_a_gap])
def test_a_block_moves_hot_rows_by_its_scaled_change_and_others_as_before(threads, spans):
    counts, keep, noise, _ = zipf()
    plain, copied = engine(0, spans), engine(threads, spans)
    hot = int((counts * keep >= CENTRES_AT_LEAST).sum())
    assert 5 < hot < V / 2
    before = plain.E.copy(), plain.C.copy()
    sums = [each.train_block(0, 0, 0, TOKENS, LR) for each in (plain, copied)]
    assert sums[0] == sums[1]
    updates = expected_updates(counts, keep, noise, CONFIG)
    for A, alone, got, n in zip(before, (plain.E, plain.C), (copied.E, copied.C), updates, strict=True):
        assert np.array_equal(alone[hot:], got[hot:])
        scale = update_scale(LR * CURVATURE * TOKENS * n[:hot], threads)[:, None]
        assert np.any(scale < 0.9)
        np.testing.assert_allclose(got[:hot], A[:hot] + scale * (alone - A)[:hot], atol=1e-6)


def test_more_callers_than_threads_and_an_error_leave_the_copies_whole():
    made = engine(2)
    hot_rows, rows = made._hot_rows, made._rows
    with pytest.raises(ZeroDivisionError), hot_rows.checkout(*rows, TOKENS, LR):
        raise ZeroDivisionError
    with (
        hot_rows.checkout(*rows, TOKENS, LR) as one,
        hot_rows.checkout(*rows, TOKENS, LR) as two,
        hot_rows.checkout(*rows, TOKENS, LR) as t,
    ):
        assert one[0] == two[0] > 0
        assert abs(one[1] - two[1]) >= 2 * one[0]
        assert min(one[1], two[1]) >= V
        assert max(one[1], two[1]) + 2 * one[0] <= len(rows[0])
        assert t == (0, 0, 0)
    short = [hot_rows.checkout(*rows, tokens, LR) for tokens in (0, 100, TOKENS, 40_000)]
    found = []
    for each in short:
        with each as (head, *_):
            found.append(head)
    assert found[0] == 0
    assert found == sorted(found)
    assert found[1] < found[2] < found[3]


def test_threads_that_train_at_once_learn_as_one_does():
    losses = []
    for threads in (1, 3):
        each = engine(threads)
        for epoch in range(6):
            sums = []

            def work(block, sums=sums, each=each, epoch=epoch):
                sums.append(each.train_block(epoch, block, block * 2_000, (block + 1) * 2_000, LR))

            run_all([partial(work, block) for block in range(TOKENS // 2_000)], threads)
        assert len(sums) == 6
        losses.append(sum(s.loss for s in sums) / sum(s.pairs for s in sums))
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


@pytest.mark.parametrize("shorter", [1, 10, 100])
def test_a_word_has_copies_only_where_every_thread_sees_it_often_enough(shorter):
    counts, keep, noise, _ = zipf()
    long = 40_000 * CENTRES_OF_A_THREAD // CENTRES_AT_LEAST // CONFIG.epochs  # an epoch for one thread
    capacities = []
    for threads in (2, 3, 8, 64):
        each = HotRows(counts, keep, noise, CONFIG, threads, long * 8 // shorter)
        centres = counts * keep / counts.sum() * long * 8 // shorter * CONFIG.epochs
        often = (centres >= CENTRES_OF_A_THREAD * threads) & (counts * keep / counts.sum() * 40_000 >= CENTRES_AT_LEAST)
        assert each.capacity == 2 * threads * int(often.sum())
        capacities.append(each.capacity // threads)
    assert capacities == sorted(capacities, reverse=True)
    assert capacities[-1] < capacities[0] or shorter == 100
    if shorter == 100:
        assert capacities[-1] == 0  # a text too short for so many threads
