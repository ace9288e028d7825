"""`python -m benchmarks [PART…]`: sgns and its peers in turn, in one run; prints a Markdown table, keeps JSON.

Parts: speed, threads, vocabulary, reading, memory, whole, quality, scaling, models (default: all but the last two).
Each is repeated, three times at least; `--list` says how long each takes, `--quick` shows in a minute or two that all
of them run. `--text` names the text; without it the tests' corpus is taken where it is there. Peers come from PyPI:
pip install gensim fasttext.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import models, parts
from benchmarks.corpora import beginning
from benchmarks.duration import seconds
from benchmarks.pages import BENCHMARKS, README, ROOT, fill
from benchmarks.scaling import markdown as shape
from benchmarks.scaling import scaling
from benchmarks.table import beside_gensim, markdown
from benchmarks.threads import two_against_one

RESULTS = ROOT / "benchmarks" / "results.json"
DEFAULT = ("speed", "threads", "vocabulary", "reading", "memory", "whole", "quality")
QUICK_BYTES, QUICK_WORDS = 2_000_000, 100_000


def main() -> None:
    """Measure the parts asked for and write the table anew."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=list(DEFAULT))
    parser.add_argument("--text", type=Path, default=ROOT.parent / "shared/data/corpora/wiki100m.xz")
    parser.add_argument("--sets", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--seeds", type=at_least_three, default=parts.LEAST, help="of quality")
    parser.add_argument("--times", type=at_least_three, default=parts.LEAST, help="turns of every other part")
    parser.add_argument("--list", action="store_true", help="measure nothing, say how long each part takes")
    parser.add_argument("--fill", action="store_true", help="measure nothing, print the tables from results.json")
    parser.add_argument(
        "--quick", action="store_true", help="one turn of tiny sizes: shows that it runs, measures and keeps nothing"
    )
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if options.list:
        print(durations(options, results))
        return
    if options.fill:
        options.parts = []
    elif not options.text.exists():
        sys.exit(f"{options.text} does not exist; name a text of some 100 MB with --text")
    if options.quick:
        options.times, options.seeds, options.text = 1, 1, beginning(options.text, QUICK_BYTES)
        results = {}
    work = all_parts(options)
    for part in options.parts:
        if part not in work:
            sys.exit(f"no part {part!r}; parts are {', '.join(work)}")
    for part in options.parts:
        began = time.perf_counter()
        results[part] = work[part]() | {"machine": parts.machine()}
        took = time.perf_counter() - began
        log(f"{part}: {took:.0f} s")
        results[part]["took"] = {"seconds": took, "times": options.times, "seeds": options.seeds}
        if not options.quick:
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    table = markdown(results)
    print(table)
    if options.quick:
        return
    fill(BENCHMARKS, "benchmarks", table)
    fill(README, "benchmarks", beside_gensim(results))
    if "scaling" in results:
        fill(BENCHMARKS, "scaling", "\n".join(shape(results["scaling"])))


def all_parts(options: argparse.Namespace) -> dict[str, Callable[[], dict[str, Any]]]:
    """The parts by name, each as a call."""
    text, times, seeds = options.text, options.times, options.seeds
    sizes = {"words": QUICK_WORDS} if options.quick else {}
    zipf = {"sizes": (QUICK_WORDS // 10, QUICK_WORDS)} if options.quick else {}
    before = options.parts[: options.parts.index("quality")] if "quality" in options.parts else []
    return {
        "speed": partial(parts.speed, text, log, times=times, **sizes),
        "threads": partial(two_against_one, text, log, **({"times": times} if options.quick else {})),
        "vocabulary": partial(parts.large_vocabulary, log, times=times, **zipf),
        "reading": partial(parts.reading, text, log, times=max(5, times)),
        "memory": partial(parts.memory, text, log, times=times),
        "whole": partial(parts.whole, text, log, times=times),
        "quality": partial(parts.qualities, text, options.sets, seeds, log, trained=times if "whole" in before else 0),
        "scaling": partial(scaling, text, log, times=times),
        "models": partial(models.measure, text, None, list(models.MODELS), times, seeds, None, log),
    }


def durations(options: argparse.Namespace, results: dict[str, Any]) -> str:
    """How long the parts asked for take, as a table."""
    lines, total = ["| part | minutes | |", "|---|---|---|"], 0.0
    for part in options.parts:
        took, known = seconds(part, results, options.times, options.seeds)
        if took is None:
            lines.append(f"| {part} | | not measured yet |")
            continue
        total += took
        lines.append(f"| {part} | {took / 60:.1f} | {'measured' if known else 'estimated from kept speeds'} |")
    return "\n".join([*lines, f"| together | {total / 60:.1f} | {options.times} turns, {options.seeds} seeds |"])


def at_least_three(text: str) -> int:
    """A number of turns; below three there is no spread."""
    number = int(text)
    if number < parts.LEAST:
        raise argparse.ArgumentTypeError(f"{number} turns have no spread; take {parts.LEAST} at least")
    return number


def log(line: str) -> None:
    """A line of progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
