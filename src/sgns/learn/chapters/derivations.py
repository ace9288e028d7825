"""The derivations of SGNS, line by line, as data: what is worked out, each step, and its reason."""

from dataclasses import dataclass

from sgns.learn.chapters.proof import Meaning
from sgns.learn.document.blocks import Chain
from sgns.learn.formulas.notation import formula

USUAL = Meaning()


@dataclass(frozen=True)
class Derivation:
    """One result.

    Attributes:
        topic: parameters, sigmoid, loss or gradients.
        title: What is shown.
        before: What must be said first.
        chain: The steps.
        meaning: What the names stand for.
        after: What follows from it.
    """

    topic: str
    title: str
    before: str
    chain: Chain
    meaning: Meaning = USUAL
    after: str = ""


def _chain(left: str, *steps: tuple[str, str]) -> Chain:
    return Chain(formula(left), tuple((formula(step), why) for step, why in steps))


SCORE_P, SCORE_N = "dot(Ew, Cp)", "dot(Ew, Cn)"
LOSS = f"-log(sigmoid({SCORE_P})) - total(log(sigmoid(-{SCORE_N})))"
LIKELIHOOD = "-log(P1(w, cp) * product(P0(w, cn)))"
OF_LOSS = Meaning(definitions={"L": formula(LOSS)})
SCALAR = Meaning(vectors=())

DERIVATIONS = (
    Derivation(
        "parameters",
        "The number of parameters",
        "E holds a row of $d$ numbers for each of the $V$ words in its role as target $w$, C holds another for its "
        "role as context $c$.",
        _chain("V*d + V*d", ("2*V*d", "the two matrices have the same shape, $V$ rows of $d$")),
        SCALAR,
    ),
    Derivation(
        "sigmoid",
        "σ in two spellings",
        "The score of a pair is $dot(Ew, Cp)$, any real number. σ makes a number between 0 and 1 of it.",
        _chain(
            "sigmoid(x)",
            ("1 / (1 + exp(-x))", "definition"),
            ("exp(x) / (exp(x) * (1 + exp(-x)))", "times $exp(x) / exp(x)$, which is 1"),
            ("exp(x) / (exp(x) + exp(x) * exp(-x))", "multiplied out"),
            ("exp(x) / (exp(x) + 1)", "$exp(x) * exp(-x) = 1$"),
        ),
        SCALAR,
        "Both are positive, and the number above the line is smaller than the one below: $sigmoid(x)$ is above 0 and "
        "below 1 for every $x$.",
    ),
    Derivation(
        "sigmoid",
        "Its lower end",
        "",
        _chain(
            "limit_down(sigmoid(x))",
            ("limit_down(exp(x) / (exp(x) + 1))", "second spelling"),
            ("0 / (0 + 1)", "$exp(x)$ goes to 0"),
            ("0", "reached by no $x$"),
        ),
        SCALAR,
    ),
    Derivation(
        "sigmoid",
        "Its upper end",
        "",
        _chain(
            "limit_up(sigmoid(x))",
            ("limit_up(1 / (1 + exp(-x)))", "first spelling"),
            ("1 / (1 + 0)", "$exp(-x)$ goes to 0"),
            ("1", "reached by no $x$: the range is the open interval (0, 1)"),
        ),
        SCALAR,
    ),
    Derivation(
        "sigmoid",
        "The other side",
        "",
        _chain(
            "1 - sigmoid(x)",
            ("1 - exp(x) / (exp(x) + 1)", "second spelling"),
            ("1 / (exp(x) + 1)", "one fraction"),
            ("1 / (1 + exp(-(-x)))", "$x = -(-x)$"),
            ("sigmoid(-x)", "first spelling"),
        ),
        SCALAR,
    ),
    Derivation(
        "sigmoid",
        "Its role: a probability",
        "$P1(w, c)$ is the probability that $c$ is a real context of $w$, $P0(w, c)$ that it is not. SGNS takes σ of "
        "the score for the first; the two must add up to 1.",
        _chain(
            "P0(w, cp)",
            ("1 - P1(w, cp)", "one of the two is the case"),
            (f"1 - sigmoid({SCORE_P})", f"the model: $P1(w, cp) = sigmoid({SCORE_P})$"),
            (f"sigmoid(-{SCORE_P})", "the other side, above"),
        ),
    ),
    Derivation(
        "sigmoid",
        "Its derivative",
        "",
        _chain(
            "grad(sigmoid(x), x)",
            ("grad(1 / (1 + exp(-x)), x)", "first spelling"),
            ("-(1 / (1 + exp(-x))**2) * grad(1 + exp(-x), x)", "chain rule, $grad(1/u, u) = -1/u**2$"),
            ("exp(-x) / (1 + exp(-x))**2", "$grad(1 + exp(-x), x) = -exp(-x)$"),
            ("1 / (1 + exp(-x)) * (exp(-x) / (1 + exp(-x)))", "two fractions"),
            ("sigmoid(x) * (1 - sigmoid(x))", "the second is $1 - sigmoid(x)$"),
        ),
        SCALAR,
        "It is positive, so σ grows with $x$; it is largest, 1/4, at 0.",
    ),
    Derivation(
        "loss",
        "The loss in terms of E and C",
        "The label of $cp$ should be 1, those of the $k$ negatives $cn$ should be 0. Take them to be independent and "
        "multiply their probabilities. The product should be large, so its negative logarithm $L$ should be small.",
        _chain(
            "L",
            (LIKELIHOOD, "definition"),
            (f"-log(sigmoid({SCORE_P}) * product(1 - sigmoid({SCORE_N})))", "the model"),
            (f"-log(sigmoid({SCORE_P}) * product(sigmoid(-{SCORE_N})))", "$1 - sigmoid(x) = sigmoid(-x)$"),
            (LOSS, "log of a product = sum of the logs"),
        ),
        Meaning(definitions={"L": formula(LIKELIHOOD)}),
        "With C = 0 at the start every score is 0 and $L = (1 + k) * log(2)$.",
    ),
    Derivation(
        "gradients",
        "The derivative of −log σ",
        "",
        _chain(
            "grad(-log(sigmoid(x)), x)",
            ("-(1 / sigmoid(x)) * grad(sigmoid(x), x)", "chain rule, $grad(log(u), u) = 1/u$"),
            ("-(1 / sigmoid(x)) * (sigmoid(x) * (1 - sigmoid(x)))", "derivative of σ"),
            ("-(1 - sigmoid(x))", "cancel"),
            ("sigmoid(x) - 1", "error = σ − label, with label 1"),
        ),
        SCALAR,
    ),
    Derivation(
        "gradients",
        "The same for a negative",
        "",
        _chain(
            "grad(-log(sigmoid(-x)), x)",
            ("(sigmoid(-x) - 1) * grad(-x, x)", "chain rule with the line before"),
            ("1 - sigmoid(-x)", "$grad(-x, x) = -1$"),
            ("sigmoid(x)", "error = σ − label, with label 0"),
        ),
        SCALAR,
    ),
    Derivation(
        "gradients",
        "The gradient of a dot product",
        "$x$ and $y$ are vectors of $d$ components here.",
        _chain(
            "grad(dot(x, y), x)",
            ("grad(components(x_j * y_j), x)", "definition of the dot product"),
            ("y", "only one term holds $x_j$, and its factor is $y_j$"),
        ),
        Meaning(vectors=("x", "y")),
    ),
    Derivation(
        "gradients",
        "The gradient for $Cp$",
        "",
        _chain(
            "grad(L, Cp)",
            (f"grad(-log(sigmoid({SCORE_P})), Cp)", "the other terms do not hold $Cp$"),
            (f"(sigmoid({SCORE_P}) - 1) * grad({SCORE_P}, Cp)", "chain rule, derivative of −log σ"),
            (f"(sigmoid({SCORE_P}) - 1) * Ew", "gradient of a dot product"),
        ),
        OF_LOSS,
    ),
    Derivation(
        "gradients",
        "The gradient for each $Cn$",
        "",
        _chain(
            "grad(L, Cn)",
            (f"grad(-log(sigmoid(-{SCORE_N})), Cn)", "only one term holds $Cn$"),
            (f"sigmoid({SCORE_N}) * grad({SCORE_N}, Cn)", "chain rule, the same for a negative"),
            (f"sigmoid({SCORE_N}) * Ew", "gradient of a dot product"),
        ),
        OF_LOSS,
    ),
    Derivation(
        "gradients",
        "The gradient for $Ew$",
        "",
        _chain(
            "grad(L, Ew)",
            (
                f"grad(-log(sigmoid({SCORE_P})), Ew) + total(grad(-log(sigmoid(-{SCORE_N})), Ew))",
                "every term holds $Ew$; a sum is differentiated term by term",
            ),
            (
                f"(sigmoid({SCORE_P}) - 1) * grad({SCORE_P}, Ew) + total(sigmoid({SCORE_N}) * grad({SCORE_N}, Ew))",
                "chain rule, both derivatives",
            ),
            (f"(sigmoid({SCORE_P}) - 1) * Cp + total(sigmoid({SCORE_N}) * Cn)", "gradient of a dot product"),
        ),
        OF_LOSS,
        "Each is an error (σ − label) times the other vector. A step of SGD moves every row against its gradient: "
        "$Cp - lr * grad(L, Cp)$ takes the place of $Cp$, and so on, all from the old values.",
    ),
)
TOPICS = ("parameters", "sigmoid", "loss", "gradients")
