"""Each operation's local derivatives: against central differences, and against SymPy's own."""

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.formulas.algebra import EXPANDED
from sgns.learn.formulas.operations import NUMERIC, OPERATIONS, function_arities

ELEMENTWISE = [name for name in OPERATIONS if name not in ("dot", "sum")]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_local_derivatives_are_the_limits_of_differences(name):
    operation, h = OPERATIONS[name], 1e-6
    operands = [np.array([0.3, 1.7, 2.5]), np.array([1.2, 0.4, 3.0])][: operation.arity]
    assert len(operation.local) == operation.arity
    y = operation.value(NUMERIC, *operands)
    for i, local in enumerate(operation.local):
        up, down = (operation.value(NUMERIC, *[x + d * (i == j) for j, x in enumerate(operands)]) for d in (h, -h))
        np.testing.assert_allclose(local(NUMERIC, y, *operands) * np.ones(3), (up - down) / (2 * h), rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if name not in ("sigmoid", "relu")])
def test_the_same_row_serves_for_symbols(name):
    import sympy

    operation = OPERATIONS[name]
    operands = sympy.symbols("a b", positive=True)[: operation.arity]
    y = operation.value(EXPANDED, *operands)
    for x, local in zip(operands, operation.local):
        assert sympy.simplify(local(EXPANDED, y, *operands) - sympy.diff(y, x)) == 0


def test_sums_over_a_vector():
    a, b = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    assert OPERATIONS["dot"].value(NUMERIC, a, b) == 13
    assert [list(local(NUMERIC, 13, a, b)) for local in OPERATIONS["dot"].local] == [[3, 5], [1, 2]]
    assert OPERATIONS["sum"].value(NUMERIC, a) == 3


def test_sigmoid_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(NUMERIC.sigmoid(np.array([-1e4, 0, 1e4])), [0, 0.5, 1])


def test_signs_are_no_functions():
    assert function_arities() == {"dot": 2, "sum": 1, "exp": 1, "log": 1, "sigmoid": 1, "relu": 1, "tanh": 1}
