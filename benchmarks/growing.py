"""All that docs/growing.md compares with gensim, in one run: phrases, part of a file, going on, vectors of texts.

    python -m benchmarks.growing [--text T] [--megabytes 4] [--times 3]

Each has its own command too (`benchmarks.phrases`, `.limits`, `.going_on`, `.texts`). Prints Markdown tables.
"""

import argparse
from pathlib import Path

from benchmarks import going_on, limits, phrases, texts
from benchmarks.pages import ROOT


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=ROOT.parent / "shared/data/corpora/wiki100m.xz")
    parser.add_argument("--megabytes", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    text, megabytes, times = options.text, options.megabytes, options.times
    for title, work in (
        ("Phrases", lambda: phrases.table(text, megabytes, times)),
        ("Part of a file", lambda: limits.table(megabytes * 10_000, 100, megabytes * 1_000, times)),
        ("Going on", lambda: going_on.table(text, megabytes, options.epochs, times)),
        ("Vectors of texts", lambda: texts.table(megabytes * 25_000, 10, 100, times)),
    ):
        print(f"## {title}\n\n{work()}\n", flush=True)


if __name__ == "__main__":
    main()
