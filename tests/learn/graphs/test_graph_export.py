"""Graphs as text, Graphviz and JSON, up to a step."""

import pytest

pytest.importorskip("sympy")

from sgns.learn.graphs.export import graph_as_dot, graph_as_json, graph_as_text, steps_in_words
from sgns.learn.graphs.graph import backward, evaluate, variable


def test_step_hides_what_comes_after():
    passes = backward(evaluate("x**2 * (c*x)", {"x": 2, "c": 3}))
    at_0, at_2, at_8 = graph_as_text(passes, 0), graph_as_text(passes, 2), graph_as_text(passes, 8)
    assert "24" not in at_0
    assert "b     c·x             6" in at_2
    assert "24" not in at_2
    assert "x → b" in at_8
    assert "36" not in at_8
    assert "12 + 24 = 36" in graph_as_text(passes, 9)
    values = [[(n["value"], n["derivative"]) for n in graph_as_json(passes, step)["nodes"]] for step in (0, 5, 9)]
    assert values[0] == [(2, None), (None, None), (3, None), (None, None), (None, None)]
    assert values[1] == [(2, None), (4, 6), (3, None), (6, None), (24, 1)]
    assert values[2] == [(2, 36), (4, 6), (3, 8), (6, 4), (24, 1)]


def test_graphviz_escapes_and_lists_all_edges():
    dot = graph_as_dot(backward(variable("x", 3.0) * variable('y"', 2.0)))
    assert dot.count("->") == 2
    assert r"y\"" in dot


def test_steps_in_words():
    assert "Steps: 1–3 forward, 4 sets ∂f/∂f = 1, 5–9 backward." in graph_as_text(
        backward(evaluate("x**2 * (c*x)", {"x": 2, "c": 3}))
    )
    assert steps_in_words(backward(evaluate("exp(x)", {"x": 1}))) == "Steps: 1 forward, 2 sets ∂f/∂f = 1, 3 backward."
    assert steps_in_words(backward(evaluate("x", {"x": 1}))) == "Steps: 1 sets ∂x/∂x = 1."
