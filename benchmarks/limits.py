"""The first rows of a file of vectors beside gensim's `limit`: seconds and memory, each in a fresh process.

    python -m benchmarks.limits [--words 200000] [--dim 100] [--limit 20000] [--times 3]

Files of random rows are written to a temporary folder. Memory is what the process has at its peak beyond its imports.
gensim has a limit for word2vec's two formats alone; of fastText's .bin it reads everything. Prints a Markdown table.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = ("v.bin", "v.txt", "v.fasttext.bin", "v.safetensors")
OF_GENSIM = ("v.bin", "v.txt", "v.fasttext.bin")
BUCKETS = 200_000
MEASURED = """
import json, resource, sys, time
path, limit = sys.argv[1], int(sys.argv[2])
{imports}
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before, wall, cpu = peak(), time.perf_counter(), time.process_time()
{load}
print(json.dumps({{"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "bytes": peak() - before}}))
"""
SGNS = {"imports": "import numpy, sgns; sgns.Vectors", "load": "float(sgns.load(path, limit=limit).E[::512].sum())"}
GENSIM = {
    "imports": "from gensim.models.fasttext import load_facebook_vectors\nfrom gensim.models import KeyedVectors",
    "load": "load_facebook_vectors(path) if 'fasttext' in path else "
    "KeyedVectors.load_word2vec_format(path, binary=path.endswith('.bin'), limit=limit)",
}


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--limit", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    print(table(options.words, options.dim, options.limit, options.times))


def table(words: int, dim: int, limit: int, times: int) -> str:
    """The measurements as a Markdown table."""
    lines = [
        f"The first {limit:,} of {words:,} rows, d = {dim}; medians of {times}\n",
        "| | wall s | CPU s | MB | gensim: wall s | CPU s | MB |\n|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", WRITTEN, folder, str(words), str(dim)], check=True)
        for name in FILES:
            ours, theirs = [], []
            for _ in range(times):
                ours.append(measured(SGNS, Path(folder) / name, limit))
                if name in OF_GENSIM:
                    theirs.append(measured(GENSIM, Path(folder) / name, limit))
            whole = " (all rows)" if "fasttext" in name else ""
            cells = figures(ours) + (figures(theirs) if theirs else ["–"] * 3)
            lines.append(f"| {name}{whole and ', gensim' + whole} | {' | '.join(cells)} |")
    return "\n".join(lines)


WRITTEN = f"""
import sys
import numpy as np
from sgns import Vectors
from sgns.base.subwords import Subwords
from sgns.vectors.subwords import SubwordTable
folder, V, d = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
r, words = np.random.default_rng(1), [f"w{{i}}" for i in range(V)]
E = r.normal(size=(V, d)).astype(np.float32)
plain = Vectors(words, E, E, np.arange(V, 0, -1))
for name in ("v.bin", "v.txt", "v.safetensors"):
    plain.save(f"{{folder}}/{{name}}")
table = SubwordTable.of(Subwords(3, 6, {BUCKETS}), E, r.normal(size=({BUCKETS}, d)).astype(np.float32))
Vectors(words, table.composed(words), E, np.arange(V, 0, -1), None, table).save(f"{{folder}}/v.fasttext.bin")
"""


def measured(tool: dict[str, str], path: Path, limit: int) -> dict[str, float]:
    """Seconds and bytes of loading a file in a fresh process."""
    command = [sys.executable, "-c", MEASURED.format(**tool), str(path), str(limit)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def figures(runs: list[dict[str, float]]) -> list[str]:
    """Medians as cells."""
    wall, cpu, size = (statistics.median(run[name] for run in runs) for name in ("wall", "cpu", "bytes"))
    return [f"{wall:.3f}", f"{cpu:.3f}", f"{size / 1e6:.0f}"]


if __name__ == "__main__":
    main()
