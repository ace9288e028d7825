"""The derivations of SGNS's relatives: CBOW, subwords, hierarchical softmax; and their gradients in numbers.

All three have one form. The input is h = Σ a·R with a weight a for each row R of E, the loss is Σ −log σ(±h·C) over
some rows of C, plus for label 1. `compare_relative` computes L and its gradients in closed form, with SymPy, by central
differences, with our computation graph, with PyTorch's autograd and by one step of the training kernel.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from sgns.errors import MissingExtra
from sgns.learn.chapters.derivation import Derivation, chain
from sgns.learn.chapters.kernel_step import precision, step_gradients
from sgns.learn.chapters.proof import Meaning
from sgns.learn.document.blocks import Table
from sgns.learn.formulas.algebra import sympy
from sgns.learn.formulas.notation import formula, show_value
from sgns.learn.formulas.operations import NUMERIC
from sgns.learn.graphs.graph import backward, dot, log, sigmoid, variable

SCORE_P, SCORE_N, SCORE_NODE = "dot(h, Cp)", "dot(h, Cn)", "dot(h, Nn)"
LOSS = f"-log(sigmoid({SCORE_P})) - total(log(sigmoid(-{SCORE_N})))"
FREE_H = Meaning(("h", "Cp", "Cn"), {"L": formula(LOSS)})
MEAN = Meaning(
    ("h", "Et", "Cp", "Cn"), {"L": formula(LOSS), "h": formula("1 / m * window(Et)")}, sizes={"m": (1, 2, 3)}
)
LOSS_OF_U = LOSS.replace("h,", "u,")
COMPOSED = Meaning(
    ("u", "Ew", "Et", "Cp", "Cn"),
    {"L": formula(LOSS_OF_U), "u": formula("1 / (1 + g) * (Ew + ngrams(Et))")},
    sizes={"g": (1, 2, 3)},
)
PATH_LOSS = f"path(-log(sigmoid(sn * {SCORE_NODE})))"
LABEL = formula("(1 + sn) / 2")
IN_TREE = Meaning(("h", "Nn"), {"L": formula(PATH_LOSS), "yn": LABEL}, signs=("sn",))

RELATIVES = (
    Derivation(
        "cbow",
        "How the input depends on a row",
        "Skip-gram predicts a context word from one word, CBOW a word $cp$ from all $m$ words around it. $Et$ is the "
        "row of the word at place $t$ of the window, and the input $h$ is the mean of these rows. Component $j$ of $h$ "
        "holds component $j$ of each:",
        chain(
            "grad(h_j, Et_j)",
            ("grad(1 / m * window(Et_j), Et_j)", "definition of $h$"),
            ("1 / m * grad(window(Et_j), Et_j)", "a constant factor"),
            ("1 / m", "only one term holds $Et_j$"),
        ),
        MEAN,
        "A word that stands twice in the window has two terms, and its row gets both.",
    ),
    Derivation(
        "cbow",
        "The loss of CBOW",
        "$h$ takes the place of $Ew$, and nothing else changes.",
        chain(
            "L",
            ("-log(P1(h, cp) * product(P0(h, cn)))", "definition"),
            (f"-log(sigmoid({SCORE_P}) * product(sigmoid(-{SCORE_N})))", "the model, $1 - sigmoid(x) = sigmoid(-x)$"),
            (LOSS, "log of a product = sum of the logs"),
        ),
        Meaning(("h", "Cp", "Cn"), {"L": formula("-log(P1(h, cp) * product(P0(h, cn)))")}),
    ),
    Derivation(
        "cbow",
        "The gradient for $Cp$ in CBOW",
        "",
        chain(
            "grad(L, Cp)",
            (f"(sigmoid({SCORE_P}) - 1) * grad({SCORE_P}, Cp)", "as in skip-gram"),
            (f"(sigmoid({SCORE_P}) - 1) * h", "gradient of a dot product"),
        ),
        FREE_H,
    ),
    Derivation(
        "cbow",
        "The gradient for each $Cn$ in CBOW",
        "",
        chain(
            "grad(L, Cn)",
            (f"sigmoid({SCORE_N}) * grad({SCORE_N}, Cn)", "as in skip-gram"),
            (f"sigmoid({SCORE_N}) * h", "gradient of a dot product"),
        ),
        FREE_H,
    ),
    Derivation(
        "cbow",
        "The gradient for $h$",
        "",
        chain(
            "grad(L, h)",
            (
                f"(sigmoid({SCORE_P}) - 1) * grad({SCORE_P}, h) + total(sigmoid({SCORE_N}) * grad({SCORE_N}, h))",
                "as in skip-gram",
            ),
            (f"(sigmoid({SCORE_P}) - 1) * Cp + total(sigmoid({SCORE_N}) * Cn)", "gradient of a dot product"),
        ),
        FREE_H,
    ),
    Derivation(
        "cbow",
        "The gradient for each row of the window",
        "",
        chain(
            "grad(L, Et)",
            ("1 / m * grad(L, h)", "chain rule: $h$ holds $Et$ with the factor $1 / m$"),
            (f"1 / m * ((sigmoid({SCORE_P}) - 1) * Cp + total(sigmoid({SCORE_N}) * Cn))", "the gradient for $h$"),
        ),
        MEAN,
        "word2vec.c and gensim leave the factor $1 / m$ out: they add $grad(L, h)$ itself to each of the $m$ rows. "
        "Irsoy, Benton and Stratos (2021) found this, and that with the true gradient CBOW learns vectors as good as "
        "those of skip-gram. With the sum of the rows in place of their mean, $h$ holds $Et$ with the factor 1, and "
        "then $grad(L, h)$ is right.",
    ),
    Derivation(
        "cbow",
        "Why the division cannot be left out",
        "Gradients of a loss fit each other: the order of two derivatives does not matter. The gradient for $Cp$ fixes "
        "how the one for $Et$ has to change with $Cp$:",
        chain(
            "grad(grad(L, Et_j), Cp_j)",
            ("grad(grad(L, Cp_j), Et_j)", "the order does not matter"),
            ("1 / m * grad(grad(L, Cp_j), h_j)", "$h_j$ holds $Et_j$ with the factor $1 / m$"),
            ("1 / m * grad(grad(L, h_j), Cp_j)", "the order does not matter"),
        ),
        MEAN,
        "An update of $Et$ by $grad(L, h)$ changes with $Cp$ by $m$ times as much. So for $m$ above 1 the updates of "
        "word2vec.c for $Et$ and for $Cp$ together are the gradient of no loss. It is as if E had the learning rate "
        "$m * lr$, another one for each length of a window.",
    ),
    Derivation(
        "subwords",
        "The gradient for a row of a word or n-gram",
        "The input $u$ is the mean of the word's own row $Ew$ and of the rows $Et$ of its $g$ character n-grams; it "
        "takes the place of $Ew$ in the loss.",
        chain(
            "grad(L, Et)",
            ("1 / (1 + g) * grad(L, u)", "chain rule: $u$ holds $Et$ with the factor $1 / (1 + g)$"),
            (
                "1 / (1 + g) * ((sigmoid(dot(u, Cp)) - 1) * Cp + total(sigmoid(dot(u, Cn)) * Cn))",
                "the gradient for the input, as in skip-gram",
            ),
        ),
        COMPOSED,
    ),
    Derivation(
        "subwords",
        "The gradient for the row of the word itself",
        "",
        chain(
            "grad(L, Ew)",
            ("1 / (1 + g) * grad(L, u)", "chain rule, the same factor"),
            ("grad(L, Et)", "the derivation above"),
        ),
        COMPOSED,
        "All rows of a word move by the same vector. An n-gram that stands twice in the word moves twice as far. Words "
        "that share n-grams pull at the same rows: so a rare word learns from those that are spelt like it, and a word "
        "that the text does not hold has a vector too, the mean of the rows of its n-grams.",
    ),
    Derivation(
        "hierarchical",
        "The two children of a node",
        "The words are the leaves of a binary tree. Each inner node $n$ has a row $Nn$; at the score $x$ of the input "
        "with it, $sigmoid(x)$ is the probability of the child with code 0, $sigmoid(-x)$ that of the one with code 1.",
        chain(
            "sigmoid(x) + sigmoid(-x)",
            ("sigmoid(x) + (1 - sigmoid(x))", "$1 - sigmoid(x) = sigmoid(-x)$"),
            ("1", "the children share what their node has, without remainder"),
        ),
        Meaning(vectors=()),
    ),
    Derivation(
        "hierarchical",
        "A tree with three words",
        "One word is a child of the root, whose score is $x$; the two others are children of a second node with score "
        "$y$. The probability of a word is the product along its path.",
        chain(
            "sigmoid(x) + sigmoid(-x) * sigmoid(y) + sigmoid(-x) * sigmoid(-y)",
            ("sigmoid(x) + sigmoid(-x) * (sigmoid(y) + sigmoid(-y))", "a common factor"),
            ("sigmoid(x) + sigmoid(-x)", "the two children of the second node"),
            ("1", "the two children of the root"),
        ),
        Meaning(vectors=()),
        "So it is in every tree: replace a leaf by a node with two leaves, and the sum stays 1. This is a softmax "
        "without a sum over $V$ words, and it needs no negatives.",
    ),
    Derivation(
        "hierarchical",
        "The loss of hierarchical softmax",
        "The path to $cp$ has ℓ inner nodes $Nn$. The sign $sn$ is +1 where the code of $cp$ is 0, −1 where it is 1.",
        chain(
            "L",
            ("-log(P(cp, h))", "definition"),
            (f"-log(along(sigmoid(sn * {SCORE_NODE})))", "the product along the path"),
            (PATH_LOSS, "log of a product = sum of the logs"),
        ),
        IN_TREE,
        "With C = 0 at the start each node costs $log(2)$. Huffman's tree gives frequent words short paths, so the "
        "mean path is the shortest that a tree can have.",
    ),
    Derivation(
        "hierarchical",
        "The derivative at a node",
        "The label $yn$ of a node is 1 where $sn$ is +1, else 0.",
        chain(
            "grad(-log(sigmoid(sn * x)), x)",
            ("(sigmoid(sn * x) - 1) * grad(sn * x, x)", "chain rule, derivative of −log σ"),
            ("sn * (sigmoid(sn * x) - 1)", "$grad(sn * x, x) = sn$"),
            ("sigmoid(x) - yn", "for the sign −1 it is $1 - sigmoid(-x)$: error = σ − label, both times"),
        ),
        Meaning((), {"yn": LABEL}, signs=("sn",)),
        "This is the error of a positive pair where the label is 1, and of a negative one where it is 0.",
    ),
    Derivation(
        "hierarchical",
        "The gradient for each node",
        "",
        chain(
            "grad(L, Nn)",
            (f"grad(-log(sigmoid(sn * {SCORE_NODE})), Nn)", "only one term holds $Nn$"),
            (f"(sigmoid({SCORE_NODE}) - yn) * grad({SCORE_NODE}, Nn)", "chain rule, the derivative at a node"),
            (f"(sigmoid({SCORE_NODE}) - yn) * h", "gradient of a dot product"),
        ),
        IN_TREE,
    ),
    Derivation(
        "hierarchical",
        "The gradient for the input",
        "",
        chain(
            "grad(L, h)",
            (f"path(grad(-log(sigmoid(sn * {SCORE_NODE})), h))", "every term holds $h$"),
            (f"path((sigmoid({SCORE_NODE}) - yn) * grad({SCORE_NODE}, h))", "chain rule, the derivative at a node"),
            (f"path((sigmoid({SCORE_NODE}) - yn) * Nn)", "gradient of a dot product"),
        ),
        IN_TREE,
        "In skip-gram $h$ is $Ew$, and this is its gradient. In CBOW $h$ is the mean of $m$ rows, and each of them "
        "gets this divided by $m$.",
    ),
)


@dataclass(frozen=True)
class Example:
    """A small case of a relative: which rows its input is made of, and which outputs it has.

    Attributes:
        inputs: Number of rows R.
        weight: Weight a of each row in h.
        labels: The label of each output.
        row: The gradient for a row, as running text; that for the first output, and for the second.
        caption: What the table shows, in words.
    """

    inputs: int
    weight: float
    labels: tuple[int, ...]
    row: str
    outputs: tuple[str, str]
    caption: str


EXAMPLES = {
    "cbow": Example(
        3, 1 / 3, (1, 0, 0), "$grad(L, Et)$", ("$grad(L, Cp)$", "$grad(L, Cn)$"),
        "A window of 3 words, one positive, 2 negatives",
    ),
    "subwords": Example(
        4, 1 / 4, (1, 0, 0), "$grad(L, Et)$", ("$grad(L, Cp)$", "$grad(L, Cn)$"),
        "A word with 3 n-grams, one positive, 2 negatives",
    ),
    "hierarchical": Example(
        1, 1.0, (1, 0, 1), "$grad(L, h)$", ("$grad(L, Nn)$, label 1", "$grad(L, Nn)$, label 0"),
        "A path of 3 nodes with the code 010",
    ),
}  # fmt: skip
Answer = tuple[float, np.ndarray, np.ndarray]  # L, ∂L/∂R (inputs, d), ∂L/∂C (outputs, d)


def compare_relative(topic: str, seed: int = 1, dim: int = 2) -> dict[str, Answer | str]:
    """Computes L and its gradients of an example by each method, on the same random vectors.

    The vectors are rounded to float32, so that all methods start from the same numbers.

    Args:
        topic: cbow, subwords or hierarchical.
        seed: Seed of the vectors.
        dim: d.

    Returns:
        Method -> L, ∂L/∂R (inputs, d) and ∂L/∂C (outputs, d), the closed form first; or how to install a library that
        is missing.
    """
    example = EXAMPLES[topic]
    rng = np.random.default_rng(seed)
    sizes = (example.inputs, dim), (len(example.labels), dim)
    R, C = (rng.normal(size=size).astype(np.float32).astype(np.float64) for size in sizes)
    labels = np.array(example.labels)
    ways: dict[str, Callable[[np.ndarray, np.ndarray, float, np.ndarray], Answer]] = {
        "closed form": _closed_form,
        "sympy, 30 digits": _sympy,
        "central differences": _central_differences,
        "our graph": _graph,
        "torch autograd": _torch,
        f"kernel, lr = 1, {precision()}": partial(step_gradients, topic),
    }
    found: dict[str, Answer | str] = {}
    for name, way in ways.items():
        try:
            found[name] = way(R.copy(), C.copy(), example.weight, labels)
        except MissingExtra as error:
            found[name] = str(error)
    return found


def relative_table(topic: str, found: Mapping[str, Answer | str]) -> Table:
    """Writes the comparison as a table.

    Args:
        topic: As in `compare_relative`.
        found: What it returned.
    """
    example = EXAMPLES[topic]
    heads = ("method", "$L$", example.row, *example.outputs, "largest difference")
    first = found["closed form"]
    assert not isinstance(first, str)
    rows: list[tuple[str, ...]] = []
    for name, answer in found.items():
        if isinstance(answer, str):
            rows.append((name, answer, *[""] * (len(heads) - 2)))
            continue
        loss, by_row, by_output = answer
        difference = max(float(np.abs(np.asarray(a) - np.asarray(b)).max()) for a, b in zip(answer, first))
        cells = [show_value(loss), *(show_value(x, 2) for x in (by_row[0], *by_output[:2]))]
        rows.append((name, *cells, "—" if name == "closed form" else show_value(difference, 2)))
    caption = (
        f"{len(found)} ways to the same numbers. {example.caption}, $d = {first[1].shape[1]}$, random vectors. The "
        "difference is the largest one over $L$ and all components of all gradients."
    )
    if topic == "subwords":
        caption += " The kernel moves each row by $grad(L, u)$, as fastText does; that is divided by $1 + g$ here."
    return Table(heads, tuple(rows), caption.replace("6 ways", "Six ways"))


def _loss(R: np.ndarray, C: np.ndarray, weight: float, labels: np.ndarray) -> float:
    """Σ −log σ(±h·C): −log σ(x) = log(1 + e^−x), which logaddexp computes without overflow."""
    scores = C @ (weight * R.sum(0))
    return float(np.logaddexp(0, np.where(labels == 1, -scores, scores)).sum())


def _closed_form(R: np.ndarray, C: np.ndarray, weight: float, labels: np.ndarray) -> Answer:
    h = weight * R.sum(0)
    errors = NUMERIC.sigmoid(C @ h) - labels
    by_h = errors @ C
    return _loss(R, C, weight, labels), np.tile(weight * by_h, (len(R), 1)), np.outer(errors, h)


def _sympy(R: np.ndarray, C: np.ndarray, weight: float, labels: np.ndarray) -> Answer:
    s = sympy()
    rows, outputs = (
        [s.symbols(f"{x}{i}_:{R.shape[1]}", real=True) for i in range(len(A))] for x, A in zip("rc", (R, C))
    )
    h = [s.Rational(weight) * sum(components) for components in zip(*rows)]
    scores = [sum(a * b for a, b in zip(h, output)) for output in outputs]
    loss = sum(s.log(1 + s.exp(-score if label else score)) for score, label in zip(scores, labels))
    values = {
        symbol: s.Rational(value)
        for symbols, A in ((rows, R), (outputs, C))
        for names, row in zip(symbols, A)
        for symbol, value in zip(names, row)
    }

    def exact(expression: Any) -> float:
        return float(expression.evalf(30, subs=values))

    by_row, by_output = (np.array([[exact(s.diff(loss, x)) for x in names] for names in A]) for A in (rows, outputs))
    return exact(loss), by_row, by_output


def _central_differences(R: np.ndarray, C: np.ndarray, weight: float, labels: np.ndarray, h: float = 1e-5) -> Answer:
    """(L(x + h) − L(x − h)) / 2h; the error falls as h² until rounding takes over, near h = 1e-5."""
    made = []
    for x in (R, C):
        gradient = np.empty_like(x)
        for place in np.ndindex(x.shape):
            before, at = x[place], {}
            for sign in (1, -1):
                x[place] = before + sign * h
                at[sign] = _loss(R, C, weight, labels)
            x[place] = before
            gradient[place] = (at[1] - at[-1]) / (2 * h)
        made.append(gradient)
    return _loss(R, C, weight, labels), made[0], made[1]


def _graph(R: np.ndarray, C: np.ndarray, weight: float, labels: np.ndarray) -> Answer:
    rows, outputs = ([variable(f"{x}{i}", row) for i, row in enumerate(A)] for x, A in zip("rc", (R, C)))
    total = rows[0]
    for row in rows[1:]:
        total = total + row
    h = weight * total
    terms = [-log(sigmoid(dot(h, c) if label else -dot(h, c))) for c, label in zip(outputs, labels)]
    loss = terms[0]
    for term in terms[1:]:
        loss = loss + term
    passes = backward(loss)
    by_row, by_output = (np.array([passes.derivative(x) for x in A]) for A in (rows, outputs))
    return float(loss.value), by_row, by_output


def _torch(R: np.ndarray, C: np.ndarray, weight: float, labels: np.ndarray) -> Answer:
    try:
        import torch
    except ImportError:
        raise MissingExtra("install it with: pip install 'sgns[torch]'") from None
    rows, outputs = torch.tensor(R, requires_grad=True), torch.tensor(C, requires_grad=True)
    logits = outputs @ (weight * rows.sum(0))
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")(logits, torch.tensor(labels, dtype=torch.float64))
    loss.backward()
    return float(loss.detach()), rows.grad.numpy(), outputs.grad.numpy()
