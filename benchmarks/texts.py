"""Vectors of 100,000 short texts: wall and CPU time of `encode`, beside gensim's `get_mean_vector` text by text.

    python -m benchmarks.texts [--texts 100000] [--words 10] [--dim 100] [--times 3]

Words are drawn by Zipf's law from 50,000, every tenth one unknown. The first call is measured too: it has all tokens to
look up. gensim takes lists of words and knows no SIF. Prints a Markdown table.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

VOCABULARY = 50_000


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=10)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    print(table(options.texts, options.words, options.dim, options.times))


def table(texts: int, words: int, dim: int, times: int) -> str:
    """The measurements as a Markdown table."""
    import numpy as np

    from sgns import Vectors

    r = np.random.default_rng(1)
    known = [f"w{i}" for i in range(VOCABULARY)]
    names = np.array([name if i % 10 else f"unknown{i}" for i, name in enumerate(known)], object)
    vectors = Vectors(known, r.normal(size=(VOCABULARY, dim)), counts=VOCABULARY // np.arange(1, VOCABULARY + 1) + 1)
    share = 1 / np.arange(1, VOCABULARY + 1)
    lists = names[r.choice(VOCABULARY, (texts, words), p=share / share.sum())].tolist()
    strings = [" ".join(text) for text in lists]
    cases: dict[str, Callable[[], Any]] = {
        "sgns, strings, SIF": lambda: vectors.encode(strings, on_warning=ignore),
        "sgns, strings, SIF without the common component": lambda: vectors.encode(
            strings, components=1, on_warning=ignore
        ),
        "sgns, lists of words, mean": lambda: vectors.encode(lists, weights="mean", on_warning=ignore),
    }
    try:
        from gensim.models import KeyedVectors
    except ImportError:
        pass
    else:
        theirs = KeyedVectors(dim)
        theirs.add_vectors(known, vectors.E)
        cases["gensim, lists of words, mean"] = lambda: np.array(
            [theirs.get_mean_vector(text, pre_normalize=False) for text in lists]
        )
    lines = [
        f"{texts:,} texts of {words} words, d = {dim}; medians of {times}\n",
        "| | wall s | CPU s |\n|---|---|---|",
    ]
    for name, work in cases.items():
        wall, cpu = zip(*(timed(work) for _ in range(times)), strict=True)
        lines.append(f"| {name} | {statistics.median(wall):.2f} | {statistics.median(cpu):.2f} |")
    return "\n".join(lines)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def ignore(message: str) -> None:
    """Nothing: that words are unknown is part of the case."""


if __name__ == "__main__":
    main()
