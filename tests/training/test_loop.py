"""The loop: every block once, rests where they are due, an orderly end."""

import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest

from sgns import Config
from sgns.errors import DivergedError
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.loop import State, train
from sgns.training.schedule import Schedule


@dataclass
class Sums:
    loss: float = 1.0
    pairs: int = 1


class Recorder:
    """An engine that only notes what it is asked to do."""

    def __init__(self, wait: float = 0.0, sums: Sums | None = None):
        self.seen, self.wait, self.sums, self.working = [], wait, sums or Sums(), 0
        self.lock = threading.Lock()

    def train_block(self, epoch, block, start, stop, lr):
        with self.lock:
            self.working += 1
        time.sleep(self.wait)
        with self.lock:
            self.working -= 1
            self.seen.append((epoch, block, start, stop))
        return self.sums


class Rests:
    def __init__(self, engine, step, hurry=lambda: False):
        self.engine, self.step, self.hurry, self.at = engine, step, hurry, []

    def after(self, blocks):
        return (blocks // self.step + 1) * self.step

    def due(self):
        return self.hurry()

    def rest(self, state):
        assert self.engine.working == 0
        assert len(self.engine.seen) == state.blocks
        self.at.append(state.blocks)


SCHEDULE = Schedule(tokens=20_500, epochs=2, lr=0.025, min_lr=0.0001)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_every_block_once_and_rests_at_their_multiples(threads):
    engine = Recorder(wait=0.0005)
    rests = Rests(engine, 7)
    state = train(engine, SCHEDULE, threads, lambda state: None, rests=rests)
    assert sorted(engine.seen) == [(b.epoch, b.number, b.start, b.stop) for b in SCHEDULE]
    assert rests.at == [7, 14, 21, 28, 35, 42]
    assert state.blocks == SCHEDULE.blocks == 42
    assert state.words == 41_000
    assert state.losses == [1.0, 1.0]


def test_a_rest_that_is_due_comes_between_blocks():
    engine = Recorder(wait=0.02)
    once = iter([True])
    rests = Rests(engine, 10**9, lambda: len(engine.seen) > 5 and next(once, False))
    train(engine, SCHEDULE, 3, lambda state: None, rests=rests)
    assert len(rests.at) == 1
    assert 5 < rests.at[0] < 42
    assert len(engine.seen) == 42


def test_the_last_block_is_followed_by_its_rest():
    engine = Recorder()
    rests = Rests(engine, 42)
    train(engine, SCHEDULE, 2, lambda state: None, rests=rests)
    assert rests.at == [42]


def test_a_stop_ends_after_whole_blocks_and_the_rest_follows_later():
    engine = Recorder(wait=0.02)
    state = train(engine, SCHEDULE, 3, lambda state: None, stop=lambda: len(engine.seen) > 4)
    assert state.interrupted
    done = state.blocks
    assert sorted(engine.seen) == [(b.epoch, b.number, b.start, b.stop) for b in list(SCHEDULE)[:done]]
    state = train(engine, SCHEDULE, 3, lambda state: None, state=state)
    assert not state.interrupted
    assert sorted(engine.seen) == [(b.epoch, b.number, b.start, b.stop) for b in SCHEDULE]


def test_an_error_in_a_thread_reaches_the_caller():
    engine = Recorder()
    engine.train_block = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        train(engine, SCHEDULE, 2, lambda state: None)


def test_what_watching_raises_ends_the_run():
    def watch(state):
        raise KeyboardInterrupt

    engine, began = Recorder(wait=0.01), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        train(engine, Schedule(10**9, 1, 0.1, 0.1), 2, watch)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 50.0])
def test_a_loss_beyond_reason_is_divergence(loss):
    with pytest.raises(DivergedError, match=r"epoch 1, block 1, at lr 0.025; try --lr 0.0063"):
        train(Recorder(sums=Sums(loss, 1)), SCHEDULE, 1, lambda state: None)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e15])
def test_a_poisoned_row_is_noticed_in_the_block_that_uses_it(poison):
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 50, 4_000).astype(np.int32)
    engine = CpuEngine(ids, np.array([4_000]), np.ones(50), np.full(50, 0.02), Config(dim=16))
    schedule = Schedule(4_000, 1, 0.025, 0.0001)
    state, blocks = State(), iter(schedule)
    for _ in range(2):
        block = next(blocks)
        state.add(block, engine.train_block(0, block.number, block.start, block.stop, block.lr))
    engine.E[7, 3] = poison
    with pytest.raises(DivergedError, match="block 3"):
        train(engine, schedule, 1, lambda state: None, state=state)


def test_a_rate_too_high_is_noticed_at_once_and_the_rate_that_is_offered_works():
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 200, 20_000).astype(np.int32)

    def attempt(lr):
        engine = CpuEngine(ids, np.array([20_000]), np.ones(200), np.full(200, 1 / 200), Config(dim=16, lr=lr))
        return train(engine, Schedule(20_000, 3, lr, 0.0001), 1, lambda state: None)

    with pytest.raises(DivergedError, match=r"block [12], .*try --lr (0\.05)"):
        attempt(5.0)
    assert attempt(0.05).losses[-1] < 5
