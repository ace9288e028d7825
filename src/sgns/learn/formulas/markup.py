"""The notations of formulas: plain text, LaTeX, Typst and MathML, each as a displayed formula and inside a line."""

from html import escape
from typing import ClassVar

from sgns.learn.formulas.notation import POWER, PRODUCT, Notation


class Text(Notation):
    """Plain text: one line of Unicode."""

    around_fraction = (PRODUCT, POWER)
    precedence_of_fraction = PRODUCT
    digits_below = False  # names are shown as the user wrote them
    _lowered: ClassVar = {"i": "ᵢ", "j": "ⱼ", "n": "ₙ", "t": "ₜ"}
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

    def bars(self, inner: str) -> str:
        return f"|{inner}|"

    def big(self, sign: str, body: str, index: str = "i", last: str = "k") -> str:
        return f"{sign}{self._lowered[index]} {body}"

    def limit(self, to: str, body: str) -> str:
        return f"lim(x→{to}) {body}"


class Latex(Notation):
    """LaTeX, restricted to what matplotlib's mathtext reads too."""

    _signs: ClassVar = {
        "·": r"\cdot",
        "−": "-",
        "Σ": r"\sum",
        "Π": r"\prod",
        "∞": r"\infty",
        "−∞": r"-\infty",
        "ℓ": r"\ell",
    }

    def number(self, text: str) -> str:
        return text.replace("−", "-").replace("…", r"\ldots")

    def name(self, letter: str, subscript: str) -> str:
        shown = self._word(letter)
        return f"{shown}_{{{self._word(subscript)}}}" if subscript else shown

    @staticmethod
    def _word(text: str) -> str:
        if len(text) < 2 or text.isdigit():
            return text
        if "," in text:
            return ",".join(map(Latex._word, text.split(",")))
        if text[1] in "+−":  # c+ and c−i are indices, not sums
            return f"{text[0]}{{{text[1]}}}{text[2:]}".replace("−", "-")
        return rf"\mathrm{{{text}}}".replace("_", r"\_")

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

    def bars(self, inner: str) -> str:
        return rf"\left|{inner}\right|"

    def big(self, sign: str, body: str, index: str = "i", last: str = "k") -> str:
        return f"{self._signs[sign]}_{{{index}=1}}^{{{self._signs.get(last, last)}}} {body}"

    def limit(self, to: str, body: str) -> str:
        return rf"\lim_{{x \to {self._signs[to]}}} {body}"


class InlineLatex(Latex):
    """LaTeX on one line, for running text and pictures, where small fractions are hard to read."""

    around_fraction = (PRODUCT, POWER)
    precedence_of_fraction = PRODUCT

    def fraction(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        return rf"\partial {f} \,/\, \partial {x}" if bare else rf"\partial / \partial {x} \, {f}"


class Typst(Notation):
    """Typst's math mode."""

    def number(self, text: str) -> str:
        return f'"{text}"' if "[" in text else text.replace("−", "-")

    def name(self, letter: str, subscript: str) -> str:
        return f"{self._word(letter)}_({self._word(subscript)})" if subscript else self._word(letter)

    @staticmethod
    def _word(text: str) -> str:
        if len(text) < 2 or text.isdigit():
            return text
        if "," in text:
            return ",".join(map(Typst._word, text.split(",")))
        if text[1] in "+−":  # c+ and c−i are indices, not sums
            return f'{text[0]} class("normal", {text[1].replace("−", "-")}) {text[2:]}'.strip()
        return f'"{text}"'

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

    def bars(self, inner: str) -> str:
        return f"abs({inner})"

    def big(self, sign: str, body: str, index: str = "i", last: str = "k") -> str:
        return f"{'sum' if sign == 'Σ' else 'product'}_({index}=1)^{last} {body}"

    def limit(self, to: str, body: str) -> str:
        return f"lim_(x -> {to.replace('−', '-').replace('∞', 'oo')}) {body}"


class InlineTypst(Typst):
    """Typst on one line, for running text."""

    around_fraction = (PRODUCT, POWER)
    precedence_of_fraction = PRODUCT

    def fraction(self, above: str, below: str) -> str:
        return f"{above} slash {below}"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        return f"partial {f} slash partial {x}" if bare else f"partial slash partial {x} thin {f}"


class MathML(Notation):
    """Presentation MathML, which browsers render without a script."""

    comma = "<mo>,</mo>"
    _space = '<mspace width="0.17em"/>'

    def number(self, text: str) -> str:
        return f"<mn>{text}</mn>"

    def name(self, letter: str, subscript: str) -> str:
        # The strut lowers the subscript in browsers without a font for mathematics, which would not lower it.
        strut = '<mspace height="0.8em"/>'
        below = f"<mrow>{self._word(subscript)}{strut}</mrow>"
        return f"<msub>{self._word(letter)}{below}</msub>" if subscript else self._word(letter)

    @staticmethod
    def _word(text: str) -> str:
        if "," in text:
            return f"<mrow>{'<mo>,</mo>'.join(map(MathML._word, text.split(',')))}</mrow>"
        if len(text) > 1 and text[1] in "+−":  # c+ and c−i are indices, not sums
            last = f"<mi>{escape(text[2:])}</mi>" if text[2:] else ""
            return f'<mrow><mi>{escape(text[0])}</mi><mo lspace="0" rspace="0">{text[1]}</mo>{last}</mrow>'
        return f"<mn>{text}</mn>" if text.isdigit() else f"<mi>{escape(text)}</mi>"

    def infix(self, sign: str, left: str, right: str) -> str:
        return f"<mrow>{left}<mo>{escape(sign)}</mo>{right}</mrow>"

    def side_by_side(self, left: str, right: str) -> str:
        return f"<mrow>{left}{right}</mrow>"

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def group(self, inner: str) -> str:
        # Only fractions and big operators need tall brackets; browsers without a font for mathematics stretch them
        # too far.
        tall = "" if any(part in inner for part in ("<mfrac", "<munder")) else ' stretchy="false"'
        return f"<mrow><mo{tall}>(</mo>{inner}<mo{tall}>)</mo></mrow>"

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

    def bars(self, inner: str) -> str:
        bar = '<mo stretchy="false">|</mo>'
        return f"<mrow>{bar}{inner}{bar}</mrow>"

    def big(self, sign: str, body: str, index: str = "i", last: str = "k") -> str:
        low = f"<mrow><mi>{index}</mi><mo>=</mo><mn>1</mn></mrow>"
        shown = "∑" if sign == "Σ" else "∏"
        return f"<mrow><munderover><mo>{shown}</mo>{low}<mi>{last}</mi></munderover>{body}</mrow>"

    def limit(self, to: str, body: str) -> str:
        below = f"<mrow><mi>x</mi><mo>→</mo><mi>{to}</mi></mrow>"
        return f"<mrow><munder><mi>lim</mi>{below}</munder>{self._space}{body}</mrow>"


class InlineMathML(MathML):
    """MathML on one line, for running text."""

    around_fraction = (PRODUCT, POWER)
    precedence_of_fraction = PRODUCT

    def fraction(self, above: str, below: str) -> str:
        return f"<mrow>{above}<mo>/</mo>{below}</mrow>"

    def derivative(self, f: str, x: str, bare: bool) -> str:
        partial = "<mo>∂</mo>"
        over = f"<mo>/</mo><mrow>{partial}{x}</mrow>"
        return f"<mrow>{partial}{f}{over}</mrow>" if bare else f"<mrow>{partial}{over}{self._space}{f}</mrow>"


TEXT, LATEX, TYPST, MATHML = Text(), Latex(), Typst(), MathML()
INLINE_LATEX, INLINE_TYPST, INLINE_MATHML = InlineLatex(), InlineTypst(), InlineMathML()
