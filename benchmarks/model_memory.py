"""The most memory that each model holds beyond its tables and ids: `python -m benchmarks.model_memory`.

Each run is a process of its own, from a text that it reads anew to saved vectors, one epoch on two threads, kernels
warm. Of the most that was resident, the bytes of the tables (rows with their padding) and of ids and sentence ends are
taken away, and what Python with its libraries takes (NumPy, Numba and the engine imported, nothing trained) stands
beside it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.corpora import beginning
from benchmarks.models import COMMON, MODELS, SHARED
from benchmarks.pages import ROOT, fill

OUT = ROOT / "benchmarks" / "model_memory.json"
MEASURED: dict[str, dict[str, Any]] = {name: options for name, (options, _) in MODELS.items()} | {
    "dm": {"model": "dm"},
    "subwords, exact": {"ngrams": "3-6", "buckets": "exact"},
}
TEXTS = ("corpora", "seen")  # folders of the cache that hold texts


def main() -> None:
    """Measure all models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=SHARED / "corpora/wiki100m.xz")
    parser.add_argument("--bytes", type=int, default=15_000_000)
    parser.add_argument("--models", default=",".join(name for name in MEASURED if "," not in name) + ";subwords, exact")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(json.loads(options.one))))
        return
    first, _, last = options.models.partition(";")
    text, found = beginning(options.text, options.bytes), {}
    with tempfile.TemporaryDirectory() as cache:
        for model in [*first.split(","), *filter(None, [last])]:
            runs = []
            for turn in range(options.times + 1):  # the first one compiles
                for folder in TEXTS:
                    shutil.rmtree(Path(cache) / folder, ignore_errors=True)
                ran = run({"options": MEASURED[model], "text": str(text)}, cache)
                if turn:
                    runs.append(ran)
            found[model] = max(runs, key=lambda ran: ran["beyond"]) | {"runs": len(runs), "bytes": options.bytes}
            print(f"{model}: {found[model]}", file=sys.stderr, flush=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n")
    table = markdown(found)
    fill(ROOT / "docs" / "models.md", "model memory", table)
    print(table)


def run(job: dict[str, Any], cache: str) -> dict[str, Any]:
    """One run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.model_memory", "--one", json.dumps(job)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"SGNS_CACHE": cache}, check=True
    )
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def one(job: dict[str, Any]) -> dict[str, Any]:
    """Trains, and tells the bytes."""
    import sgns
    from sgns.progress import Progress
    from sgns.training import run as room
    from sgns.training.engines.build import build  # noqa: F401 — with the libraries that it needs
    from sgns.training.engines.cpu.engine import CpuEngine
    from sgns.training.job import CheckpointOptions, DistributedOptions, train_to_file

    libraries, sizes, load = peak(), {}, room.load_engine

    def watched(comm: Any, corpus: Any, plan: Any, *more: Any) -> Any:
        engine, validation = load(comm, corpus, plan, *more)
        assert isinstance(engine, CpuEngine)
        sizes["tables"] = engine.E.nbytes + engine.C.nbytes
        sizes["ids"] = corpus.tokens * 4 + corpus.sentences * 8
        return engine, validation

    room.load_engine = watched  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder, Progress(True) as display:
        train_to_file(
            [job["text"]], Path(folder) / "v.safetensors", sgns.Config(**COMMON | job["options"] | {"epochs": 1}),
            display, checkpoints=CheckpointOptions(), distributed=DistributedOptions(),
        )  # fmt: skip
    most = peak()
    return {"peak": most, "libraries": libraries, **sizes, "beyond": most - sum(sizes.values()) - libraries}


def peak() -> int:
    """The most bytes that were resident in this process so far."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell the peak of a process; measure on Linux")


def markdown(found: dict[str, Any]) -> str:
    """A table of megabytes."""
    columns = ("peak", "tables", "ids", "libraries", "beyond")
    lines = ["| model | peak, MB | tables | ids | Python and libraries | beyond |", "|---|---|---|---|---|---|"]
    for model, ran in found.items():
        lines.append(f"| {model} | " + " | ".join(f"{ran[name] / 1e6:.0f}" for name in columns) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
