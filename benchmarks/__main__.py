"""`python -m benchmarks [PART…]`: sgns and its peers in turn, in one run; prints a Markdown table, keeps JSON.

Parts: speed, threads, vocabulary, reading, memory, whole, quality, scaling, models (default: all but the last two).
`--text` names the text; without it the tests' corpus is taken where it is there. Peers come from PyPI: pip install
gensim fasttext.
"""

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from benchmarks import models, parts
from benchmarks.pages import BENCHMARKS, README, ROOT, fill
from benchmarks.scaling import markdown as shape
from benchmarks.scaling import scaling
from benchmarks.table import beside_gensim, markdown
from benchmarks.threads import two_against_one

RESULTS = ROOT / "benchmarks" / "results.json"


def main() -> None:
    """Measure the parts asked for and write the table anew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", default=["speed", "threads", "vocabulary", "reading", "memory", "whole", "quality"]
    )
    parser.add_argument("--text", type=Path, default=ROOT.parent / "shared/data/corpora/wiki100m.xz")
    parser.add_argument("--sets", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--fill", action="store_true", help="measure nothing, print the tables from results.json")
    options = parser.parse_args()
    if options.fill:
        options.parts = []
    elif not options.text.exists():
        sys.exit(f"{options.text} does not exist; name a text of some 100 MB with --text")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}

    def log(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    work = {
        "speed": lambda: parts.speed(options.text, log, times=options.times),
        "threads": lambda: two_against_one(options.text, log),
        "vocabulary": lambda: parts.large_vocabulary(log),
        "reading": lambda: parts.reading(options.text, log),
        "memory": lambda: parts.memory(options.text, log),
        "whole": lambda: parts.whole(options.text, log),
        "quality": lambda: parts.qualities(options.text, options.sets, options.seeds, log),
        "scaling": lambda: scaling(options.text, log),
        "models": partial(
            models.measure, options.text, None, list(models.MODELS), options.times, options.seeds, None, log
        ),
    }
    for part in options.parts:
        if part not in work:
            sys.exit(f"no part {part!r}; parts are {', '.join(work)}")
        results[part] = work[part]() | {"machine": parts.machine()}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    table = markdown(results)
    fill(BENCHMARKS, "benchmarks", table)
    fill(README, "benchmarks", beside_gensim(results))
    print(table)
    if "scaling" in results:
        fill(BENCHMARKS, "scaling", "\n".join(shape(results["scaling"])))


if __name__ == "__main__":
    main()
