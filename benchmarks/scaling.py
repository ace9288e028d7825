"""Words/s against dim, vocabulary, threads and corpus size; memory beside corpus size."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.corpora import in_lines, zipf
from benchmarks.measure import run, spread
from benchmarks.one import Job

LARGEST = 20_000_000  # words beyond which a generated text is thrown away again
TEXTS = {200_000: "1 MB", 2_000_000: "10 MB", 18_000_000: "100 MB", 180_000_000: "1 GB", 360_000_000: "2 GB"}


def scaling(text: Path, log: Callable[[str], None], *, times: int = 3) -> dict[str, Any]:
    """`times` runs each, one after the other: the shape matters here."""
    report: dict[str, Any] = {"dim": {}, "vocabulary": {}, "threads": {}, "corpus": {}}

    def note(part: str, key: Any, job: Job) -> None:
        runs = [run(job) for _ in range(times)]
        found = {name: spread([getattr(one, name) for one in runs]) for name in ("words_per_second", "own_bytes")}
        report[part][str(key)] = found
        speed, memory = (found[name]["median"] / 1e6 for name in ("words_per_second", "own_bytes"))
        log(f"  {part} {key}: {speed:.2f}M words/s, {memory:.0f} MB of its own")

    lines = str(in_lines(text, 4_000_000))
    for dim in (50, 100, 200, 300, 400, 600):
        note("dim", dim, Job("sgns", lines, dim=dim, epochs=1))
    for threads in (1, 2):
        note("threads", threads, Job("sgns", str(in_lines(text)), epochs=1, threads=threads))
    for vocabulary in (10_000, 100_000, 500_000, 2_000_000):
        note("vocabulary", vocabulary, Job("sgns", str(zipf(vocabulary, 4_000_000)), epochs=1, min_count=1))
    for words, size in TEXTS.items():
        path = zipf(20_000, words)
        with tempfile.TemporaryDirectory() as room:
            os.environ["SGNS_CACHE"] = room
            try:
                note("corpus", size, Job("sgns", str(path), epochs=1, min_count=1, cache=True))
            finally:
                del os.environ["SGNS_CACHE"]
        report["corpus"][size]["bytes"] = path.stat().st_size
        if words > LARGEST:
            path.unlink()
    return report


def markdown(report: dict[str, Any]) -> list[str]:
    """The figures as tables: medians, and least to most where there is more than one run."""
    lines = []
    for part, title in (("dim", "dim"), ("threads", "threads"), ("vocabulary", "vocabulary"), ("corpus", "text")):
        found = report[part]
        lines += [f"| {title} | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
        rows = {"words/s": ("words_per_second", ".2f", "M")}
        if part == "corpus":
            rows["memory of its own"] = ("own_bytes", ".0f", " MB")
        for row, (name, form, unit) in rows.items():
            cells = [_figure(figures[name], form, unit) for figures in found.values()]
            lines.append(f"| {row} | {' | '.join(cells)} |")
        lines.append("")
    runs = {figures["words_per_second"]["runs"] for part in ("dim", "corpus") for figures in report[part].values()}
    return [*lines, "One run each." if runs == {1} else f"Median (least–most) of {min(runs)} runs."]


def _figure(value: dict[str, Any], form: str, unit: str) -> str:
    least, median, most = (f"{value[name] / 1e6:{form}}" for name in ("least", "median", "most"))
    return f"{median}{unit}" if value["runs"] == 1 else f"{median}{unit} ({least}–{most})"
