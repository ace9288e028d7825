"""Words/s against dim, vocabulary, threads and corpus size; memory beside corpus size."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.corpora import in_lines, zipf
from benchmarks.measure import run
from benchmarks.one import Job

LARGEST = 20_000_000  # words beyond which a generated text is thrown away again
TEXTS = {200_000: "1 MB", 2_000_000: "10 MB", 18_000_000: "100 MB", 180_000_000: "1 GB", 360_000_000: "2 GB"}


def scaling(text: Path, log: Callable[[str], None]) -> dict[str, Any]:
    """One run each: the shape matters here, not the last digit."""
    report: dict[str, Any] = {"dim": {}, "vocabulary": {}, "threads": {}, "corpus": {}}

    def note(part: str, key: Any, job: Job) -> None:
        found = run(job)
        report[part][str(key)] = {"words_per_second": found.words_per_second, "own_bytes": found.own_bytes}
        log(f"  {part} {key}: {found.words_per_second / 1e6:.2f}M words/s, {found.own_bytes / 1e6:.0f} MB of its own")

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
    """The figures as tables."""
    lines = []
    for part, title in (("dim", "dim"), ("threads", "threads"), ("vocabulary", "vocabulary"), ("corpus", "text")):
        found = report[part]
        speeds = [f"{figures['words_per_second'] / 1e6:.2f}M" for figures in found.values()]
        lines += [f"| {title} | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
        lines.append(f"| words/s | {' | '.join(speeds)} |")
        if part == "corpus":
            memory = [f"{figures['own_bytes'] / 1e6:.0f} MB" for figures in found.values()]
            lines.append(f"| memory of its own | {' | '.join(memory)} |")
        lines.append("")
    return lines
