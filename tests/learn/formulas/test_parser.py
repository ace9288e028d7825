"""The grammar: what is read, and what is refused with a position."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sympy")

from sgns.errors import ExpressionError
from sgns.learn.formulas.operations import function_arities
from sgns.learn.formulas.parser import Apply, Name, Number, Vector, parse, parse_program, values_from_text
from sgns.learn.graphs.graph import evaluate, graph


@given(st.text(alphabet="xy12+-*/()^, .=;[]logdt", max_size=30))
def test_no_text_breaks_the_parser(text):
    try:
        passes = graph(text, {"x": 1.5, "y": 2.5})
    except ExpressionError:
        return
    assert np.isfinite(passes.output.value)


def test_signs_of_print_are_read():
    assert float(evaluate("x·2 × 3 ÷ 4 − 1", {"x": 2}).value) == 2
    assert float(evaluate("σ(x) − ln(y)", {"x": 0, "y": 1}).value) == 0.5
    assert float(evaluate("σ * ln", {"σ": 3, "ln": 2}).value) == 6  # as names they are free


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-x**2", Apply("neg", (Apply("**", (Name("x"), Number(2))),))),
        ("2**-x", Apply("**", (Number(2), Apply("neg", (Name("x"),))))),
        ("x**y**2", Apply("**", (Name("x"), Apply("**", (Name("y"), Number(2)))))),
        ("a - b - c", Apply("-", (Apply("-", (Name("a"), Name("b"))), Name("c")))),
        ("[1, -2.5e1]", Vector((1, -25))),
        ("σ(x)", Apply("sigmoid", (Name("x"),))),
    ],
)
def test_precedence_and_association(text, tree):
    assert parse(text, function_arities()) == tree


@pytest.mark.parametrize("part", ["x**", "-", "(", "log("])
def test_depth_has_a_limit(part):
    with pytest.raises(ExpressionError, match="nested more than 60 deep"):
        parse(part * 1200 + "x", function_arities())


def test_a_program_names_intermediate_results():
    program = parse_program("a = x + y; a * a", {})
    assert [name for name, _ in program] == ["a", None]
    assert program[1][1] == Apply("*", (Name("a"), Name("a")))
    with pytest.raises(ExpressionError, match="without names"):
        parse("a = x; a", {})


def test_the_message_shows_the_position():
    with pytest.raises(ExpressionError, match=re.escape("character 6: x + ( >>> )")):
        parse("x + ()", {})


def test_values_are_numbers_or_lists():
    assert values_from_text(["x=2", " v = [1, 2,3]", "w=1,-.5"]) == {"x": 2, "v": [1, 2, 3], "w": [1, -0.5]}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["x"], "'x' gives no value"),
        (["2=x"], "gives no value"),
        (["x=1", "x=2"], "x is given twice"),
        (["x=one"], "the value of x is 'one'"),
        (["v=[1,]"], "the value of v"),
    ],
)
def test_what_is_no_value_is_named(pairs, message):
    with pytest.raises(ExpressionError, match=message):
        values_from_text(pairs)
