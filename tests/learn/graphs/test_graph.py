"""Graphs with hand-computed answers; random expressions against SymPy and PyTorch; what is refused."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("sympy")

from sgns.errors import ExpressionError
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import write
from sgns.learn.formulas.operations import OPERATIONS, Operation, function_arities
from sgns.learn.formulas.parser import Apply, Name, Number, parse
from sgns.learn.graphs import graph as graph_module
from sgns.learn.graphs.graph import backward, evaluate, variable
from sgns.learn.graphs.symbolic import Formulas

s1 = 1 / (1 + math.exp(-1))


BY_HAND = [  # formula, values, f, derivatives
    ("x**2 * (c*x)", {"x": 2, "c": 3}, 24, {"x": 36, "c": 8}),
    ("x*x", {"x": 3}, 9, {"x": 6}),
    ("x*x*x", {"x": 2}, 8, {"x": 12}),
    ("x - y - x", {"x": 5, "y": 2}, -2, {"x": 0, "y": -1}),
    ("x / y", {"x": 6, "y": 2}, 3, {"x": 0.5, "y": -1.5}),
    ("c * (a + 2*b)", {"a": 3, "b": 1, "c": -2}, -10, {"a": -2, "b": -4, "c": 5}),  # Jurafsky & Martin's graph
    ("-x**2", {"x": 3}, -9, {"x": -6}),
    ("2**-x**2", {"x": 1}, 0.5, {"x": -math.log(2)}),
    ("x**y", {"x": 2, "y": 3}, 8, {"x": 12, "y": 8 * math.log(2)}),
    ("sigmoid(x)", {"x": 1}, s1, {"x": s1 * (1 - s1)}),
    ("-log(sigmoid(x))", {"x": 1}, -math.log(s1), {"x": s1 - 1}),
    ("s = sigmoid(x); s * (1 - s)", {"x": 1}, s1 * (1 - s1), {"x": s1 * (1 - s1) * (1 - 2 * s1)}),
    ("dot(u, v)", {"u": [1, 2, 3], "v": [4, 5, 6]}, 32, {"u": [4, 5, 6], "v": [1, 2, 3]}),
    ("dot(u, u)", {"u": [1, 2]}, 5, {"u": [2, 4]}),
    ("sum(a * v + 1)", {"a": 2, "v": [1, 2, 3]}, 15, {"a": 6, "v": [2, 2, 2]}),
    ("sum(a + [0, 0, 0])", {"a": 2}, 6, {"a": 3}),
    ("relu(x) + relu(y) + relu(z)", {"x": 2, "y": -2, "z": 0}, 2, {"x": 1, "y": 0, "z": 0}),
    ("tanh(x) + exp(x)", {"x": 0}, 1, {"x": 2}),
    ("x", {"x": 7}, 7, {"x": 1}),
]


@pytest.mark.parametrize(("text", "values", "f", "derivatives"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_graphs_by_hand(text, values, f, derivatives):
    passes = backward(evaluate(text, values))
    assert passes.output.value == pytest.approx(f)
    named = {node.name: node for node in passes.nodes if node.name in values}
    for name, expected in derivatives.items():
        np.testing.assert_allclose(passes.derivative(named[name]), expected, atol=1e-15)


def test_the_example_edge_by_edge():
    passes = backward(evaluate("x**2 * (c*x)", {"x": 2, "c": 3}))
    nodes = dict(zip(passes.names, passes.nodes))
    assert {name: float(node.value) for name, node in nodes.items()} == {"x": 2, "c": 3, "a": 4, "b": 6, "f": 24}
    assert {name: float(passes.derivative(node)) for name, node in nodes.items()} == {
        "x": 36, "c": 8, "a": 6, "b": 4, "f": 1,
    }  # fmt: skip
    edges = {
        (passes.name(e.source), passes.name(e.target)): (float(e.upstream), float(e.local), float(e.downstream))
        for e in passes.edges
    }
    assert edges == {
        ("a", "f"): (1, 6, 6),
        ("b", "f"): (1, 4, 4),
        ("x", "a"): (6, 4, 24),
        ("x", "b"): (4, 3, 12),
        ("c", "b"): (4, 2, 8),
    }


def test_every_use_of_a_value_is_an_edge():
    x = variable("x", 3.0)
    passes = backward(x * x)
    assert [(edge.position, float(edge.downstream)) for edge in passes.edges] == [(0, 3), (1, 3)]


def test_a_second_pass_gives_the_same_answer():
    x, c = variable("x", 2.0), variable("c", 3.0)
    f = x**2 * (c * x)
    first, second = backward(f), backward(f)
    assert float(first.derivative(x)) == float(second.derivative(x)) == 36
    assert [float(e.downstream) for e in first.edges] == [float(e.downstream) for e in second.edges]
    assert float(backward(c * x).derivative(x)) == 3  # an inner graph knows nothing of the outer one


def test_operators_of_nodes_and_numbers():
    x, v = variable("x", 2.0), variable("v", [1.0, 2.0])
    f = (
        1
        + (3 - x) * 2 / (4 / x)
        - (-x)
        + 2**x
        + graph_module.dot(v, np.array([3.0, 4.0]))
        + graph_module.sum(np.ones(2) * v)
    )
    assert float(f.value) == 1 + 1 * 2 / 2 + 2 + 4 + 11 + 3
    passes = backward(f)
    np.testing.assert_allclose(passes.derivative(v), [4, 5])
    # d/dx of (3 − x)·x/2 + x + 2^x
    assert float(passes.derivative(x)) == pytest.approx(1.5 - 2 + 1 + 4 * math.log(2))


def test_steps_are_numbered_in_order_of_visit():
    passes = backward(evaluate("x**2 * (c*x)", {"x": 2, "c": 3}))
    assert [passes.forward_step(node) for node in passes.nodes if node.operation] == [1, 2, 3]
    assert passes.start == 4
    assert [edge.step for edge in passes.edges] == [5, 6, 7, 8, 9]
    assert passes.steps == 9
    done = {id(passes.output)}
    for edge in passes.edges:  # nothing is handed on before all of it has arrived
        assert all(other.step < edge.step for other in passes.uses(edge.target)) or id(edge.target) in done


def test_long_chains_need_no_recursion():
    x = variable("x", 1.0)
    f = x
    for _ in range(20_000):
        f = f + x
    assert float(backward(f).derivative(x)) == 20_001


def test_a_new_operation_is_one_row(monkeypatch):
    monkeypatch.setitem(OPERATIONS, "sin", Operation(1, lambda m, a: m.sin(a), (lambda m, y, a: m.cos(a),)))
    passes = graph_module.graph("sin(x) * x", {"x": 0.5})
    assert float(passes.derivative("x")) == pytest.approx(0.5 * math.cos(0.5) + math.sin(0.5))
    pytest.importorskip("sympy")
    assert write(Formulas(passes).derivative(passes.nodes[0]), TEXT) == "x·cos(x) + sin(x)"


def test_a_derivative_is_asked_for_by_name():
    passes = graph_module.graph("a = x * y; a * a", {"x": 2, "y": 3})
    assert [float(passes.derivative(name)) for name in ("x", "y", "a", "f")] == [36, 24, 12, 1]
    with pytest.raises(ExpressionError, match="no node z; it has x, y, a, f"):
        passes.derivative("z")


def test_a_step_that_does_not_exist():
    passes = graph_module.graph("x*x", {"x": 2})
    assert [passes.last_step(step) for step in (None, 0, 4)] == [4, 0, 4]
    for step in (-1, 5):
        with pytest.raises(ExpressionError, match="steps 0 to 4"):
            passes.last_step(step)


def larger(scalars):
    return st.one_of(
        st.builds(lambda op, a, b: Apply(op, (a, b)), st.sampled_from("+-*/"), scalars, scalars),
        st.builds(lambda op, a: Apply(op, (a,)), st.sampled_from(["sigmoid", "tanh", "exp"]), scalars),
        st.builds(lambda: Apply("neg", (Name("x"),))),
        st.builds(lambda a: Apply("log", (Apply("sigmoid", (a,)),)), scalars),
        st.builds(lambda a, n: Apply("**", (a, Number(float(n)))), scalars, st.integers(1, 3)),
        st.builds(
            lambda a, b: Apply("dot", (Apply("*", (a, Name("v"))), Apply("+", (b, Name("v"))))), scalars, scalars
        ),
    )


# Derivatives grow with the depth of an expression, and sympy's work with them: without a bound it took minutes, once.
leaves = st.sampled_from([Name("x"), Name("y"), Number(2.0), Number(0.5)])


scalars = st.recursive(leaves, larger, max_leaves=8)


def spelled(tree) -> str:
    match tree:
        case Number(value):
            return repr(value)
        case Name(name):
            return name
        case Apply("neg", (a,)):
            return f"(-{spelled(a)})"
        case Apply(op, (a, b)) if op in ("+", "-", "*", "/", "**"):
            return f"({spelled(a)} {op} {spelled(b)})"
        case Apply(function, operands):
            return f"{function}({', '.join(map(spelled, operands))})"


@settings(max_examples=50, deadline=None)
@given(scalars, st.floats(-1.5, 1.5), st.floats(0.2, 1.5))
def test_random_expressions_against_torch_and_sympy(tree, x, y):
    torch, sympy, mpmath = map(pytest.importorskip, ("torch", "sympy", "mpmath"))
    text, v = spelled(tree), [0.5, -1.0, 2.0]
    assert parse(text, function_arities()) == tree  # what is written is read back
    values = {name: value for name, value in (("x", x), ("y", y), ("v", v)) if name in text.replace("exp", "")}
    assume(values)
    try:
        passes = backward(evaluate(text, values))
    except ExpressionError:
        assume(False)
    assume(abs(passes.output.value) < 1e6)
    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in values.items()}
    tensor = partial(torch.as_tensor, dtype=torch.float64)

    def on_tensor(function):
        return lambda a: function(tensor(a))

    scope = {name: on_tensor(getattr(torch, name)) for name in ("sigmoid", "tanh", "exp", "log")}
    full = scope | leaves | {"dot": lambda a, b: (a * b).sum()}
    result = eval(text, full)  # a test's own text
    result.backward()
    for node in passes.nodes:
        if node.name in leaves:
            theirs = leaves[node.name].grad.numpy()
            assume(np.abs(theirs).max() < 1e6)
            np.testing.assert_allclose(passes.derivative(node), theirs, rtol=1e-7, atol=1e-9)
    if "v" in values:
        return
    a, b = sympy.symbols("x y")
    symbolic = {"sigmoid": lambda z: 1 / (1 + sympy.exp(-z)), "tanh": sympy.tanh, "exp": sympy.exp, "log": sympy.log}
    formula = sympy.sympify(eval(text.replace(".0", ""), symbolic | {"x": a, "y": b}))
    for node in passes.nodes:
        if node.name in values:
            # At a fixed precision: evalf adds digits until it is sure of 30, and of x − x it never is.
            derivative = sympy.lambdify((a, b), sympy.diff(formula, {"x": a, "y": b}[node.name]), "mpmath")
            with mpmath.workdps(50):
                exact = derivative(mpmath.mpf(x), mpmath.mpf(y))
            np.testing.assert_allclose(float(passes.derivative(node)), float(exact), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "values", "says"),
    [
        ("", {}, "character 1"),
        ("x +", {"x": 1}, "character 4"),
        ("(x", {"x": 1}, "expected ')'"),
        ("x)", {"x": 1}, "not expected"),
        ("2x", {"x": 1}, "write * between"),
        ("x y", {"x": 1, "y": 1}, "write * between"),
        ("sin(x)", {"x": 1}, "no function 'sin'"),
        ("log", {}, "write log(…)"),
        ("log(x, x)", {"x": 1}, "takes 1"),
        ("x $ 2", {"x": 1}, "cannot read '$' at character 3"),
        ("__import__('os').system('true')", {}, "cannot read"),
        ("x.real", {"x": 1}, "cannot read '.'"),
        ("x * y", {"x": 1}, "no value for y"),
        ("x", {"x": 1, "y": 2}, "does not use"),
        ("2 + 3", {}, "no variable"),
        ("x / 0", {"x": 1}, "not a finite number"),
        ("log(x)", {"x": -1}, "not a finite number"),
        ("x ** 0.5", {"x": 0}, "derivative"),
        ("e**x", {"x": 1}, "write exp(x)"),
        ("sqrt(x)", {"x": 1}, "x**0.5"),
        ("exp(x)", {"x": 1000}, "not a finite number"),
        ("u + v", {"u": [1, 2], "v": [1, 2, 3]}, "different length"),
        ("dot(u, x)", {"u": [1, 2], "x": 1}, "two vectors"),
        ("u * 2", {"u": [1, 2]}, "write sum(…)"),
        ("x", {"x": float("nan")}, "finite"),
        ("x", {"x": "two"}, "give a number"),
        ("[x, 1] * 2", {"x": 1}, "numbers only"),
        ("a = x; a = x; a", {"x": 1}, "taken"),
        ("(" * 500 + "x" + ")" * 500, {"x": 1}, "nested more than"),
        ("-" * 500 + "x", {"x": 1}, "nested more than"),
        ("x" + "+x" * 5000, {"x": 1}, "characters"),
    ],
)
def test_refusals_are_one_clear_line(text, values, says):
    with pytest.raises(ExpressionError) as error:
        backward(evaluate(text, values))
    assert says in str(error.value)
    assert "\n" not in str(error.value)
