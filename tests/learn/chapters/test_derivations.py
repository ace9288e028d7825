"""Derivations: every step proved, a broken one refused, nothing shown that was not checked."""

import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.errors import ConfigError
from sgns.learn.chapters import derivations, relatives
from sgns.learn.chapters.derivations import DERIVATIONS, RELATIVE_TOPICS, TOPICS, derive
from sgns.learn.chapters.kernel_step import precision
from sgns.learn.chapters.proof import Meaning, WrongStep, equal, prove
from sgns.learn.chapters.relatives import compare_relative, relative_table
from sgns.learn.document.blocks import (
    INLINE_MARKUP,
    Chain,
    Heading,
    Table,
    plain,
)
from sgns.learn.formulas.notation import formula
from sgns.learn.formulas.parser import Apply, Number
from sgns.training.engines.cpu.engine import CpuEngine


@pytest.mark.slow  # a topic at a time below
@pytest.mark.parametrize("derivation", DERIVATIONS, ids=[d.title for d in DERIVATIONS])
def test_every_derivation_is_proved(derivation):
    assert prove(derivation.chain, derivation.meaning, derivation.title).checked == "sympy"


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=[d.title for d in DERIVATIONS])
def test_each_broken_step_fails_loudly(derivation):
    """Every step in turn is doubled or gets 1 added; every one must be found."""
    for number, (tree, why) in enumerate(derivation.chain.steps):
        vector = derivation.title.startswith("The gradient")
        wrong = Apply("*", (Number(2), tree)) if vector else Apply("+", (tree, Number(1)))
        steps = list(derivation.chain.steps)
        steps[number] = (wrong, why)
        with pytest.raises(WrongStep, match=f"step {number + 1} is wrong: .* is not "):
            prove(replace(derivation.chain, steps=tuple(steps)), derivation.meaning, derivation.title)


def test_plausible_mistakes_are_refused():
    loss = "-log(sigmoid(dot(Ew, Cp))) - total(log(sigmoid(-dot(Ew, Cn))))"
    of_loss = Meaning(definitions={"L": formula(loss)})
    for left, right in [
        ("grad(L, Cp)", "sigmoid(dot(Ew, Cp)) * Ew"),  # the label forgotten
        ("grad(L, Cp)", "(sigmoid(dot(Ew, Cp)) - 1) * Cp"),  # the wrong vector
        ("grad(L, Ew)", "(sigmoid(dot(Ew, Cp)) - 1) * Cp + sigmoid(dot(Ew, Cn)) * Cn"),  # one negative only
        ("L", "-log(sigmoid(dot(Ew, Cp))) + total(log(sigmoid(-dot(Ew, Cn))))"),
    ]:
        assert not equal(formula(left), formula(right), of_loss)
    assert not equal(formula("grad(L, Cp)"), formula("sigmoid(dot(Ew, Cp)) - 1"), of_loss)  # a number, not a vector
    assert not equal(formula("grad(L, Cp)"), formula("Ew + 1"), of_loss)  # not even a formula
    assert not equal(formula("grad(sigmoid(x), x)"), formula("sigmoid(x) * (1 + sigmoid(x))"), Meaning(vectors=()))
    assert not equal(formula("sigmoid(x)"), formula("exp(x) / (exp(x) - 1)"), Meaning(vectors=()))


def test_plausible_mistakes_with_relatives_are_refused():
    loss = "-log(sigmoid(dot(h, Cp))) - total(log(sigmoid(-dot(h, Cn))))"
    vectors = ("h", "Et", "Cp", "Cn")
    definitions = {"L": formula(loss), "h": formula("1 / m * window(Et)")}
    mean = Meaning(vectors, definitions, sizes={"m": (1, 2, 3)})
    one = replace(mean, sizes={"m": (1,)})
    total = replace(mean, definitions=definitions | {"h": formula("window(Et)")})
    assert equal(formula("grad(L, Et)"), formula("1 / m * grad(L, h)"), mean)
    assert not equal(formula("grad(L, Et)"), formula("grad(L, h)"), mean)  # word2vec.c: 1/m forgotten
    assert equal(formula("grad(L, Et)"), formula("grad(L, h)"), one)  # which does not show in a window of one word
    assert equal(formula("grad(L, Et)"), formula("grad(L, h)"), total)
    assert not equal(formula("grad(L, Et)"), formula("1 / m * grad(L, h)"), total)
    node = "sigmoid(dot(h, Nn))"
    tree = Meaning(
        ("h", "Nn"),
        {"L": formula("path(-log(sigmoid(sn * dot(h, Nn))))"), "yn": formula("(1 + sn) / 2")},
        signs=("sn",),
    )
    assert equal(formula("grad(L, Nn)"), formula(f"({node} - yn) * h"), tree)
    assert not equal(formula("grad(L, Nn)"), formula(f"({node} - 1) * h"), tree)  # right on the side of code 0 alone
    assert not equal(formula("grad(L, Nn)"), formula(f"{node} * h"), tree)
    assert not equal(formula("grad(L, h)"), formula(f"({node} - yn) * Nn"), tree)  # one node of the path


@pytest.mark.parametrize("topic", RELATIVE_TOPICS)
def test_six_ways_to_the_gradients_of_a_relative(topic):
    found = compare_relative(topic, seed=3, dim=4)
    limits = {"sympy, 30 digits": 1e-14, "central differences": 1e-8, "our graph": 1e-14, "torch autograd": 1e-14}
    # It sums logarithms in float32; a factor in bfloat16 is off by 2^-8 of itself, and these are of the order of 1.
    limits[f"kernel, lr = 1, {precision()}"] = 2**-7 if precision() == "bfloat16" else 1e-5
    assert list(found) == ["closed form", *limits]
    for name, limit in limits.items():
        if isinstance(found[name], str):
            assert "pip install" in found[name]
            continue
        for got, expected in zip(found[name], found["closed form"], strict=True):
            assert np.abs(np.asarray(got) - np.asarray(expected)).max() < limit, name
    rows = relative_table(topic, found).rows
    assert [row[0] for row in rows] == list(found)
    assert rows[0][-1] == "—"


def test_a_wrong_method_of_a_relative_would_be_seen(monkeypatch):
    right = relatives._graph

    def wrong(R, C, weight, labels):
        loss, by_row, by_output = right(R, C, weight, labels)
        return loss, by_row / weight, by_output  # the division by m left out

    monkeypatch.setattr(relatives, "_graph", wrong)
    table = relative_table("cbow", compare_relative("cbow"))
    assert float(next(row for row in table.rows if row[0] == "our graph")[-1]) > 0.1


@pytest.mark.parametrize("topic", RELATIVE_TOPICS)
def test_a_wrong_kernel_of_a_relative_would_be_seen(topic, monkeypatch):
    """The step is that of production: with another weight of the rows, or a doubled one, the table shows it."""
    train = CpuEngine.train_block

    def twice(engine, *arguments):
        train(engine, *arguments)
        return train(engine, *arguments)

    monkeypatch.setattr(CpuEngine, "train_block", twice)
    row = relative_table(topic, compare_relative(topic)).rows[-1]
    assert row[0].startswith("kernel")
    assert float(row[-1]) > 0.05


def test_a_missing_torch_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    row = next(row for row in relative_table("cbow", compare_relative("cbow")).rows if row[0] == "torch autograd")
    assert "pip install 'sgns[torch]'" in row[1]


@pytest.mark.slow  # a topic at a time below
def test_several_topics():
    titles = [block.text for block in derive(["loss", "subwords"]) if isinstance(block, Heading) and block.level == 1]
    assert titles == ["The loss", "Subwords"]


def test_equations_in_the_running_text_hold_too():
    found = 0
    for derivation in DERIVATIONS:
        for text in (derivation.before, derivation.after, *(why for _, why in derivation.chain.steps)):
            for part in INLINE_MARKUP.split(text):
                sides = part[1:-1].split(" = ") if part.startswith("$") else []
                if len(sides) == 2 and sides[0] != "L":
                    found += 1
                    assert equal(formula(sides[0]), formula(sides[1]), derivation.meaning), part
    assert found >= 6


def test_what_the_text_says_of_sigma():
    import sympy

    x = sympy.Symbol("x", real=True)
    sigma = 1 / (1 + sympy.exp(-x))
    assert sigma.is_positive
    assert sympy.simplify(1 - sigma).is_positive
    assert sympy.diff(sigma, x).subs(x, 0) == sympy.Rational(1, 4)
    assert sympy.solve(sympy.diff(sigma, x, 2), x) == [0]


def test_parameters_in_numbers():
    tables = [block for block in derive("parameters", vocabulary=3_377, dim=50) if isinstance(block, Table)]
    cells = {plain(name): value for name, value in tables[0].rows}
    assert cells["2V·d, parameters"] == "337,700"
    assert cells["bytes in float32, 4 each"].startswith("1,350,800 ")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_all_its_derivations_checked(topic):
    blocks = derive(topic)
    expected = [derivation.title for derivation in DERIVATIONS if derivation.topic == topic]
    assert [block.text for block in blocks if isinstance(block, Heading)] == [TOPICS[topic], *expected]
    chains = [block for block in blocks if isinstance(block, Chain)]
    assert [chain.checked for chain in chains] == ["sympy"] * len(expected)


def test_all_is_the_topics_in_order(monkeypatch):
    monkeypatch.setattr(derivations, "prove", lambda chain, *_: chain)  # each topic is proved above
    titles = [block.text for block in derive("all") if isinstance(block, Heading) and block.level == 1]
    assert titles == list(TOPICS.values())


def test_numbers_out_of_range():
    with pytest.raises(ConfigError, match="vocabulary is 0; it is at least 1"):
        derive("parameters", vocabulary=0)


def test_unknown_topic():
    with pytest.raises(ConfigError, match="parameters, sigmoid, loss, gradients, cbow, subwords, hierarchical or all"):
        derive("entropy")


def test_nothing_is_shown_when_a_step_is_wrong(monkeypatch):
    right = next(d for d in DERIVATIONS if d.title == "The gradient for $Cp$")
    steps = (*right.chain.steps[:-1], (formula("sigmoid(dot(Ew, Cp)) * Ew"), "the label forgotten"))
    wrong = replace(right, chain=replace(right.chain, steps=steps))
    monkeypatch.setattr(derivations, "DERIVATIONS", [wrong if d is right else d for d in DERIVATIONS])
    with pytest.raises(WrongStep) as error:
        derive("gradients")
    assert "step 3 is wrong: (σ(E_w·C_c+) − 1)·∂/∂C_c+ (E_w·C_c+) is not σ(E_w·C_c+)·E_w" in str(error.value)
