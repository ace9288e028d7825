"""Formulas from SymPy stand as people write them."""

import pytest

pytest.importorskip("sympy")

from sgns.errors import MissingExtra
from sgns.learn.formulas.algebra import EXPANDED, NAMED, from_sympy, number, sympy
from sgns.learn.formulas.operations import OPERATIONS, function_arities
from sgns.learn.formulas.parser import Apply, Name, Number, parse
from sgns.learn.graphs.export import node_rows
from sgns.learn.graphs.graph import graph
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
    passes = graph(text, values)
    assert node_rows(passes, Formulas(passes))[0][4] == derivative


@pytest.mark.parametrize(
    "text",
    ["x**2 + 3*x - 1", "x / y", "1 / (x + 1)", "exp(-x) / (1 + exp(-x))", "x * y**0.5", "-x * log(y)", "2 / 3 * x"],
)
def test_a_formula_keeps_its_value_through_sympy(text):
    import sympy

    tree = parse(text, function_arities())
    names = {name: sympy.Symbol(name) for name in ("x", "y")}

    def to_sympy(part):
        match part:
            case Number(value):
                return number(value)
            case Name(name):
                return names[name]
            case Apply(operation, operands):
                return OPERATIONS[operation].value(EXPANDED, *map(to_sympy, operands))

    expression = to_sympy(tree)
    again = to_sympy(from_sympy(expression))
    assert sympy.simplify(again - expression) == 0


def test_whole_numbers_stay_whole():
    assert str(number(2.0)) == "2"
    assert float(number(0.5)) == 0.5


def test_named_functions_stay_unevaluated_and_expanded_ones_do_not():
    assert str(NAMED.sigmoid(0)) == "sigmoid(0)"
    assert str(NAMED.tanh(0)) == "tanh(0)"
    assert EXPANDED.tanh(0) == 0


def test_a_missing_sympy_says_how_to_install_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(MissingExtra, match=r"pip install 'sgns\[learn\]'"):
        sympy()
