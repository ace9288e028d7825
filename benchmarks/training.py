"""Training of this working tree, of another revision and of gensim, in turn: words/s at several sizes.

    python -m benchmarks.training 47def0a
    python -m benchmarks.training 47def0a --turns 5 --sizes text,300

Each measure is a fresh process with kernels and encoded texts of its own revision; the first turn compiles, fills the
caches and is not counted. All train at gensim's options (lr 0.025, subsample 1e-3); what they learn is held to gensim's
by `make test-quality`. Prints Markdown: medians, spreads, and ratios of the pairs of a turn.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.against import TEXT, Side, cell, checked_out, millions, named
from benchmarks.measure import run, spread
from benchmarks.one import Job
from benchmarks.pages import ROOT
from benchmarks.parts import ZIPF


class Size(NamedTuple):
    """What is trained.

    Attributes:
        what: In words.
        dim: d.
        threads: Of sgns and of gensim.
        min_count: Least count of a word.
        epochs: Of sgns, on a text that takes it little time.
        peer: Whether gensim trains it too, one epoch.
    """

    what: str
    dim: int = 100
    threads: int = 2
    min_count: int = 5
    epochs: int = 1
    peer: bool = False


SIZES = {
    "text": Size("the text, d 100", peer=True),
    "one": Size("the text, d 100, one thread", threads=1),
    "300": Size("the text, d 300", dim=300),
    "vocabulary": Size("1M words × 300", dim=300, min_count=1),
    "small": Size("15 MB of it, d 100", epochs=2, peer=True),
}


def main() -> None:
    """Measures in turn and prints the table."""
    from benchmarks.corpora import beginning, in_lines, zipf

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", metavar="REV")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--sizes", default=",".join(SIZES), help="some of " + ", ".join(SIZES))
    parser.add_argument("--text", type=Path, default=TEXT)
    options = parser.parse_args()
    wanted = options.sizes.split(",")
    texts = {
        name: zipf(*ZIPF) if name == "vocabulary" else beginning(options.text, 15_000_000) if name == "small"
        else in_lines(options.text)
        for name in wanted
    }  # fmt: skip
    found: dict[str, dict[str, list[float]]] = {name: {"old": [], "new": [], "gensim": []} for name in wanted}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        room = Path(folder).resolve()
        sources = {"old": stack.enter_context(checked_out(options.old, room / "checkout")), "new": ROOT / "src"}
        sides = {side: Side(source, room / side) for side, source in sources.items()}
        for turn in range(options.turns + 1):
            for name in wanted:
                size, text = SIZES[name], str(texts[name])
                for side in sorted(sides, reverse=bool(turn % 2)):
                    out = str(sides[side].room / "v.safetensors")
                    figures = sides[side].run("train", text, size.threads, out, size.dim, size.min_count, size.epochs)
                    found[name][side].append(figures["words_per_second"])
                if size.peer and turn:
                    job = Job("gensim", text, dim=size.dim, epochs=1, threads=size.threads, min_count=size.min_count)
                    found[name]["gensim"].append(run(job).words_per_second)
            print(f"turn {turn} of {options.turns}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"| words/s, {options.turns} turns | {named(options.old)} | {named('')} | new/old | gensim | new/gensim |")
    print("|---|---|---|---|---|---|")
    for name in wanted:
        runs = {side: values[1:] if side != "gensim" else values for side, values in found[name].items()}
        cells = [cell(spread(runs[side]), millions) for side in ("old", "new")]
        cells.append(cell(spread(ratios(runs["new"], runs["old"])), lambda x: f"{x:.2f}"))
        if runs["gensim"]:
            cells.append(cell(spread(runs["gensim"]), millions))
            cells.append(cell(spread(ratios(runs["new"], runs["gensim"])), lambda x: f"{x:.1f}"))
        print(f"| {SIZES[name].what} | {' | '.join(cells)} |")
    if {"one", "text"} <= set(wanted):
        for side in sides:
            two = spread(ratios(found["text"][side][1:], found["one"][side][1:]))
            print(f"\ntwo threads against one, {side}: {cell(two, lambda x: f'{x:.2f}')}")


def ratios(above: list[float], below: list[float]) -> list[float]:
    """Of the pairs of the same turn."""
    return [x / y for x, y in zip(above, below, strict=True)]


if __name__ == "__main__":
    main()
