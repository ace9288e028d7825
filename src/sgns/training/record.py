"""How long a run took, beside its vectors: the vector file itself repeats bit for bit, and times do not."""

import json
from pathlib import Path
from typing import Any

from sgns.vectors.streams import replacing


def record_path(vectors: Path) -> Path:
    """Where the record of a vector file stands: vectors.safetensors.run.json beside vectors.safetensors."""
    return vectors.with_name(f"{vectors.name}.run.json")


def write_record(vectors: Path, report: dict[str, Any]) -> None:
    """Keep what `sgns train --json` prints. Raises `OutputError` where it cannot be written."""
    if vectors.is_file():  # beside a pipe or a device there is no place
        with replacing(record_path(vectors)) as (file,):
            file.write(json.dumps(report, indent=1).encode() + b"\n")


def read_times(vectors: Path, losses: list[float] | None) -> dict[str, float]:
    """Seconds of each part of the run that made a vector file.

    Args:
        vectors: The file.
        losses: Those in its header; a record with others belongs to another run.

    Returns:
        Seconds by part, "total" among them; empty where there is no record of this run.
    """
    try:
        report = json.loads(record_path(vectors).read_text(encoding="utf-8"))
        times = report["seconds"] if losses and report["losses"] == losses else {}
        return {str(part): float(seconds) for part, seconds in times.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
