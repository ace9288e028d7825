"""The blocks that a document consists of: headings, paragraphs, derivations, tables, figures, code, boxes, space to
write.

A chapter is a list of blocks; the modules `text`, `markdown`, `html` and `typst` write such a list in their format.
Running text may contain `code`, **bold** and $formulas$ (`sgns.learn.formulas.notation.formula`), several joined by
" = ". The cell of a table may also be the tree of a formula, or a tuple of such parts.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import Notation, formula, show, write
from sgns.learn.formulas.parser import Tree

INLINE_MARKUP = re.compile(r"(`[^`]+`|\$[^$]+\$|\*\*[^*]+\*\*)")


@dataclass(frozen=True)
class Heading:
    """A title; level 0 is the document, 1 a chapter, 2 a section."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Chain:
    """A derivation: a chain of equal formulas, each with its reason.

    Attributes:
        left: The formula at the beginning.
        steps: Pairs (formula, reason); each formula equals the one before.
        checked: The tool that checked each step against the one before, such as "sympy"; "" if none did.
    """

    left: Tree
    steps: tuple[tuple[Tree, str], ...]
    checked: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells with a head for each column; a cell is running text, a formula, or parts of both."""

    heads: tuple["Words", ...]
    rows: tuple[tuple["Words", ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        svg: The picture as SVG.
        words: A description in words, for readers who do not see the picture.
        caption: Running text below the picture.
        share: Its width as a fraction of the text's width.
    """

    svg: bytes
    words: str
    caption: str
    share: float = 1.0


@dataclass(frozen=True)
class Code:
    """Source code, or the output of a program."""

    text: str
    language: str = "python"


@dataclass(frozen=True)
class Box:
    """Blocks with a title that are set apart from the text."""

    title: str
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class WritingSpace:
    """Free space on paper for an answer.

    Attributes:
        lines: Its height in lines of handwriting.
        ruled: Draw the lines; without them the space is for a drawing.
    """

    lines: int = 1
    ruled: bool = True


@dataclass(frozen=True)
class Contents:
    """The table of contents."""


Block: TypeAlias = Heading | Paragraph | Chain | Table | Figure | Code | Box | WritingSpace | Contents
Words: TypeAlias = str | Tree | tuple[str | Tree, ...]


def numbered(blocks: list[Block]) -> list[Block]:
    """Numbers figures and tables: returns the blocks with "Figure 1." and "Table 1." before the captions."""
    figures, tables = count(1), count(1)
    made: list[Block] = []
    for block in blocks:
        if isinstance(block, Figure):
            made.append(replace(block, caption=f"**Figure {next(figures)}.** {block.caption}"))
        elif isinstance(block, Table) and block.caption:
            made.append(replace(block, caption=f"**Table {next(tables)}.** {block.caption}"))
        else:
            made.append(block)
    return made


def sections(blocks: Sequence[Block]) -> list[tuple[str, Heading]]:
    """Returns the headings of chapters and sections with their numbers: 1, 1.1, 1.2, 2."""
    chapter = section = 0
    made = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            chapter, section = chapter + 1, 0
            made.append((f"{chapter}", block))
        elif isinstance(block, Heading) and block.level == 2:
            section += 1
            made.append((f"{chapter}.{section}", block))
    return made


_ESCAPE = str.maketrans("`$*", "\ue000\ue001\ue002")  # code points for private use, which texts do not contain
_UNESCAPE = str.maketrans("\ue000\ue001\ue002", "`$*")


def verbatim(text: str) -> str:
    """Escapes text from elsewhere, such as a word of a vocabulary: backquotes, $ and * in it are then no markup."""
    return text.translate(_ESCAPE)


def inline(
    words: Words,
    plain: Callable[[str], str],
    code: Callable[[str], str],
    bold: Callable[[str], str],
    mathematics: Callable[[str], str],
    notation: Notation,
    equals: str,
) -> str:
    """Writes running text in some format. A formula that is a tree keeps the names of its variables.

    Args:
        words: Running text, a formula, or parts of both.
        plain: Writes plain text.
        code: Writes code.
        bold: Writes bold text.
        mathematics: Writes a formula that is already in `notation`.
        notation: The notation of formulas.
        equals: The equals sign between two formulas.
    """
    if not isinstance(words, str):
        parts = words if isinstance(words, tuple) else (words,)
        return "".join(
            inline(part, plain, code, bold, mathematics, notation, equals)
            if isinstance(part, str)
            else mathematics(write(part, notation))
            for part in parts
        )
    written = []
    for part in INLINE_MARKUP.split(words):
        if part.startswith("`") and len(part) > 1:
            written.append(code(part[1:-1]))
        elif part.startswith("$") and len(part) > 1:
            sides = [show(formula(side), notation) for side in part[1:-1].split(" = ")]
            written.append(mathematics(equals.join(sides)))
        elif part.startswith("**") and len(part) > 2:
            written.append(bold(part[2:-2]))
        elif part:
            written.append(plain(part.translate(_UNESCAPE)))
    return "".join(written)


def plain(words: Words) -> str:
    """Writes running text or a cell as one line of plain text."""

    def same(part: str) -> str:
        return part

    return inline(words, same, same, same, same, TEXT, " = ")
