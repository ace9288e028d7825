"""--dry-run says what then happens: time from the measured speed of the engine, memory within a tenth."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.estimate import estimate, prepare, time_trial
from sgns.training.loop import train_blocks
from sgns.training.plan import Plan
from sgns.training.schedule import BlockSchedule


@dataclass
class Sums:
    loss: float = 1.0
    pairs: int = 1


class Clock:
    """A clock that the engine moves, so that nothing depends on the speed of this machine."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class KnownSpeed:
    """An engine that trains `speed` words a second of its clock."""

    def __init__(self, clock, speed):
        self.clock, self.speed, self.words = clock, speed, 0

    def train_block(self, epoch, block, start, stop, lr):
        self.words += stop - start
        self.clock.now += (stop - start) / self.speed
        return Sums()


@pytest.mark.parametrize("speed", [1_000, 250_000, 10**7])
@pytest.mark.parametrize("epochs", [1, 5])
def test_minutes_are_words_by_speed(speed, epochs):
    clock = Clock()
    engine, schedule = KnownSpeed(clock, speed), BlockSchedule(4_000_000, epochs, 0.025, 0.0001)
    minutes, words = time_trial(engine, schedule, 1, seconds=1.0, clock=clock)
    assert minutes == pytest.approx(4_000_000 * epochs / speed / 60)
    assert words == engine.words
    assert words < speed + schedule.length  # no longer than a second and a block


def test_a_text_that_ends_before_the_trial_is_measured_whole():
    clock = Clock()
    engine, schedule = KnownSpeed(clock, 10**6), BlockSchedule(5_000, 2, 0.025, 0.0001)
    minutes, words = time_trial(engine, schedule, 1, seconds=60.0, clock=clock)
    assert words == 10_000
    assert minutes == pytest.approx(10_000 / 10**6 / 60)


class Shared:
    """Each of n threads trains a block in 4 ms of a clock that all share; none begins before all are there."""

    def __init__(self, threads):
        self.clock, self.seconds = Clock(), 0.004 / threads
        self.threads, self.all_there, self.lock = set(), threading.Barrier(threads), threading.Lock()

    def train_block(self, epoch, block, start, stop, lr):
        if threading.current_thread() not in self.threads:
            self.threads.add(threading.current_thread())
            self.all_there.wait(200)
        with self.lock:
            self.clock.now += self.seconds
        return Sums()


@pytest.mark.parametrize("threads", [1, 4])
def test_the_trial_works_as_the_run_does(threads):
    """With as many threads, on the same blocks: then the run takes the time that was expected."""
    schedule = BlockSchedule(400_000, 1, 0.025, 0.0001)
    trial, run = Shared(threads), Shared(threads)
    minutes, _ = time_trial(trial, schedule, threads, seconds=0.4, clock=trial.clock)
    began = run.clock()
    train_blocks(run, schedule, threads, lambda state: None)
    assert len(trial.threads) == len(run.threads) == threads
    assert minutes == pytest.approx((run.clock() - began) / 60)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_of_the_engine_is_raised(threads):
    class Failing:
        calls = 0

        def train_block(self, *block):
            self.calls += 1
            if self.calls > 2:
                raise MemoryError("no more")
            return Sums()

    with pytest.raises(MemoryError, match="no more"):
        time_trial(Failing(), BlockSchedule(10**7, 1, 0.025, 0.0001), threads)


@pytest.mark.parametrize(("options", "threads"), [({"threads": 3}, 3), ({"threads": 3, "deterministic": True}, 1)])
def test_the_engine_that_is_tried_is_that_of_the_run(options, threads):
    """A deterministic engine uses its threads by itself; validation sentences are left out as in the run."""
    sentences = [[f"w{n}" for n in row] for row in np.random.default_rng(1).integers(0, 50, (800, 10))]
    config = Config(min_count=1, dim=8, epochs=3, validation=0.2, **options)
    corpus = Corpus.from_sentences(sentences, config)
    engine, schedule, trial_threads = prepare(corpus, Plan.of(corpus.vocabulary, config))
    assert trial_threads == threads
    assert schedule.words == 3 * corpus.tokens
    sums = [engine.train_block(block.epoch, block.number, block.start, block.stop, 0.01) for block in schedule]
    assert sum(one.centres for one in sums) < 3 * 0.9 * corpus.tokens
    made = estimate(corpus, config)
    assert made["expected_minutes"] > 0
    assert made["parameters"] == 2 * 50 * 8


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A million tokens over 60,000 words."""
    rng = np.random.default_rng(1)
    ids = np.minimum(rng.zipf(1.15, 1_000_000), 2**40) % 60_000
    path = tmp_path_factory.mktemp("large") / "text.txt"
    with path.open("w") as file:
        for start in range(0, len(ids), 20):
            file.write(" ".join(f"w{n}" for n in ids[start : start + 20]) + "\n")
    return path


# A small process in between: a child that this one forks inherits the peak of all tests that ran here before.
RUN = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], timeout=600).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(code)
"""


def measured(cache, *arguments):
    """What `sgns --json` prints, and the peak of its resident set in bytes."""
    command = [sys.executable, "-c", RUN, sys.executable, "-m", "sgns", *map(str, arguments)]
    environment = os.environ | {"SGNS_CACHE": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=620)
    assert done.returncode == 0, done.stderr
    report, peak = done.stdout.splitlines()
    return json.loads(report), int(peak)


@pytest.mark.timeout(1_900)  # three processes, on a machine that does much else
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory of a child, in KiB")
@pytest.mark.slow  # three processes; test_memory_limits.py holds the sums to what engines allocate
@pytest.mark.parametrize("mode", [(), ("--deterministic",)])
def test_the_expected_memory_is_the_peak_of_the_run(large, tmp_path, mode):
    cache, options = tmp_path / "cache", ("train", large, "-o", tmp_path / "v.safetensors", "--json", "--quiet", *mode)
    options = (*options, "--threads", 2, "--epochs", 2)
    measured(cache, *options)  # the text is encoded and the kernels are compiled
    expected, _ = measured(cache, *options, "--dry-run")
    report, peak = measured(cache, *options)
    assert expected["memory_bytes"] == pytest.approx(peak, rel=0.1)
    assert expected["tokens"] == report["tokens"]
    assert expected["expected_minutes"] > 0
