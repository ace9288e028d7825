"""The first run on a machine, this working tree against an old revision: what compiling adds to it.

    python -m benchmarks.coldstart [REV [NEW]] [--json]

REV, by default the last one before compiling was made cheaper, is checked out beside, and so is NEW, where it is named:
a working tree that is edited meanwhile compiles what is edited. Both sides take turns; each run
is `sgns train TEXT --dim 100`, or `python word2vec.py`, in a process of its own. Cold: with an empty cache. Warm: after
it, with the kernels that it left, but the text encoded, and the documentation collected, anew. What counts is cold −
warm, and its ratio new/old; and the first step of a cold run, for which a newcomer waits. Memory is the peak of all
processes of a run together (their proportional set sizes, ten times a second); that of compiling is measured by itself
too, in a process that compiles all kernels and does nothing else. For the new side a table says which kernel takes how
long to compile, helpers included, and how many lines of LLVM code it becomes. `--json` writes `coldstart.json` beside
this file. `--quick` takes one turn on the two small texts. With three turns of all sizes it
takes about a quarter of an hour on two cores that do nothing else. CPU seconds, of all processes of a run, stand beside
the others: on a machine that does something else they are the ones to compare.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.against import TEXT, cell, checked_out, named, seconds
from benchmarks.corpora import beginning
from benchmarks.measure import spread
from benchmarks.pages import ROOT
from benchmarks.parts import machine

BEFORE = "47def0a"
SIZES = (1, 5, 100)  # MB
QUICK_SIZES = (1, 5)
ASKED = {5: 0.4, 100: 0.45}  # ratio new/old of the extra seconds
JSON = Path(__file__).with_suffix(".json")
MB = 1 << 20

# A run, in a process that has only the package of one revision; prints when the first step of training was shown.
RUN = """
import runpy, sys, time
from sgns.progress import Progress

began, script, sys.argv = float(sys.argv[1]), sys.argv[2], sys.argv[2:]
update, first = Progress.update, []

def watched(self, stage, *arguments, **options):
    if stage == "train" and not first:
        first.append(time.time() - began)
        print("first step", first[0], file=sys.stderr)
    return update(self, stage, *arguments, **options)

Progress.update = watched
if script == "sgns":
    runpy.run_module("sgns", run_name="__main__")
else:
    runpy.run_path(script, run_name="__main__")
"""

# All kernels of a run with dim 100 on several threads: CPU seconds and lines of LLVM code, as JSON lines.
KERNELS = """
import json, time
from numba.core.dispatcher import Dispatcher
from sgns.base.jit import KernelCache
from sgns.config import Config
from sgns.training.precompile import compile_for_later

compile, keep, began = Dispatcher.compile, KernelCache.save_overload, []

def timed(self, signature):
    began.append(time.process_time())
    try:
        return compile(self, signature)
    finally:
        began.pop()

def kept(self, signature, data):  # called while the kernel itself, not a helper, is compiled
    lines = data.library.get_llvm_str().count(chr(10))
    name = self._impl.filename_base.rpartition("-")[0]
    print(json.dumps({"kernel": name, "cpu_seconds": time.process_time() - began[0], "llvm_lines": lines}))
    keep(self, signature, data)

Dispatcher.compile, KernelCache.save_overload = timed, kept
compile_for_later(Config(), [100], lambda *_: None)
"""


class Side:
    """One revision.

    Args:
        source: Its folder `src`.
        room: Where its caches and outputs go.
        old: It keeps its kernels beside the sources unless it is told otherwise.
    """

    def __init__(self, source: Path, room: Path, old: bool) -> None:
        self.source, self.room, self.old = source, room, old
        room.mkdir()

    def environment(self) -> dict[str, str]:
        places = {"PYTHONPATH": self.source, "SGNS_CACHE": self.room / "cache"}
        if self.old:
            places["NUMBA_CACHE_DIR"] = self.room / "kernels"
        kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        return kept | {name: str(place) for name, place in places.items()}

    def forget(self, kernels: bool) -> None:
        """Empties the cache: the texts, or the kernels too."""
        if kernels:
            shutil.rmtree(self.room / "kernels", ignore_errors=True)
            shutil.rmtree(self.room / "cache", ignore_errors=True)
            return
        for name in ("corpora", "seen", "builtin"):
            shutil.rmtree(self.room / "cache" / name, ignore_errors=True)

    def python(self, code: str, *arguments: object) -> tuple[str, str, int]:
        """What `code` prints on stdout and stderr, and the peak of the memory of its processes in bytes."""
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment(), cwd=self.room,
        )  # fmt: skip
        with process, peak_memory(process.pid) as peak:
            out, err = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{arguments} failed on {self.source}: {err.strip()[-2_000:]}")
        return out, err, max(peak, default=0)

    def train(self, *arguments: object) -> dict[str, float]:
        """One run: seconds until its first step of training, until its end, and its memory."""
        began, before = time.time(), os.times()
        _, err, memory = self.python(RUN, began, *arguments)
        total, after = time.time() - began, os.times()
        cpu = sum(after[part] - before[part] for part in (2, 3))  # user and system, of children that have ended
        (line,) = [line for line in err.splitlines() if line.startswith("first step ")]
        return {"first_step": float(line.split()[-1]), "total": total, "cpu": cpu, "memory": memory}

    def cold_and_warm(self, *arguments: object) -> dict[str, dict[str, float]]:
        self.forget(kernels=True)
        cold = self.train(*arguments)
        self.forget(kernels=False)
        return {"cold": cold, "warm": self.train(*arguments)}


@contextlib.contextmanager
def peak_memory(process: int) -> Iterator[list[int]]:
    """Bytes of memory of a process and those that it started, again and again while the block runs."""
    seen: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            seen.append(sum(memory_of(member) for member in family(process)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def family(process: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                yield from family(int(child))


def memory_of(process: int) -> int:
    """The proportional set size in bytes: memory that n processes share counts 1/n for each. 0 for one that ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def compare(sides: dict[str, Side], sizes: tuple[int, ...], turns: int, text: Path) -> list[dict[str, Any]]:
    """A row for each text: seconds cold and warm, what cold adds, the ratio, first steps and memory."""
    jobs: dict[str, list[object]] = {
        f"{size} MB": ["sgns", "train", beginning(text, size * MB), "-o", "v.safetensors", "--dim", 100, "--quiet"]
        for size in sizes
    }
    found = []
    for name, arguments in [*jobs.items(), ("word2vec.py", [])]:
        runs: dict[str, list[dict[str, dict[str, float]]]] = {side: [] for side in sides}
        for turn in range(turns):
            for key in sorted(sides, reverse=bool(turn % 2)):
                side = sides[key]
                script = side.source.parent / "word2vec.py"
                runs[key].append(side.cold_and_warm(*(arguments or [script, "--quiet"])))
            print(f"{name}: turn {turn + 1} of {turns}", file=sys.stderr, flush=True)
        row: dict[str, Any] = {"text": name}
        for key, pairs in runs.items():
            row[key] = {
                "cold": spread([pair["cold"]["total"] for pair in pairs]),
                "warm": spread([pair["warm"]["total"] for pair in pairs]),
                "extra": spread([extra(pair) for pair in pairs]),
                "extra_cpu": spread([extra(pair, "cpu") for pair in pairs]),
                "first_step": spread([pair["cold"]["first_step"] for pair in pairs]),
                "memory_cold": max(pair["cold"]["memory"] for pair in pairs),
                "memory_warm": max(pair["warm"]["memory"] for pair in pairs),
            }
        for name, figure in (("ratio", "total"), ("cpu_ratio", "cpu")):
            both = zip(runs["old"], runs["new"], strict=True)
            row[name] = spread([extra(new, figure) / extra(old, figure) for old, new in both])
        found.append(row)
    return found


def extra(pair: dict[str, dict[str, float]], figure: str = "total") -> float:
    """Seconds (or CPU seconds) that a cold run takes more than a warm one."""
    return pair["cold"][figure] - pair["warm"][figure]


def kernels(side: Side) -> dict[str, Any]:
    """Each kernel with the CPU seconds of compiling it and its lines of LLVM code, the longest first; peak memory."""
    side.forget(kernels=True)
    out, _, memory = side.python(KERNELS)
    found = sorted(map(json.loads, out.splitlines()), key=lambda one: -one["cpu_seconds"])
    return {"kernels": found, "compiling_memory": memory}


def markdown(report: dict[str, Any]) -> str:
    """The tables."""
    names = ["text", "side", "cold, s", "warm, s", "cold − warm, s", "new/old", "cold − warm, CPU s", "new/old",
             "first step, cold, s", "peak MB, cold", "warm"]  # fmt: skip
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row in report["rows"]:
        for key in ("old", "new"):
            side = row[key]
            ratios = [cell(row[r], lambda x: f"{x:.2f}") if key == "new" else "" for r in ("ratio", "cpu_ratio")]
            cells = [row["text"], key, *(cell(side[part], seconds) for part in ("cold", "warm", "extra"))]
            cells += [ratios[0], cell(side["extra_cpu"], seconds), ratios[1], cell(side["first_step"], seconds)]
            cells += [f"{side[part] / 1e6:.0f}" for part in ("memory_cold", "memory_warm")]
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| kernel | CPU seconds to compile | lines of LLVM code |", "|---|---|---|"]
    all_kernels = {part: sum(one[part] for one in report["kernels"]) for part in ("cpu_seconds", "llvm_lines")}
    for one in [*report["kernels"], {"kernel": "all", **all_kernels}]:
        lines.append(f"| {one['kernel']} | {one['cpu_seconds']:.2f} | {one['llvm_lines']:,} |")
    lines += ["", f"Compiling all of these in one process takes {report['compiling_memory'] / 1e6:.0f} MB at its peak."]
    asked = ", ".join(f"{ratio} at {size} MB" for size, ratio in ASKED.items())
    here = report["machine"]
    lines += [
        "",
        f"Median (least to most) of {report['turns']} turns; asked for new/old: at most {asked}. Old: {report['old']}. "
        f"New: {report['new']}. Machine: {here['processor']}, {here['cores']} cores, load {here['load']:.1f}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.coldstart", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", metavar="REV", nargs="?", default=BEFORE, help="a commit, tag or branch")
    parser.add_argument("new", nargs="?", default="", help="the one to compare with it; the working tree if left out")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--text", type=Path, default=TEXT, help="a text of 100 MB or more, plain or .xz")
    parser.add_argument("--quick", action="store_true", help=f"one turn of {' and '.join(map(str, QUICK_SIZES))} MB")
    parser.add_argument("--json", action="store_true", help=f"write {JSON.name} as well")
    options = parser.parse_args()
    if not options.text.exists():
        sys.exit(f"{options.text} does not exist; name a text of 100 MB or more with --text")
    turns = 1 if options.quick else options.turns
    report: dict[str, Any] = {
        "old": named(options.old),
        "new": named(options.new),
        "turns": turns,
        "machine": machine(),
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        room = Path(folder).resolve()
        old, new = (
            stack.enter_context(checked_out(revision, room / f"checkout {k}")) if revision else ROOT / "src"
            for k, revision in enumerate((options.old, options.new))
        )
        sides = {"old": Side(old, room / "old", old=True), "new": Side(new, room / "new", old=False)}
        try:
            report |= kernels(sides["new"])
            sizes = QUICK_SIZES if options.quick else SIZES
            report["rows"] = compare(sides, sizes, turns, options.text)
        except RuntimeError as error:
            sys.exit(str(error))
    print(markdown(report))
    if options.json:
        JSON.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
