"""What the loss costs: the tile kernel as it is, against the same kernel compiled without it, in turn.

    python -m benchmarks.loss_cost [--rounds 15]

Without the loss, −log σ is replaced by 0 before compilation and LLVM drops what led to it; both kernels train the same
blocks from the same state, and their E must agree to the bit. Times are CPU seconds of the process; the figure is the
median of the rounds' ratios. Prints one JSON object.
"""

import argparse
import json
import time
from typing import Any

import numpy as np
from numba.core.caching import NullCache

from sgns import Config
from sgns.training.engines.cpu import dense, pairs
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.cpu.llvm import ZERO
from sgns.training.engines.cpu.tile_kernel import tile_kernel

V, TOKENS, BLOCK = 30_000, 2_000_000, 40_000


def engine_without_loss(*arguments: Any) -> CpuEngine:
    """An engine whose kernel computes σ alone."""
    both = dense.sigmoid_and_softplus
    tile_kernel.cache_clear()
    dense.sigmoid_and_softplus = pairs.sigmoid_and_softplus = lambda b, x: (both(b, x)[0], ZERO)
    try:
        return compiled(*arguments)
    finally:
        dense.sigmoid_and_softplus = pairs.sigmoid_and_softplus = both
        tile_kernel.cache_clear()


def compiled(*arguments: Any) -> CpuEngine:
    """An engine whose kernel is compiled now, whatever lies in the cache."""
    engine = CpuEngine(*arguments)
    engine._tile._cache = NullCache()
    engine.compile()
    return engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    rng = np.random.default_rng(1)
    frequency = 1 / np.arange(2, V + 2)
    frequency /= frequency.sum()
    ids = rng.choice(V, TOKENS, p=frequency).astype(np.int32)
    noise = frequency**0.75 / (frequency**0.75).sum()
    ratio = 1e-3 / frequency
    keep = np.minimum(1.0, np.sqrt(ratio) + ratio)
    arguments = (ids, np.arange(20, TOKENS + 1, 20), keep, noise, Config())
    engines = {"without": engine_without_loss(*arguments), "with": compiled(*arguments)}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    sums = {}
    for k in range(rounds + 1):
        for name in sorted(engines, reverse=bool(k % 2)):
            began = time.process_time()
            for block in range(k % 10 * 5, k % 10 * 5 + 5):
                sums[name] = engines[name].train_block(0, block, block * BLOCK, (block + 1) * BLOCK, 0.025)
            seconds[name].append(time.process_time() - began)
    assert sums["with"].loss > 0
    same = bool((engines["with"].E == engines["without"].E).all())
    ratios = np.array(seconds["with"][1:]) / np.array(seconds["without"][1:])
    low, middle, high = np.percentile(ratios, [25, 50, 75]) - 1
    report = {"cost": round(middle, 4), "quartiles": [round(low, 4), round(high, 4)], "rounds": rounds, "same E": same}
    report["best of each"] = round(min(seconds["with"][1:]) / min(seconds["without"][1:]) - 1, 4)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
