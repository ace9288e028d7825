"""What a chapter is made of, whatever it is shown on: paragraphs, derivations, tables, figures, code and boxes.

Text may hold `code`, **bold** and $formulas$ in the grammar of `sgns.learn.formulas.parser`, several joined by " = "; a cell
of a table may also be the tree of a formula, or several such parts.
`text`, `markdown`, `html` and `typst` (the modules of that name) each write a list of blocks.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import Notation, formula, show, write
from sgns.learn.formulas.parser import Tree

INLINE = re.compile(r"(`[^`]+`|\$[^$]+\$|\*\*[^*]+\*\*)")


@dataclass(frozen=True)
class Heading:
    """A title; level 0 is the document's, 1 a chapter's."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Chain:
    """A derivation: a left side, then each step with its reason.

    Attributes:
        left: The formula that is worked out.
        steps: Pairs (formula, reason).
        checked: Who checked each step against the one before, such as "sympy"; "" for nobody.
    """

    left: Tree
    steps: tuple[tuple[Tree, str], ...]
    checked: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells under heads; a cell is text as in a paragraph, a formula, or parts of both."""

    heads: tuple["Words", ...]
    rows: tuple[tuple["Words", ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture as SVG, with the words that stand for it."""

    svg: bytes
    words: str
    caption: str
    share: float = 1.0  # of the text's width


@dataclass(frozen=True)
class Code:
    """Source code or a program's output."""

    text: str
    language: str = "python"


@dataclass(frozen=True)
class Box:
    """A trap: something set apart from the text."""

    title: str
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Contents:
    """The table of contents, where it belongs."""


Block: TypeAlias = Heading | Paragraph | Chain | Table | Figure | Code | Box | Contents
Words: TypeAlias = str | Tree | tuple[str | Tree, ...]


def numbered(blocks: list[Block]) -> list[Block]:
    """The blocks, with "Figure 1." and "Table 1." before the captions, in order."""
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
    """The headings below the title with their numbers: 1, 1.1, 1.2, 2."""
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


_MARKS = str.maketrans("`$*", "\ue000\ue001\ue002")  # private use: no word of a text holds them
_UNMARKED = str.maketrans("\ue000\ue001\ue002", "`$*")


def verbatim(text: str) -> str:
    """Someone else's text, such as a word of a vocabulary, in which `, $ and * stand for themselves."""
    return text.translate(_MARKS)


def inline(
    words: Words,
    plain: Callable[[str], str],
    code: Callable[[str], str],
    bold: Callable[[str], str],
    mathematics: Callable[[str], str],
    notation: Notation,
    equals: str,
) -> str:
    """Running text, each part handed to its writer; a formula that is a tree keeps its own names."""
    if not isinstance(words, str):
        parts = words if isinstance(words, tuple) else (words,)
        return "".join(
            inline(part, plain, code, bold, mathematics, notation, equals)
            if isinstance(part, str)
            else mathematics(write(part, notation))
            for part in parts
        )
    written = []
    for part in INLINE.split(words):
        if part.startswith("`") and len(part) > 1:
            written.append(code(part[1:-1]))
        elif part.startswith("$") and len(part) > 1:
            sides = [show(formula(side), notation) for side in part[1:-1].split(" = ")]
            written.append(mathematics(equals.join(sides)))
        elif part.startswith("**") and len(part) > 2:
            written.append(bold(part[2:-2]))
        elif part:
            written.append(plain(part.translate(_UNMARKED)))
    return "".join(written)


def plain(words: Words) -> str:
    """Running text or a cell as one plain line."""

    def same(part: str) -> str:
        return part

    return inline(words, same, same, same, same, TEXT, " = ")
