"""Load and query times of word vectors beside gensim's.

    python -m benchmarks.vectors

Files are generated in a temporary folder: random words and rows, as large as asked. Every figure comes from a fresh
process and is taken after imports, sgns and gensim in turn; files are warm (read just before). Prints a Markdown table,
keeps all figures in benchmarks/vectors.json and fills the pages' tables; with --json they go there instead.
"""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pages import BENCHMARKS, ROOT, fill
from benchmarks.parts import machine

RESULTS = ROOT / "benchmarks" / "vectors.json"
QUERIES = 1000
GENSIM_QUERIES = 20  # gensim answers one at a time; the rest would be waiting


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--gensim-text-words", type=int, default=200_000, help="gensim reads a shorter text file")
    parser.add_argument("--folder", type=Path, help="keep the files here, and take them from here if they are there")
    parser.add_argument("--prepare", action="store_true", help="only write the files (with --folder)")
    parser.add_argument("--times", type=int, default=3, help="runs of each measure")
    parser.add_argument("--json", type=Path, help="write all figures here, and leave the pages as they are")
    parser.add_argument("--fill", action="store_true", help="measure nothing, fill the tables from vectors.json")
    parser.add_argument("--one", nargs=2, metavar=("MEASURE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(MEASURES[options.one[0]](options.one[1])))
        return
    if options.fill:
        show(json.loads(RESULTS.read_text()))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        sizes = (options.words, options.dim, options.gensim_text_words)
        if options.prepare:
            prepare(folder, *sizes)
            return
        command = [sys.executable, "-m", "benchmarks.vectors", "--prepare", "--folder", str(folder.resolve())]
        for name, size in zip(("--words", "--dim", "--gensim-text-words"), sizes):
            command += [name, str(size)]
        subprocess.run(command, check=True, cwd=ROOT)  # apart: a child inherits the peak memory of its parent
        files = paths(folder.resolve(), *sizes)
        figures: dict[str, list[dict[str, float]]] = {name: [] for name in PLAN if wanted(name)}
        for _ in range(options.times):
            for name, runs in figures.items():
                runs.append(measure(name, files[PLAN[name]]))
    report = {
        "words": options.words,
        "dim": options.dim,
        "gensim_text_words": options.gensim_text_words,
        "machine": machine() | {"python": platform.python_version()},
        "figures": figures,
    }
    (options.json or RESULTS).write_text(json.dumps(report, indent=1) + "\n")
    if options.json:
        print(table(report))
    else:
        show(report)


def show(report: dict[str, Any]) -> None:
    """Fill the pages' tables, and print the longer one."""
    fill(BENCHMARKS, "vectors", table(report))
    print(table(report))


def wanted(name: str) -> bool:
    """Whether the library of a measure is installed."""
    from importlib.util import find_spec

    return not name.startswith("gensim") or find_spec("gensim") is not None


def paths(folder: Path, V: int, d: int, short: int) -> dict[str, Path]:
    """Where the files are."""
    return {
        "own": folder / f"{V}x{d}.safetensors",
        "binary": folder / f"{V}x{d}.bin",
        "text": folder / f"{V}x{d}.txt",
        "short text": folder / f"{short}x{d}.txt",
        "kv": folder / f"{V}x{d}.kv",
    }


def prepare(folder: Path, V: int, d: int, short: int) -> None:
    """Write what is not there yet."""
    from sgns.vectors import Vectors

    folder.mkdir(parents=True, exist_ok=True)
    files = paths(folder, V, d, short)
    if not files["short text"].exists():
        generator = np.random.default_rng(0)
        E = np.empty((V, d), np.float32)
        for start in range(0, V, 50_000):
            part = E[start : start + 50_000]
            part[:] = generator.standard_normal(part.shape, np.float32) / 10
        vectors = Vectors([f"word{i}" for i in range(V)], E)
        vectors.save(files["own"])
        vectors.save(files["binary"])
        rows = [
            " ".join(repr(float(f"{x:.6f}")) for x in row.tolist()) for row in E[:2000]
        ]  # repeated: only size counts
        for name, count in (("text", V), ("short text", short)):
            with files[name].open("w") as file:
                file.write(f"{count} {d}\n")
                for i in range(count):
                    file.write(f"word{i} {rows[i % 2000]}\n")
    if wanted("gensim") and not files["kv"].exists():
        from gensim.models import KeyedVectors

        KeyedVectors.load_word2vec_format(files["binary"], binary=True).save(str(files["kv"]))


def warm(path: Path) -> None:
    """Read a file and those beside it that belong to it, so that the system has them in memory.

    Before every measure, for a system may take such memory back in the minutes between.
    """
    for part in path.parent.glob(f"{path.name}*"):
        with part.open("rb") as file:
            while file.read(2**24):
                pass


def measure(name: str, path: Path) -> dict[str, float]:
    """Run one measure in a fresh process."""
    warm(path)
    command = [sys.executable, "-m", "benchmarks.vectors", "--one", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    figures = json.loads(done.stdout.splitlines()[-1])
    print(f"{name}: {figures}", file=sys.stderr, flush=True)
    return figures


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def sgns_load(path: str) -> dict[str, float]:
    from sgns.vectors import load
    from sgns.vectors.files import decimals, word2vec_binary, word2vec_text  # noqa: F401  load imports what a format needs

    seconds, vectors = timed(lambda: load(path))
    return {"load": seconds, "words": len(vectors), "peak_gb": peak_gb()}


def sgns_query(path: str) -> dict[str, float]:
    from sgns.vectors import load

    opened, v = timed(lambda: load(path))
    first, _ = timed(lambda: v.most_similar("word7", n=10))
    single = [timed(lambda i=i: v.most_similar(f"word{i}", n=10))[0] for i in range(100, 115)]
    names = [f"word{i * 7 % len(v)}" for i in range(QUERIES)]
    before = peak_gb()
    many, _ = timed(lambda: v.most_similar_each(names, n=10))
    return {
        "load": opened,
        "first_query": first,
        "query": statistics.median(single),
        "queries_1000": many,
        "peak_gb": peak_gb(),
        "peak_gb_before_1000": before,
    }


def gensim_load(path: str) -> dict[str, float]:
    from gensim.models import KeyedVectors

    seconds, v = timed(lambda: KeyedVectors.load_word2vec_format(path, binary=path.endswith(".bin")))
    return {"load": seconds, "words": len(v), "peak_gb": peak_gb()}


def gensim_query(path: str) -> dict[str, float]:
    from gensim.models import KeyedVectors

    opened, v = timed(lambda: KeyedVectors.load(path, mmap="r"))
    first, _ = timed(lambda: v.most_similar("word7", topn=10))
    single = [timed(lambda i=i: v.most_similar(f"word{i}", topn=10))[0] for i in range(100, 100 + GENSIM_QUERIES)]
    return {
        "load": opened,
        "first_query": first,
        "query": statistics.median(single),
        "queries_1000": sum(single) / len(single) * QUERIES,
        "peak_gb": peak_gb(),
    }


MEASURES = {
    "sgns own file and queries": sgns_query,
    "sgns binary": sgns_load,
    "sgns text": sgns_load,
    "sgns short text": sgns_load,
    "gensim own file and queries": gensim_query,
    "gensim binary": gensim_load,
    "gensim short text": gensim_load,
}
PLAN = {
    "sgns own file and queries": "own",
    "sgns binary": "binary",
    "sgns text": "text",
    "sgns short text": "short text",
    "gensim own file and queries": "kv",
    "gensim binary": "binary",
    "gensim short text": "short text",
}


# name in the table, measure, figure, what was asked for
ROWS = (
    ("open the own file, memory-mapped", "own file and queries", "load", "100 ms"),
    ("load word2vec binary", "binary", "load", "5 s"),
    ("load word2vec text", "text", "load", "60 s"),
    ("load word2vec text, {short} words", "short text", "load", ""),
    ("first query", "own file and queries", "first_query", "150 ms"),
    ("each next query", "own file and queries", "query", "150 ms"),
    ("1,000 queries at once (gensim: one by one)", "own file and queries", "queries_1000", "10 s"),
    ("peak memory of loading binary", "binary", "peak_gb", ""),
)  # fmt: skip


def table(report: dict[str, Any], only: tuple[str, ...] | None = None) -> str:
    """The figures as Markdown: medians, with the least and the most."""
    figures = report["figures"]

    def cell(name: str, key: str) -> str:
        values = sorted(run[key] for run in figures.get(name, []) if key in run)
        if not values:
            return "–"
        form = "{:.2f} GB".format if key.endswith("_gb") else duration
        spread = f" ({form(values[0])} to {form(values[-1])})" if len(values) > 1 else ""
        return form(statistics.median(values)) + spread

    names = {"short": f"{report['gensim_text_words']:,}"}
    lines = [f"| {report['words']:,} words × {report['dim']} | asked | sgns | gensim |", "|---|---|---|---|"]
    for label, name, key, asked in ROWS:
        if only is None or key in only:
            cells = (label.format(**names), asked, cell("sgns " + name, key), cell("gensim " + name, key))
            lines.append(f"| {' | '.join(cells)} |")
    machine = report["machine"]
    runs = max(map(len, figures.values()), default=0)
    said = "One run." if runs == 1 else f"Median (least to most) of {runs} runs."
    return "\n".join([*lines, "", f"{said} Machine: {machine['processor'].strip()}, {machine['cores']} cores."])


def duration(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.1f} s"


if __name__ == "__main__":
    main()
