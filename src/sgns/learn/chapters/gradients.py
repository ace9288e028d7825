"""The loss of one positive and its k negatives, and its gradients: in closed form, and computed by five other methods.

    L        = −log σ(E_w·C_c+) − Σ log σ(−E_w·C_c−i)
    ∂L/∂C_c+  = (σ(E_w·C_c+) − 1) E_w
    ∂L/∂C_c−i = σ(E_w·C_c−i) E_w
    ∂L/∂E_w   = (σ(E_w·C_c+) − 1) C_c+ + Σ σ(E_w·C_c−i) C_c−i

`sgns.learn.chapters.derivations` derives the closed form. `compare_methods` computes the same numbers with SymPy,
central differences, our computation graph, PyTorch's autograd and a training kernel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgns.errors import MissingExtra
from sgns.learn.document.blocks import Table
from sgns.learn.formulas.algebra import sympy
from sgns.learn.formulas.notation import show_value
from sgns.learn.formulas.operations import NUMERIC
from sgns.learn.graphs.graph import backward, dot, log, sigmoid, variable


@dataclass(frozen=True)
class Gradients:
    """Loss and gradients of one target w and its outputs: the positive first, then the k negatives.

    Attributes:
        loss: L.
        scores: (1+k,) E_w·C_c.
        probabilities: (1+k,) P(1 | w, c).
        errors: (1+k,) P(1 | w, c) − label.
        w: (d,) ∂L/∂E_w.
        c: (1+k, d) ∂L/∂C_c of each output; an output that occurs twice has two rows, to be added.
    """

    loss: float
    scores: np.ndarray
    probabilities: np.ndarray
    errors: np.ndarray
    w: np.ndarray
    c: np.ndarray


def closed_form(w: np.ndarray, outputs: np.ndarray) -> Gradients:
    """Computes loss and gradients by the formulas above, in float64.

    Args:
        w: (d,) the row E_w.
        outputs: (1+k, d) the rows C_c+, C_c−1 … C_c−k.

    Returns:
        The loss, its gradients, and the intermediate results.
    """
    w, outputs = np.asarray(w, np.float64), np.asarray(outputs, np.float64)
    labels = np.zeros(len(outputs))
    labels[0] = 1
    scores = outputs @ w
    probabilities = NUMERIC.sigmoid(scores)
    errors = probabilities - labels
    # −log σ(x) = log(1 + e^−x), which logaddexp computes without overflow
    loss = float(np.logaddexp(0, np.where(labels == 1, -scores, scores)).sum())
    return Gradients(loss, scores, probabilities, errors, errors @ outputs, np.outer(errors, w))


Answer = tuple[float, np.ndarray, np.ndarray]  # L, ∂L/∂E_w (d,), ∂L/∂C (1+k, d)


@dataclass(frozen=True)
class Method:
    """A method that computes L and its gradients, and what it computed.

    Attributes:
        name: The name of the method.
        answer: L, ∂L/∂E_w (d,) and ∂L/∂C (1+k, d); None if a library is missing.
        difference: The largest absolute difference from the closed form; None if a library is missing.
        why_not: How to install the missing library, or "".
    """

    name: str
    answer: Answer | None
    difference: float | None
    why_not: str = ""


def compare_methods(seed: int = 1, dim: int = 2, negatives: int = 2) -> list[Method]:
    """Computes L and its gradients by each method, on the same random vectors.

    The vectors are rounded to float32, so that all methods start from the same numbers.

    Args:
        seed: Seed of the vectors.
        dim: d.
        negatives: k; all negatives are different rows.

    Returns:
        The methods, the closed form first.
    """
    rng = np.random.default_rng(seed)
    w = rng.normal(size=dim).astype(np.float32).astype(np.float64)
    C = rng.normal(size=(1 + negatives, dim)).astype(np.float32).astype(np.float64)
    ways: dict[str, Callable[[np.ndarray, np.ndarray], Answer]] = {
        "closed form": _closed_form,
        "sympy, 30 digits": _sympy,
        "central differences": _central_differences,
        "our graph": _graph,
        "torch autograd": _torch,
        "kernel, lr = 1, float32": _kernel,
    }
    methods = []
    expected = _closed_form(w, C)
    for name, way in ways.items():
        try:
            answer = way(w.copy(), C.copy())
        except MissingExtra as error:
            methods.append(Method(name, None, None, str(error)))
            continue
        difference = max(float(np.max(np.abs(np.asarray(a) - np.asarray(b)))) for a, b in zip(answer, expected))
        methods.append(Method(name, answer, difference))
    return methods


def comparison_table(methods: list[Method]) -> Table:
    """Writes the comparison as a table.

    Args:
        methods: From `compare_methods`.
    """
    first = methods[0].answer
    assert first is not None
    negatives = len(first[2]) - 1
    heads = (
        "method",
        "$L$",
        "$grad(L, Ew)$",
        "$grad(L, Cp)$",
        *["$grad(L, Cn)$"] * min(negatives, 1),
        "largest difference",
    )
    rows = []
    for method in methods:
        if method.answer is None or method.difference is None:
            rows.append((method.name, method.why_not, *[""] * (len(heads) - 2)))
            continue
        loss, w, c = method.answer
        cells = [show_value(loss), show_value(w, 2), show_value(c[0], 2), *[show_value(x, 2) for x in c[1:2]]]
        difference = "—" if method is methods[0] else show_value(method.difference, 2)
        rows.append((method.name, *cells, difference))
    caption = (
        f"Six ways to the same numbers. One positive and {negatives} negatives, $d = {len(first[1])}$, random vectors. "
        "The difference is the largest one over $L$ and all components of all gradients, those of the other "
        "negatives included."
    )
    return Table(heads, tuple(rows), caption)


def _closed_form(w: np.ndarray, C: np.ndarray) -> Answer:
    made = closed_form(w, C)
    return made.loss, made.w, made.c


def _sympy(w: np.ndarray, C: np.ndarray) -> Answer:
    s = sympy()
    names = s.symbols(f"w:{w.size}", real=True)
    outputs = [s.symbols(f"c{i}_:{w.size}", real=True) for i in range(len(C))]
    scores = [sum(a * b for a, b in zip(names, output)) for output in outputs]

    def sigma(x: Any) -> Any:
        return 1 / (1 + s.exp(-x))

    loss = -s.log(sigma(scores[0])) - sum(s.log(sigma(-score)) for score in scores[1:])
    values = dict(zip(names, map(s.Rational, w)))
    values |= {symbol: s.Rational(value) for output, row in zip(outputs, C) for symbol, value in zip(output, row)}

    def exact(expression: Any) -> float:
        return float(expression.evalf(30, subs=values))

    gradient = np.array([[exact(s.diff(loss, symbol)) for symbol in output] for output in outputs])
    return exact(loss), np.array([exact(s.diff(loss, symbol)) for symbol in names]), gradient


def _central_differences(w: np.ndarray, C: np.ndarray, h: float = 1e-5) -> Answer:
    """(L(x + h) − L(x − h)) / 2h; the error falls as h² until rounding takes over, near h = 1e-5."""
    loss = closed_form(w, C).loss
    made = []
    for x in (w, C):
        gradient = np.empty_like(x)
        for place in np.ndindex(x.shape):
            before = x[place]
            x[place] = before + h
            above = closed_form(w, C).loss
            x[place] = before - h
            gradient[place] = (above - closed_form(w, C).loss) / (2 * h)
            x[place] = before
        made.append(gradient)
    return loss, made[0], made[1]


def _graph(w: np.ndarray, C: np.ndarray) -> Answer:
    target = variable("w", w)
    outputs = [variable(f"c{i}", row) for i, row in enumerate(C)]
    loss = -log(sigmoid(dot(target, outputs[0])))
    for output in outputs[1:]:
        loss = loss - log(sigmoid(-dot(target, output)))
    passes = backward(loss)
    return float(loss.value), passes.derivative(target), np.array([passes.derivative(output) for output in outputs])


def _torch(w: np.ndarray, C: np.ndarray) -> Answer:
    try:
        import torch
    except ImportError:
        raise MissingExtra("install it with: pip install 'sgns[torch]'") from None
    target, outputs = torch.tensor(w, requires_grad=True), torch.tensor(C, requires_grad=True)
    labels = torch.zeros(len(C), dtype=torch.float64)
    labels[0] = 1
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")(outputs @ target, labels)
    loss.backward()
    return float(loss.detach()), target.grad.numpy(), outputs.grad.numpy()


def _kernel(w: np.ndarray, C: np.ndarray) -> Answer:
    """One update of the training kernel with lr = 1: the gradient of a row is the row before minus the row after."""
    from sgns.training.engines.cpu.window_kernel import one_window

    E, outputs = np.zeros((len(C), w.size), np.float32), C.astype(np.float32)
    E[0] = w
    before_E, before_C = E.copy(), outputs.copy()
    loss = one_window(E, outputs, np.array([0], np.int32), 0, np.arange(1, len(C), dtype=np.int32), 1.0)
    return float(loss), (before_E - E)[0].astype(np.float64), (before_C - outputs).astype(np.float64)
