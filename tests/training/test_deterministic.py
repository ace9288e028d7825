"""The deterministic engine: the same bits for any number of threads, the same draws, the same law of steps."""

import time

import numpy as np
import pytest

from sgns import Config
from sgns.training.engines.cpu.chunk_rows import ALONE, AS_NEGATIVE, IN_TEXT, Flight, find_shared, longer_key, row_moves
from sgns.training.engines.cpu.deterministic import CURVATURE, PIECE, POOL, SHARDS, FlightEngine
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.sampling import stream_key
from sgns.training.loop import train
from sgns.training.schedule import Schedule

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


def planned(words, texts, V):
    """A flight whose pieces have these words, the first `texts[s]` of them in the text."""
    flight = Flight(len(words), 10, 2, 5, 64)
    flight.pieces = len(words)
    for s, some in enumerate(words):
        flight.words[s, : len(some)], flight.rows[s] = some, (texts[s], len(some))
    first = np.full(V, -1, np.int32)
    find_shared(flight, first)
    assert (first == -1).all()
    return flight


def test_words_that_pieces_share_are_found_in_the_order_of_the_pieces():
    f = planned([[3, 7, 9], [7, 20, 3], [7, 1, 2, 4]], [2, 2, 1], 50)
    assert f.use.reshape(3, 5)[:, :4].tolist() == [
        [IN_TEXT, IN_TEXT, ALONE, 0],
        [IN_TEXT, ALONE, AS_NEGATIVE, 0],
        [IN_TEXT, ALONE, ALONE, ALONE],
    ]
    assert f.heads[: f.shared].tolist() == [1, 0]  # 7, then 3: in the order in which a second piece has them
    assert (f.after[1], f.after[5], f.after[10]) == (5, 10, -1)
    assert (f.after[0], f.after[7]) == (7, -1)


@pytest.mark.parametrize("parts", [1, 3])
def test_rows_come_back_as_the_law_says(parts):
    """Copies are moved, rows that one piece alone has stay where they are; m copies count (1 + q + … )/m each."""
    V, stride, rate = 50, 16, np.float32(2.0)
    rng = np.random.default_rng(0)
    words, texts = [[3, 7, 9], [7, 20, 3], [7, 1, 2, 4]], [2, 2, 1]
    f = planned(words, texts, V)
    before = [rng.normal(size=(V + 1 + 15, stride)).astype(np.float32) for _ in range(2)]
    E, C = (A.copy() for A in before)
    keep = rng.integers(0, 2**32, V + 1 + 15).astype(np.uint32)
    f.ids[:] = -1
    for s, some in enumerate(words):
        f.ids[s, : texts[s]] = np.arange(texts[s])
        f.noise[s] = len(some) - 1
    borrow, give_back = row_moves(stride)
    for s in range(3):
        borrow(E, C, V, s, f.words, f.rows, f.use, keep, f.ids, f.noise, 10, 64)
    copy = {(s, w): V + 1 + 5 * s + words[s].index(w) for s, w in ((0, 3), (1, 3), (0, 7), (1, 7), (2, 7))}
    assert f.ids[:, :3].tolist() == [[copy[0, 3], copy[0, 7], V], [copy[1, 7], 20, V], [copy[2, 7], V, V]]
    assert f.noise[:, 0].tolist() == [9, copy[1, 3], 4]
    for (s, w), row in copy.items():
        assert (C[row] == before[1][w]).all()
        assert (E[row] == before[0][w]).all() or (s, w) == (1, 3)  # only a negative there
        assert keep[row] == keep[w]
    steps = {key: rng.normal(size=(2, stride)).astype(np.float32) for key in copy}
    for key, row in copy.items():
        E[row] += steps[key][0]
        C[row] += steps[key][1]
    uses_E, uses_C = (rng.random(V).astype(np.float32) for _ in range(2))
    for part in range(parts):
        heads = f.heads[f.shared * part // parts : f.shared * (part + 1) // parts]
        give_back(E, C, V, f.words, f.use, f.after, heads, uses_E, uses_C, rate)
    for which, (A, uses) in enumerate(((E, uses_E), (C, uses_C))):
        expected = before[which][:V].astype(np.float64)
        for w, pieces in ((3, [0] if which == 0 else [0, 1]), (7, [0, 1, 2])):
            a, m = float(rate * uses[w]), len(pieces)
            gain = (1 - np.exp(-m * a)) / (m * (1 - np.exp(-a)))
            expected[w] += gain * np.sum([steps[s, w][which] for s in pieces], axis=0)
        np.testing.assert_allclose(A[:V], expected, rtol=1e-5, atol=1e-6)


def test_the_streams_are_named_as_everywhere():
    assert all(longer_key(stream_key(3, 5), n) == stream_key(3, 5, n) for n in (0, 7, 2**40))


def test_a_flight_is_what_the_documentation_says():
    assert (SHARDS, PIECE, CURVATURE, POOL["tile"]) == (4, 5_000, 0.1, 1 / 2)


@pytest.mark.parametrize("threads", [1, 3])
def test_work_is_shared_out_and_comes_back_in_order_or_with_its_error(threads):
    flights = engine(FlightEngine, threads)
    assert flights._do([lambda k=k: (time.sleep(0.002 * (k % 3)), k)[1] for k in range(20)]) == list(range(20))
    done = []
    with pytest.raises(ZeroDivisionError):
        flights._do([*(lambda k=k: done.append(k) for k in range(8)), lambda: 1 / 0])
    assert sorted(done) == list(range(8))
