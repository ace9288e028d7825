"""How formulas are written: brackets, letters, numbers, in each notation."""

from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.formulas.markup import INLINE_LATEX, INLINE_MATHML, INLINE_TYPST, LATEX, MATHML, TEXT, TYPST
from sgns.learn.formulas.notation import SGNS_FUNCTIONS, formula, show, show_value
from sgns.learn.formulas.operations import function_arities

BY_X = r"\frac{\partial }{\partial x} \sigma\left(x\right)"


@pytest.mark.parametrize(
    ("tree", "text", "latex"),
    [
        ("x1 * w_2", "x1·w_2", r"x_{1} \cdot w_{2}"),
        ("Ew * lr", "E_w·lr", r"E_{w} \cdot \mathrm{lr}"),
        ("grad(sigmoid(x), x) * y", "(∂/∂x σ(x))·y", rf"\left({BY_X}\right) \cdot y"),
        ("y * grad(sigmoid(x), x)", "y·∂/∂x σ(x)", rf"y \cdot {BY_X}"),
        ("y * grad(sigmoid(x), x) * z", "(y·∂/∂x σ(x))·z", rf"\left(y \cdot {BY_X}\right) \cdot z"),
        ("lr * grad(L, Cp)", "lr·∂L/∂C_c+", r"\mathrm{lr} \cdot \frac{\partial L}{\partial C_{c{+}}}"),
        ("components(x_j * y_j)", "Σⱼ x_j·y_j", r"\sum_{j=1}^{d} x_{j} \cdot y_{j}"),
        ("1 / m * window(Et_j)", "1/m·Σₜ E_t,j", r"\frac{1}{m} \cdot \sum_{t=1}^{m} E_{t,j}"),
        ("Ew + ngrams(Et)", "E_w + Σₜ E_t", r"E_{w} + \sum_{t=1}^{g} E_{t}"),
        ("path(sn * yn) * x", "(Σₙ s_n·y_n)·x", r"\left(\sum_{n=1}^{\ell} s_{n} \cdot y_{n}\right) \cdot x"),
        (
            "log(along(dot(h, Nn)))",
            "log(Πₙ (h·C_n))",
            r"\log\left(\prod_{n=1}^{\ell} \left(h \cdot C_{n}\right)\right)",
        ),
        ("grad(L, Cp_j)", "∂L/∂C_c+,j", r"\frac{\partial L}{\partial C_{c{+},j}}"),
        ("P(cp, h)", "P(c+ | h)", r"P\left(c{+} \mid h\right)"),
        ("abs(x - y)", "|x − y|", r"\left|x - y\right|"),
        ("P0(w, cn)", "P(0 | w, c−i)", r"P\left(0 \mid w, c{-}i\right)"),
    ],
)
def test_how_formulas_are_written(tree, text, latex):
    """What follows ∂/∂x or Σ belongs to it; so it needs brackets before a factor, and none at the end."""
    assert show(formula(tree), TEXT) == text
    assert show(formula(tree), LATEX) == latex


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ("a - (b - c)", "a − (b − c)"),
        ("(a - b) - c", "a − b − c"),
        ("a / (b * c)", "a/(b·c)"),
        ("(a + b) / c", "(a + b)/c"),
        ("(a * b)**2", "(a·b)²"),
        ("(-a)**2", "(−a)²"),
        ("-(a + b)", "−(a + b)"),
        ("a * (-b)", "a·(−b)"),
        ("2 * x", "2x"),
        ("2 * 3", "2·3"),
        ("x**(y + 1)", "x^(y + 1)"),
        ("exp(-x)", "e^−x"),
        ("exp(x)**2", "(e^x)²"),
        ("limit_up(1 / x)", "lim(x→∞) 1/x"),
        ("log(product(x))", "log(Πᵢ x)"),
    ],
)
def test_brackets_stand_where_precedence_requires_them(tree, text):
    assert show(formula(tree), TEXT) == text


@pytest.mark.parametrize(
    ("notation", "shown"),
    [
        (LATEX, r"\frac{E_{w}}{2} + {x}^{2}"),
        (INLINE_LATEX, "E_{w} / 2 + {x}^{2}"),
        (TYPST, "frac(E_(w), 2) + x^(2)"),
        (INLINE_TYPST, "E_(w) slash 2 + x^(2)"),
    ],
)
def test_the_same_formula_in_each_notation(notation, shown):
    assert show(formula("Ew / 2 + x**2"), notation) == shown


@pytest.mark.parametrize("notation", [MATHML, INLINE_MATHML])
def test_mathml_is_well_formed(notation):
    """For every function that formulas of SGNS have."""
    for name, count in (function_arities() | SGNS_FUNCTIONS).items():
        tree = formula(f"a**2 / {name}({', '.join(['Cp', 'x'][:count])}) - 1")
        root = ElementTree.fromstring(f"<math>{show(tree, notation)}</math>")
        assert "a" in "".join(root.itertext())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (24, "24"),
        (0.0179862, "0.01799"),
        (-0.5, "−0.5"),
        (1e-7, "1e−7"),
        (123456, "123456"),
        (123456.7, "1.235e5"),
        (1234, "1234"),
        (-0.0, "0"),
        ([1, 2, 3], "[1, 2, 3]"),
        (np.linspace(0, 1, 100), "[0, 0.0101, 0.0202, …, 1] (100)"),
    ],
)
def test_how_values_are_written(value, shown):
    assert show_value(value) == shown
