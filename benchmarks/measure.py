"""Runs in turn, each in a process of its own; medians and spreads."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from benchmarks.one import Job, Measured


def run(job: Job) -> Measured:
    """One run in a fresh process. Raises RuntimeError with the last lines of its output when it fails."""
    command = [sys.executable, "-m", "benchmarks.one", json.dumps(asdict(job))]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{job.tool} failed: {done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))


def interleaved(jobs: dict[str, Job], times: int, log: Callable[[str], None]) -> dict[str, list[Measured]]:
    """Run all jobs in turn, `times` times round: a noisy minute then falls on all of them."""
    results: dict[str, list[Measured]] = {name: [] for name in jobs}
    for turn in range(times):
        for name, job in jobs.items():
            measured = run(job)
            results[name].append(measured)
            log(f"  {turn + 1}/{times} {name}: {measured.words_per_second / 1e6:.3f}M words/s")
    return results


def spread(values: list[float]) -> dict[str, Any]:
    """Median, least and most."""
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "runs": len(values)}


def ratios(ours: list[Measured], theirs: list[Measured]) -> dict[str, Any]:
    """Our words/s over theirs, turn by turn."""
    return spread([a.words_per_second / b.words_per_second for a, b in zip(ours, theirs)])
