"""Going on with a model beside gensim's `build_vocab(update=True)` and `train`: CPU time and held-out similarity.

    python -m benchmarks.going_on [--text T] [--megabytes 4] [--epochs 5] [--times 3]

The first half of a text is trained on, then the second half, by one thread each, in turn, in one process, on token
lists in memory. The figures are those of the second half: reading its words, adding new ones, training; then
Spearman's ρ on WordSim-353 and MEN over the words that both have. Prints a Markdown table.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

from benchmarks.pages import ROOT
from benchmarks.phrases import read, timed

SETS = ("wordsim353", "men")


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=ROOT.parent / "shared/data/corpora/wiki100m.xz")
    parser.add_argument("--megabytes", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    print(table(options.text, options.megabytes, options.epochs, options.times))


def table(text: Path, megabytes: int, epochs: int, times: int) -> str:
    """The measurements as a Markdown table."""
    sentences, _ = read(text, megabytes * 1_000_000)
    half = len(sentences) // 2
    first, second = sentences[:half], sentences[half:]
    rows: dict[str, list[float]] = {"gensim": [], "sgns": []}
    vectors: dict[str, Any] = {}
    by_sgns(first[:50], second[:50], 1)  # kernels are compiled
    for _ in range(times):
        for name, work in (("gensim", by_gensim), ("sgns", by_sgns)):
            vectors[name], seconds = work(first, second, epochs)
            rows[name].append(seconds)
    common = set(vectors["sgns"].words) & set(vectors["gensim"].words)
    lines = [
        f"{sum(map(len, second)):,} words in the second half, {epochs} epochs, {len(common):,} common words\n",
        f"| | CPU seconds, median of {times} | {' | '.join(SETS)} |\n|---|---|{'---|' * len(SETS)}",
    ]
    for name, runs in rows.items():
        lines.append(f"| {name} | {statistics.median(runs):.2f} | {' | '.join(figures(vectors[name], common))} |")
    ratio = statistics.median(rows["gensim"]) / statistics.median(rows["sgns"])
    return "\n".join([*lines, f"\n{ratio:.1f} times as fast"])


def by_gensim(first: list[list[str]], second: list[list[str]], epochs: int) -> tuple[Any, float]:
    """Gensim's vectors after both halves, and the CPU seconds of the second."""
    from gensim.models import Word2Vec

    from sgns import Vectors

    model = Word2Vec(first, vector_size=100, sg=1, negative=5, min_count=5, epochs=epochs, workers=1, seed=1)

    def go_on() -> None:
        model.build_vocab(second, update=True)
        model.train(second, total_examples=len(second), epochs=epochs)

    _, seconds, _ = timed(go_on)
    return Vectors(model.wv.index_to_key, model.wv.vectors), seconds


def by_sgns(first: list[list[str]], second: list[list[str]], epochs: int) -> tuple[Any, float]:
    """The vectors of sgns after both halves, and the CPU seconds of the second."""
    import sgns

    options: dict[str, Any] = {"epochs": epochs, "threads": 1, "quiet": True, "engine": "cpu"}
    options["on_warning"] = lambda _: None
    old = sgns.train(first, **options)
    return timed(lambda: sgns.train(second, start=old, **options))[:2]


def figures(vectors: Any, words: set[str]) -> list[str]:
    """Spearman's ρ on each set, over these words."""
    import numpy as np

    from sgns.evaluation import evaluate_similarity

    part = vectors.take(np.array([row for row, word in enumerate(vectors.words) if word in words]))
    folder = ROOT.parent / "shared/data/similarity"
    return [f"{evaluate_similarity(part, folder / f'{name}.tsv').spearman:.3f}" for name in SETS]


if __name__ == "__main__":
    main()
