"""Writes blocks as a Typst document and as PDF. The extra `learn` installs Typst and its fonts; TeX is not needed."""

import tempfile
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sgns.base.folders import give_matplotlib_a_folder
from sgns.errors import MissingExtra
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
)
from sgns.learn.formulas.markup import INLINE_TYPST, TEXT, TYPST
from sgns.learn.formulas.notation import show

LONG = 62  # characters; the reason of a longer formula stands below it, not beside it
SHORT = 14  # rows; a table with no more is kept on one page
PREAMBLE = """
#set page(paper: "a4", margin: (x: 22mm, top: 22mm, bottom: 24mm), numbering: "1 / 1",
  header: context if counter(page).get().first() > 1 {
    set text(size: 8.8pt, fill: luma(70))
    block(width: 100%, inset: (bottom: 3pt), stroke: (bottom: 0.4pt + luma(150)), document.title)
  },
)
#set text(font: "Libertinus Serif", size: 10.5pt, lang: "en")
#set par(justify: true, leading: 0.62em)
#set heading(numbering: "1.1")
#show heading: set block(above: 1.5em, below: 0.8em)
#show heading.where(level: 1): set block(above: 2em, below: 0.9em)
#show outline.entry.where(level: 1): set block(above: 0.9em)
#show outline.entry.where(level: 1): set text(weight: "bold")
#show raw: set text(font: "DejaVu Sans Mono", size: 8pt)
#show raw.where(block: true): block.with(fill: luma(245), inset: 6pt, radius: 2pt, width: 100%, breakable: false)
#show raw.where(block: true): set block(above: 0.75em, below: 0.75em)
#show figure: set block(above: 1.4em, below: 1.4em)
#show table.cell.where(y: 0): set text(weight: "bold")
#set table(
  stroke: (x, y) => if y == 0 { (bottom: 0.8pt) } else { (bottom: 0.3pt + luma(190)) },
  inset: (x: 4pt, y: 3.5pt),
)
#show table: set text(size: 9pt)
#show table: set par(justify: false)
#let caption(body) = block(above: 0.7em, below: 1.4em, text(size: 9.2pt, fill: luma(70), body))
#let trap(title, body) = block(
  width: 100%, inset: (x: 10pt, y: 7pt), above: 1em, below: 1em, breakable: false,
  stroke: (left: 3pt + luma(60), rest: 0.5pt + luma(130)),
)[*#title* \\ #body]
#let heading0(body) = block(above: 0pt, below: 1.2em, text(size: 19pt, weight: "bold", body))
#let chain(first, ..rows) = block(above: 1em, below: 1.2em, breakable: false, {
  set par(justify: false)
  show math.equation.where(block: true): set align(start)
  grid(
  columns: (14pt, auto, 1fr, auto), column-gutter: 8pt, row-gutter: 7pt,
  align: (x, y) => if x == 2 { right + horizon } else { left + horizon },
  [], grid.cell(colspan: 3, first), ..rows,
)})
#let space(lines, ruled) = block(width: 100%, above: 0.2em, below: 0.65em, breakable: false, {
  for _ in range(lines) {
    v(6.4mm, weak: false)
    if ruled { line(length: 100%, stroke: 0.4pt + luma(170)) }
  }
})
#let why(body) = text(size: 8.8pt, fill: luma(70), body)
"""


def to_typst(blocks: list[Block], title: str) -> tuple[str, dict[str, bytes]]:
    """Writes blocks as Typst source.

    Args:
        blocks: The blocks.
        title: The title of the document.

    Returns:
        The source, and the pictures (SVG) by file name.
    """
    writer = _Typst()
    body = "\n\n".join(writer.sequence(blocks))
    return f"#set document(title: {_string(title)}, date: none)\n{PREAMBLE}\n{body}\n", writer.files


def typesetter() -> Any:
    """Imports Typst.

    Returns:
        The module.

    Raises:
        MissingExtra: Typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise MissingExtra("a PDF needs typst; install it with: pip install 'sgns[learn]' (or write .html)") from None
    return typst


def to_pdf(blocks: list[Block], title: str) -> bytes:
    """Writes blocks as PDF.

    Args:
        blocks: The blocks.
        title: The title of the document.

    Returns:
        The contents of the PDF file.

    Raises:
        MissingExtra: Typst is not installed.
    """
    give_matplotlib_a_folder()
    import matplotlib

    typst = typesetter()
    source, pictures = to_typst(blocks, title)
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in pictures.items():
            (Path(folder) / name).write_bytes(picture)
        main = Path(folder) / "report.typ"
        main.write_text(source, encoding="utf-8")
        # matplotlib includes DejaVu Sans, which has the ✓ and the arrows, so that pages look the same on every machine.
        made = typst.compile(str(main), font_paths=[str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")])
    if not isinstance(made, bytes):
        raise TypeError("typst returned several documents")
    return made


def _string(text: str) -> str:
    """Writes a string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


class _Typst:
    """Writes blocks and collects their pictures in `files`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def line(self, text: Words) -> str:
        return inline(
            text,
            lambda part: f"#{_string(part)};",  # a string needs no other escaping
            lambda part: f"#raw({_string(part)});",
            lambda part: f"#strong({_string(part)});",
            lambda part: f"${part}$",
            INLINE_TYPST,
            " = ",
        )

    def sequence(self, blocks: Sequence[Block]) -> list[str]:
        """Writes blocks in order; a paragraph stays on the same page as the table, figure or code that follows it."""
        written = []
        for block, following in zip_longest(blocks, blocks[1:]):
            made = self.block(block)
            introduces = isinstance(block, Paragraph) and not isinstance(following, Paragraph | Heading | None)
            written.append(f"#block(sticky: true)[{made}]" if introduces else made)
        return written

    def block(self, block: Block) -> str:
        match block:
            case Heading(0, text):
                return f"#heading0[{self.line(text)}]"
            case Heading(level, text):
                return f"#heading(level: {level})[{self.line(text)}]"
            case WritingSpace(lines, ruled):
                return f"#space({lines}, {'true' if ruled else 'false'})"
            case Contents():
                return "#outline(title: [Contents], depth: 2)\n#pagebreak()"
            case Paragraph(text):
                return self.line(text)
            case Chain(left, steps, checked):
                tick = f"[#why[✓ {checked}]]" if checked else "[]"
                rows = []
                for number, (tree, why) in enumerate(steps, 1):
                    formula, reason = f"$ = {show(tree, TYPST)} $", f"#why[{self.line(why)}]"
                    if len(show(tree, TEXT)) > LONG:  # the reason goes below
                        rows += [f"[#why[{number}]], grid.cell(colspan: 2)[{formula}], {tick}"]
                        rows += [f"[], grid.cell(colspan: 2, align: right)[{reason}], []"]
                    else:
                        rows.append(f"[#why[{number}]], [{formula}], [{reason}], {tick}")
                return f"#chain([$ {show(left, TYPST)} $],\n" + ",\n".join(rows) + ")"
            case Table(heads, rows_, caption):
                cells = [f"[*{self.line(head)}*]" for head in heads]
                cells += [f"[{self.line(cell)}]" for row in rows_ for cell in row]
                below = f"\n#caption[{self.line(caption)}]" if caption else ""
                head, body = ", ".join(cells[: len(heads)]), ", ".join(cells[len(heads) :])
                table = f"table(columns: {len(heads)}, table.header({head}), {body})"
                whole = len(rows_) <= SHORT
                return f"#block(breakable: {'false' if whole else 'true'})[#{table}{below}]"
            case Figure(svg, words, caption, share):
                name = f"figure{len(self.files) + 1}.svg"
                self.files[name] = svg
                picture = f"image({_string(name)}, width: {share:.0%}, alt: {_string(words)})"
                return f"#block(breakable: false)[#align(center, {picture})\n#caption[{self.line(caption)}]]"
            case Code(text, language):
                return f"#raw({_string(text.rstrip())}, lang: {_string(language)}, block: true)"
            case Box(title, inner):
                body = "\n\n".join(self.sequence(inner))
                return f"#trap[{self.line(title)}][\n{body}\n]"
        raise TypeError(f"not a block: {block!r}")
