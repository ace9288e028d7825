"""The loop: every block once, hooks at their barriers, an orderly end."""

import re
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest

from sgns import Config
from sgns.errors import DivergedError
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.loop import NEVER, State, train_blocks
from sgns.training.schedule import BlockSchedule


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


class Hook:
    """Notes its barriers; `end` is what it does to the state there."""

    def __init__(self, engine, step, hurry=lambda: False, end=lambda state: None):
        self.engine, self.step, self.hurry, self.end, self.at = engine, step, hurry, end, []

    def next_barrier(self, blocks):
        return (blocks // self.step + 1) * self.step if self.step else NEVER

    def due(self):
        return self.hurry()

    def at_barrier(self, state):
        assert self.engine.working == 0
        assert len(self.engine.seen) == state.blocks
        self.at.append(state.blocks)
        self.end(state)


SCHEDULE = BlockSchedule(tokens=20_500, epochs=2, lr=0.025, min_lr=0.0001)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_every_block_once_and_barriers_at_their_multiples(threads):
    engine = Recorder(wait=0.0005)
    hook = Hook(engine, 7)
    state = train_blocks(engine, SCHEDULE, threads, lambda state: None, hooks=[hook])
    assert sorted(engine.seen) == [(b.epoch, b.number, b.start, b.stop) for b in SCHEDULE]
    assert hook.at == [7, 14, 21, 28, 35, 42]
    assert state.blocks == SCHEDULE.blocks == 42
    assert state.words == 41_000
    assert state.losses == [1.0, 1.0]


def test_a_barrier_that_is_due_comes_between_blocks():
    engine = Recorder(wait=0.02)
    once = iter([True])
    hook = Hook(engine, 0, lambda: len(engine.seen) > 5 and next(once, False))
    train_blocks(engine, SCHEDULE, 3, lambda state: None, hooks=[hook])
    assert len(hook.at) == 1
    assert 5 < hook.at[0] < 42
    assert len(engine.seen) == 42


def test_the_last_block_is_followed_by_its_barrier():
    engine = Recorder()
    hook = Hook(engine, 42)
    train_blocks(engine, SCHEDULE, 2, lambda state: None, hooks=[hook])
    assert hook.at == [42]


def test_hooks_share_barriers_and_are_called_in_their_order():
    engine, order = Recorder(wait=0.0005), []
    hooks = [Hook(engine, step, end=lambda state, step=step: order.append((state.blocks, step))) for step in (10, 15)]
    train_blocks(engine, SCHEDULE, 3, lambda state: None, hooks=hooks)
    assert order == [(at, step) for at in (10, 15, 20, 30, 40) for step in (10, 15)]


@pytest.mark.parametrize("name", ["interrupted", "stopped_early"])
def test_a_hook_ends_the_run_at_its_barrier(name):
    engine = Recorder(wait=0.0005)
    hook = Hook(engine, 7, end=lambda state: setattr(state, name, state.blocks >= 14))
    state = train_blocks(engine, SCHEDULE, 3, lambda state: None, hooks=[hook])
    assert getattr(state, name)
    assert state.blocks == len(engine.seen) == 14
    assert hook.at == {"stopped_early": [7, 14], "interrupted": [7, 14, 14]}[name]  # once more after an interruption


def test_what_a_hook_raises_reaches_the_caller_and_ends_the_threads():
    engine = Recorder(wait=0.001)
    hook = Hook(engine, 7, end=lambda state: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train_blocks(engine, SCHEDULE, 3, lambda state: None, hooks=[hook])
    assert len(engine.seen) == 7
    # A writer of checkpoints that another test has left behind is none of this loop's threads.
    assert not [name for thread in threading.enumerate() if re.fullmatch(r"sgns-\d+", name := thread.name)]


@pytest.mark.parametrize("asked_after", [4, 41])
def test_hooks_are_called_after_a_stop_whether_blocks_are_left_or_not(asked_after):
    """The last block may be under way when the run is asked to stop: then it is finished, not interrupted."""
    engine = Recorder(wait=0.02)
    hook = Hook(engine, 42)
    asked = {"stop": lambda: len(engine.seen) >= asked_after}
    state = train_blocks(engine, SCHEDULE, 1, lambda state: None, hooks=[hook], **asked)
    assert state.interrupted == (state.blocks < 42)
    assert hook.at == [state.blocks]


def test_a_stop_ends_after_whole_blocks_and_the_others_follow_later():
    engine = Recorder(wait=0.02)
    state = train_blocks(engine, SCHEDULE, 3, lambda state: None, stop=lambda: len(engine.seen) > 4)
    assert state.interrupted
    done = state.blocks
    assert sorted(engine.seen) == [(b.epoch, b.number, b.start, b.stop) for b in list(SCHEDULE)[:done]]
    state = train_blocks(engine, SCHEDULE, 3, lambda state: None, state=state)
    assert not state.interrupted
    assert sorted(engine.seen) == [(b.epoch, b.number, b.start, b.stop) for b in SCHEDULE]


def test_an_error_in_a_thread_reaches_the_caller():
    engine = Recorder()
    engine.train_block = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        train_blocks(engine, SCHEDULE, 2, lambda state: None)


def test_what_watching_raises_ends_the_run():
    def watch(state):
        raise KeyboardInterrupt

    engine, endless = Recorder(wait=0.01), BlockSchedule(10**9, 1, 0.1, 0.1)
    with pytest.raises(KeyboardInterrupt):
        train_blocks(engine, endless, 2, watch)
    assert engine.working == 0  # no thread goes on


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 50.0])
def test_a_loss_beyond_reason_is_divergence(loss):
    with pytest.raises(DivergedError, match=r"epoch 1, block 1, at lr 0.025; try --lr 0.0063"):
        train_blocks(Recorder(sums=Sums(loss, 1)), SCHEDULE, 1, lambda state: None)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e15])
def test_a_poisoned_row_is_noticed_in_the_block_that_uses_it(poison):
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 50, 4_000).astype(np.int32)
    engine = CpuEngine(ids, np.array([4_000]), np.ones(50), np.full(50, 0.02), Config(dim=16))
    schedule = BlockSchedule(4_000, 1, 0.025, 0.0001)
    state, blocks = State(), iter(schedule)
    for _ in range(2):
        block = next(blocks)
        state.add(block, engine.train_block(0, block.number, block.start, block.stop, block.lr))
    engine.E[7, 3] = poison
    with pytest.raises(DivergedError, match="block 3"):
        train_blocks(engine, schedule, 1, lambda state: None, state=state)


def test_a_rate_too_high_is_noticed_at_once_and_the_rate_that_is_offered_works():
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 200, 20_000).astype(np.int32)

    def attempt(lr):
        engine = CpuEngine(ids, np.array([20_000]), np.ones(200), np.full(200, 1 / 200), Config(dim=16, lr=lr))
        return train_blocks(engine, BlockSchedule(20_000, 3, lr, 0.0001), 1, lambda state: None)

    with pytest.raises(DivergedError, match=r"block [12], .*try --lr (0\.05)"):
        attempt(5.0)
    assert attempt(0.05).losses[-1] < 5
