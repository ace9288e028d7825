"""Load and query times of word vectors beside gensim's.

    python benchmarks/vectors.py --json vectors.json

Files are generated in a temporary folder: random words and rows, as large as asked. Every figure comes from a fresh
process and is taken after imports; files are warm (read once before). Prints a Markdown table; --json also writes all
figures, so that the README's table can be made from them.
"""

import argparse
import json
import os
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

QUERIES = 1000
GENSIM_QUERIES = 20  # gensim answers one at a time; the rest would be waiting


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--gensim-text-words", type=int, default=200_000, help="gensim reads a shorter text file")
    parser.add_argument("--folder", type=Path, help="keep the files here, and take them from here if they are there")
    parser.add_argument("--prepare", action="store_true", help="only write the files (with --folder)")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--one", nargs=2, metavar=("MEASURE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(MEASURES[options.one[0]](options.one[1])))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        files = prepare(folder, options.words, options.dim, options.gensim_text_words)
        if options.prepare:
            return
        figures = {name: measure(name, files[file]) for name, file in PLAN.items() if wanted(name)}
    report = {
        "words": options.words,
        "dim": options.dim,
        "gensim_text_words": options.gensim_text_words,
        "machine": {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "figures": figures,
    }
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report))


def wanted(name: str) -> bool:
    """Whether the library of a measure is installed."""
    from importlib.util import find_spec

    return not name.startswith("gensim") or find_spec("gensim") is not None


def prepare(folder: Path, V: int, d: int, short: int) -> dict[str, Path]:
    """Write what is not there yet."""
    from sgns.vectors import formats
    from sgns.vectors.vectors import Vectors

    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "own": folder / f"{V}x{d}.safetensors",
        "binary": folder / f"{V}x{d}.bin",
        "text": folder / f"{V}x{d}.txt",
        "short text": folder / f"{short}x{d}.txt",
        "kv": folder / f"{V}x{d}.kv",
    }
    if not files["short text"].exists():
        generator = np.random.default_rng(0)
        E = np.empty((V, d), np.float32)
        for start in range(0, V, 50_000):
            part = E[start : start + 50_000]
            part[:] = generator.standard_normal(part.shape, np.float32) / 10
        vectors = Vectors([f"word{i}" for i in range(V)], E)
        formats.save(vectors, files["own"])
        formats.save(vectors, files["binary"])
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
    for path in folder.iterdir():  # warm
        with path.open("rb") as file:
            while file.read(2**24):
                pass
    return files


def measure(name: str, path: Path) -> dict[str, Any]:
    """Run one measure in a fresh process."""
    command = [sys.executable, __file__, "--one", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
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
    import sgns

    seconds, vectors = timed(lambda: sgns.load(path))
    return {"load": seconds, "words": len(vectors), "peak_gb": peak_gb()}


def sgns_query(path: str) -> dict[str, float]:
    import sgns

    opened, v = timed(lambda: sgns.load(path))
    first, _ = timed(lambda: v.similar("word7", n=10))
    single = [timed(lambda i=i: v.similar(f"word{i}", n=10))[0] for i in range(100, 115)]
    names = [f"word{i * 7}" for i in range(QUERIES)]
    before = peak_gb()
    many, _ = timed(lambda: v.similar_each(names, n=10))
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


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def table(report: dict[str, Any]) -> str:
    """The figures as Markdown."""
    figures = report["figures"]

    def cell(name: str, key: str) -> str:
        value = figures.get(name, {}).get(key)
        if value is None:
            return "–"
        return f"{1000 * value:.1f} ms" if value < 0.1 else f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"

    size, short = f"{report['words']:,} × {report['dim']}", f"{report['gensim_text_words']:,} × {report['dim']}"
    rows = [
        (f"open the own file, {size}, memory-mapped", "own file and queries", "load"),
        (f"load word2vec binary, {size}", "binary", "load"),
        (f"load word2vec text, {short}", "short text", "load"),
        (f"load word2vec text, {size}", "text", "load"),
        (f"first query, {size}", "own file and queries", "first_query"),
        ("each next query", "own file and queries", "query"),
        (f"1,000 queries at once (gensim: one by one, from {GENSIM_QUERIES})", "own file and queries", "queries_1000"),
    ]
    lines = ["| | sgns | gensim |", "|---|---|---|"]
    lines += [f"| {label} | {cell('sgns ' + name, key)} | {cell('gensim ' + name, key)} |" for label, name, key in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
