"""Formulas as people write them: one walk over the tree, which puts brackets where they are needed.

Besides the operations of the graphs, a formula may hold those of the derivations: `grad(f, x)` is ∂f/∂x, `total(f)` and
`product(f)` run over the negatives i = 1 … k, `components(f)` over the components j = 1 … d, `limit_up(f)` and
`limit_down(f)` let x go to ±∞, `abs(x)` is |x|, and P1(w, c), P0(w, c) are the probabilities that c stands near w, or
does not. `sgns.learn.formulas.markup` knows how each part looks in plain text, LaTeX, Typst and MathML.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from sgns.learn.formulas.parser import Apply, Name, Number, Tree, Vector

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)  # how tightly a formula holds together
OPEN_ENDED = ("grad", "total", "product", "components", "limit_up", "limit_down")  # they reach as far as they can
FUNCTIONS = {"sigmoid": "σ", "log": "log", "relu": "relu", "tanh": "tanh", "sum": "sum", "sqrt": "sqrt"}
Alphabet = Mapping[str, tuple[str, str]]  # name -> (letter, subscript)


def show_value(value: object, digits: int = 4, most: int = 4) -> str:
    """A number or vector in short: 24, 0.01799, [1, 2, 3], [0.5, −1, …, 2] (100)."""
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
    """The formula of a tree.

    Args:
        tree: What to write.
        notation: TEXT, LATEX, TYPST or MATHML.
        alphabet: How names are to be shown; others stand for themselves, "x_1" with a subscript.
    """
    return _write(tree, notation, alphabet or {})[0]


def _write(tree: Tree, to: "Notation", alphabet: Alphabet) -> tuple[str, int]:
    """The formula and how tightly it holds together."""

    def part(operand: Tree, least: int) -> str:
        text, strength = _write(operand, to, alphabet)
        return text if strength >= least else to.group(text)

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
            if to.strength_of_fraction == PRODUCT and isinstance(a, Apply) and a.operation == "grad":
                least_above = ATOM  # (∂f/∂a)/b on one line
            return to.fraction(part(a, least_above), part(b, least_below)), to.strength_of_fraction
        case Apply("**", (a, b)):
            return to.power(part(a, ATOM), _write(b, to, alphabet)[0]), POWER
        case Apply("neg", (a,)):
            double = isinstance(a, Number) or (isinstance(a, Apply) and a.operation == "neg")
            return to.infix("−", "", part(a, ATOM if double else PRODUCT)), SIGN
        case Apply("exp", (a,)):
            return to.power(to.name("e", ""), _write(a, to, alphabet)[0]), POWER
        case Apply("dot", (a, b)):
            return to.infix("·", part(a, ATOM), part(b, ATOM)), PRODUCT
        case Apply("step", (a,)):
            return to.bracket(to.infix(">", part(a, SUM), to.number("0"))), ATOM
        case Apply("grad", (f, x)):
            return to.derivative(part(f, ATOM), _write(x, to, alphabet)[0], bare=isinstance(f, Name)), PRODUCT
        case Apply("total" | "product" as which, (f,)):
            return to.big("Σ" if which == "total" else "Π", part(f, PRODUCT if which == "total" else POWER)), PRODUCT
        case Apply("components", (f,)):
            return to.big("Σ", part(f, PRODUCT), "j", "d"), PRODUCT
        case Apply("abs", (a,)):
            return to.bars(part(a, SUM)), ATOM
        case Apply("limit_up" | "limit_down" as which, (f,)):
            return to.limit("∞" if which == "limit_up" else "−∞", part(f, PRODUCT)), PRODUCT
        case Apply("P1" | "P0" as which, (w, c)):
            inner = to.comma.join(_write(x, to, alphabet)[0] for x in (w, c))
            return to.call("P", to.given(to.number(which[1]), inner)), ATOM
        case Apply(function, operands):
            inner = to.comma.join(_write(x, to, alphabet)[0] for x in operands)
            return to.call(FUNCTIONS.get(function, function), inner), ATOM
    raise TypeError(f"not a formula: {tree!r}")


def split_name(name: str, digits_below: bool) -> tuple[str, str]:
    """Letter and subscript of a name: x_1 is (x, 1), and so is x1 where digits go below."""
    base, _, below = name.partition("_")
    if base and below:
        return base, below
    digits = re.fullmatch(r"([^\W\d_]+)(\d+)", name) if digits_below else None
    return (digits[1], digits[2]) if digits else (name, "")


def _last_may_be_open(tree: Tree) -> bool:
    """Whether a product may end with it, without brackets."""
    return isinstance(tree, Apply) and tree.operation in OPEN_ENDED


def _is_open(tree: Tree) -> bool:
    """Whether the last factor of a product is one that would swallow what follows: ∂/∂x f, Σ f."""
    match tree:
        case Apply("*", (_, b)):
            return _is_open(b)
        case Apply("grad", (Name(), _)):  # ∂f/∂x stands together
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
    """How the parts of a formula are put together."""

    comma = ", "
    around_fraction = (SUM, SUM)  # what may stand above and below the line without brackets
    strength_of_fraction = POWER
    digits_below = True  # x1 is shown as x with the subscript 1

    @abstractmethod
    def number(self, text: str) -> str:
        """A literal number."""

    @abstractmethod
    def name(self, letter: str, subscript: str) -> str:
        """A variable."""

    @abstractmethod
    def infix(self, sign: str, left: str, right: str) -> str:
        """Two operands and a sign; the left one may be empty."""

    @abstractmethod
    def side_by_side(self, left: str, right: str) -> str:
        """A product without a sign, as in 2x."""

    @abstractmethod
    def fraction(self, above: str, below: str) -> str:
        """A quotient."""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str:
        """A power."""

    @abstractmethod
    def group(self, inner: str) -> str:
        """Round brackets."""

    @abstractmethod
    def bracket(self, inner: str) -> str:
        """Square brackets: 1 where it holds, else 0."""

    @abstractmethod
    def call(self, function: str, inner: str) -> str:
        """A function of something."""

    @abstractmethod
    def given(self, left: str, right: str) -> str:
        """A condition, as in P(1 | w, c)."""

    @abstractmethod
    def derivative(self, f: str, x: str, bare: bool) -> str:
        """∂f/∂x; `bare` when f is a single letter."""

    @abstractmethod
    def bars(self, inner: str) -> str:
        """The absolute value."""

    @abstractmethod
    def big(self, sign: str, body: str, index: str = "i", last: str = "k") -> str:
        """Σ or Π over `index` = 1 … `last`: the negatives i = 1 … k, or the components j = 1 … d."""

    @abstractmethod
    def limit(self, to: str, body: str) -> str:
        """The limit for x towards `to`."""
