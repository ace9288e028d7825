"""The grammar: what is read, and what is refused with a position."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sympy")

from sgns.errors import ExpressionError
from sgns.learn.graphs.graph import backward, evaluate


@given(st.text(alphabet="xy12+-*/()^, .=;[]logdt", max_size=30))
def test_no_text_breaks_the_parser(text):
    try:
        passes = backward(evaluate(text, {"x": 1.5, "y": 2.5}))
    except ExpressionError:
        return
    assert np.isfinite(passes.output.value)


def test_signs_of_print_are_read():
    assert float(evaluate("x·2 × 3 ÷ 4 − 1", {"x": 2}).value) == 2
    assert float(evaluate("σ(x) − ln(y)", {"x": 0, "y": 1}).value) == 0.5
    assert float(evaluate("σ * ln", {"σ": 3, "ln": 2}).value) == 6  # as names they are free
