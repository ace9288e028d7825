"""Formulas as people write them: one tree, written as plain text, LaTeX, Typst or MathML.

Besides the operations of the graphs, a formula may hold those of the derivations: `grad(f, x)` is ∂f/∂x, `total(f)` and
`product(f)` run over the negatives i = 1 … k, `limit_up(f)` and `limit_down(f)` let x go to ±∞, and P1(w, c), P0(w,
c) are the probabilities that c stands near w, or does not.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from html import escape
from typing import ClassVar

import numpy as np

from sgns.learn.expression import Apply, Name, Number, Tree, Vector

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)  # how tightly a formula holds together
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
            base, _, below = name.partition("_")
            letter, subscript = alphabet.get(name, (base, below) if base and below else (name, ""))
            return to.name(letter, subscript), ATOM
        case Apply("+", (a, b)):
            return to.infix("+", part(a, SUM), part(b, PRODUCT)), SUM
        case Apply("-", (a, b)):
            return to.infix("−", part(a, SUM), part(b, PRODUCT)), SUM
        case Apply("*", (a, b)):
            left, right = part(a, PRODUCT), part(b, POWER)
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
        case Apply("limit_up" | "limit_down" as which, (f,)):
            return to.limit("∞" if which == "limit_up" else "−∞", part(f, PRODUCT)), PRODUCT
        case Apply("P1" | "P0" as which, (w, c)):
            inner = to.comma.join(_write(x, to, alphabet)[0] for x in (w, c))
            return to.call("P", to.given(to.number(which[1]), inner)), ATOM
        case Apply(function, operands):
            inner = to.comma.join(_write(x, to, alphabet)[0] for x in operands)
            return to.call(FUNCTIONS.get(function, function), inner), ATOM
    raise TypeError(f"not a formula: {tree!r}")


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
    def big(self, sign: str, body: str) -> str:
        """Σ or Π over the negatives i = 1 … k."""

    @abstractmethod
    def limit(self, to: str, body: str) -> str:
        """The limit for x towards `to`."""


class Text(Notation):
    """One line of Unicode."""

    around_fraction = (PRODUCT, POWER)
    strength_of_fraction = PRODUCT
    _raised = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

    def number(self, text: str) -> str:
        return text

    def name(self, letter: str, subscript: str) -> str:
        return f"{letter}_{subscript}" if subscript else letter

    def infix(self, sign: str, left: str, right: str) -> str:
        return f"{left}·{right}" if sign == "·" else f"{left} {sign} {right}" if left else f"{sign}{right}"

    def side_by_side(self, left: str, right: str) -> str:
        return left + right

    def fraction(self, above: str, below: str) -> str:
        return f"{above}/{below}"

    def power(self, base: str, exponent: str) -> str:
        if exponent.lstrip("−").isdigit():
            return base + exponent.translate(self._raised)
        plain = exponent.lstrip("−").replace("_", "").replace(".", "").isalnum()
        return f"{base}^{exponent}" if plain else f"{base}^({exponent})"

    def group(self, inner: str) -> str:
        return f"({inner})"

    def bracket(self, inner: str) -> str:
        return f"[{inner}]"

    def call(self, function: str, inner: str) -> str:
        return f"{function}({inner})"

    def given(self, left: str, right: str) -> str:
        return f"{left} | {right}"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        return f"∂{f}/∂{x}" if bare else f"∂/∂{x} {f}"

    def big(self, sign: str, body: str) -> str:
        return f"{sign}ᵢ {body}"

    def limit(self, to: str, body: str) -> str:
        return f"lim(x→{to}) {body}"


class Latex(Notation):
    """LaTeX; also what matplotlib's mathtext reads."""

    _signs: ClassVar = {"·": r"\cdot", "−": "-", "Σ": r"\sum", "Π": r"\prod", "∞": r"\infty", "−∞": r"-\infty"}

    def number(self, text: str) -> str:
        return text.replace("−", "-").replace("…", r"\ldots")

    def name(self, letter: str, subscript: str) -> str:
        shown = letter if len(letter) == 1 else rf"\mathrm{{{letter}}}"
        return f"{shown}_{{{self._below(subscript)}}}" if subscript else shown

    @staticmethod
    def _below(text: str) -> str:
        return text.replace("−", "-") if len(text) < 2 or text[0] == "c" else rf"\mathrm{{{text}}}".replace("_", r"\_")

    def infix(self, sign: str, left: str, right: str) -> str:
        return f"{left} {self._signs.get(sign, sign)} {right}".strip()

    def side_by_side(self, left: str, right: str) -> str:
        return f"{left} {right}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def group(self, inner: str) -> str:
        return rf"\left({inner}\right)"

    def bracket(self, inner: str) -> str:
        return rf"\left[{inner}\right]"

    def call(self, function: str, inner: str) -> str:
        shown = {"σ": r"\sigma", "log": r"\log", "P": "P"}.get(function, rf"\mathrm{{{function}}}")
        return rf"{shown}\left({inner}\right)"

    def given(self, left: str, right: str) -> str:
        return rf"{left} \mid {right}"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        above, after = (f, "") if bare else ("", f" {f}")
        return rf"\frac{{\partial {above}}}{{\partial {x}}}{after}"

    def big(self, sign: str, body: str) -> str:
        return f"{self._signs[sign]}_{{i=1}}^{{k}} {body}"

    def limit(self, to: str, body: str) -> str:
        return rf"\lim_{{x \to {self._signs[to]}}} {body}"


class InlineLatex(Latex):
    """LaTeX on one line: small fractions would be hard to read in a picture."""

    around_fraction = (PRODUCT, POWER)
    strength_of_fraction = PRODUCT

    def fraction(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        return rf"\partial {f} \,/\, \partial {x}" if bare else rf"\partial / \partial {x} \, {f}"


class Typst(Notation):
    """Typst's mathematics mode."""

    def number(self, text: str) -> str:
        return f'"{text}"' if "[" in text else text.replace("−", "-")

    def name(self, letter: str, subscript: str) -> str:
        shown = letter if len(letter) == 1 else f'"{letter}"'
        if not subscript:
            return shown
        below = " ".join(subscript) if len(subscript) < 2 or subscript[0] == "c" else f'"{subscript}"'
        return f"{shown}_({below})"

    def infix(self, sign: str, left: str, right: str) -> str:
        return f"{left} {({'·': 'dot.op', '−': '-'}).get(sign, sign)} {right}".strip()

    def side_by_side(self, left: str, right: str) -> str:
        return f"{left} {right}"

    def fraction(self, above: str, below: str) -> str:
        return f"frac({above}, {below})"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^({exponent})"

    def group(self, inner: str) -> str:
        return f"lr(({inner}))"

    def bracket(self, inner: str) -> str:
        return f"lr([{inner}])"

    def call(self, function: str, inner: str) -> str:
        shown = {"σ": "sigma", "log": "log", "P": "P"}.get(function, f'op("{function}")')
        return f"{shown} lr(({inner}))"

    def given(self, left: str, right: str) -> str:
        return f"{left} mid(|) {right}"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        return f"frac(partial {f}, partial {x})" if bare else f"frac(partial, partial {x}) {f}"

    def big(self, sign: str, body: str) -> str:
        return f"{'sum' if sign == 'Σ' else 'product'}_(i=1)^k {body}"

    def limit(self, to: str, body: str) -> str:
        return f"lim_(x -> {to.replace('−', '-').replace('∞', 'oo')}) {body}"


class InlineTypst(Typst):
    """Typst on one line, for running text."""

    around_fraction = (PRODUCT, POWER)
    strength_of_fraction = PRODUCT

    def fraction(self, above: str, below: str) -> str:
        return f"{above} slash {below}"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        return f"partial {f} slash partial {x}" if bare else f"partial slash partial {x} thin {f}"


class MathML(Notation):
    """Presentation MathML, which browsers draw without any script."""

    comma = "<mo>,</mo>"
    _space = '<mspace width="0.17em"/>'

    def number(self, text: str) -> str:
        return f"<mn>{text}</mn>"

    def name(self, letter: str, subscript: str) -> str:
        shown = f"<mi>{escape(letter)}</mi>"
        return f"<msub>{shown}<mi>{escape(subscript)}</mi></msub>" if subscript else shown

    def infix(self, sign: str, left: str, right: str) -> str:
        return f"<mrow>{left}<mo>{escape(sign)}</mo>{right}</mrow>"

    def side_by_side(self, left: str, right: str) -> str:
        return f"<mrow>{left}{right}</mrow>"

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def group(self, inner: str) -> str:
        return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"

    def bracket(self, inner: str) -> str:
        return f"<mrow><mo>[</mo>{inner}<mo>]</mo></mrow>"

    def call(self, function: str, inner: str) -> str:
        return f"<mrow><mi>{escape(function)}</mi>{self.group(inner)}</mrow>"

    def given(self, left: str, right: str) -> str:
        return f"<mrow>{left}<mo>|</mo>{right}</mrow>"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        partial = "<mo>∂</mo>"
        above, after = (f, "") if bare else ("", self._space + f)
        return f"<mrow><mfrac><mrow>{partial}{above}</mrow><mrow>{partial}{x}</mrow></mfrac>{after}</mrow>"

    def big(self, sign: str, body: str) -> str:
        low = "<mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow>"
        return f"<mrow><munderover><mo>{'∑' if sign == 'Σ' else '∏'}</mo>{low}<mi>k</mi></munderover>{body}</mrow>"

    def limit(self, to: str, body: str) -> str:
        below = f"<mrow><mi>x</mi><mo>→</mo><mi>{to}</mi></mrow>"
        return f"<mrow><munder><mi>lim</mi>{below}</munder>{self._space}{body}</mrow>"


class InlineMathML(MathML):
    """MathML on one line, for running text."""

    around_fraction = (PRODUCT, POWER)
    strength_of_fraction = PRODUCT

    def fraction(self, above: str, below: str) -> str:
        return f"<mrow>{above}<mo>/</mo>{below}</mrow>"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        partial = "<mo>∂</mo>"
        over = f"<mo>/</mo><mrow>{partial}{x}</mrow>"
        return f"<mrow>{partial}{f}{over}</mrow>" if bare else f"<mrow>{partial}{over}{self._space}{f}</mrow>"


TEXT, LATEX, TYPST, MATHML = Text(), Latex(), Typst(), MathML()
INLINE_LATEX, INLINE_TYPST, INLINE_MATHML = InlineLatex(), InlineTypst(), InlineMathML()
