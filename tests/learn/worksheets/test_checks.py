"""The methods that compute a key agree, and a key is refused if they do not."""

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.worksheets import checks
from sgns.learn.worksheets.checks import WrongKey, agree, checked, local_by_differences


def test_all_methods_agree_on_numbers_vectors_and_named_parts():
    pytest.importorskip("torch")
    found = checked("a = dot(u, v); a * sigmoid(a) - 2*c", {"u": [1, -0.5], "v": [0.5, 2], "c": 3})
    assert found.by == ("graph", "SymPy", "central differences", "PyTorch's autograd")
    a, s = -0.5, 1 / (1 + np.exp(0.5))
    assert found.value == pytest.approx(a * s - 6)
    assert found.passes.derivative("u") == pytest.approx((s + a * s * (1 - s)) * np.array([0.5, 2]))


@pytest.mark.parametrize("method", ["_by_sympy", "_by_differences", "_by_torch"])
def test_a_method_that_disagrees_stops_the_key(method, monkeypatch):
    right = getattr(checks, method)

    def wrong(*arguments):
        made = right(*arguments)
        if method == "_by_sympy":
            return made[0], {name: derivative + 0.001 for name, derivative in made[1].items()}
        return [derivative + 0.001 for derivative in made]

    if method == "_by_torch":
        pytest.importorskip("torch")
    monkeypatch.setattr(checks, method, wrong)
    with pytest.raises(WrongKey, match="one method gives"):
        checked("x**2", {"x": 3})


def test_without_torch_the_other_methods_remain(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    assert checked("x**2", {"x": 3}).by == ("graph", "SymPy", "central differences")


def test_agreement_is_relative_and_needs_equal_shapes():
    agree("a", 1e6, 1e6 + 1e-5)
    for a, b in ((1, 1 + 1e-6), ([1, 2], [1]), (1, np.nan)):
        with pytest.raises(WrongKey):
            agree("a", a, b)


def test_the_local_derivative_of_an_edge():
    passes = checked("dot(u, v) * 3", {"u": [1, 2], "v": [3, 4]}).passes
    edge = next(edge for edge in passes.edges if passes.name(edge.source) == "u")
    assert local_by_differences(edge) == pytest.approx([3, 4])
