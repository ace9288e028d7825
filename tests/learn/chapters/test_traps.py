"""The traps show what they say."""

import re

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.chapters.gradients import closed_form
from sgns.learn.chapters.traps import TRAPS, output, traps
from sgns.learn.document.blocks import Box, Code


def test_traps_show_what_they_say():
    said = {trap.title: output(trap.example) for trap in TRAPS}
    assert len(said) == 6
    steps = [float(x) for x in re.findall(r"= ([\d.]+)", said["Mean against sum"])]
    rng = np.random.default_rng(1)
    w, C = rng.normal(size=100) / 10, rng.normal(size=(6, 100)) / 10
    assert steps[0] == pytest.approx(0.025 * np.linalg.norm(closed_form(w, C).c[0]), abs=1e-6)
    assert steps[0] / steps[1] == pytest.approx(6, rel=1e-3)
    assert "[-0.5 -0.5]" in said["A negative drawn twice"]
    assert "[-1. -1.]" in said["A negative drawn twice"]
    assert "inf gradient nan" in said["log(σ(x)) overflows"]
    assert "200.0 gradient -1.0" in said["log(σ(x)) overflows"]
    assert "2,856 bytes" in said["Dense against sparse gradients"]
    assert "second pass: df/dx = 36, x.grad = 72" in said["Backward twice"]
    pulls = re.findall(r"\[(-?[\d.]+)", said["A negative equal to the positive"])
    assert float(pulls[0]) > 0 > float(pulls[1])
    boxes = [block for block in traps() if isinstance(block, Box)]
    assert all(isinstance(box.blocks[1], Code) and "print(" in box.blocks[1].text for box in boxes)
    assert max(len(line) for box in boxes for line in box.blocks[1].text.splitlines()) <= 92


def test_the_size_of_a_sparse_gradient_is_that_of_torch():
    torch = pytest.importorskip("torch")
    from sgns.reference.word2vec import SGNS

    model = SGNS(30_000, 100)
    model(torch.tensor([7] * 6), torch.arange(6)).sum().backward()
    grads = [model.E.weight.grad.coalesce(), model.C.weight.grad.coalesce()]
    assert sum(g.values().numel() * 4 + g.indices().numel() * 8 for g in grads) == 2_856
