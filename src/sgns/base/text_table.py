"""A table as lines of text: columns under headings, aligned as a terminal shows them."""

import math
from collections.abc import Sequence

Cell = str | int | float | None


def text_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """The lines of a table.

    Args:
        headings: One for each column.
        rows: As many cells each. Text is aligned to the left, numbers to the right; floats have three decimals, None
            and NaN are dashes.

    Returns:
        The heading and the rows, a line each, without a final line break.
    """
    cells = [[cell_text(cell) for cell in row] for row in rows]
    numeric = [
        any(isinstance(row[i], int | float) for row in rows)
        and all(isinstance(row[i], int | float | None) for row in rows)
        for i in range(len(headings))
    ]
    widths = [
        max([display_width(heading), *(display_width(row[i]) for row in cells)]) for i, heading in enumerate(headings)
    ]
    lines = []
    for row in [list(headings), *cells]:
        parts = [
            " " * (width - display_width(cell)) + cell if right else cell + " " * (width - display_width(cell))
            for cell, width, right in zip(row, widths, numeric)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def cell_text(cell: Cell) -> str:
    """A cell as text; control characters, which would disturb a terminal, are replaced."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, float):
        return f"{cell:.3f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cell)


def display_width(text: str) -> int:
    """The number of columns of a terminal that `text` takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
