"""How a run went, beside its vectors: the vector file itself repeats bit for bit, times and machines do not."""

import json
import os
import platform
from pathlib import Path
from typing import Any

from sgns.base.files import replacing


def record_path(vectors: Path) -> Path:
    """Where the record of a vector file stands: vectors.safetensors.run.json beside vectors.safetensors."""
    return vectors.with_name(f"{vectors.name}.run.json")


def machine() -> str:
    """The machine this runs on: processor, cores, system."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def write_record(vectors: Path, report: dict[str, Any]) -> None:
    """Keep what `sgns train --json` prints, and the machine. Raises `OutputError` where it cannot be written."""
    if vectors.is_file():  # beside a pipe or a device there is no place
        with replacing(record_path(vectors)) as (file,):
            file.write(json.dumps(report | {"machine": machine()}, indent=1).encode() + b"\n")


def read_record(vectors: Path, losses: list[float] | None) -> dict[str, Any]:
    """The record of the run that made a vector file.

    Args:
        vectors: The file.
        losses: Those in its header; a record with others belongs to another run.

    Returns:
        What `sgns train --json` printed, "seconds" by part among it, and "machine"; empty where there is no record of
        this run.
    """
    try:
        record = json.loads(record_path(vectors).read_text(encoding="utf-8"))
        return dict(record) if losses and record["losses"] == losses else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def report_as_text(report: dict[str, Any]) -> str:
    """The report of a run for people, a line each: times, vocabulary, tokens, loss, and where the vectors are."""
    seconds = report["seconds"]
    losses = [loss for loss in report["losses"] if loss is not None]
    parts = {"reading": "scan", "compiling": "compile", "training": "train", "saving": "save"}
    times = ", ".join(f"{doing} {seconds[part]:.1f}" for doing, part in parts.items())
    speed = f"{report['words_per_second']:,.0f} words/s"
    none = "none: no epoch was finished"
    if report["words"] and not report["pairs"]:
        none = "none: subsampling left no pairs to learn from; set --subsample 0, or give more text"
    lines = {
        "total run time": f"{seconds['total']:.1f} s  ({times})",
        "vocabulary": f"{report['vocabulary']:,} words, {report['parameters']:,} parameters (2·V·d)",
        "tokens": f"{report['tokens']:,} in {report['sentences']:,} sentences, {speed}",
        "final loss": f"{losses[-1]:.4f} per positive pair" if losses else none,
        **({"validation loss": f"{report['validation_losses'][-1]:.4f}"} if report.get("validation_losses") else {}),
        "vectors": report["output"],
    }
    return "\n".join(f"{name:<16}{value}" for name, value in lines.items())
