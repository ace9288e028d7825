"""This working tree against another revision of the project, or two revisions, in one run.

    python -m benchmarks.against v0.1.0
    python -m benchmarks.against HEAD~3 HEAD --turns 9 --json

Revisions are checked out beside, into a temporary folder. Then both sides take turns, in another order each turn, each
measure in a fresh process with kernels and encoded texts of its own; the first round compiles, fills the caches and is
not counted. Prints medians and spreads, and the ratio new/old of each turn's pair; words/s are better above 1, seconds
below. Quality stands beside speed: with one thread E repeats bit for bit, so its digest says whether the two revisions
still train the same vectors. `--quick` only shows that everything runs.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import spread
from benchmarks.pages import ROOT

TEXT = ROOT.parent / "shared/data/corpora/wiki100m.xz"
Figures = dict[str, Any]
REPEATS = 5  # of what takes a tenth of a second, in one process

# --- one measure, in a process of one revision; everything below `import sgns` must run on both sides of a rename ---


def first(thing: Any, *names: str) -> Any:
    """The first of several attributes that `thing` has."""
    return next(getattr(thing, name) for name in names if hasattr(thing, name))


def train(text: str, threads: int, out: str, dim: int = 100, min_count: int = 5, epochs: int = 2) -> Figures:
    """Speed and CPU time of training alone at gensim's options, seconds of compiling, and the digest of E."""
    import numpy as np

    import sgns
    from sgns.cli import main
    from sgns.progress import Progress

    clock: list[float] = []
    update = Progress.update

    def clocked(self: Any, stage: str, *arguments: Any, **options: Any) -> None:
        if stage == "train":  # the first call comes before the first block, the last after the last one
            clock.append(time.process_time())
        update(self, stage, *arguments, **options)

    Progress.update = clocked  # type: ignore[method-assign]
    numbers = {"threads": threads, "dim": dim, "min-count": min_count, "epochs": epochs}
    numbers |= {"lr": 0.025, "min-lr": 0.0001, "subsample": 0.001}  # defaults differ between revisions
    options = [part for name, value in numbers.items() for part in (f"--{name}", str(value))]
    sys.argv = ["sgns", "train", text, "-o", out, *options, "--json"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        main()
    report = json.loads(said.getvalue())
    E = np.ascontiguousarray(sgns.load(out).E)
    return {
        "words_per_second": report["words_per_second"],
        "cpu_seconds": clock[-1] - clock[0] if clock else None,
        "compile_seconds": report["seconds"]["compile"],
        "E": hashlib.sha256(E.tobytes()).hexdigest()[:16],
    }


def scan(text: str) -> Figures:
    """Seconds from text to ids and vocabulary, without the cache of texts, with warm kernels."""
    import sgns

    def once() -> float:
        began = time.perf_counter()
        sgns.Corpus.from_files(text, sgns.Config(), cache=False)
        return time.perf_counter() - began

    once()
    return {"seconds": statistics.median(once() for _ in range(REPEATS))}


def load(path: str) -> Figures:
    """Seconds to load a vector file, after imports."""
    import sgns

    def once() -> float:
        began = time.perf_counter()
        sgns.load(path)
        return time.perf_counter() - began

    once()
    return {"seconds": statistics.median(once() for _ in range(REPEATS))}


def question(path: str) -> Figures:
    """Seconds from `import sgns` to the first answer."""
    began = time.perf_counter()
    import sgns

    first(sgns.load(path), "most_similar", "similar")("word7", n=10)
    return {"seconds": time.perf_counter() - began}


def prepare(own: str, binary: str, text: str, sizes: list[int]) -> Figures:
    """Write the vector files that are loaded and asked."""
    import numpy as np

    import sgns

    rng = np.random.default_rng(1)
    for paths, (words, dim) in (((own,), sizes[:2]), ((binary, text), sizes[2:])):
        vectors = sgns.Vectors([f"word{i}" for i in range(words)], rng.standard_normal((words, dim), np.float32))
        for path in paths:
            vectors.save(path)
    return {}


MEASURES: dict[str, Callable[..., Figures]] = {
    "train": train,
    "scan": scan,
    "load": load,
    "question": question,
    "prepare": prepare,
}


def one(job: dict[str, Any]) -> None:
    """Run the measure of a child process, and print its figures as the last line."""
    import sgns

    if not Path(sgns.__file__ or "").is_relative_to(job["source"]):
        sys.exit(f"sgns was found at {sgns.__file__}, not in {job['source']}")
    print(json.dumps(MEASURES[job["measure"]](*job["arguments"])))


# --- the two revisions in turn ----------------------------------------------------------------------------------------


class Side:
    """One revision: where its sources are, and the folder of its caches and outputs."""

    def __init__(self, source: Path, room: Path) -> None:
        self.source, self.room = source, room
        room.mkdir()

    def run(self, measure: str, *arguments: Any) -> Figures:
        """One measure in a fresh process. Raises RuntimeError with the last lines of its output when it fails."""
        job = {"measure": measure, "arguments": arguments, "source": str(self.source)}
        places = {
            "PYTHONPATH": self.source,
            "NUMBA_CACHE_DIR": self.room / "kernels",
            "SGNS_CACHE": self.room / "texts",
        }
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.against", "--one", json.dumps(job)],
            env=os.environ | {name: str(place) for name, place in places.items()},
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{measure} failed on {self.source}: {done.stderr.strip()[-2000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])


@contextlib.contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Path]:
    """The sources of a revision, in a worktree that is removed again."""
    git = ["git", "-C", str(ROOT), "worktree"]
    done = subprocess.run([*git, "add", "--detach", str(folder), revision], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{revision} cannot be checked out: {done.stderr.strip().splitlines()[-1]}")
    try:
        yield folder / "src"
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], capture_output=True)


def compare(old: Side, new: Side, room: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All measures of both sides, `options.turns` times."""
    from benchmarks.corpora import beginning  # not above: NumPy comes with it, and a child's first question counts that

    size = 2_000_000 if options.quick else 15_000_000
    text, short = beginning(options.text, size), beginning(options.text, min(3_000_000, size // 2))
    own, binary, lines = (room / f"v.{ending}" for ending in ("safetensors", "bin", "txt"))
    sizes = [5_000, 30, 2_000, 20] if options.quick else [200_000, 300, 50_000, 100]
    new.run("prepare", str(own), str(binary), str(lines), sizes)
    jobs: dict[str, tuple[Any, ...]] = {
        f"train, {options.threads} threads": ("train", str(text), options.threads),
        "train, 1 thread": ("train", str(text), 1),
        f"text to ids, {text.stat().st_size / 1e6:.0f} MB": ("scan", str(text)),
        f"text to ids, {short.stat().st_size / 1e6:.0f} MB": ("scan", str(short)),
        f"load word2vec binary, {sizes[2]:,} × {sizes[3]}": ("load", str(binary)),
        f"load word2vec text, {sizes[2]:,} × {sizes[3]}": ("load", str(lines)),
        f"first question, own file of {sizes[0]:,} × {sizes[1]}": ("question", str(own)),
    }
    sides = {"old": old, "new": new}
    found: dict[str, dict[str, list[Figures]]] = {name: {side: [] for side in sides} for name in jobs}
    for turn in range(options.turns + 1):
        for name, (measure, *arguments) in jobs.items():
            for side in sorted(sides, reverse=bool(turn % 2)):
                more = [str(sides[side].room / "v.safetensors")] if measure == "train" else []
                found[name][side].append(sides[side].run(measure, *arguments, *more))
        print(f"turn {turn} of {options.turns}{' (warms up)' if turn == 0 else ''}", file=sys.stderr, flush=True)
    return {
        "rows": list(rows(found)),
        "E": {side: sorted({run["E"] for run in runs}) for side, runs in found["train, 1 thread"].items()},
    }


UNITS = {"words_per_second": "words/s", "cpu_seconds": "s of CPU time", "seconds": "s"}


def rows(found: dict[str, dict[str, list[Figures]]]) -> Iterator[dict[str, Any]]:
    """A row for each figure: both sides and the ratios of the pairs. The first turn only counts for compiling."""
    for name, sides in found.items():
        for figure, unit in UNITS.items():
            values = {side: [run.get(figure) for run in runs[1:]] for side, runs in sides.items()}
            if None in values["old"] + values["new"]:
                continue
            ratios = [new / old for old, new in zip(values["old"], values["new"], strict=True)]
            sums = {side: spread(part) for side, part in values.items()}
            yield {"what": name, "unit": unit, "ratio": spread(ratios)} | sums
    colds = {side: spread([runs[0]["compile_seconds"]]) for side, runs in next(iter(found.values())).items()}
    ratio = spread([colds["new"]["median"] / colds["old"]["median"]])
    yield {"what": "kernels of training compiled, first run", "unit": "s", "ratio": ratio} | colds


def markdown(report: dict[str, Any]) -> str:
    """The table, and what is to be said of the vectors."""
    lines = ["| what | old | new | new/old |", "|---|---|---|---|"]
    for row in report["rows"]:
        form = millions if row["unit"] == "words/s" else seconds
        cells = [f"{row['what']}, {row['unit']}", *(cell(row[side], form) for side in ("old", "new"))]
        lines.append(f"| {' | '.join([*cells, cell(row['ratio'], lambda x: f'{x:.3f}')])} |")
    old, new = (", ".join(report["E"][side]) for side in ("old", "new"))
    same = f"the same bits ({new})" if old == new else f"other bits: old {old}, new {new}"
    machine = report["machine"]
    return "\n".join(
        [
            *lines,
            "",
            f"Median (least to most) of {report['turns']} turns. E of one thread: {same}.",
            f"Old: {report['old']}. New: {report['new']}. Machine: {machine['processor']}, {machine['cores']} cores, "
            f"load {machine['load']:.1f}.",
        ]
    )


def cell(value: dict[str, Any], form: Callable[[float], str]) -> str:
    """A median with its spread; a single run has none."""
    if value["runs"] == 1:
        return f"{form(value['median'])} (one run)"
    return f"{form(value['median'])} ({form(value['least'])} to {form(value['most'])})"


def millions(value: float) -> str:
    return f"{value / 1e6:.2f}M"


def seconds(value: float) -> str:
    return f"{value:.3g}"


def named(revision: str) -> str:
    """A revision in a few words: its tag or short hash, and whether files differ from it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--tags", *([revision] if revision else ["--dirty"])]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or revision


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.against", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", metavar="REV", nargs="?", help="a commit, tag or branch of this repository")
    parser.add_argument("new", nargs="?", default="", help="the one to compare with it; the working tree if left out")
    parser.add_argument("--turns", type=int, default=5, help="counted turns of each side (at least 5, but for --quick)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--text", type=Path, default=TEXT, help="a text of 15 MB or more, plain or .xz")
    parser.add_argument(
        "--quick", action="store_true", help="two turns of tiny sizes: shows that it runs, measures nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one)
        return
    if not options.old:
        parser.error("name a revision to compare with, for example HEAD~1")
    if not options.text.exists():
        sys.exit(f"{options.text} does not exist; name a text of 15 MB or more with --text")
    options.turns = 2 if options.quick else max(5, options.turns)
    from benchmarks.parts import machine

    report: dict[str, Any] = {"old": named(options.old), "new": named(options.new), "turns": options.turns}
    report["machine"] = machine()  # its load before we begin
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder).resolve()
        with contextlib.ExitStack() as stack:
            sources = [
                stack.enter_context(checked_out(revision, room / f"checkout {k}")) if revision else ROOT / "src"
                for k, revision in enumerate((options.old, options.new))
            ]
            try:
                report |= compare(Side(sources[0], room / "old"), Side(sources[1], room / "new"), room, options)
            except RuntimeError as error:
                sys.exit(str(error))
    print(json.dumps(report, ensure_ascii=False) if options.json else markdown(report))


if __name__ == "__main__":
    main()
