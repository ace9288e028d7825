"""A student's formula: read by the grammar within limits, evaluated as numbers, and never by Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sympy")

from sgns.errors import ExpressionError
from sgns.learn.worksheets.expressions import evaluate_tree, fits_sympy, names_in, read_formula, typed

VALUES = {"x": 1.5, "y": -0.5, "Ew": np.array([1.0, 2]), "C1": np.array([3.0, 4]), "C2": np.array([5.0, -6])}


def test_total_is_the_sum_over_the_negatives():
    tree = read_formula("total(sigmoid(dot(Ew, Cn))*Cn)", negatives=2)
    assert names_in(tree) == {"Ew", "C1", "C2"}
    assert typed(tree) == "sigmoid(dot(Ew, C1))*C1 + sigmoid(dot(Ew, C2))*C2"
    with pytest.raises(ExpressionError, match="no function 'total'"):
        read_formula("total(x)")
    with pytest.raises(ExpressionError, match="total inside of total"):
        read_formula("total(total(x))", negatives=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + " * 200 + "x", "801 characters, more than 400"),
        ("(" * 21 + "x" + ")" * 21, "21 brackets in each other, more than 20"),
        ("__import__('os')", "cannot read"),
        ("x.real", "cannot read|expected an operator"),
        ("open(x)", "no function 'open'"),
        ("lambda: x", "cannot read"),
        ("", "expected a number"),
    ],
)
def test_what_is_no_formula_is_refused(text, message):
    with pytest.raises(ExpressionError, match=message):
        read_formula(text)


@given(st.text(alphabet="xy12+-*/()^, .[]logdtEwC", max_size=40))
def test_no_text_breaks_reading_or_evaluation(text):
    try:
        tree = read_formula(text, negatives=2)
        value = evaluate_tree(tree, VALUES | dict.fromkeys(names_in(tree) - set(VALUES), 0.5))
    except ExpressionError:
        return
    assert value.ndim <= 1
    fits_sympy(tree)


def trees(leaves=("x", "y", "2", "0.5")):
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            inner.map(lambda t: f"-({t})"),
            inner.map(lambda t: f"sigmoid({t})"),
            st.tuples(inner, st.sampled_from("23")).map(lambda t: f"({t[0]})**{t[1]}"),
        ),
        max_leaves=6,
    )


@given(trees())
def test_what_is_typed_is_read_as_the_same_formula(text):
    tree = read_formula(text)
    again = evaluate_tree(read_formula(typed(tree)), VALUES)
    np.testing.assert_array_equal(again, evaluate_tree(tree, VALUES))


def test_only_small_formulas_go_to_sympy():
    assert fits_sympy(read_formula("3*c*x**2"))
    for large in ("x**13", "(x**4)**4", "x**x", "2**x", "relu(x)", "+".join(["x*y"] * 30)):
        assert not fits_sympy(read_formula(large)), large


def test_shapes_are_checked():
    with pytest.raises(ExpressionError, match="different length"):
        evaluate_tree(read_formula("Ew + [1, 2, 3]"), VALUES)
    with pytest.raises(ExpressionError, match="dot of a number"):
        evaluate_tree(read_formula("dot(Ew, x)"), VALUES)
    assert np.isnan(evaluate_tree(read_formula("log(-1)"), {}))
