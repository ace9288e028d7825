"""The page of measured tables, made from benchmarks/results.json and vectors.json."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.table import beside_gensim, markdown
from benchmarks.vectors import table

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def results(name: str = "results") -> dict[str, Any]:
    """The kept figures."""
    return json.loads((BENCHMARKS / f"{name}.json").read_text(encoding="utf-8"))


def beside_gensim_now() -> str:
    """The short table of the first page."""
    return beside_gensim(results())


def page() -> str:
    """The page; limits that were set before measuring are left out of its tables."""
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "All figures are from one machine and written by the benchmarks themselves, in turn with the other tools.",
            "[How they are measured](measurements.md), [every experiment](log.md).",
            "",
            "## Speed, memory, quality",
            "",
            without_asked(markdown(results())),
            "",
            "## Loading and asking",
            "",
            without_asked(table(results("vectors"))),
            "",
        ]
    )


def without_asked(text: str) -> str:
    """Tables without the column or the row `asked`."""
    lines, column = [], None
    for line in text.split("\n"):
        if not line.startswith("|"):
            column = None
            lines.append(line)
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if "asked" in cells[1:]:
            column = cells.index("asked")
        if cells[0] == "asked":
            continue
        if column is not None:
            del cells[column]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
