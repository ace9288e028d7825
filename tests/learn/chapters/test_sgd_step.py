"""One step of SGD: every row moves against its gradient."""

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.config import Config
from sgns.errors import ConfigError, FormatError, UnknownWord
from sgns.learn.chapters.gradients import closed_form
from sgns.learn.chapters.sgd_step import step_chapter, take_step
from sgns.learn.document.blocks import (
    Table,
)
from sgns.vectors import Vectors


def test_a_step_moves_every_row_against_its_gradient(model):
    step = take_step(model, "red", "blue", negatives=4, lr=0.05, seed=2)
    w = np.asarray(model["red"], float)
    rows = np.array([model.C[model.id(c)] for c in step.outputs], float)
    made = closed_form(w, rows)
    np.testing.assert_allclose(step.w[1], w - 0.05 * made.w)
    for c, (before, after) in step.c.items():
        total = sum(g for name, g in zip(step.outputs, made.c) if name == c)
        np.testing.assert_allclose(after, before - 0.05 * total)
    assert step.loss_after < step.before.loss
    assert step.outputs[0] == "blue"
    assert "blue" not in step.outputs[1:]
    assert len(step.outputs) + step.left_out == 1 + 4


def test_rows_of_a_tree_are_no_context_words(model):
    config = Config(dim=12, loss="hierarchical").to_dict()
    tree = Vectors(model.words, model.E, model.C, model.counts, {"config": config})
    with pytest.raises(FormatError, match=r"a row for each of its inner nodes.*; take a model of --loss negatives"):
        take_step(tree, "red", "blue")


def test_the_same_seed_draws_the_same_negatives_and_the_model_stays(model):
    before = model.E.copy(), model.C.copy()
    a, b = (take_step(model, "red", "blue", seed=5) for _ in range(2))
    assert a.outputs == b.outputs
    assert np.array_equal(before[0], model.E)
    assert np.array_equal(before[1], model.C)
    assert len(a.outputs) + a.left_out == 6  # k and lr are those of the file
    assert a.lr == Config().lr


def test_the_first_order_says_what_a_small_step_takes_off(model):
    step = take_step(model, "red", "one", lr=1e-5)
    table = [block for block in step_chapter(step) if isinstance(block, Table)][-1]
    assert step.before.loss - step.loss_after == pytest.approx(float(table.rows[-1][1]), rel=0.05)


def test_draws_of_the_positive_and_double_draws_are_explained():
    few = Vectors(["a", "b"], np.eye(2, dtype=np.float32), np.ones((2, 2), np.float32), np.array([5, 5]))
    step = take_step(few, "a", "b", negatives=8, seed=1)
    text = " ".join(block.text for block in step_chapter(step) if hasattr(block, "text"))
    assert step.left_out > 0
    assert f"{step.left_out} of the draws were b itself" in text
    once = next(s for s in (take_step(few, "a", "b", negatives=2, seed=i) for i in range(99)) if s.left_out == 1)
    assert "1 of the draws was b itself" in " ".join(b.text for b in step_chapter(once) if hasattr(b, "text"))
    assert "Drawn more than once: a" in text


def test_step_refuses(model):
    with pytest.raises(UnknownWord, match="gren"):
        take_step(model, "gren", "blue")
    with pytest.raises(FormatError, match="no C"):
        take_step(Vectors(["a"], np.ones((1, 2), np.float32)), "a", "a")
    with pytest.raises(ConfigError, match="negatives is 0"):
        take_step(model, "red", "blue", negatives=0)
    with pytest.raises(ConfigError, match="lr is -1"):
        take_step(model, "red", "blue", lr=-1)
