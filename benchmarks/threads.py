"""Two threads against one, in short turns within one process, beside arithmetic that shares nothing.

Work comes in pieces from one counter, as blocks do in a run: a thread whose core is slower takes fewer of them. One
thread works before and after two, half as much each time, so that a machine that gets slower meanwhile favours neither.
On a machine that is lent out in slices two cores are not always two: what plain arithmetic gains from the second core
in the same turn is the ceiling, and it is printed beside.
"""

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from numba import njit

from benchmarks.corpora import in_lines
from benchmarks.measure import spread
from sgns.base.parallel import run_all
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.build import build
from sgns.training.plan import Plan

BLOCK = 40_000  # tokens
BLOCKS = 60  # of two threads in a turn, and of one: about a second
PIECE = 3_000_000  # steps of arithmetic
GENSIMS = {"lr": 0.025, "min_lr": 1e-4, "subsample": 1e-3}


def two_against_one(text: Path, log: Callable[[str], None], *, times: int = 25) -> dict[str, Any]:
    """Words/s of two threads over those of one, by wall and by CPU time; and the same for arithmetic."""
    log("threads")
    configs = [Config(threads=threads, **GENSIMS) for threads in (1, 2)]
    corpus = Corpus.from_files(in_lines(text), configs[0])
    blocks = corpus.tokens // BLOCK
    engines = [build(Plan.of(corpus.vocabulary, config), corpus) for config in configs]
    numbers = count()

    def block(threads: int) -> None:
        k = next(numbers)
        start = k % blocks * BLOCK
        engines[threads - 1].train_block(0, k, start, start + BLOCK, GENSIMS["lr"])

    def piece(threads: int) -> None:
        arithmetic(PIECE)

    gain(block)
    gain(piece)
    wall, cpu, ceiling = [], [], []
    for _ in range(times):
        ceiling.append(gain(piece)[0])
        ratio, by_cpu = gain(block)
        wall.append(ratio)
        cpu.append(by_cpu)
        log(f"  two threads {ratio:.2f}x, by CPU time {by_cpu:.2f}x; plain arithmetic {ceiling[-1]:.2f}x")
    share = [a / b for a, b in zip(wall, ceiling)]
    return {
        "ratio": spread(wall),
        "cpu_ratio": spread(cpu),
        "ceiling": spread(ceiling),
        "of_ceiling": spread(share),
    }


def gain(work: Callable[[int], None]) -> tuple[float, float]:
    """How many times as fast two threads are as one, by wall and by CPU time."""
    one, one_cpu = seconds(work, BLOCKS // 2, 1)
    two, two_cpu = seconds(work, BLOCKS, 2)
    again, again_cpu = seconds(work, BLOCKS // 2, 1)
    return (one + again) / two, 2 * (one_cpu + again_cpu) / two_cpu


def seconds(work: Callable[[int], None], pieces: int, threads: int) -> tuple[float, float]:
    """Wall and CPU seconds of so many pieces of `work`, which is told the number of threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    run_all([lambda: work(threads)] * pieces, threads)
    return time.perf_counter() - wall, time.process_time() - cpu


@njit(nogil=True)
def arithmetic(n):
    """Additions and products in registers: no memory, nothing shared."""
    a, b, c, d = 1.0, 1.1, 1.2, 1.3
    for _ in range(n):
        a, b, c, d = a * 0.999 + 0.1, b * 0.999 + 0.1, c * 0.999 + 0.1, d * 0.999 + 0.1
    return a + b + c + d
