"""Formulas from SymPy stand as people write them."""

import pytest

pytest.importorskip("sympy")

from sgns.learn.graphs.export import node_rows
from sgns.learn.graphs.graph import backward, evaluate
from sgns.learn.graphs.symbolic import Formulas


@pytest.mark.parametrize(
    ("text", "values", "derivative"),
    [
        ("sigmoid(x)", {"x": 1}, "σ(x)·(1 − σ(x))"),
        ("x**y", {"x": 2, "y": 3}, "y·x^(y − 1)"),
        ("3 * x**2 * sigmoid(2)", {"x": 1}, "6x·σ(2)"),
        ("x**2 * (c*x)", {"x": 2, "c": 3}, "3c·x²"),
    ],
)
def test_factors_stand_as_people_write_them(text, values, derivative):
    passes = backward(evaluate(text, values))
    assert node_rows(passes, Formulas(passes))[0][4] == derivative
