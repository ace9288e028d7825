"""The deterministic engine against the free-running one, in short turns within one process.

    python -m benchmarks.deterministic [--rounds 15] [--threads 1,2]

Both train the same blocks of `wiki100m` at gensim's options, one engine after the other, the order turned each round.
Prints a JSON line for each number of threads: words/s of the deterministic engine over those of the free-running one.
What it costs in quality: `make test-quality`, row `deterministic`.
"""

import argparse
import json
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.corpora import in_lines
from benchmarks.measure import spread
from benchmarks.threads import GENSIMS, seconds
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.build import build
from sgns.training.plan import Plan
from sgns.training.schedule import LONGEST

DATA = Path(__file__).parents[1] / "../shared/data"
BLOCKS = 30  # in a turn: about a second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", default="1,2")
    o = parser.parse_args()
    corpus = Corpus.from_files(in_lines(DATA / "corpora" / "wiki100m.xz"), Config())
    for threads in map(int, o.threads.split(",")):
        print(json.dumps({"threads": threads} | compare(corpus, threads, o.rounds)), flush=True)


def compare(corpus: Corpus, threads: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Speed of the deterministic engine, as a share of the other's: by wall and by CPU time."""
    configs = {name: Config(threads=threads, deterministic=name == "fixed", **GENSIMS) for name in ("free", "fixed")}
    engines = {name: build(Plan.of(corpus.vocabulary, config), corpus) for name, config in configs.items()}
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for turn in range(rounds + 1):  # the first one warms up
        for name in sorted(engines, reverse=bool(turn % 2)):
            at_once = 1 if name == "fixed" else threads  # a batch uses its threads itself
            blocks = partial(next_block, engines[name], count(turn * BLOCKS), corpus.tokens // LONGEST)
            spent[name].append(seconds(blocks, BLOCKS, at_once))
    pairs = list(zip(spent["free"][1:], spent["fixed"][1:], strict=True))
    return {kind: spread([free[k] / fixed[k] for free, fixed in pairs]) for k, kind in enumerate(("wall", "cpu"))}


def next_block(engine: Any, numbers: Iterator[int], blocks: int, threads: int) -> None:
    """Train the next block of a text of so many."""
    k = next(numbers)
    start = k % blocks * LONGEST
    engine.train_block(0, k, start, start + LONGEST, GENSIMS["lr"])


if __name__ == "__main__":
    main()
