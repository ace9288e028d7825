"""Proves the steps of a derivation: SymPy checks that each formula is equal to the one before.

Vectors have d = 2 components, there are k = 2 negatives, and ℓ = 2 nodes on a path. Each component is a symbol of its
own, so a proved step holds for all real numbers. The formulas contain d, k and ℓ only as the limits of sums and
products. A number that they contain themselves, such as the m words of a window, has several values, and so has a sign;
a step is proved for each combination.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from sgns.errors import SgnsError
from sgns.learn.document.blocks import Chain
from sgns.learn.formulas.algebra import EXPANDED, number, sympy
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import SUMS, formula, show
from sgns.learn.formulas.operations import OPERATIONS
from sgns.learn.formulas.parser import Apply, Name, Number, Tree

DIM, NEGATIVES, NODES = 2, 2, 2
INDEXED = ("Cn", "Et", "Nn")  # vectors of which a sum has several
PROBABILITY = formula("along(sigmoid(sn * dot(h, Nn)))")  # P(c | h) of hierarchical softmax
SCORED = {"w": "Ew", "h": "h"}  # what P(1 | …) multiplies with a row of C


class WrongStep(SgnsError, ArithmeticError):
    """A step of a derivation is not equal to the one before."""


@dataclass(frozen=True)
class Meaning:
    """The meaning of the names in a derivation; other names are real numbers.

    Attributes:
        vectors: Names of vectors.
        definitions: Names that abbreviate a formula, such as L.
        sizes: Names of whole numbers that formulas contain, with the values for which they are proved.
        signs: Names that are +1 or −1 at each node of a path.
    """

    vectors: tuple[str, ...] = ("Ew", "Cp", "Cn")
    definitions: Mapping[str, Tree] | None = None
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    signs: tuple[str, ...] = ()

    def cases(self) -> Iterator[dict[tuple[str, int], int]]:
        """The value of each size, (name, 0), and of each sign at each node, (name, node): every combination."""
        values = {(name, 0): some for name, some in self.sizes.items()}
        values |= {(name, node): (1, -1) for name in self.signs for node in range(NODES)}
        for chosen in product(*values.values()):
            yield dict(zip(values, chosen, strict=True))


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
    return all(_equal(a, b, _Reader(meaning, case)) for case in meaning.cases())


def _equal(a: Tree, b: Tree, reader: "_Reader") -> bool:
    s = sympy()
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
    if _differs_at_a_point(difference):  # a proof of the contrary, in a moment; simplify may take minutes for it
        return False
    return bool(s.simplify(s.expand_log(difference, force=True)) == 0)


def _differs_at_a_point(difference: Any) -> bool:
    """Whether a difference is not 0 for some positive numbers in place of its symbols."""
    s = sympy()
    symbols = sorted(difference.free_symbols, key=str)
    point = {symbol: s.Rational(7 + 5 * i % 11, 13 + i % 7) for i, symbol in enumerate(symbols)}
    value = difference.evalf(30, subs=point)
    return bool(value.is_number and value.is_finite and abs(value) > s.Float("1e-20", 30))


class _Reader:
    """Converts formulas to SymPy, component by component, with σ(x) as 1 / (1 + e^−x)."""

    def __init__(self, meaning: Meaning, case: Mapping[tuple[str, int], int]) -> None:
        self.meaning, self.case, self.s = meaning, case, sympy()
        self.component = 0  # the value of j inside a sum over components

    def name(self, name: str, which: int) -> Any:
        """Converts a name: to its definition, to the symbols of a vector, or to a symbol."""
        definitions = self.meaning.definitions or {}
        if name in definitions:
            return self.read(definitions[name], which)
        if name.endswith("_j") and name[:-2] in (*self.meaning.vectors, *definitions):
            return self.name(name[:-2], which)[self.component]
        if name in self.meaning.sizes:
            return self.s.Integer(self.case[name, 0])
        if name in self.meaning.signs:
            return self.s.Integer(self.case[name, which])
        if name not in self.meaning.vectors:
            return self.s.Symbol(name, real=True)
        label = f"{name}{which}" if name in INDEXED else name
        return self.s.Matrix([self.s.Symbol(f"{label}_{i}", real=True) for i in range(DIM)])

    def derivative(self, f: Tree, x: str, which: int) -> Any:
        """Converts ∂f/∂x. If x is defined by a formula, f is differentiated by a free x, which then takes its value."""
        defined = x.removesuffix("_j")
        definitions = self.meaning.definitions or {}
        if defined in definitions:
            others = {name: tree for name, tree in definitions.items() if name != defined}
            free = _Reader(replace(self.meaning, definitions=others), self.case)
            free.component = self.component
            values = dict(zip(free.name(defined, which), self.name(defined, which)))
            return free.derivative(f, x, which).xreplace(values)
        inner, by = self.read(f, which), self.name(x, which)
        if isinstance(by, self.s.MatrixBase):
            return self.s.Matrix([self.s.diff(inner, part) for part in by])
        return self.s.diff(inner, by)

    def terms(self, name: str, f: Tree) -> list[Any]:
        """Converts each term of a sum, or each factor of a product."""
        last = {"k": NEGATIVES, "ℓ": NODES}.get(SUMS[name][2]) or self.case[SUMS[name][2], 0]
        return [self.read(f, i) for i in range(last)]

    def read(self, tree: Tree, which: int = 0) -> Any:
        """Converts a formula; `which` is the index of the sum around it, such as i in C_c−i, and 0 outside of sums."""
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
                return self.derivative(f, x, which)
            case Apply("components", (f,)):
                parts = []
                for self.component in range(DIM):
                    parts.append(self.read(f, which))
                return s.Add(*parts)
            case Apply(name, (f,)) if name in SUMS:
                terms = self.terms(name, f)
                return s.Mul(*terms) if SUMS[name][0] == "Π" else sum(terms[1:], terms[0])
            case Apply("limit_up" | "limit_down" as to, (f,)):
                return s.limit(self.read(f, which), self.name("x", which), s.oo if to == "limit_up" else -s.oo)
            case Apply("P1" | "P0" as label, (Name(w), Name(c))):
                score = (self.name(SCORED[w], which).T * self.name(c.replace("c", "C"), which))[0]
                p = 1 / (1 + s.exp(-score))
                return p if label == "P1" else 1 - p
            case Apply("P", _):
                return self.read(PROBABILITY, which)
            case Apply(operation, operands):
                return OPERATIONS[operation].value(EXPANDED, *[self.read(operand, which) for operand in operands])
        raise TypeError(f"not a formula: {tree!r}")
