"""The questions of part 1, the mathematics: parameters, sigmoid, loss and gradients. 30 points."""

from functools import cache, lru_cache

import numpy as np

from sgns.learn.chapters.gradients import closed_form
from sgns.learn.document.blocks import Paragraph, Table
from sgns.learn.formulas.algebra import sympy
from sgns.learn.formulas.notation import show_value
from sgns.learn.formulas.parser import Tree
from sgns.learn.worksheets.answers import Answer, Formula, Numeric
from sgns.learn.worksheets.checks import Checked, agree, checked
from sgns.learn.worksheets.draw import Draw
from sgns.learn.worksheets.expressions import read_formula
from sgns.learn.worksheets.question import Question

SIGNED_HALVES = (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5)
SIGNED_TENTHS = tuple(sign * tenths / 10 for tenths in (2, 4, 5, 6, 8, 10, 12) for sign in (1, -1))


def derivative_tree(found: Checked, variable: str) -> Tree:
    """Returns the formula of ∂f/∂variable from the symbolic backward pass, in the variables."""
    passes = found.passes
    tree = found.formulas.derivative(passes.nodes[passes.names.index(variable)], 10_000)
    assert tree is not None
    return tree


def parameters(draw: Draw, level: int) -> Question:
    """V and d of a model: the number of its parameters, their bytes, and V from the number."""
    V, d = 100 * (50 + draw.below(350)), 10 * (5 + draw.below(36))
    other_V, other_d = 100 * (30 + draw.below(200)), 10 * (5 + draw.below(36))
    count = int(sympy().Integer(2) * V * d)
    matrices = sum(np.broadcast_to(np.float32(0), (V, d)).nbytes for _ in ("E", "C"))
    agree("the number of parameters", matrices, 4 * count)
    total = int(sympy().Integer(2) * other_V * other_d)
    agree("the number of words", total / (2 * other_d), other_V)
    by = ("SymPy", "the sizes of two arrays")
    given = f"its vocabulary has V = {V:,} words, its vectors have d = {d} numbers"
    if level == 3:
        given = f"E alone holds {V * d:,} numbers, {d} for each word"
    answers = (
        Numeric(
            name="count",
            prompt="How many parameters has the model?",
            points=2,
            value=np.asarray(count),
            whole=True,
            how="$2*V*d$",
            checked=by,
            hint="count the rows of a matrix, the numbers in a row, and the matrices",
            mistakes=((V * d, "that is one matrix; each word has a row as a target and a row as a context"),),
        ),
        Numeric(
            name="bytes",
            prompt="How many bytes are that in float32?",
            points=1,
            value=np.asarray(4 * count),
            whole=True,
            how="4 bytes for each number",
            checked=by,
            hint="a number in float32 has 32 bits; a byte has 8",
            mistakes=(
                (32 * count, "that is the number of bits"),
                (8 * count, "that is for float64; float32 takes half of it"),
                (4 * V * d, "that is one matrix of the two"),
            ),
        ),
        Numeric(
            name="words",
            prompt=f"Another model has {total:,} parameters and d = {other_d}. How many words has its vocabulary?",
            points=1,
            value=np.asarray(other_V),
            whole=True,
            how="the number divided by $2*d$",
            checked=("SymPy",),
            hint="solve the formula of the first answer for V",
            mistakes=((2 * other_V, "the number counts two matrices"),),
        ),
    )
    return Question(
        topic="parameters", title="The parameters", intro=(Paragraph(f"A model: {given}."),), answers=answers
    )


def sigmoid(draw: Draw, level: int) -> Question:
    """The range of σ, its role, its value at a score, its derivative as a formula and in numbers."""
    score = draw.one((1, -1)) * (1 + draw.below(60)) / 10
    a = draw.one((-5, -4, -3, -2, 2, 3, 4, 5))
    at = draw.one((1, -1)) * (1 + draw.below(6)) / 10
    b = draw.one((-2, -1, 1, 2))
    square = "**2" if level == 3 else ""
    inner = f"{a}*x{square}" + ("" if level == 1 else f" {'-' if b < 0 else '+'} {abs(b)}")
    g = checked(f"sigmoid({inner})", {"x": at})
    P = checked("sigmoid(s)", {"s": score})
    ends = _ends_of_sigmoid()
    slope, value = float(g.passes.derivative("x")), g.value
    inner_slope = float(2 * a * at if level == 3 else a)
    outer = value * (1 - value)
    agree("the slope of g", slope, outer * inner_slope)
    answers: tuple[Answer, ...] = (
        Numeric(
            name="lower",
            prompt="$sigmoid(x)$ stays above which number, for all real $x$? Give the largest such number.",
            points=1,
            value=np.asarray(ends[0]),
            whole=True,
            how="$limit_down(sigmoid(x))$, reached by no $x$",
            checked=("SymPy",),
            hint="let $x$ become more and more negative: what remains of exp(x) / (exp(x) + 1)?",
        ),
        Numeric(
            name="upper",
            prompt="… and below which number? Give the smallest.",
            points=1,
            value=np.asarray(ends[1]),
            whole=True,
            how="$limit_up(sigmoid(x))$, reached by no $x$",
            checked=("SymPy",),
            hint="let $x$ grow: what remains of 1 / (1 + exp(-x))?",
        ),
        Formula(
            name="positive",
            prompt="Its role: the probability that $Cc$ is the row of a real context of $w$, in `Ew` and `Cc`.",
            points=1,
            tree=read_formula("sigmoid(dot(Ew, Cc))"),
            vectors=("Ew", "Cc"),
            how="σ makes a probability of the score of the pair",
            checked=("SymPy",),
            hint="first the score of the pair, a number; then what makes a probability of a number",
            mistakes=(
                ("dot(Ew, Cc)", "a score is any real number; a probability lies between the two ends above"),
                ("sigmoid(-dot(Ew, Cc))", "this falls as the score grows; it belongs to the other label"),
                ("exp(dot(Ew, Cc))", "this can be above 1; a probability cannot"),
            ),
        ),
        Formula(
            name="negative",
            prompt="The probability that it is not, as a formula.",
            points=1,
            tree=read_formula("sigmoid(-dot(Ew, Cc))"),
            vectors=("Ew", "Cc"),
            how="$1 - sigmoid(x) = sigmoid(-x)$",
            checked=("SymPy",),
            hint="the two probabilities add up to 1; write the second with σ of something else",
            mistakes=(
                ("sigmoid(dot(Ew, Cc))", "that is the probability of the other label"),
                ("-sigmoid(dot(Ew, Cc))", "this is negative; a probability is not"),
            ),
        ),
        Numeric(
            name="value",
            prompt=f"The score of a pair is {show_value(score)}. What is the probability that the context is real?",
            points=1,
            value=np.asarray(P.value),
            how=f"$sigmoid({score})$",
            checked=P.by,
            hint="1 / (1 + exp(−score)); mind the sign in the exponent",
            mistakes=(
                (1 - P.value, "that is the probability that it is not: mind the sign in the exponent"),
                (float(np.exp(score)), "that is the exponential of the score; σ divides it by 1 plus itself"),
            ),
        ),
        Formula(
            name="derivative",
            prompt=f"Differentiate g(x) = $sigmoid({inner})$. A formula in `x`, which may contain `sigmoid`.",
            points=2,
            tree=derivative_tree(g, "x"),
            scalars=("x",),
            how="chain rule: $sigmoid(t)*(1 - sigmoid(t))$ at $t$ = " + f"${inner}$, times the derivative of $t$",
            checked=g.by,
            lines=2,
            hint="step 1: the derivative of σ in terms of σ; step 2: times the derivative of what is inside",
            mistakes=(
                (f"sigmoid({inner})*(1 - sigmoid({inner}))", "step 2 is missing: the derivative of what is inside σ"),
                (f"sigmoid({inner})", "step 1: σ is not its own derivative"),
                ("sigmoid(x)*(1 - sigmoid(x))", "step 1: σ is taken of something other than x here"),
            ),
        ),
        Numeric(
            name="slope",
            prompt=f"The value of this derivative at $x$ = {show_value(at)}.",
            points=1,
            value=np.asarray(slope),
            how=f"at $x$ = {show_value(at)} σ is {show_value(value)}",
            checked=g.by,
            hint="put x into the formula of the answer before: first inside σ, then σ, then the product",
            mistakes=(
                (outer, "the derivative of what is inside σ is missing"),
                (-slope, "the sign is wrong: does g rise or fall here?"),
                (value, "that is g itself, not its derivative"),
            ),
        ),
    )
    intro = Paragraph("σ is the logistic function, $sigmoid(x) = 1 / (1 + exp(-x))$.")
    return Question(topic="sigmoid", title="The sigmoid", intro=(intro,), answers=answers)


@cache
def _ends_of_sigmoid() -> tuple[int, int]:
    """The limits of σ(x) for x → −∞ and x → ∞."""
    s = sympy()
    x = s.Symbol("x", real=True)
    down, up = (s.limit(1 / (1 + s.exp(-x)), x, end) for end in (-s.oo, s.oo))
    return int(down), int(up)


class _Sample:
    """A positive and k negatives, their loss and its gradients.

    Args:
        rows: Ew, Cp, C1 … Ck, each of d numbers.
    """

    def __init__(self, rows: tuple[tuple[float, ...], ...]) -> None:
        self.k = len(rows) - 2
        self.negatives = [f"C{i}" for i in range(1, self.k + 1)]
        self.values = dict(zip(("Ew", "Cp", *self.negatives), map(list, rows)))
        self.formula = "-log(sigmoid(dot(Ew, Cp)))" + "".join(
            f" - log(sigmoid(-dot(Ew, {name})))" for name in self.negatives
        )
        self.loss = checked(self.formula, self.values)
        self.gradients = closed_form(
            np.array(self.values["Ew"]), np.array([self.values[name] for name in ("Cp", *self.negatives)])
        )
        agree("the loss", self.loss.value, self.gradients.loss)
        for name, gradient in zip(("Ew", "Cp", *self.negatives), (self.gradients.w, *self.gradients.c)):
            agree(f"the gradient of {name}", self.loss.passes.derivative(name), gradient)
        self.by = (*self.loss.by, "closed form")

    def given(self) -> tuple[Paragraph, Table]:
        """The vectors as a table."""
        several = "negative" if self.k == 1 else "negatives"
        rows = tuple((f"${name}$", f"`{name}`", show_value(self.values[name])) for name in self.values)
        return (
            Paragraph(
                f"A target word $w$, a positive context $cp$ and k = {self.k} {several}; L is their loss. The vectors:"
            ),
            Table(("vector", "typed", "value"), rows),
        )


_sample = lru_cache(maxsize=8)(_Sample)  # for the two questions that have the same vectors


def _drawn(draw: Draw, level: int) -> _Sample:
    """Draws the vectors of the questions on loss and gradients."""
    k, d = {1: (1, 2), 2: (2, 2), 3: (3, 3)}[level]
    items = SIGNED_TENTHS if level == 3 else SIGNED_HALVES
    return _sample(tuple(tuple(draw.one(items) for _ in range(d)) for _ in range(2 + k)))


def loss(draw: Draw, level: int) -> Question:
    """The loss for k negatives as a formula, the scores, the loss in numbers, and at the start."""
    sample = _drawn(draw, level)
    k, found = sample.k, sample.loss
    start = checked("k*log(2*o)", {"k": 1 + k, "o": 1})
    scores = sample.gradients.scores
    positive = float(np.logaddexp(0, -scores[0]))
    swapped = float(np.logaddexp(0, scores[0]) + np.logaddexp(0, -scores[1:]).sum())
    first, rest = "-log(sigmoid(dot(Ew, Cp)))", "total(log(sigmoid(-dot(Ew, Cn))))"
    answers = (
        Formula(
            name="L",
            prompt="L as a formula in these vectors. A sum over the negatives may be typed as `total(…)` with `Cn`.",
            points=3,
            tree=read_formula(sample.formula),
            vectors=("Ew", "Cp", *sample.negatives),
            negatives=k,
            how="the negative logarithm of the product of the probabilities of all labels",
            checked=found.by,
            lines=2,
            hint="step 1: the probability of each label; step 2: their product; step 3: its negative logarithm",
            mistakes=(
                (f"-({first} - {rest})", "step 3: the sign; a loss falls as the probability grows"),
                (
                    f"{first} - total(log(sigmoid(dot(Ew, Cn))))",
                    "step 1: a negative has the label 0; what is its probability?",
                ),
                (first, "step 2: the negatives are missing"),
                (f"{first} - log(sigmoid(-dot(Ew, C1)))", "step 2: not all of the negatives are in it"),
                (f"{first} + {rest}", "step 3: the sign of the negatives' terms"),
                ("sigmoid(dot(Ew, Cp))", "step 2: the labels of the negatives are missing; step 3: the logarithm"),
            )[: None if k > 1 else 3],
        ),
        Numeric(
            name="scores",
            prompt=f"The scores of the positive and of the {'negative' if k == 1 else 'negatives'}, as a list.",
            points=1,
            value=scores,
            how="the dot product of $Ew$ with each context vector",
            checked=("closed form", "graph"),
            hint="multiply component by component and sum",
        ),
        Numeric(
            name="value",
            prompt="L in numbers.",
            points=3,
            value=np.asarray(found.value),
            how=f"the terms are {', '.join(show_value(t) for t in _terms(scores))}",
            checked=sample.by,
            lines=3,
            hint="step 1: σ of each score (of the negated score for a negative); step 2: −log of each; step 3: add",
            mistakes=(
                (positive, "only the positive is in it; add the negatives"),
                (swapped, "step 1: positive and negatives are exchanged, the signs of the scores are wrong"),
                (-found.value, "step 2: the sign of the logarithm"),
                (found.value / (1 + k), "step 3: that is the mean of the terms; L is their sum"),
                (found.value / np.log(10), "step 2: log is the natural logarithm"),
            ),
        ),
        Numeric(
            name="start",
            prompt="L at the start of training, when all rows of C are zero.",
            points=1,
            value=np.asarray(start.value),
            how="$(1 + k)*log(2)$",
            checked=start.by,
            hint="what is the score of each pair, what is σ of it, and how many terms are there?",
            mistakes=(
                (float(np.log(2)), "that is one term; count the pairs"),
                (k * float(np.log(2)), "count the pairs again: the positive and the negatives"),
            ),
        ),
    )
    agree("the scores", scores[0], sample.loss.passes.nodes[2].value)
    return Question(topic="loss", title="The loss", intro=sample.given(), answers=answers)


def _terms(scores: np.ndarray) -> list[float]:
    """The terms of L: −log σ(score) of the positive, −log σ(−score) of each negative."""
    return [float(np.logaddexp(0, -scores[0])), *np.logaddexp(0, scores[1:]).tolist()]


def gradients(draw: Draw, level: int) -> Question:
    """The gradients of the loss, as formulas and in numbers."""
    sample = _drawn(draw, level)
    k, by, made = sample.k, sample.by, sample.gradients
    names = ("Ew", "Cp", *sample.negatives)
    error_p, error_n = "(sigmoid(dot(Ew, Cp)) - 1)", "sigmoid(dot(Ew, C1))"
    to_w = f"{error_p}*Cp + total(sigmoid(dot(Ew, Cn))*Cn)"
    w, C = np.array(sample.values["Ew"]), [np.array(sample.values[name]) for name in names[1:]]
    P = made.probabilities

    def formula(name: str, of: str, hint: str, mistakes: tuple[tuple[str, str], ...]) -> Formula:
        return Formula(
            name=f"dL/d{of}",
            prompt=f"$grad(L, {of})$ as a formula.",
            points=2,
            tree=derivative_tree(sample.loss, of),
            vectors=names,
            negatives=k,
            how=name,
            checked=by,
            lines=2,
            hint=hint,
            mistakes=mistakes,
        )

    steps = (
        "step 1: which terms of L contain this vector; step 2: the derivative of −log σ, an error; step 3: times the "
        "other vector"
    )
    answers = (
        formula(
            "error times $Ew$; the error is σ − label, with label 1",
            "Cp",
            steps,
            (
                (f"-{error_p}*Ew", "step 2: the sign; the error is σ − label"),
                ("sigmoid(dot(Ew, Cp))*Ew", "step 2: the label of the positive is missing in the error"),
                (f"{error_p}*Cp", "step 3: the gradient of a dot product is the other vector"),
                (
                    "sigmoid(dot(Ew, Cp))*(1 - sigmoid(dot(Ew, Cp)))*Ew",
                    "step 2: that is σ's derivative; L has −log σ",
                ),
                (error_p, "step 3: the derivative of the score is missing"),
                (to_w, "step 1: most of these terms do not contain this vector"),
            ),
        ),
        formula(
            "error times $Ew$; the error is σ − label, with label 0",
            "C1",
            steps,
            (
                (f"-{error_n}*Ew", "step 2: the sign; the error is σ − label"),
                (f"({error_n} - 1)*Ew", "step 2: the label of a negative"),
                (f"{error_n}*C1", "step 3: the gradient of a dot product is the other vector"),
                (f"{error_n}*(1 - {error_n})*Ew", "step 2: that is the derivative of σ; L has −log σ"),
                (error_n, "step 3: the derivative of the score is missing"),
                ("sigmoid(-dot(Ew, C1))*Ew", "step 2: the inner minus changes the error once more"),
            ),
        ),
        formula(
            "errors times the context vectors, one term for each pair",
            "Ew",
            steps,
            (
                (f"{error_p}*Cp", "step 1: the terms of the negatives contain this vector, too"),
                (f"-({to_w})", "step 2: the sign; each error is σ − label"),
                ("sigmoid(dot(Ew, Cp))*Cp + total(sigmoid(dot(Ew, Cn))*Cn)", "step 2: the label of the positive"),
                (f"{error_p}*Cp - total(sigmoid(dot(Ew, Cn))*Cn)", "step 2: the sign of the negatives' errors"),
                (
                    f"{error_p}*Ew + total(sigmoid(dot(Ew, Cn))*Ew)",
                    "step 3: the gradient of a dot product is the other vector",
                ),
            ),
        ),
        Numeric(
            name="dCp",
            prompt="$grad(L, Cp)$ in numbers.",
            points=1,
            value=made.c[0],
            how=f"the error is {show_value(made.errors[0])}",
            checked=by,
            hint="step 1: the score; step 2: the error, σ − label; step 3: times each component of the other vector",
            mistakes=(
                (-made.c[0], "step 2: the sign; the error is σ − label"),
                (P[0] * w, "step 2: the label of the positive is missing in the error"),
                (made.errors[0] * C[0], "step 3: times the other vector"),
            ),
        ),
        Numeric(
            name="dC1",
            prompt="$grad(L, C1)$ in numbers.",
            points=1,
            value=made.c[1],
            how=f"the error is {show_value(made.errors[1])}",
            checked=by,
            hint="step 1: the score; step 2: the error, σ − label; step 3: times each component of the other vector",
            mistakes=(
                (-made.c[1], "step 2: the sign; the error is σ − label"),
                ((P[1] - 1) * w, "step 2: the label of a negative"),
                (made.errors[1] * C[1], "step 3: times the other vector"),
            ),
        ),
        Numeric(
            name="dEw",
            prompt="$grad(L, Ew)$ in numbers.",
            points=2,
            value=made.w,
            scale=float(max(np.abs(error * c).max() for error, c in zip(made.errors, C))),
            how="each error times its context vector, added",
            checked=by,
            lines=2,
            hint="step 1: the errors of all pairs; step 2: each times its context vector; step 3: add them",
            mistakes=(
                (made.errors[0] * C[0], "step 3: only the positive is in it"),
                (-made.w, "step 1: the sign; each error is σ − label"),
                (made.c[0], "that is the gradient of another vector; step 2: times the context vectors"),
            ),
        ),
    )
    return Question(topic="gradients", title="The gradients", intro=sample.given(), answers=answers)
