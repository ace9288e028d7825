"""How formulas are written: brackets, letters, numbers, in each notation."""

import pytest

pytest.importorskip("sympy")

from sgns.learn.formulas.markup import LATEX, TEXT
from sgns.learn.formulas.notation import formula, show

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
        ("abs(x - y)", "|x − y|", r"\left|x - y\right|"),
        ("P0(w, cn)", "P(0 | w, c−i)", r"P\left(0 \mid w, c{-}i\right)"),
    ],
)
def test_how_formulas_are_written(tree, text, latex):
    """What follows ∂/∂x or Σ belongs to it; so it needs brackets before a factor, and none at the end."""
    assert show(formula(tree), TEXT) == text
    assert show(formula(tree), LATEX) == latex
