"""Marking: equal forms are right, known mistakes get the hint of their step, and nothing that is typed breaks it."""

import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sympy")

from sgns.learn.worksheets.answers import Choice, Formula, Numeric, is_given
from sgns.learn.worksheets.expressions import read_formula
from sgns.learn.worksheets.worksheet import make_worksheet

VECTORS = ("Ew", "Cp", "C1", "C2")


def formula(text, scalars=(), vectors=(), negatives=0, mistakes=()):
    tree = read_formula(text, negatives)
    return Formula(
        name="f", prompt="", points=1, tree=tree, scalars=scalars, vectors=vectors, negatives=negatives, hint="look",
        mistakes=mistakes,
    )  # fmt: skip


def number(value, **options):
    return Numeric(name="n", prompt="", points=1, value=np.asarray(value, float), hint="look", **options)


CUBE = formula("3*c*x**2", ("x", "c"))
ERROR = formula("(sigmoid(dot(Ew, Cp)) - 1)*Ew", vectors=VECTORS)
SUM = formula("(sigmoid(dot(Ew, Cp)) - 1)*Cp + total(sigmoid(dot(Ew, Cn))*Cn)", vectors=VECTORS, negatives=2)
SLOPE = formula("4*sigmoid(4*x + 2)*(1 - sigmoid(4*x + 2))", ("x",))
RATIO = formula("y/x", ("x", "y"))


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (CUBE, "3*c*x**2"),
        (CUBE, "c*x*x*3"),
        (CUBE, "3·c·x^2"),
        (CUBE, "2*x*c*x + x**2*c"),
        (CUBE, "(x*c*6*x**3)/(2*x**2) * 1"),
        (CUBE, "exp(log(3))*c*x**2"),
        (CUBE, "log(exp(3*c*x**2))"),
        (ERROR, "-(1 - sigmoid(dot(Ew, Cp)))*Ew"),
        (ERROR, "-sigmoid(-dot(Cp, Ew))*Ew"),
        (ERROR, "(σ(dot(Ew, Cp)) − 1)·Ew"),
        (ERROR, "-Ew/(1 + exp(dot(Ew, Cp)))"),
        (SUM, "sigmoid(dot(Ew, C1))*C1 + sigmoid(dot(Ew, C2))*C2 - (1 - sigmoid(dot(Ew, Cp)))*Cp"),
        (SUM, "total((1 - sigmoid(-dot(Ew, Cn)))*Cn) + (sigmoid(dot(Ew, Cp)) - 1)*Cp"),
        (SLOPE, "4*exp(-(4*x + 2))/(1 + exp(-(4*x + 2)))**2"),
        (SLOPE, "4*sigmoid(4*x + 2) - 4*sigmoid(4*x + 2)**2"),
        (RATIO, "y*(1/(x*y))*y"),
        (RATIO, "exp(log(y) - log(x))"),  # the same where both have a value
    ],
)
def test_equal_forms_are_right(answer, given):
    verdict = answer.mark(given)
    assert verdict.right, verdict.hint
    assert verdict.by


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (CUBE, "3*c*x"),
        (CUBE, "3*c*x**2 + 0.001"),
        (CUBE, "3*c*relu(x)*x"),  # equal for positive x only
        (CUBE, "3*c*x**2.001"),
        (CUBE, 3),
        (ERROR, "sigmoid(dot(Ew, Cp))*Ew"),
        (ERROR, "(sigmoid(dot(Ew, Cp)) - 1)*Cp"),
        (ERROR, "sigmoid(dot(Ew, Cp)) - 1"),
        (SLOPE, "log(-x**2)"),  # has a value nowhere
    ],
)
def test_other_formulas_are_wrong(answer, given):
    verdict = answer.mark(given)
    assert verdict.right is False
    assert verdict.hint


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("3*c*z**2", "'z' is no name of this question; its names are x, c"),
        ("3*c*x**", "at character 8"),
        ("3 c x", "write \\* between factors"),
        ("[1, 2]*c", "the answer is a number, not a vector of 2"),
        (True, "between quotes"),
        ([1], "between quotes"),
    ],
)
def test_what_cannot_be_compared_is_said(given, hint):
    verdict = CUBE.mark(given)
    assert verdict.right is False
    assert re.search(hint, verdict.hint), verdict.hint


def test_a_known_mistake_has_the_hint_of_its_step():
    answer = formula("3*c*x**2", ("x", "c"), mistakes=(("c*x**3", "that is f itself"), ("3*x**2", "c is missing")))
    assert answer.mark("x*x**2*c").hint == "that is f itself"
    assert answer.mark("3*x*x").hint == "c is missing"
    assert answer.mark("x").hint == "look"


@pytest.mark.parametrize("given", [0.9241, 0.92, "0.9241", "1/(1 + exp(-2.5))", "sigmoid(2.5)"])
def test_numbers_may_be_rounded_or_formulas(given):
    assert number(1 / (1 + np.exp(-2.5))).mark(given).right


@pytest.mark.parametrize(
    ("answer", "given", "hint"),
    [
        (number(0.9241), 0.91, "look"),
        (number(0.9241, mistakes=((0.0759, "the other label"),)), 0.0759, "the other label"),
        (number(12_772_000, whole=True), 12_772_001, "look"),
        (number(12_772_000, whole=True), "2*20600*310 + 1", "look"),
        (number([1, 2]), [1, 3], "component 2 is wrong: look"),
        (number([1, 2]), [1, 2, 3], "a vector of 2 numbers, not a vector of 3"),
        (number([1, 2]), 1, "a vector of 2 numbers, not a number"),
        (number(1), "x", "contains the name 'x'"),
        (number(1), "1/0", "not a finite number"),
        (number(1), {"a": 1}, "a number, not dict"),
        (number(1), 10**400, "too large"),
        (number([1, 2]), [[1], [2]], "a number or a list of numbers"),
    ],
)
def test_wrong_numbers(answer, given, hint):
    verdict = answer.mark(given)
    assert verdict.right is False
    assert hint in verdict.hint


def test_vectors_are_lists_or_formulas():
    answer = number([0.5, -2])
    assert all(answer.mark(given).right for given in ([0.5, -2], "[0.5, -2]", ["1/2", "-2"], [0.501, -2]))


def test_a_small_sum_of_large_terms_may_be_off_by_their_rounding():
    assert number(0.004, scale=2.3).mark(0.006).right
    assert number(0.004).mark(0.006).right is False


def test_a_choice_is_a_letter():
    choice = Choice(name="c", prompt="", points=2, value="B", options="ABC", hint="look")
    assert choice.mark(" b ").right
    assert choice.mark("C").hint == "look"
    for other in ("D", "AB", 2, ""):
        assert "one letter from A to C" in choice.mark(other).hint


def test_empty_fields_are_not_given():
    assert not any(map(is_given, (None, "", [])))
    assert all(map(is_given, (0, 0.0, "0", [0])))


SHEET = make_worksheet(7)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet="xyaEwCp12+-*/()^,.[]=σ logdtsigmoidexp", max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150)
@given(JUNK, st.integers(0, 10**6))
def test_nothing_that_is_typed_breaks_the_marking(given, which):
    answers = [answer for question in SHEET.questions for answer in question.answers]
    verdict = answers[which % len(answers)].mark(given)
    assert verdict.right in (True, False, None)
    assert "Traceback" not in verdict.hint


@settings(max_examples=60)
@given(st.data())
def test_formulas_made_at_random_are_marked_in_short_time(data):
    inner = st.recursive(
        st.sampled_from(["x", "3", "0.5", "2"]),
        lambda part: st.one_of(
            st.tuples(part, st.sampled_from(["+", "-", "*", "/", "**"]), part).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
            st.tuples(st.sampled_from(["exp", "log", "sigmoid", "tanh"]), part).map(lambda t: f"{t[0]}({t[1]})"),
        ),
        max_leaves=12,
    )
    start = time.process_time()
    SLOPE.mark(data.draw(inner))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "hostile",
    [
        "9**9**9**9**9",
        "x**99999999",
        "exp(exp(exp(exp(exp(x)))))",
        "(((x+1)**9)**9)**9",
        "4*sigmoid(4*x + 2)*(1 - sigmoid(4*x + 2)) + 0*(x + 1)**(x**(x**x))",
        "4*sigmoid(4*x + 2)*(1 - sigmoid(4*x + 2))*((x+2)/(x+2))**12*((x+3)/(x+3))",
        "-" * 300 + "x",
        "x**" * 130 + "x",
        "+".join(["sigmoid(x)"] * 36),
    ],
)
def test_hostile_formulas_cost_little(hostile):
    start = time.process_time()
    SLOPE.mark(hostile)
    assert time.process_time() - start < 5
