"""Words/s against dim, vocabulary and corpus size."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.corpora import in_lines, zipf
from benchmarks.measure import run
from benchmarks.one import Job


def scaling(text: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """One run each: the shape matters here, not the last digit. Peak memory beside the speed."""
    report: dict[str, Any] = {"dim": {}, "vocabulary": {}, "corpus": {}}
    lines = str(in_lines(text, 4_000_000))
    for dim in (50, 100, 200, 300, 400, 600):
        report["dim"][dim] = run(Job("sgns", lines, dim=dim, epochs=1)).words_per_second
        tell(f"  dim {dim}: {report['dim'][dim] / 1e6:.2f}M words/s")
    for vocabulary in (10_000, 100_000, 500_000, 2_000_000):
        job = Job("sgns", str(zipf(vocabulary, 4_000_000)), epochs=1, min_count=1)
        report["vocabulary"][vocabulary] = run(job).words_per_second
        tell(f"  vocabulary {vocabulary}: {report['vocabulary'][vocabulary] / 1e6:.2f}M words/s")
    for words in (200_000, 2_000_000, 17_000_000):
        measured = run(Job("sgns", str(in_lines(text, words)), epochs=1))
        report["corpus"][words] = {"words_per_second": measured.words_per_second, "peak_bytes": measured.peak_bytes}
        tell(f"  corpus {words}: {measured.words_per_second / 1e6:.2f}M words/s, {measured.peak_bytes / 1e6:.0f} MB")
    return report
