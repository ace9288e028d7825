"""The deterministic engine: the same bits for any number of threads, the same draws, the same scaling of updates."""

import time

import numpy as np
import pytest

from sgns import Config
from sgns.training.engines.cpu.batch import ALONE, AS_NEGATIVE, IN_TEXT, Batch, find_shared
from sgns.training.engines.cpu.chunk_rows import row_copies
from sgns.training.engines.cpu.deterministic import CHUNKS, LONGEST_CHUNK, POOL_SHARE, DeterministicEngine
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.sampling import longer_key, stream_key
from sgns.training.loop import train_blocks
from sgns.training.schedule import BlockSchedule

V, N = 500, 90_000


def engine(kind, threads=1, **options):
    rng = np.random.default_rng(4)
    weights = 1 / np.arange(1, V + 1)
    ids = rng.choice(V, N, p=weights / weights.sum()).astype(np.int32)
    ends = np.append(np.arange(300, 30_000, 300), N)  # short sentences, and one that fills many chunks
    counts = np.bincount(ids, minlength=V)
    config = Config(dim=24, epochs=1, **options)
    keep = np.minimum(1.0, 0.02 / (counts / N))
    noise = counts**0.75 / (counts**0.75).sum()
    if kind is CpuEngine:
        return CpuEngine(ids, ends, keep, noise, config)
    return DeterministicEngine(ids, ends, keep, noise, config, counts=counts, threads=threads)


def trained(kind, threads=1, workers=1, **options):
    made = engine(kind, threads, **options)
    return made, train_blocks(made, BlockSchedule(N, 1, 0.025, 0.0001), workers, lambda state: None)


@pytest.mark.parametrize("sharing", ["tile", "window", "pair"])
def test_the_same_bits_for_any_number_of_threads(sharing):
    first, state = trained(DeterministicEngine, 1, sharing=sharing)
    for threads in (2, 3, 8, 20):
        again, other = trained(DeterministicEngine, threads, sharing=sharing)
        assert (first.E == again.E).all()
        assert (first.C == again.C).all()
        assert state.loss == other.loss


@pytest.mark.parametrize("sharing", ["tile", "pair"])
def test_it_draws_what_the_free_engine_draws(sharing):
    """The same tokens are kept and the same windows are drawn, across the borders of chunks too.

    In tiles the centres that share a reach depend on where a chunk begins.
    """
    _, ours = trained(DeterministicEngine, 2, sharing=sharing)
    _, free = trained(CpuEngine, sharing=sharing)
    assert ours.pairs == (pytest.approx(free.pairs, rel=0.02) if sharing == "tile" else free.pairs)
    assert ours.losses[0] == pytest.approx(free.losses[0], rel=0.03)


def test_one_chunk_moves_as_the_free_engine_moves():
    """A block too short for two chunks: nothing is trained in parallel, so only the negatives differ."""
    free, ours = engine(CpuEngine), engine(DeterministicEngine)
    a, b = free.train_block(0, 0, 0, 400, 0.025), ours.train_block(0, 0, 0, 400, 0.025)
    assert (a.pairs, a.centres) == (b.pairs, b.centres)
    moved = [np.linalg.norm(e.C, axis=1) > 0 for e in (free, ours)]
    ids = np.unique(free._ids[:400])
    assert (moved[0][ids] == moved[1][ids]).mean() > 0.9


def planned(words, texts, V):
    """A batch whose chunks have these words, the first `texts[s]` of them in the text."""
    batch = Batch(len(words), 10, 2, 5, 64)
    batch.chunks = len(words)
    for s, some in enumerate(words):
        batch.words[s, : len(some)], batch.word_counts[s] = some, (texts[s], len(some))
    first = np.full(V, -1, np.int32)
    find_shared(batch, first)
    assert (first == -1).all()
    return batch


def test_words_that_chunks_share_are_found_in_the_order_of_the_chunks():
    b = planned([[3, 7, 9], [7, 20, 3], [7, 1, 2, 4]], [2, 2, 1], 50)
    assert b.use.reshape(3, 5)[:, :4].tolist() == [
        [IN_TEXT, IN_TEXT, ALONE, 0],
        [IN_TEXT, ALONE, AS_NEGATIVE, 0],
        [IN_TEXT, ALONE, ALONE, ALONE],
    ]
    assert b.first_copies[: b.shared].tolist() == [1, 0]  # 7, then 3: in the order in which a second chunk has them
    assert (b.next_copy[1], b.next_copy[5], b.next_copy[10]) == (5, 10, -1)
    assert (b.next_copy[0], b.next_copy[7]) == (7, -1)


@pytest.mark.parametrize("parts", [1, 3])
def test_changes_come_back_as_update_scaling_says(parts):
    """Copies are moved, rows that one chunk alone has are trained themselves; the sum of m changes is scaled."""
    V, stride, rate = 50, 16, np.float32(2.0)
    rng = np.random.default_rng(0)
    words, texts = [[3, 7, 9], [7, 20, 3], [7, 1, 2, 4]], [2, 2, 1]
    b = planned(words, texts, V)
    before = [rng.normal(size=(V + 1 + 15, stride)).astype(np.float32) for _ in range(2)]
    E, C = (A.copy() for A in before)
    keep = rng.integers(0, 2**32, V + 1 + 15).astype(np.uint32)
    b.ids[:] = -1
    for s, some in enumerate(words):
        b.ids[s, : texts[s]] = np.arange(texts[s])
        b.pool[s] = len(some) - 1
    copy_out, add_back = row_copies(stride)
    for s in range(3):
        copy_out(E, C, V, s, b.words, b.word_counts, b.use, keep, b.ids, b.pool, 10, 64)
    copy = {(s, w): V + 1 + 5 * s + words[s].index(w) for s, w in ((0, 3), (1, 3), (0, 7), (1, 7), (2, 7))}
    assert b.ids[:, :3].tolist() == [[copy[0, 3], copy[0, 7], V], [copy[1, 7], 20, V], [copy[2, 7], V, V]]
    assert b.pool[:, 0].tolist() == [9, copy[1, 3], 4]
    for (s, w), row in copy.items():
        assert (C[row] == before[1][w]).all()
        assert (E[row] == before[0][w]).all() or (s, w) == (1, 3)  # only a negative there
        assert keep[row] == keep[w]
    steps = {key: rng.normal(size=(2, stride)).astype(np.float32) for key in copy}
    for key, row in copy.items():
        E[row] += steps[key][0]
        C[row] += steps[key][1]
    updates_E, updates_C = (rng.random(V).astype(np.float32) for _ in range(2))
    for part in range(parts):
        first_copies = b.first_copies[b.shared * part // parts : b.shared * (part + 1) // parts]
        add_back(E, C, V, b.words, b.use, b.next_copy, first_copies, updates_E, updates_C, rate)
    for which, (A, updates) in enumerate(((E, updates_E), (C, updates_C))):
        expected = before[which][:V].astype(np.float64)
        for w, chunks in ((3, [0] if which == 0 else [0, 1]), (7, [0, 1, 2])):
            a, m = float(rate * updates[w]), len(chunks)
            scale = (1 - np.exp(-m * a)) / (m * (1 - np.exp(-a)))
            expected[w] += scale * np.sum([steps[s, w][which] for s in chunks], axis=0)
        np.testing.assert_allclose(A[:V], expected, rtol=1e-5, atol=1e-6)


def test_the_streams_are_named_as_everywhere():
    assert all(longer_key(stream_key(3, 5), n) == stream_key(3, 5, n) for n in (0, 7, 2**40))


@pytest.mark.parametrize("sharing", ["tile", "pair"])
def test_chunks_cover_a_block_within_the_limits_and_draw_from_small_pools(sharing):
    """As docs/reliability.md says: few chunks of a few thousand tokens, each with its own pool of negatives."""
    made = engine(DeterministicEngine, sharing=sharing)
    for tokens in (1, 400, 2_100, 40_000, N):
        batches = -(-tokens // (CHUNKS * LONGEST_CHUNK))
        borders = [tokens * k // batches for k in range(batches + 1)]
        covered = [0]
        for k in range(batches):
            for task in made._planning(0, 0, k, borders):
                task()
            batch = made._batches[k % 2]
            cuts = batch.cuts[: batch.chunks + 1]
            assert cuts[0] == covered[-1]
            covered += cuts[1:].tolist()
            assert 1 <= batch.chunks <= CHUNKS
            assert np.diff(cuts).max() <= LONGEST_CHUNK
            pools = batch.bounds[: batch.chunks, 3]
            assert (pools >= np.diff(cuts) * POOL_SHARE[sharing] - 1).all()
            assert pools.max() <= batch.pool.shape[1]
        assert covered[-1] == tokens
    assert made._planning(0, 0, batches, borders) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_tasks_are_shared_and_return_in_order_or_with_their_error(threads):
    made = engine(DeterministicEngine, threads)
    assert made._do([lambda k=k: (time.sleep(0.002 * (k % 3)), k)[1] for k in range(20)]) == list(range(20))
    done = []
    with pytest.raises(ZeroDivisionError):
        made._do([*(lambda k=k: done.append(k) for k in range(8)), lambda: 1 / 0])
    assert sorted(done) == list(range(8))
