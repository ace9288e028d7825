"""The run report: what a run computed, and with which resources.

Facts are the same whenever the run is repeated, and stand in the header of the vector file. Figures, such as times, are
not; they stand beside it, in `vectors.safetensors.run.json`, so that a repeated run gives the same vector file.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sgns.base.files import replacing


@dataclass(frozen=True)
class Facts:
    """What repeats with the run, killed and resumed or not.

    Attributes:
        tokens: Tokens of the text that are in the vocabulary.
        raw_tokens: All tokens of the text.
        sentences: Sentences with a word of the vocabulary.
        vocabulary: V.
        parameters: Numbers of all tables that are trained: 2·V·d where all rows are those of words.
        words: Tokens trained on, over all epochs.
        pairs: Positive pairs trained on, over all epochs.
        losses: Mean loss L of each epoch that was begun; 0 for an epoch without a pair.
        validation_losses: Validation loss after each epoch; None without validation.
        engine: Name of the engine.
        ranks: Number of ranks; None for a run in one process.
        interrupted: Whether a signal ended the run early.
        stopped_early: Whether the user's function ended it early.
        start: What was taken over from trained vectors, see `growing.Taken`; None for a run that began anew.
    """

    tokens: int
    raw_tokens: int
    sentences: int
    vocabulary: int
    parameters: int
    words: int
    pairs: int
    losses: list[float]
    validation_losses: list[float] | None
    engine: str
    ranks: int | None
    interrupted: bool
    stopped_early: bool
    start: dict[str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON; what is None is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Figures:
    """What differs from one repetition to the next.

    Attributes:
        threads: Threads that trained, of each rank.
        scan: Seconds of reading the text.
        compile: Seconds of loading the engine and compiling its kernels.
        train: Seconds of training.
        total: Seconds of all of these.
        words: Tokens trained on by this process and the ranks beside it; a resumed run trains on fewer than all.
        round_words: Words of a rank in a round; None for a run in one process.
        traffic: What merging took on each rank, see `merge.Traffic`; None for a run in one process.
    """

    threads: int
    scan: float
    compile: float
    train: float
    total: float
    words: int
    round_words: int | None = None
    traffic: list[dict[str, Any]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON; what is None is left out."""
        seconds = {name: getattr(self, name) for name in ("scan", "compile", "train", "total")}
        figures: dict[str, Any] = {
            "threads": self.threads,
            "seconds": seconds,
            "words_per_second": self.words / self.train if self.train > 0 else 0.0,
            "round_words": self.round_words,
            "traffic": self.traffic,
        }
        return {name: value for name, value in figures.items() if value is not None}


@dataclass(frozen=True)
class Report:
    """All that is known of a run: `sgns train --json` prints it."""

    facts: Facts
    figures: Figures

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return self.facts.to_dict() | self.figures.to_dict()


def report_path(vectors: Path) -> Path:
    """The path of the report of a vector file: vectors.safetensors.run.json beside vectors.safetensors."""
    return vectors.with_name(f"{vectors.name}.run.json")


def machine() -> str:
    """The machine this runs on: processor, cores, system."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def write_report(vectors: Path, report: dict[str, Any]) -> None:
    """Write a report and the machine beside a vector file. Raises `OutputError` where it cannot be written."""
    if vectors.is_file():  # not beside a pipe or a device
        with replacing(report_path(vectors)) as (file,):
            file.write(json.dumps(report | {"machine": machine()}, indent=1).encode() + b"\n")


def read_report(vectors: Path, losses: list[float] | None) -> dict[str, Any]:
    """The report of the run that made a vector file.

    Args:
        vectors: The file.
        losses: Those in its header; a report with others belongs to another run.

    Returns:
        What `sgns train --json` printed, and "machine"; empty where there is no report of this run.
    """
    try:
        report = json.loads(report_path(vectors).read_text(encoding="utf-8"))
        return dict(report) if losses and report["losses"] == losses else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def report_as_text(report: dict[str, Any]) -> str:
    """The report of a run for people, a line each: times, vocabulary, tokens, loss, and where the vectors are."""
    seconds = report["seconds"]
    losses = report["losses"] if report["pairs"] else []
    parts = {"reading": "scan", "compiling": "compile", "training": "train", "saving": "save"}
    times = ", ".join(f"{doing} {seconds[part]:.1f}" for doing, part in parts.items())
    speed = f"{report['words_per_second']:,.0f} words/s"
    none = "none: no epoch was finished"
    if report["words"] and not report["pairs"]:
        none = "none: subsampling left no pairs to learn from; set --subsample 0, or give more text"
    lines = {
        "total run time": f"{seconds['total']:.1f} s  ({times})",
        "vocabulary": f"{report['vocabulary']:,} words, {report['parameters']:,} parameters",
        **({"start": start_as_text(report["start"])} if report.get("start") else {}),
        "tokens": f"{report['tokens']:,} in {report['sentences']:,} sentences, {speed}",
        "final loss": f"{losses[-1]:.4f} per positive pair" if losses else none,
        **({"validation loss": f"{report['validation_losses'][-1]:.4f}"} if report.get("validation_losses") else {}),
        "vectors": report["output"],
    }
    return "\n".join(f"{name:<16}{value}" for name, value in lines.items())


def start_as_text(start: dict[str, int]) -> str:
    """What was taken over, for people."""
    frozen = f", {start['frozen_rows']:,} rows frozen" if start.get("frozen_rows") else ""
    documents = f", {start['documents']:,} documents" if start.get("documents") else ""
    return f"{start['words']:,} words taken over{documents}, {start['new_words']:,} new{frozen}"
