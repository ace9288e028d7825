"""Writes blocks as Markdown with LaTeX formulas, as GitHub, Jupyter and pandoc read it."""

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
    Words,
    WritingSpace,
    inline,
    sections,
)
from sgns.learn.formulas.markup import INLINE_LATEX, LATEX
from sgns.learn.formulas.notation import show


def to_markdown(blocks: list[Block], pictures: str = "") -> tuple[str, dict[str, bytes]]:
    """Writes blocks as Markdown.

    Args:
        blocks: The blocks.
        pictures: The folder in which the text looks for its pictures, such as "report_files".

    Returns:
        The text, and the pictures (SVG) by file name.
    """
    writer = _Markdown(pictures, sections(blocks) if Contents() in blocks else [])
    return "\n\n".join(writer.block(block) for block in blocks) + "\n", writer.files


class _Markdown:
    """Writes blocks and collects their pictures in `files`."""

    def __init__(self, folder: str, headings: list[tuple[str, Heading]]) -> None:
        self.folder, self.files, self.headings = folder, dict[str, bytes](), headings
        self.numbers = {id(heading): number for number, heading in headings}

    def line(self, text: Words, table: bool = False) -> str:
        def plain(part: str) -> str:
            for sign in "\\*_<>#" + "|" * table:
                part = part.replace(sign, f"\\{sign}")
            return part

        def code(part: str) -> str:
            return f"`{part.replace('|', chr(92) + '|') if table else part}`"

        return inline(text, plain, code, lambda b: f"**{b}**", lambda m: f"${m}$", INLINE_LATEX, " = ")

    def block(self, block: Block) -> str:
        match block:
            case Heading(level, text):
                number = self.numbers.get(id(block))
                anchor, shown = (f'<a id="section-{number}"></a>\n\n', f"{number} ") if number else ("", "")
                return f"{anchor}{'#' * (level + 1)} {shown}{self.line(text)}"
            case WritingSpace(height, ruled):
                return "\n\n".join([r"\_" * 60 if ruled else "<br>"] * height)
            case Contents():
                return "\n".join(
                    f"{'  ' * (heading.level - 1)}- [{number} {self.line(heading.text)}](#section-{number})"
                    for number, heading in self.headings
                )
            case Paragraph(text):
                return self.line(text)
            case Chain(left, steps, checked):
                lines = [rf"& {show(left, LATEX)} \\"]
                lines += [rf"& \quad = {show(tree, LATEX)} \\" for tree, _ in steps]
                why = [
                    f"{i}. {self.line(text)}{f' ✓ {checked}' if checked else ''}"
                    for i, (_, text) in enumerate(steps, 1)
                ]
                body = "\n".join(lines).removesuffix(r" \\")
                return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$\n\n" + "\n".join(why)
            case Table(heads, rows, caption):
                lines = [self.row(heads), "|" + " --- |" * len(heads), *(self.row(row) for row in rows)]
                return "\n".join(lines) + (f"\n\n{self.line(caption)}" if caption else "")
            case Figure(svg, words, caption):
                name = f"figure{len(self.files) + 1}.svg"
                self.files[name] = svg
                return f"![{words}]({self.folder}/{name})\n\n{self.line(caption)}"
            case Code(text, language):
                return f"```{language}\n{text.rstrip()}\n```"
            case Box(title, inner):
                body = "\n\n".join([f"**{self.line(title)}**", *(self.block(part) for part in inner)])
                return "\n".join(f"> {line}".rstrip() for line in body.split("\n"))
        raise TypeError(f"not a block: {block!r}")

    def row(self, cells: tuple[Words, ...]) -> str:
        return "| " + " | ".join(self.line(cell, table=True) for cell in cells) + " |"
