"""The deterministic engine: the same bits for any number of threads, the same draws, the same law of steps."""

import numpy as np
import pytest

from sgns import Config
from sgns.training.engines.cpu import CpuEngine
from sgns.training.engines.flights import CURVATURE, PIECE, SHARDS, FlightEngine, row_moves
from sgns.training.schedule import Schedule
from sgns.training.trainer import train

V, N = 500, 90_000


def engine(kind, threads=1, **options):
    rng = np.random.default_rng(4)
    weights = 1 / np.arange(1, V + 1)
    ids = rng.choice(V, N, p=weights / weights.sum()).astype(np.int32)
    ends = np.append(np.arange(300, 30_000, 300), N)  # short sentences, and one that fills many pieces
    counts = np.bincount(ids, minlength=V)
    config = Config(dim=24, epochs=1, **options)
    keep = np.minimum(1.0, 0.02 / (counts / N))
    noise = counts**0.75 / (counts**0.75).sum()
    if kind is CpuEngine:
        return CpuEngine(ids, ends, keep, noise, config)
    return FlightEngine(ids, ends, keep, noise, config, counts=counts, threads=threads)


def trained(kind, threads=1, workers=1, **options):
    made = engine(kind, threads, **options)
    return made, train(made, Schedule(N, 1, 0.025, 0.0001), workers, lambda state: None)


@pytest.mark.parametrize("sharing", ["tile", "window", "pair"])
def test_the_same_bits_for_any_number_of_threads(sharing):
    first, state = trained(FlightEngine, 1, sharing=sharing)
    for threads in (2, 3, 8, 20):
        again, other = trained(FlightEngine, threads, sharing=sharing)
        assert (first.E == again.E).all()
        assert (first.C == again.C).all()
        assert state.loss == other.loss


@pytest.mark.parametrize("sharing", ["tile", "pair"])
def test_it_draws_what_the_free_engine_draws(sharing):
    """The same tokens survive and the same windows open, across the borders of pieces too."""
    _, ours = trained(FlightEngine, 2, sharing=sharing)
    _, free = trained(CpuEngine, sharing=sharing)
    assert ours.pairs == free.pairs
    assert ours.losses[0] == pytest.approx(free.losses[0], rel=0.03)


def test_one_piece_moves_as_the_free_engine_moves():
    """A block too short for two pieces: nothing is in flight, so only the negatives differ."""
    free, ours = engine(CpuEngine), engine(FlightEngine)
    a, b = free.train_block(0, 0, 0, 400, 0.025), ours.train_block(0, 0, 0, 400, 0.025)
    assert (a.pairs, a.centres) == (b.pairs, b.centres)
    moved = [np.linalg.norm(e.C, axis=1) > 0 for e in (free, ours)]
    ids = np.unique(free._ids[:400])
    assert (moved[0][ids] == moved[1][ids]).mean() > 0.9


def test_rows_come_back_in_the_order_of_the_pieces():
    stride, rate = 16, np.float32(2.0)
    rng = np.random.default_rng(0)
    A = rng.normal(size=(50, stride)).astype(np.float32)
    words = np.array([[3, 7, 9], [7, 20, 3], [7, 1, 2]], np.int32)
    rows = np.array([3, 3, 2])
    B = rng.normal(size=(3, 5, stride)).astype(np.float32)
    uses = np.linspace(1, 0, 50).astype(np.float32)
    expected = A.astype(np.float64)
    for w in {3, 7, 9, 20, 1}:
        steps = [B[s, i] - A[w] for s in range(3) for i in range(rows[s]) if words[s, i] == w]
        a, m = float(rate * uses[w]), len(steps)
        expected[w] += np.sum(steps, axis=0) * ((1 - np.exp(-m * a)) / (m * (1 - np.exp(-a))))
    first = np.full(50, -1, np.int32)
    for part in range(4):
        row_moves(stride)[1](A, words, rows, B.copy(), uses, rate, first, part, 4)
    np.testing.assert_allclose(A, expected, rtol=1e-5, atol=1e-6)
    assert (first == -1).all()


def test_a_flight_is_what_the_documentation_says():
    assert (SHARDS, PIECE, CURVATURE) == (8, 2_500, 0.3)
