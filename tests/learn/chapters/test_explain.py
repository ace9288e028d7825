"""The explained lines are found by name, and a line that is gone is an error."""

import math

import pytest

pytest.importorskip("sympy")

from sgns.learn.chapters import explain as explain_module
from sgns.learn.chapters.explain import (
    BCE,
    MODEL,
    PASSAGES,
    SAMPLES,
    Passage,
    StaleExplanation,
    explain,
    find,
    source_of,
    stable_loss_table,
)
from sgns.learn.document.blocks import Heading, Table
from sgns.learn.formulas.notation import formula
from sgns.learn.formulas.parser import Apply, Name, Number


@pytest.mark.parametrize("passage", PASSAGES, ids=[f"{p.function}: {p.statement}" for p in PASSAGES])
def test_every_passage_is_found_by_name(passage):
    line, text = find(passage)
    assert line > 0
    assert text.startswith(passage.statement)


def test_each_passage_is_shown_and_the_relatives_on_request():
    def lines(blocks):
        return [row[1] for block in blocks if isinstance(block, Table) for row in block.rows if row[1][0] == "`"]

    assert sorted(lines(explain())) == sorted(f"`{find(passage)[1]}`" for passage in PASSAGES)
    titles = [block.text for block in explain(["cbow"]) if isinstance(block, Heading)]
    assert "The input of CBOW" in titles
    assert "The path to a word" not in titles
    assert len(lines(explain([]))) == sum(passage.module in (MODEL, SAMPLES) for passage in PASSAGES)


def test_a_passage_that_has_gone_is_an_error(monkeypatch):
    with pytest.raises(StaleExplanation, match="has no statement"):
        find(Passage("sgns.reference.word2vec", "train", "loss.forward()", ""))
    with pytest.raises(StaleExplanation, match=r"has no SGNS\.backward"):
        find(Passage("sgns.reference.word2vec", "SGNS.backward", "return", ""))
    source = source_of("sgns.reference.word2vec").replace("loss.backward()", "pass")
    monkeypatch.setattr(explain_module, "source_of", lambda module: source)
    with pytest.raises(StaleExplanation):
        explain()


def test_the_table_shows_infinity_only_where_sigma_comes_first():
    rows = stable_loss_table().rows
    assert rows[-1] == ("−1000", "infinite", "1000")
    assert float(rows[0][1]) == pytest.approx(float(rows[0][2]), rel=1e-5)


@pytest.mark.parametrize("x", [-30.0, -1.5, 0.0, 0.25, 30.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_the_formula_of_the_safe_loss_is_the_loss(x, y):
    def value(tree):
        match tree:
            case Number(v):
                return v
            case Name(n):
                return {"x": x, "y": y}[n]
            case Apply("*", (a, b)):
                return value(a) * value(b)
            case Apply("+", (a, b)):
                return value(a) + value(b)
            case Apply("-", (a, b)):
                return value(a) - value(b)
            case Apply(name, (a,)):
                known = {"relu": lambda z: max(z, 0), "log": math.log, "exp": math.exp, "abs": abs, "neg": lambda z: -z}
                return known[name](value(a))

    loss = -math.log(1 / (1 + math.exp(-x))) if y else -math.log(1 / (1 + math.exp(x)))
    assert value(formula(BCE)) == pytest.approx(loss, rel=1e-12)
