"""Writes blocks as plain text for a terminal."""

import shutil
import textwrap

from sgns.learn.document.blocks import (
    Block,
    Box,
    Chain,
    Code,
    Contents,
    Figure,
    Heading,
    Paragraph,
    Table,
    WritingSpace,
    plain,
)
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import show


def to_text(blocks: list[Block], width: int | None = None) -> str:
    """Writes blocks as plain text.

    Args:
        blocks: The blocks.
        width: Columns of the terminal; by default those of this terminal, but at most 110.

    Returns:
        The lines, with a line break at the end.
    """
    columns = min(110, shutil.get_terminal_size((100, 24)).columns) if width is None else width
    return "\n\n".join(_block(block, columns) for block in blocks) + "\n"


def _block(block: Block, width: int) -> str:
    match block:
        case Heading(level, text):
            return (
                f"{plain(text)}\n{'═' * len(plain(text))}" if level < 2 else f"{plain(text)}\n{'─' * len(plain(text))}"
            )
        case Paragraph(text):
            return textwrap.fill(plain(text), width, break_on_hyphens=False)
        case Chain(left, steps, checked):
            rows = [(f"{number}", f"= {show(tree, TEXT)}") for number, (tree, _) in enumerate(steps, 1)]
            wide = max(len(formula) for _, formula in rows)
            lines = [f"     {show(left, TEXT)}"]
            for (number, written), (_, why) in zip(rows, steps):
                mark = "✓ " if checked else "  "
                beside = wide + 10 + len(plain(why)) <= width
                lines.append(
                    f"{mark}{number:>2} {written.ljust(wide)}   {plain(why)}"
                    if beside
                    else f"{mark}{number:>2} {written}"
                )
                if not beside:
                    lines += textwrap.wrap(plain(why), width, initial_indent=" " * 10, subsequent_indent=" " * 10)
            return "\n".join([*lines, f"✓ checked by {checked} against the line before"] if checked else lines)
        case Table(heads, rows, caption):
            lines = _wrapped([tuple(map(plain, heads)), *(tuple(map(plain, row)) for row in rows)], width)
            return "\n".join([*lines, "", textwrap.fill(plain(caption), width)] if caption else lines)
        case Figure(_, words, caption):
            return f"[picture: {words}] {plain(caption)}"
        case WritingSpace(lines, ruled):
            return "\n".join([("_" * min(60, width)) if ruled else ""] * lines)
        case Contents():
            raise TypeError("a terminal shows no table of contents")
        case Code(text, _):
            return textwrap.indent(text.rstrip(), "    ")
        case Box(title, inner):
            body = "\n\n".join(_block(part, width - 2) for part in inner)
            return f"┌ {plain(title)}\n" + textwrap.indent(body, "│ ", lambda line: True) + "\n└"
    raise TypeError(f"not a block: {block!r}")


def _wrapped(rows: list[tuple[str, ...]], width: int) -> list[str]:
    """Writes rows as lines. Where the terminal is narrower than the table, cells of the widest columns are wrapped."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    lines = []
    tall = False
    for number, row in enumerate(rows):
        cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths)]
        height = max(map(len, cells))
        tall |= height > 1
        for i in range(height):
            parts = [(cell[i] if i < len(cell) else "").ljust(width) for cell, width in zip(cells, widths)]
            lines.append("  ".join(parts).rstrip())
        if number == 0:
            lines.append("  ".join("─" * width for width in widths))
        elif tall and number + 1 < len(rows):
            lines.append("")
    return lines
