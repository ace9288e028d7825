"""Exact search: equal to the plain definition whatever the blocks, ties in the order of E, nothing copied."""

import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.base.geometry import unit
from sgns.errors import FormatError
from sgns.vectors import Vectors, search


def plain(E: np.ndarray, queries: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.linalg.norm(E.astype(np.float64), axis=1)
    cosines = queries.astype(np.float64) @ E.T.astype(np.float64)
    cosines = np.divide(cosines, lengths, out=np.zeros_like(cosines), where=lengths > 0)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :n]
    return order, np.take_along_axis(cosines, order, axis=1)


@given(
    V=st.integers(1, 60), d=st.integers(1, 9), q=st.integers(1, 5), n=st.integers(1, 12),
    block=st.integers(1, 4000), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_nearest_is_the_definition_for_any_block(V: int, d: int, q: int, n: int, block: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    E = generator.normal(size=(V, d)).astype(np.float32)
    queries = unit(generator.normal(size=(q, d)))
    ids, cosines = search.nearest(E, search.row_norms(E), queries, n, block_bytes=block)
    wanted_ids, wanted = plain(E, queries, n)
    np.testing.assert_allclose(cosines, wanted, atol=2e-6)
    close = np.abs(np.diff(wanted, axis=1, append=-9)) < 1e-5  # rounding may swap what is all but tied
    close |= np.abs(np.diff(wanted, axis=1, prepend=9)) < 1e-5
    assert ((ids == wanted_ids) | close).all() or d == 1


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40), st.integers(1, 50))
def test_top_is_a_stable_sort(scores: list[int], n: int) -> None:
    values = np.array(scores, np.float32)
    assert search.top(values, n).tolist() == np.argsort(-values, kind="stable")[:n].tolist()


@given(st.integers(1, 200), st.integers(1, 30))
def test_ties_keep_the_order_of_rows_across_blocks(block: int, n: int) -> None:
    E = np.tile(np.float32([[1, 0], [0, 1]]), (20, 1))
    ids, _ = search.nearest(E, search.row_norms(E), np.float32([[1, 0]]), n, block_bytes=block)
    assert ids[0].tolist() == ([*range(0, 40, 2), *range(1, 40, 2)])[:n]


def test_zero_rows_have_cosine_zero_with_everything() -> None:
    E = np.float32([[0, 0], [-1, 0]])
    ids, cosines = search.nearest(E, search.row_norms(E), np.float32([[1, 0]]), 2)
    assert ids.tolist() == [[0, 1]]
    assert cosines.tolist() == [[0, -1]]


def test_norms_of_many_rows_in_threads_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    E = np.random.default_rng(0).normal(size=(30_001, 300)).astype(np.float32)
    alone = search.row_norms(E)
    np.testing.assert_allclose(alone, np.linalg.norm(E.astype(np.float64), axis=1), rtol=1e-5)
    monkeypatch.setattr(search, "WORTH_THREADS", 0)
    assert search.row_norms(E).tobytes() == alone.tobytes()
    E[29_000, 7] = np.nan
    with pytest.raises(FormatError, match="row 29000 is not finite"):
        search.row_norms(E)


@pytest.mark.parametrize(("cores", "threads"), [({0}, 1), ({1, 3}, 2), (set(range(64)), search.MOST_THREADS)])
def test_threads_are_no_more_than_this_process_may_use(
    monkeypatch: pytest.MonkeyPatch, cores: set[int], threads: int
) -> None:
    """The machine may have more cores than the affinity of this process, as in a container or under taskset."""
    started: list[int] = []
    run = search.run_threads
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores)
    monkeypatch.setattr(search, "WORTH_THREADS", 0)
    monkeypatch.setattr(search, "run_threads", lambda work, n, tick: started.append(n) or run(work, n, tick))
    search.row_norms(np.ones((10, 3), np.float32))
    assert started == [threads]


def test_the_first_question_gets_the_answer_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads E once, for lengths and products together."""
    E = np.random.default_rng(0).normal(size=(3_000, 50)).astype(np.float32)
    E[7] = 0
    monkeypatch.setattr(search, "WORTH_THREADS", 0)
    monkeypatch.setattr(search, "IN_CACHE", 5_000)  # many blocks
    v = Vectors([f"w{i}" for i in range(3_000)], E)
    asked = [v.most_similar(["w5", "w6"], n=20) for _ in range(2)]
    order = plain(E, v.direction([(1.0, "w5"), (1.0, "w6")])[0][None, :], 22)[0]
    assert [word for word, _ in asked[0]] == [f"w{i}" for i in order[0] if i not in (5, 6)]
    assert [word for word, _ in asked[0]] == [word for word, _ in asked[1]]
    np.testing.assert_allclose([c for _, c in asked[0]], [c for _, c in asked[1]], atol=1e-6)
    assert v.norms[7] == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_a_row_that_is_not_finite_is_named(bad: float) -> None:
    E = np.ones((5, 3), np.float32)
    E[3, 1] = bad
    with pytest.raises(FormatError, match="row 3 is not finite"):
        search.row_norms(E)


def test_the_matrix_is_never_copied() -> None:
    padded = np.random.default_rng(0).normal(size=(40_000, 128)).astype(np.float32)
    E = padded[:, :100]  # rows padded as the engines pad them
    queries = unit(E[:50])
    norms = search.row_norms(E)
    search.nearest(E, norms, queries, 10, block_bytes=2**20)
    tracemalloc.start()
    search.nearest(E, norms, queries, 10, block_bytes=2**20)
    search.row_norms(E)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < E.nbytes / 4
