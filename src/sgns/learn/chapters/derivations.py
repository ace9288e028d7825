"""The derivations of SGNS: parameters, sigmoid, loss and gradients, step by step, as data and as a chapter.

Those of its relatives are in `sgns.learn.chapters.relatives`. `derive` proves each step with SymPy
(`sgns.learn.chapters.proof`) before it returns the chapter.
"""

from collections.abc import Iterable
from typing import Any

from sgns.errors import ConfigError
from sgns.learn.chapters.derivation import Derivation, chain
from sgns.learn.chapters.gradients import compare_methods, comparison_table
from sgns.learn.chapters.proof import DIM, NEGATIVES, Meaning, prove
from sgns.learn.chapters.relatives import RELATIVES, compare_relative, relative_table
from sgns.learn.document.blocks import Block, Chain, Heading, Paragraph, Table, plain
from sgns.learn.formulas.markup import LATEX, TEXT
from sgns.learn.formulas.notation import formula, show

SCORE_P, SCORE_N = "dot(Ew, Cp)", "dot(Ew, Cn)"
LOSS = f"-log(sigmoid({SCORE_P})) - total(log(sigmoid(-{SCORE_N})))"
LIKELIHOOD = "-log(P1(w, cp) * product(P0(w, cn)))"
OF_LOSS = Meaning(definitions={"L": formula(LOSS)})
SCALAR = Meaning(vectors=())

DERIVATIONS: tuple[Derivation, ...] = (
    Derivation(
        "parameters",
        "The number of parameters",
        "E holds a row of $d$ numbers for each of the $V$ words in its role as target $w$, C holds another for its "
        "role as context $c$.",
        chain("V*d + V*d", ("2*V*d", "the two matrices have the same shape, $V$ rows of $d$")),
        SCALAR,
    ),
    Derivation(
        "sigmoid",
        "σ in two spellings",
        "The score of a pair is $dot(Ew, Cp)$, any real number. σ makes a number between 0 and 1 of it.",
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
        chain(
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
    *RELATIVES,
)
SGNS_TOPICS = {  # topic -> title
    "parameters": "The parameters",
    "sigmoid": "The sigmoid",
    "loss": "The loss",
    "gradients": "The gradients",
}
RELATIVE_TOPICS = {
    "cbow": "CBOW",
    "subwords": "Subwords",
    "hierarchical": "Hierarchical softmax",
}
TOPICS = SGNS_TOPICS | RELATIVE_TOPICS


def derive(
    topic: str | Iterable[str] = "all", *, vocabulary: int | None = None, dim: int = 100, source: str = ""
) -> list[Block]:
    """Derives the formulas of a topic and proves each step.

    Args:
        topic: "parameters", "sigmoid", "loss", "gradients", "cbow", "subwords", "hierarchical" or "all"; or several.
        vocabulary: V, for the number of parameters; by default an example.
        dim: d, for the number of parameters.
        source: The model that V and d belong to, as running text.

    Returns:
        The chapter. `sgns.learn.to_text` and `sgns.learn.write_document` write it.

    Raises:
        ConfigError: The topic does not exist, or V or d is less than 1.
        MissingExtra: SymPy is not installed.
        WrongStep: A formula is not equal to the one before.
    """
    topics = tuple(TOPICS) if topic == "all" else (topic,) if isinstance(topic, str) else tuple(topic)
    for name in topics:
        if name not in TOPICS:
            raise ConfigError(f"topic is {name!r}; choose one of {', '.join(TOPICS)} or all")
    for option, value in (("vocabulary", vocabulary), ("dim", dim)):
        if value is not None and value < 1:
            raise ConfigError(f"{option} is {value}; it is at least 1")
    blocks: list[Block] = []
    for name in topics:
        blocks.append(Heading(1, TOPICS[name]))
        for derivation in DERIVATIONS:
            if derivation.topic != name:
                continue
            blocks.append(Heading(2, derivation.title))
            blocks += [Paragraph(derivation.before)] if derivation.before else []
            blocks.append(prove(derivation.chain, derivation.meaning, derivation.title))
            blocks += [Paragraph(derivation.after)] if derivation.after else []
        if name == "parameters":
            blocks += _in_numbers(vocabulary, dim, source)
        if name == "gradients":
            blocks += [
                Paragraph(
                    "SymPy compared both sides of every step as expressions in the components, with "
                    f"$d = {DIM}$ and $k = {NEGATIVES}$, all components free. Now in numbers:"
                ),
                comparison_table(compare_methods()),
            ]
        if name in RELATIVE_TOPICS:
            blocks += [Paragraph("In numbers:"), relative_table(name, compare_relative(name))]
    return blocks


def _in_numbers(vocabulary: int | None, dim: int, source: str) -> list[Block]:
    """Writes the number of parameters and their size in bytes."""
    V = 30_000 if vocabulary is None else vocabulary
    intro = f"For {source}" if source else "For example"
    count = 2 * V * dim
    rows = (
        ("$V$, words", f"{V:,}"),
        ("$d$, numbers in a row", f"{dim:,}"),
        ("$2*V*d$, parameters", f"{count:,}"),
        ("bytes in float32, 4 each", f"{4 * count:,} ({show_bytes(4 * count)})"),
    )
    return [Paragraph(f"{intro}:"), Table(("quantity", "value"), rows, "The parameters in numbers.")]


def show_bytes(count: int) -> str:
    """Writes a number of bytes with a decimal prefix: 24.0 MB."""
    size, unit = float(count), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, bigger
    return f"{size:.1f} {unit}" if unit != "B" else f"{count} B"


def derivations_as_json(blocks: list[Block]) -> dict[str, Any]:
    """Exports the derivations and tables of a chapter as JSON values.

    Args:
        blocks: The chapter, from `derive`.
    """
    derivations: list[dict[str, Any]] = []
    tables: list[dict[str, Any]] = []
    title = ""
    for block in blocks:
        if isinstance(block, Heading):
            title = plain(block.text)
        elif isinstance(block, Chain):
            steps = [{"formula": show(t, TEXT), "latex": show(t, LATEX), "reason": why} for t, why in block.steps]
            derivations.append(
                {"title": title, "left": show(block.left, TEXT), "steps": steps, "checked_by": block.checked}
            )
        elif isinstance(block, Table):
            tables.append({"heads": [*map(plain, block.heads)], "rows": [[*map(plain, row)] for row in block.rows]})
    return {"derivations": derivations, "tables": tables}
