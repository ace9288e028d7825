"""The chapter on common mistakes in implementations of SGNS; their examples run when the chapter is made."""

import inspect
import textwrap
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import numpy as np

from sgns.learn.chapters.gradients import closed_form
from sgns.learn.document.blocks import Block, Box, Code, Heading, Paragraph
from sgns.learn.graphs.graph import backward, evaluate


def mean_against_sum() -> None:
    """One positive, k = 5 negatives, lr 0.025: how far does C_c+ move?"""
    rng = np.random.default_rng(1)
    w, C = rng.normal(size=100) / 10, rng.normal(size=(6, 100)) / 10
    x, h = C @ w, 1e-4 * np.eye(6)[0]  # the scores, and a bit more of the first one
    signs = np.array([-1, 1, 1, 1, 1, 1])  # label 1 costs log(1 + e^-x), label 0 log(1 + e^x)
    for reduction in (np.sum, np.mean):
        up, down = (reduction(np.logaddexp(0, signs * (x + way))) for way in (h, -h))
        step = 0.025 * (up - down) / 2e-4 * w  # dL/dx times dx/dC, which is w
        print(f"{reduction.__name__:>4}: |step| = {np.linalg.norm(step):.6f}")


def negative_drawn_twice() -> None:
    """The row of C that was drawn twice must move by both gradients."""
    C, rows = np.zeros((3, 2)), np.array([1, 1])
    step = np.array([[0.5, 0.5], [0.5, 0.5]])
    wrong, right = C.copy(), C.copy()
    wrong[rows] -= step  # NumPy writes row 1 twice; the last one stays
    np.subtract.at(right, rows, step)  # and here it moves twice
    print("C[rows] -= step:  ", wrong[1])
    print("np.subtract.at(…):", right[1])


def negative_equal_to_the_positive() -> None:
    """The pulls of label 1 and label 0 cancel at P = 1/2, and beyond that push the pair apart."""
    w, c = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    counted = closed_form(w, np.array([c, c])).c.sum(axis=0)
    left_out = closed_form(w, np.array([c])).c[0]
    print("counted:  gradient for c", counted + 0.0, "- away from w")
    print("left out: gradient for c", left_out + 0.0, "- towards w")


def log_of_sigmoid() -> None:
    """−log σ(−200) is 200; in two steps it is infinite, and its gradient is not a number."""
    x = np.float32(-200)
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-x))
        print("-log(sigmoid(x)): loss", -np.log(p), "gradient", -1 / p * p * (1 - p))
    print("logaddexp(0, -x): loss", np.logaddexp(np.float32(0), -x), "gradient", p - 1)


def dense_against_sparse() -> None:
    """V = 30,000, d = 100, one pair and 5 negatives: how large is the gradient?"""
    V, d = 30_000, 100
    rows = 1 + 6  # one row of E and six of C
    dense = 2 * V * d * 4  # float32
    sparse = rows * (d * 4 + 8)  # and an int64 for the number of each row
    print(f"dense:  {dense:>10,} bytes, {2 * V - rows:,} of {2 * V:,} rows are zero")
    print(f"sparse: {sparse:>10,} bytes")


def backward_twice() -> None:
    """The derivative of x²·(c·x) at x = 2, c = 3 is 36, at every pass."""
    f, grad = evaluate("x**2 * (c*x)", {"x": 2, "c": 3}), 0.0
    for count in ("first ", "second"):
        passes = backward(f)
        derivative = float(passes.derivative(passes.nodes[0]))
        grad += derivative  # what PyTorch does with .grad until zero_grad()
        print(f"{count} pass: df/dx = {derivative:g}, x.grad = {grad:g}")


@dataclass(frozen=True)
class Trap:
    """A mistake that raises no error in training.

    Attributes:
        title: Its name.
        text: The explanation, as running text.
        example: A function that prints the effect; the chapter shows its body and its output.
    """

    title: str
    text: str
    example: Callable[[], None]


TRAPS = (
    Trap(
        "Mean against sum",
        "The default of `BCEWithLogitsLoss` divides by the number of pairs in the batch, B·(1+k). The gradient "
        "shrinks as much, so the "
        'learning rates of word2vec papers hardly move anything. Take `reduction="sum"`, or multiply the learning '
        "rate.",
        mean_against_sum,
    ),
    Trap(
        "A negative drawn twice",
        "Negatives are drawn with replacement. A frequent word comes twice in one draw, and both gradients count.",
        negative_drawn_twice,
    ),
    Trap(
        "A negative equal to the positive",
        "The noise distribution knows nothing of the pair: it may draw $cp$ itself. word2vec.c skips such a draw, "
        "and so do we. It must be "
        "found by comparing word ids, not places in the text.",
        negative_equal_to_the_positive,
    ),
    Trap(
        "log(σ(x)) overflows",
        "In float32, $exp(x)$ is infinite above $x = 88.7$. $sigmoid(-x)$ becomes 0, its logarithm infinite, the "
        "gradient NaN, and from there every row it touches. Take log σ from the logit in one go.",
        log_of_sigmoid,
    ),
    Trap(
        "Dense against sparse gradients",
        "A step touches a few rows of E and C. A dense gradient is a matrix of zeros as large as the model, made "
        "and added at every step. "
        "`nn.Embedding(V, d, sparse=True)` keeps the rows only; SGD, Adagrad and SparseAdam can use it, plain Adam "
        "cannot.",
        dense_against_sparse,
    ),
    Trap(
        "Backward twice",
        "`backward()` adds to `.grad`. Without `optimizer.zero_grad()` each step also takes all steps before it "
        "again. Our graph returns the "
        "derivatives instead of adding them, so a second pass gives the same answer.",
        backward_twice,
    ),
)


def traps() -> list[Block]:
    """Runs the example of each mistake.

    Returns:
        The chapter, with a box for each mistake. `sgns.learn.to_text` and `sgns.learn.write_document` write it.
    """
    return [
        Heading(1, "Traps"),
        Paragraph(
            "Each of these trains without an error message. The examples ran while this was written; `closed_form` is "
            "the gradients derived above (`sgns.learn.closed_form`)."
        ),
        *[
            Box(trap.title, (Paragraph(trap.text), Code(source(trap.example)), Code(output(trap.example), "text")))
            for trap in TRAPS
        ],
    ]


def source(function: Callable[[], None]) -> str:
    """Returns the body of an example, without signature and docstring."""
    text = textwrap.dedent(inspect.getsource(function))
    return textwrap.dedent(text.split('"""\n', 1)[1])


def output(function: Callable[[], None]) -> str:
    """Returns what an example prints."""
    with redirect_stdout(StringIO()) as printed:
        function()
    return printed.getvalue()
