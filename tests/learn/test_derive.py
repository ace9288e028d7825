"""Derivations: every step proved, a broken one refused, every method agrees, nothing shown that was not checked."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.cli import make_app, run
from sgns.errors import ConfigError
from sgns.learn.chapters import methods
from sgns.learn.chapters.derivations import DERIVATIONS, TOPICS
from sgns.learn.chapters.derive import derive
from sgns.learn.chapters.gradients import closed_form
from sgns.learn.chapters.proof import Meaning, WrongStep, equal, prove
from sgns.learn.document.blocks import INLINE_MARKUP, Chain, Paragraph, Table, plain
from sgns.learn.formulas.markup import LATEX, TEXT
from sgns.learn.formulas.notation import formula, show
from sgns.learn.formulas.parser import Apply, Number


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


BY_X = r"\frac{\partial }{\partial x} \sigma\left(x\right)"


@pytest.mark.parametrize(
    ("tree", "text", "latex"),
    [
        ("x1 * w_2", "x1·w_2", r"x_{1} \cdot w_{2}"),
        ("Ew * lr", "E_w·lr", r"E_{w} \cdot \mathrm{lr}"),
        ("grad(sigmoid(x), x) * y", "(∂/∂x σ(x))·y", rf"\left({BY_X}\right) \cdot y"),
        ("y * grad(sigmoid(x), x)", "y·∂/∂x σ(x)", rf"y \cdot {BY_X}"),
        ("y * grad(sigmoid(x), x) * z", "(y·∂/∂x σ(x))·z", rf"\left(y \cdot {BY_X}\right) \cdot z"),
        ("lr * grad(L, Cp)", "lr·∂L/∂C_c+", r"\mathrm{lr} \cdot \frac{\partial L}{\partial C_{c{+}}}"),
        ("components(x_j * y_j)", "Σⱼ x_j·y_j", r"\sum_{j=1}^{d} x_{j} \cdot y_{j}"),
        ("abs(x - y)", "|x − y|", r"\left|x - y\right|"),
        ("P0(w, cn)", "P(0 | w, c−i)", r"P\left(0 \mid w, c{-}i\right)"),
    ],
)
def test_how_formulas_are_written(tree, text, latex):
    """What follows ∂/∂x or Σ belongs to it; so it needs brackets before a factor, and none at the end."""
    assert show(formula(tree), TEXT) == text
    assert show(formula(tree), LATEX) == latex


def test_what_the_text_says_of_sigma():
    import sympy

    x = sympy.Symbol("x", real=True)
    sigma = 1 / (1 + sympy.exp(-x))
    assert sigma.is_positive
    assert sympy.simplify(1 - sigma).is_positive
    assert sympy.diff(sigma, x).subs(x, 0) == sympy.Rational(1, 4)
    assert sympy.solve(sympy.diff(sigma, x, 2), x) == [0]


def test_all_methods_agree():
    made = {method.name: method for method in methods.compare(seed=3, dim=4, negatives=3)}
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
    table = methods.as_table(methods.compare())
    row = next(row for row in table.rows if row[0] == "torch autograd")
    assert "pip install 'sgns[torch]'" in row[1]


def test_a_wrong_method_would_be_seen(monkeypatch):
    def wrong(w, C):
        loss, by_w, by_c = methods._closed_form(w, C)
        return loss, by_w, by_c * 1.001

    monkeypatch.setattr(methods, "_graph", wrong)
    assert next(m for m in methods.compare() if m.name == "our graph").difference > 1e-5


def test_loss_and_gradients_by_hand():
    made = closed_form(np.array([1.0, 2.0]), np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert made.loss == pytest.approx(2 * math.log(2))
    np.testing.assert_allclose(made.c, [[-0.5, -1], [0.5, 1]])
    np.testing.assert_allclose(made.w, [0, 0])
    far = closed_form(np.array([1000.0]), np.array([[-1.0]]))
    assert far.loss == 1000
    assert far.w == [1.0]


def test_parameters_in_numbers():
    tables = [block for block in derive("parameters", vocabulary=3_377, dim=50) if isinstance(block, Table)]
    cells = {plain(name): value for name, value in tables[0].rows}
    assert cells["2V·d, parameters"] == "337,700"
    assert cells["bytes in float32, 4 each"].startswith("1,350,800 ")


@pytest.mark.parametrize("topic", TOPICS)
def test_topics(topic):
    blocks = derive(topic)
    assert any(isinstance(block, Chain) and block.checked for block in blocks)
    assert len(blocks) < len(derive("all"))


def test_unknown_topic():
    with pytest.raises(ConfigError, match="parameters, sigmoid, loss, gradients or all"):
        derive("entropy")


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


def test_command_line(tmp_path, capsys):
    assert run(make_app(), ["derive", "sigmoid", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert all(d["checked_by"] == "sympy" for d in made["derivations"])
    path = tmp_path / "derive.md"
    assert run(make_app(), ["derive", "gradients", "-o", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "= (σ(E_w·C_c+) − 1)·E_w" in shown
    assert r"\frac{\partial L}{\partial E_{w}}" in path.read_text()
    for arguments, says in ((["nonsense"], "'nonsense'"), (["loss", "--dim", "0"], "dim is 0;")):
        assert run(make_app(), ["derive", *arguments]) == 2
        err = capsys.readouterr().err
        assert says in err
        assert err.count("\n") == 1


def test_nothing_is_shown_when_a_step_is_wrong(tmp_path, capsys, monkeypatch):
    from sgns.learn.chapters import derive as chapter

    right = next(d for d in DERIVATIONS if d.title == "The gradient for $Cp$")
    steps = (*right.chain.steps[:-1], (formula("sigmoid(dot(Ew, Cp)) * Ew"), "the label forgotten"))
    wrong = replace(right, chain=replace(right.chain, steps=steps))
    monkeypatch.setattr(chapter, "DERIVATIONS", [wrong if d is right else d for d in DERIVATIONS])
    path = tmp_path / "derive.md"
    assert run(make_app(), ["derive", "gradients", "-o", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "step 3 is wrong: (σ(E_w·C_c+) − 1)·∂/∂C_c+ (E_w·C_c+) is not σ(E_w·C_c+)·E_w" in err
    assert not path.exists()


def test_no_formula_hides_in_plain_text():
    """A $…$ that is not of the grammar would fail when shown; so show all."""
    from sgns.learn.document.html import to_html
    from sgns.learn.document.markdown import to_markdown
    from sgns.learn.document.text import to_text

    blocks = derive("all")
    for text in (to_text(blocks, 100), to_markdown(blocks)[0], to_html(blocks, "t")):
        assert len(text) > 3_000
    assert "$" not in to_text(blocks, 100)
    assert not any(isinstance(b, Paragraph) and b.text.count("$") % 2 for b in blocks)
