"""Proves the steps of a derivation: SymPy checks that each formula is equal to the one before.

Vectors have d = 2 components and there are k = 2 negatives. Each component is a symbol of its own, so a proved step
holds for all real numbers. The formulas contain d and k only as the limits of sums and products.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sgns.errors import SgnsError
from sgns.learn.document.blocks import Chain
from sgns.learn.formulas.algebra import EXPANDED, number, sympy
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import show
from sgns.learn.formulas.operations import OPERATIONS
from sgns.learn.formulas.parser import Apply, Name, Number, Tree

DIM, NEGATIVES = 2, 2


class WrongStep(SgnsError, ArithmeticError):
    """A step of a derivation is not equal to the one before."""


@dataclass(frozen=True)
class Meaning:
    """The meaning of the names in a derivation; other names are real numbers.

    Attributes:
        vectors: Names of vectors.
        definitions: Names that abbreviate a formula, such as L.
    """

    vectors: tuple[str, ...] = ("Ew", "Cp", "Cn")
    definitions: Mapping[str, Tree] | None = None


def prove(chain: Chain, meaning: Meaning, title: str) -> Chain:
    """Proves each step of a derivation.

    Args:
        chain: The derivation.
        meaning: The meaning of its names.
        title: Its title, for the error message.

    Returns:
        The derivation, marked as checked by SymPy.

    Raises:
        WrongStep: A formula is not equal to the one before; the message shows both.
    """
    before = chain.left
    for count, (tree, _) in enumerate(chain.steps, 1):
        if not equal(before, tree, meaning):
            raise WrongStep(f"{title}, step {count} is wrong: {show(before, TEXT)} is not {show(tree, TEXT)}")
        before = tree
    return Chain(chain.left, chain.steps, "sympy")


def equal(a: Tree, b: Tree, meaning: Meaning) -> bool:
    """Whether two formulas are equal for all values of their names, according to SymPy.

    False also means that SymPy cannot simplify the difference to 0.
    """
    s = sympy()
    reader = _Reader(meaning)
    try:
        left, right = reader.read(a), reader.read(b)
    except (TypeError, ValueError):  # a vector plus a number, vectors of different length
        return False
    if isinstance(left, s.MatrixBase) != isinstance(right, s.MatrixBase):
        return False
    differences = list(left - right) if isinstance(left, s.MatrixBase) else [left - right]
    return all(_is_zero(difference) for difference in differences)


def _is_zero(difference: Any) -> bool:
    s = sympy()
    if s.expand(difference) == 0:
        return True
    return bool(s.simplify(s.expand_log(difference, force=True)) == 0)


class _Reader:
    """Converts formulas to SymPy, component by component, with σ(x) as 1 / (1 + e^−x)."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning, self.s = meaning, sympy()
        self.component = 0  # the value of j inside a sum over components

    def name(self, name: str, which: int) -> Any:
        """Converts a name: to its definition, to the symbols of a vector, or to a symbol."""
        definitions = self.meaning.definitions or {}
        if name in definitions:
            return self.read(definitions[name], which)
        if name.endswith("_j") and name[:-2] in self.meaning.vectors:
            return self.name(name[:-2], which)[self.component]
        if name not in self.meaning.vectors:
            return self.s.Symbol(name, real=True)
        label = f"{name}{which}" if name == "Cn" else name
        return self.s.Matrix([self.s.Symbol(f"{label}_{i}", real=True) for i in range(DIM)])

    def read(self, tree: Tree, which: int = 0) -> Any:
        """Converts a formula; `which` is the value of i in C_c−i, which outside of sums is 0."""
        s = self.s
        match tree:
            case Number(value):
                return number(value)
            case Name(name):
                return self.name(name, which)
            case Apply("dot", (a, b)):
                return (self.read(a, which).T * self.read(b, which))[0]
            case Apply("sum", (a,)):
                return s.Add(*self.read(a, which))
            case Apply("*", (a, b)):
                left, right = self.read(a, which), self.read(b, which)
                both = isinstance(left, s.MatrixBase) and isinstance(right, s.MatrixBase)
                return left.multiply_elementwise(right) if both else left * right
            case Apply("sigmoid", (a,)):
                return 1 / (1 + s.exp(-self.read(a, which)))
            case Apply("grad", (f, Name(x))):
                inner, by = self.read(f, which), self.name(x, which)
                return (
                    s.Matrix([s.diff(inner, part) for part in by])
                    if isinstance(by, s.MatrixBase)
                    else s.diff(inner, by)
                )
            case Apply("total", (f,)):
                terms = [self.read(f, i) for i in range(NEGATIVES)]
                return sum(terms[1:], terms[0])
            case Apply("components", (f,)):
                parts = []
                for self.component in range(DIM):
                    parts.append(self.read(f, which))
                return s.Add(*parts)
            case Apply("product", (f,)):
                return s.Mul(*[self.read(f, i) for i in range(NEGATIVES)])
            case Apply("limit_up" | "limit_down" as to, (f,)):
                return s.limit(self.read(f, which), self.name("x", which), s.oo if to == "limit_up" else -s.oo)
            case Apply("P1" | "P0" as label, (_, Name(c))):
                score = (self.name("Ew", which).T * self.name(c.replace("c", "C"), which))[0]
                p = 1 / (1 + s.exp(-score))
                return p if label == "P1" else 1 - p
            case Apply(operation, operands):
                return OPERATIONS[operation].value(EXPANDED, *[self.read(operand, which) for operand in operands])
        raise TypeError(f"not a formula: {tree!r}")
