"""The loss and its gradients: by hand, against PyTorch, and by every method."""

import math

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.chapters import gradients
from sgns.learn.chapters.gradients import closed_form, compare_methods, comparison_table


def test_all_methods_agree():
    made = {method.name: method for method in compare_methods(seed=3, dim=4, negatives=3)}
    limits = {"sympy, 30 digits": 1e-14, "central differences": 1e-8, "our graph": 1e-14, "torch autograd": 1e-14}
    assert len(made) == 6
    for name, limit in limits.items():
        if name == "torch autograd" and made[name].answer is None:
            pytest.skip("torch is not installed")
        assert made[name].difference < limit, name
    kernel = made["kernel, lr = 1, float32"]
    assert kernel.answer is not None, kernel.why_not
    scale = max(float(np.abs(part).max()) for part in made["closed form"].answer[1:])
    assert 0 < kernel.difference < 1e-4 * scale  # float32: not exactly equal, or something else was run


def test_a_missing_torch_says_how_to_get_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    table = comparison_table(compare_methods())
    row = next(row for row in table.rows if row[0] == "torch autograd")
    assert "pip install 'sgns[torch]'" in row[1]


def test_an_error_inside_a_method_is_no_missing_library(monkeypatch):
    def broken(w, C):
        raise ImportError("cannot import name 'one_window'")

    monkeypatch.setattr(gradients, "_kernel", broken)
    with pytest.raises(ImportError, match="one_window"):
        compare_methods()


def test_a_wrong_method_would_be_seen(monkeypatch):
    right = gradients._graph

    def wrong(w, C):
        loss, by_w, by_c = right(w, C)
        return loss, by_w, by_c * 1.001

    monkeypatch.setattr(gradients, "_graph", wrong)
    assert next(m for m in compare_methods() if m.name == "our graph").difference > 1e-5


def test_loss_and_gradients_by_hand():
    made = closed_form(np.array([1.0, 2.0]), np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert made.loss == pytest.approx(2 * math.log(2))
    np.testing.assert_allclose(made.c, [[-0.5, -1], [0.5, 1]])
    np.testing.assert_allclose(made.w, [0, 0])
    far = closed_form(np.array([1000.0]), np.array([[-1.0]]))
    assert far.loss == 1000
    assert far.w == [1.0]


def test_bce_with_logits_is_the_loss_up_to_a_factor():
    """Summed it is L; its default, the mean, is L / (1 + k), or the sum over B positives / (B·(1 + k))."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    total, logits, labels = 0.0, [], []
    for _ in range(7):
        made = closed_form(rng.normal(size=5), rng.normal(size=(1 + 3, 5)))
        total += made.loss
        logits += list(made.scores)
        labels += [1.0, 0.0, 0.0, 0.0]
        mean = torch.nn.BCEWithLogitsLoss()(torch.tensor(made.scores), torch.tensor(labels[:4], dtype=torch.float64))
        assert float(mean) == pytest.approx(made.loss / (1 + 3), rel=1e-12)
    batch = torch.tensor(logits), torch.tensor(labels, dtype=torch.float64)
    assert float(torch.nn.BCEWithLogitsLoss(reduction="sum")(*batch)) == pytest.approx(total, rel=1e-12)
    assert float(torch.nn.BCEWithLogitsLoss()(*batch)) == pytest.approx(total / (7 * 4), rel=1e-12)
