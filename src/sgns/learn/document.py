"""What a chapter is made of, whatever it is shown on: paragraphs, derivations, tables, figures, code and boxes.

Text may hold `code`, **bold** and $formulas$ in the grammar of `sgns.learn.expression`, several joined by " = ".
`text`, `markdown`, `html` and `typst` (the modules of that name) each write a list of blocks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from sgns.learn.expression import Tree, parse
from sgns.learn.notation import Notation, write
from sgns.learn.rules import functions

ALPHABET = {
    "Ew": ("E", "w"),
    "Cp": ("C", "c+"),
    "Cn": ("C", "c−i"),
    "cp": ("c+", ""),
    "cn": ("c−i", ""),
    "lr": ("lr", ""),
}
DERIVING = {"grad": 2, "total": 1, "product": 1, "limit_up": 1, "limit_down": 1, "P1": 2, "P0": 2, "sqrt": 1}
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
    """Rows of cells under heads; a cell is text as in a paragraph."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
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


Block: TypeAlias = Heading | Paragraph | Chain | Table | Figure | Code | Box


_MARKS = str.maketrans("`$*", "\ue000\ue001\ue002")  # private use: no word of a text holds them
_UNMARKED = str.maketrans("\ue000\ue001\ue002", "`$*")


def verbatim(text: str) -> str:
    """Someone else's text, such as a word of a vocabulary, in which `, $ and * stand for themselves."""
    return text.translate(_MARKS)


@cache
def formula(text: str) -> Tree:
    """The tree of a formula in a derivation or in running text."""
    return parse(text, functions() | DERIVING)


def show(tree: Tree, notation: Notation) -> str:
    """A formula in the field's letters: E_w, C_c+, C_c−i."""
    return write(tree, notation, ALPHABET)


def inline(
    text: str,
    plain: Callable[[str], str],
    code: Callable[[str], str],
    bold: Callable[[str], str],
    mathematics: Callable[[str], str],
    notation: Notation,
    equals: str,
) -> str:
    """Running text, each part handed to its writer."""
    written = []
    for part in INLINE.split(text):
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
