"""Two threads against one, in short turns within one process, beside arithmetic that shares nothing.

On a machine that is lent out in slices two cores are not always two: what plain arithmetic gains from the second
core in the same turn is the ceiling, and it is printed beside.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from benchmarks.corpora import in_lines
from benchmarks.measure import spread
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.cpu import CpuEngine

BLOCK = 40_000  # tokens
BLOCKS = 60  # of a thread in a turn: about a second
GENSIMS = {"lr": 0.025, "subsample": 1e-3}


def two_against_one(text: Path, tell: Callable[[str], None], *, times: int = 15) -> dict[str, Any]:
    """Words/s of two threads over those of one, by wall and by CPU time; and the same for arithmetic."""
    tell("threads")
    config = Config(threads=2, **GENSIMS)
    corpus = Corpus.from_files(in_lines(text), config)
    v = corpus.vocabulary
    keep, noise = v.keep_probabilities(config.subsample), v.noise(config.noise_power)
    engine = CpuEngine(corpus.ids, corpus.sentence_ends, keep, noise, config)
    engine.compile()
    blocks = corpus.tokens // BLOCK

    def training(first: int) -> Callable[[], None]:
        def work() -> None:
            for k in range(first, first + BLOCKS):
                start = k % blocks * BLOCK
                engine.train_block(0, k, start, start + BLOCK, config.lr)

        return work

    training(0)()
    arithmetic(1)
    wall, cpu, ceiling = [], [], []
    for turn in range(times):
        plain = seconds(lambda: arithmetic(100_000_000))[0]
        both = seconds(*[lambda: arithmetic(100_000_000)] * 2)[0]
        one, one_cpu = seconds(training(3 * turn * BLOCKS))
        two, two_cpu = seconds(training((3 * turn + 1) * BLOCKS), training((3 * turn + 2) * BLOCKS))
        wall.append(2 * one / two)
        cpu.append(2 * one_cpu / two_cpu)
        ceiling.append(2 * plain / both)
        tell(f"  two threads {wall[-1]:.2f}x, by CPU time {2 * cpu[-1]:.2f}x; plain arithmetic {ceiling[-1]:.2f}x")
    share = [a / b for a, b in zip(wall, ceiling)]
    return {
        "ratio": spread(wall),
        "cpu_ratio": spread([2 * x for x in cpu]),
        "ceiling": spread(ceiling),
        "of_ceiling": spread(share),
    }


def seconds(*work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of all of `work` at once, a thread each."""
    threads = [threading.Thread(target=one) for one in work]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - wall, time.process_time() - cpu


@njit(nogil=True)
def arithmetic(n):  # type: ignore[no-untyped-def]
    """Additions and products in registers: no memory, nothing shared."""
    a, b, c, d = 1.0, 1.1, 1.2, 1.3
    for _ in range(n):
        a, b, c, d = a * 0.999 + 0.1, b * 0.999 + 0.1, c * 0.999 + 0.1, d * 0.999 + 0.1
    return a + b + c + d
