"""Writes formulas in mathematical notation, with the brackets that precedence requires.

`sgns.learn.formulas.markup` defines how each part of a formula looks in plain text, LaTeX, Typst and MathML.

The formulas of SGNS (`formula`, `show`) have more functions than the operations of the graphs: `grad(f, x)` is ∂f/∂x;
`total(f)` and the other names of `SUMS` are Σ and Π over negatives, components, words of a window, n-grams and nodes of
a tree; `limit_up(f)` and `limit_down(f)` are the limits for x → ∞ and x → −∞; `abs(x)` is |x|; `P1(w, c)` and
`P0(w, c)` are P(1 | w, c) and P(0 | w, c), `P(c, h)` is P(c | h).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache

import numpy as np

from sgns.learn.formulas.operations import function_arities
from sgns.learn.formulas.parser import Apply, Name, Number, Tree, Vector, parse

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)  # precedence of a formula's outermost operation, from weak to strong
SUMS = {  # name -> (sign, index, its last value)
    "total": ("Σ", "i", "k"),  # negatives
    "product": ("Π", "i", "k"),
    "components": ("Σ", "j", "d"),
    "window": ("Σ", "t", "m"),  # words of a window
    "ngrams": ("Σ", "t", "g"),  # n-grams of a word
    "path": ("Σ", "n", "ℓ"),  # inner nodes on the path to a word
    "along": ("Π", "n", "ℓ"),
}
OPEN_ENDED = ("grad", *SUMS, "limit_up", "limit_down")  # apply to all factors that follow
FUNCTIONS = {"sigmoid": "σ", "log": "log", "relu": "relu", "tanh": "tanh", "sum": "sum"}  # how they are shown
Alphabet = Mapping[str, tuple[str, str]]  # name -> (letter, subscript)
SGNS_ALPHABET = {
    "Ew": ("E", "w"),
    "Cp": ("C", "c+"),
    "Cn": ("C", "c−i"),
    "Cc": ("C", "c"),
    "Cp_j": ("C", "c+,j"),
    "Et": ("E", "t"),
    "Et_j": ("E", "t,j"),
    "Nn": ("C", "n"),
    "sn": ("s", "n"),
    "yn": ("y", "n"),
    "u": ("u", "w"),
    "cp": ("c+", ""),
    "cn": ("c−i", ""),
    "lr": ("lr", ""),
    **{f"C{i}": ("C", f"c−{i}") for i in range(1, 10)},
}
SGNS_FUNCTIONS = {  # name -> number of arguments
    "grad": 2,
    **dict.fromkeys(SUMS, 1),
    "limit_up": 1,
    "limit_down": 1,
    "P1": 2,
    "P0": 2,
    "P": 2,
    "abs": 1,
}


@cache
def formula(text: str) -> Tree:
    """Parses a formula of SGNS, as derivations and running text contain it.

    Args:
        text: The formula, such as "grad(L, Ew)" or "sigmoid(dot(Ew, Cp)) - 1".

    Returns:
        Its tree.

    Raises:
        ExpressionError: The text does not follow the grammar of `sgns.learn.formulas.parser`.
    """
    return parse(text, function_arities() | SGNS_FUNCTIONS)


def show(tree: Tree, notation: "Notation") -> str:
    """Writes a formula of SGNS with the letters of the field: E_w, C_c+, C_c−i."""
    return write(tree, notation, SGNS_ALPHABET)


def show_value(value: object, digits: int = 4, most: int = 4) -> str:
    """Writes a number or a vector in short: 24, 0.01799, [1, 2, 3], [0.5, −1, …, 2] (100).

    Args:
        value: A number, or a vector (n,).
        digits: Significant digits.
        most: A vector with more elements is abbreviated; its length follows in brackets.
    """
    array = np.asarray(value, float)
    if array.ndim == 0:
        number = float(array)
        text = f"{number:.{digits}g}" if abs(number) < 10**digits or not number.is_integer() else f"{number:.0f}"
        mantissa, _, exponent = text.partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else text
        return ("0" if text == "-0" else text).replace("-", "−")
    parts = [show_value(item, digits) for item in array]
    if len(parts) > most:
        return f"[{', '.join([*parts[: most - 1], '…', parts[-1]])}] ({len(parts)})"
    return f"[{', '.join(parts)}]"


def write(tree: Tree, notation: "Notation", alphabet: Alphabet | None = None) -> str:
    """Writes a formula.

    Args:
        tree: The formula.
        notation: TEXT, LATEX, TYPST, MATHML or an inline variant, from `sgns.learn.formulas.markup`.
        alphabet: Letter and subscript of each name; a name that is missing is its own letter, and "x_1" has the
            subscript 1.

    Returns:
        The formula in that notation.
    """
    return _write(tree, notation, alphabet or {})[0]


def _write(tree: Tree, to: "Notation", alphabet: Alphabet) -> tuple[str, int]:
    """Returns the written formula and the precedence of its outermost operation."""

    def part(operand: Tree, least: int) -> str:
        text, precedence = _write(operand, to, alphabet)
        return text if precedence >= least else to.group(text)

    match tree:
        case Number(value):
            return to.number(show_value(value, 6)), ATOM if value >= 0 else SIGN
        case Vector(values):
            return to.number(show_value(values, 6)), ATOM
        case Name(name):
            return to.name(*(alphabet.get(name) or split_name(name, to.digits_below))), ATOM
        case Apply("+", (a, b)):
            return to.infix("+", part(a, SUM), part(b, PRODUCT)), SUM
        case Apply("-", (a, b)):
            return to.infix("−", part(a, SUM), part(b, PRODUCT)), SUM
        case Apply("*", (a, b)):
            left, right = part(a, ATOM if _is_open(a) else PRODUCT), part(b, PRODUCT if _last_may_be_open(b) else POWER)
            close = isinstance(a, Number) and _begins_with_letter(b)
            return (to.side_by_side(left, right) if close else to.infix("·", left, right)), PRODUCT
        case Apply("/", (a, b)):
            least_above, least_below = to.around_fraction
            if to.precedence_of_fraction == PRODUCT and isinstance(a, Apply) and a.operation == "grad":
                least_above = ATOM  # (∂f/∂a)/b on one line
            return to.fraction(part(a, least_above), part(b, least_below)), to.precedence_of_fraction
        case Apply("**", (a, b)):
            return to.power(part(a, ATOM), _write(b, to, alphabet)[0]), POWER
        case Apply("neg", (a,)):
            double = isinstance(a, Number) or (isinstance(a, Apply) and a.operation == "neg")
            return to.infix("−", "", part(a, ATOM if double else PRODUCT)), SIGN
        case Apply("exp", (a,)):
            return to.power(to.name("e", ""), _write(a, to, alphabet)[0]), POWER
        case Apply("dot", (a, b)):
            return to.infix("·", part(a, ATOM), part(b, ATOM)), PRODUCT
        case Apply("step_function", (a,)):
            return to.bracket(to.infix(">", part(a, SUM), to.number("0"))), ATOM
        case Apply("grad", (f, x)):
            return to.derivative(part(f, ATOM), _write(x, to, alphabet)[0], bare=isinstance(f, Name)), PRODUCT
        case Apply(which, (f,)) if which in SUMS:
            sign, index, last = SUMS[which]
            return to.big(sign, part(f, PRODUCT if sign == "Σ" else POWER), index, last), PRODUCT
        case Apply("abs", (a,)):
            return to.bars(part(a, SUM)), ATOM
        case Apply("limit_up" | "limit_down" as which, (f,)):
            return to.limit("∞" if which == "limit_up" else "−∞", part(f, PRODUCT)), PRODUCT
        case Apply("P1" | "P0" as which, (w, c)):
            inner = to.comma.join(_write(x, to, alphabet)[0] for x in (w, c))
            return to.call("P", to.given(to.number(which[1]), inner)), ATOM
        case Apply("P", (c, h)):
            return to.call("P", to.given(_write(c, to, alphabet)[0], _write(h, to, alphabet)[0])), ATOM
        case Apply(function, operands):
            inner = to.comma.join(_write(x, to, alphabet)[0] for x in operands)
            return to.call(FUNCTIONS.get(function, function), inner), ATOM
    raise TypeError(f"not a formula: {tree!r}")


def split_name(name: str, digits_below: bool) -> tuple[str, str]:
    """Splits a name into letter and subscript: x_1 gives (x, 1), and so does x1 with `digits_below`."""
    base, _, below = name.partition("_")
    if base and below:
        return base, below
    digits = re.fullmatch(r"([^\W\d_]+)(\d+)", name) if digits_below else None
    return (digits[1], digits[2]) if digits else (name, "")


def _last_may_be_open(tree: Tree) -> bool:
    """Whether the formula may be the last factor of a product without brackets."""
    return isinstance(tree, Apply) and tree.operation in OPEN_ENDED


def _is_open(tree: Tree) -> bool:
    """Whether the last factor of a product would apply to a factor that follows, as ∂/∂x f and Σ f would."""
    match tree:
        case Apply("*", (_, b)):
            return _is_open(b)
        case Apply("grad", (Name(), _)):  # ∂f/∂x is one fraction
            return False
        case Apply(operation, _):
            return operation in OPEN_ENDED
    return False


def _begins_with_letter(tree: Tree) -> bool:
    match tree:
        case Name():
            return True
        case Apply("**", (a, _)):
            return _begins_with_letter(a)
        case Apply(operation, _):
            return operation in ("exp", *FUNCTIONS)
    return False


class Notation(ABC):
    """Writes each part of a formula in one markup language; the arguments are parts that are already written."""

    comma = ", "
    around_fraction = (SUM, SUM)  # least precedence of numerator and denominator without brackets
    precedence_of_fraction = POWER
    digits_below = True  # x1 is shown as x with the subscript 1

    @abstractmethod
    def number(self, text: str) -> str:
        """Writes a literal number or vector."""

    @abstractmethod
    def name(self, letter: str, subscript: str) -> str:
        """Writes a variable; the subscript may be empty."""

    @abstractmethod
    def infix(self, sign: str, left: str, right: str) -> str:
        """Writes two operands with a sign between them; the left operand may be empty."""

    @abstractmethod
    def side_by_side(self, left: str, right: str) -> str:
        """Writes a product without a sign, as in 2x."""

    @abstractmethod
    def fraction(self, above: str, below: str) -> str:
        """Writes a quotient."""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str:
        """Writes a power."""

    @abstractmethod
    def group(self, inner: str) -> str:
        """Writes round brackets around a part."""

    @abstractmethod
    def bracket(self, inner: str) -> str:
        """Writes square brackets around a condition: 1 where it holds, else 0 (Iverson bracket)."""

    @abstractmethod
    def call(self, function: str, inner: str) -> str:
        """Writes a function and its arguments."""

    @abstractmethod
    def given(self, left: str, right: str) -> str:
        """Writes a condition, as in P(1 | w, c)."""

    @abstractmethod
    def derivative(self, f: str, x: str, bare: bool) -> str:
        """Writes ∂f/∂x; with `bare`, f is a single letter."""

    @abstractmethod
    def bars(self, inner: str) -> str:
        """Writes an absolute value."""

    @abstractmethod
    def big(self, sign: str, body: str, index: str = "i", last: str = "k") -> str:
        """Writes Σ or Π over `index` = 1 … `last`, as `SUMS` has them."""

    @abstractmethod
    def limit(self, to: str, body: str) -> str:
        """Writes the limit of `body` for x → `to`."""
