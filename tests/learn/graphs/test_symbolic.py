"""Formulas of nodes and edges have the values of the numbers beside them."""

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.formulas.parser import Apply, Name, Number, Vector
from sgns.learn.graphs.export import edge_rows, node_rows
from sgns.learn.graphs.graph import backward, evaluate
from sgns.learn.graphs.symbolic import Formulas

EXAMPLES = [
    ("x**2 * (c*x)", {"x": 2, "c": 3}),
    ("x*x", {"x": 3}),
    ("x", {"x": 3}),
    ("-log(sigmoid(dot(w,p))) - log(sigmoid(-dot(w,n)))", {"w": [1, 2], "p": [0.5, 1], "n": [0.2, -1]}),
    ("s = sigmoid(x*w + y*w); s*(1-s) + tanh(x/y)**2 + 3*x", {"x": 1, "w": 0.3, "y": 2}),
    ("sum(a*v + [1,2,3,4,5])/2 - relu(b)", {"a": 2, "v": [0.12345, -2.5, 3, 4, 5], "b": 1}),
    ("dot(u,v)*sum(u)/relu(b) + exp(-b)", {"u": [1, 2, 3, 4, 5, 6], "v": [1, 0, 2, 0, 1, 1], "b": 2}),
    ("a*b + b*c + c*d + d*a*x_1 + a_2*beta**2", {"a": 1, "b": 2, "c": 3, "d": 4, "x_1": 5e-7, "a_2": 3, "beta": 2}),
    (" + ".join(f"x{i}*w{i % 3}" for i in range(8)), {f"x{i}": i for i in range(8)} | {f"w{i}": i for i in range(3)}),
]


def test_formulas_of_the_example():
    passes = backward(evaluate("x**2 * (c*x)", {"x": 2, "c": 3}))
    formulas = Formulas(passes)
    assert node_rows(passes, formulas) == [
        ("", "x", "variable", "2", "3c·x²", "12 + 24 = 36"),
        ("1", "a", "x²", "4", "c·x", "6"),
        ("", "c", "variable", "3", "x³", "8"),
        ("2", "b", "c·x", "6", "x²", "4"),
        ("3", "f", "a·b = x²·(c·x)", "24", "1", "1"),
    ]
    assert edge_rows(passes, formulas)[-1] == ("9", "x → a", "c·x = 6", "2x = 4", "2c·x² = 24")


def test_long_formulas_use_the_names_of_nodes():
    passes = backward(evaluate("tanh(x)/(exp(x)+x**-2)", {"x": 1}))
    row = edge_rows(passes, Formulas(passes))[-1]
    assert row[2:] == ("∂f/∂a = 0.2689", "1 − a² = 0.42", "∂f/∂a·(1 − a²) = 0.1129")


@pytest.mark.parametrize(("text", "values"), EXAMPLES, ids=[row[0][:30] for row in EXAMPLES])
def test_symbolic_derivatives_have_the_numbers_value(text, values):
    """Every formula shown is evaluated again, from the text shown, and must give the number beside it."""
    passes = backward(evaluate(text, values))
    formulas = Formulas(passes)
    known = {name: node.value for name, node in zip(passes.names, passes.nodes)}
    functions = {
        "σ": lambda z: 1 / (1 + np.exp(-z)), "log": np.log, "sum": np.sum, "tanh": np.tanh, "relu": lambda z: max(z, 0),
    }  # fmt: skip

    def value(tree):
        match tree:
            case Number(v):
                return v
            case Vector(vs):
                return np.array(vs)
            case Name(n):
                return known[n]
            case Apply("neg", (a,)):
                return -value(a)
            case Apply("grad", (_, Name(n))):
                return passes.derivative(passes.nodes[passes.names.index(n)])
            case Apply("dot", (a, b)):
                return value(a) @ value(b)
            case Apply("step_function", (a,)):
                return np.where(value(a) > 0, 1, 0)
            case Apply(op, (a, b)):
                a, b = value(a), value(b)
                return {
                    "+": lambda: a + b,
                    "-": lambda: a - b,
                    "*": lambda: a * b,
                    "/": lambda: a / b,
                    "**": lambda: a**b,
                }[op]()
            case Apply(name, (a,)):
                return (functions | {"sigmoid": functions["σ"], "exp": np.exp})[name](value(a))

    for edge in passes.edges:
        shown = formulas.edge(edge)
        for name in ("upstream", "local", "downstream"):
            number = getattr(edge, name)
            np.testing.assert_allclose(value(getattr(shown, name)) * np.ones_like(number), number, rtol=1e-9)
    for node in passes.nodes:
        if (tree := formulas.derivative(node)) is not None:
            number = passes.derivative(node)
            np.testing.assert_allclose(value(tree) * np.ones_like(number), number, rtol=1e-9)
