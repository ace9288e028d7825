"""Results on stdout: a small table for people, or one JSON object for programs."""

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

Cell = str | int | float | None


def table(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Columns under headings: text to the left, numbers to the right, floats with three digits, None as a dash."""
    cells = [[shown(cell) for cell in row] for row in rows]
    numeric = [
        any(isinstance(row[i], int | float) for row in rows)
        and all(isinstance(row[i], int | float | None) for row in rows)
        for i in range(len(headings))
    ]
    widths = [max([width(heading), *(width(row[i]) for row in cells)]) for i, heading in enumerate(headings)]
    lines = []
    for row in [list(headings), *cells]:
        parts = [
            " " * (w - width(cell)) + cell if right else cell + " " * (w - width(cell))
            for cell, w, right in zip(row, widths, numeric)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def shown(cell: Cell) -> str:
    """A cell as text, without control characters that would disturb a terminal."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, float):
        return f"{cell:.3f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cell)


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: NaN and infinity become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):  # a NumPy number
        return plain(value.item())
    return value


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(plain(value), ensure_ascii=False, indent=2))


def say(message: str) -> None:
    """A line on stderr."""
    print(f"sgns: {message}", file=sys.stderr)
