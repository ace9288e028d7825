"""The chapter on the code: lines of `sgns.reference`, found by name, and their meaning in the formulas."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from sgns.errors import SgnsError
from sgns.learn.document.blocks import Block, Heading, Paragraph, Table
from sgns.learn.formulas.notation import show_value


class StaleExplanation(SgnsError, LookupError):
    """The source no longer contains a line that the chapter explains."""


@dataclass(frozen=True)
class Passage:
    """One statement of the source and its meaning in the formulas.

    Attributes:
        module: The module of the statement.
        function: The function's name, with its class: "SGNS.forward".
        statement: The beginning of the statement: "return", "logits =", "loss.backward()".
        meaning: Its meaning, as running text.
    """

    module: str
    function: str
    statement: str
    meaning: str


BCE = "relu(x) - x*y + log(1 + exp(-abs(x)))"  # PyTorch's BCEWithLogitsLoss for the label y, with relu(x) = max(x, 0)
MODEL, SAMPLES = "sgns.reference.word2vec", "sgns.reference.batches"
CBOW, SUBWORDS, TREE = "sgns.reference.cbow", "sgns.reference.subwords", "sgns.reference.hierarchical"
PASSAGES = (
    Passage(
        MODEL,
        "SGNS.__init__",
        "self.E =",
        "E, a row $Ew$ of $d$ numbers for each of $V$ words in its role as target: $V*d$ parameters.",
    ),
    Passage(MODEL, "SGNS.__init__", "self.C =", "C, the same for its role as context; together $2*V*d$."),
    Passage(
        MODEL,
        "SGNS.__init__",
        "nn.init.zeros_(",
        "With C = 0 every score is 0, every $P1(w, c)$ is 1/2, and $L = (1 + k) * log(2)$.",
    ),
    Passage(
        MODEL,
        "SGNS.forward",
        "products =",
        "Looks up a row of E for each target and a row of C for each context, and multiplies the two component by "
        "component.",
    ),
    Passage(
        MODEL,
        "SGNS.forward",
        "return",
        "Sums the products of each pair: that is the dot product $dot(Ew, Cp)$, the logit. σ of it is $P1(w, cp)$.",
    ),
    Passage(
        SAMPLES, "batches", "batch_w =", "Every positive, then every negative: w is repeated for each of its negatives."
    ),
    Passage(
        SAMPLES,
        "batches",
        "batch_c =",
        "Beside it the contexts: $cp$ from the text, $cn$ drawn from the noise distribution.",
    ),
    Passage(SAMPLES, "batches", "batch_y =", "The labels: 0 for every pair …"),
    Passage(SAMPLES, "batches", "batch_y[:", "… and 1 for the positives, which stand first."),
    Passage(
        MODEL,
        "train",
        "loss_function =",
        "For a logit $x$, label 1 costs $-log(sigmoid(x))$ and label 0 costs $-log(sigmoid(-x))$. Summed over a "
        'positive and its negatives this is $L$. The default, `reduction="mean"`, would give $L / (1 + k)$.',
    ),
    Passage(MODEL, "train", "logits =", "The scores $dot(Ew, Cp)$ and $dot(Ew, Cn)$ of the whole batch."),
    Passage(MODEL, "train", "loss =", "$L$, summed over the batch's positives."),
    Passage(
        MODEL,
        "train",
        "loss.backward()",
        "Computes $grad(L, Ew)$, $grad(L, Cp)$ and every $grad(L, Cn)$ as derived above, and leaves them in "
        "`E.weight.grad` and `C.weight.grad`; a row that occurs several times gets the sum.",
    ),
    Passage(
        MODEL,
        "train",
        "optimizer.zero_grad()",
        "`backward()` adds to what is there; so the last batch's gradients go first.",
    ),
    Passage(
        MODEL,
        "train",
        "optimizer.step()",
        "Moves E and C against their gradients: $Ew - lr * grad(L, Ew)$ takes the place of $Ew$, and so on.",
    ),
    Passage(
        CBOW,
        "CBOW.hidden",
        "total =",
        "Adds the rows $Et$ of each window: $window(Et)$. `sample` says which window a row belongs to.",
    ),
    Passage(
        CBOW,
        "CBOW.hidden",
        "return",
        "$h$ is the sum divided by $m$. `backward()` divides as well, so each row gets $1 / m * grad(L, h)$.",
    ),
    Passage(CBOW, "CBOW.forward", "products =", "$h$ takes the place of $Ew$: one row for $cp$ and the $k$ negatives."),
    Passage(CBOW, "CBOW.loss", "counted =", "A negative that equals $cp$ has weight 0: it is left out."),
    Passage(
        SUBWORDS,
        "SubwordEmbedding.__init__",
        "self.table =",
        "One table for words and n-grams: $V$ rows of words, then those of the buckets.",
    ),
    Passage(
        SUBWORDS,
        "SubwordEmbedding.forward",
        "return",
        "$u$: the mean of the word's own row and the rows of its n-grams. `nn.EmbeddingBag` hands each row its part of "
        "the gradient, $1 / (1 + g) * grad(L, u)$.",
    ),
    Passage(TREE, "HierarchicalSoftmax.log_probability", "signs =", "The signs $sn$ of the path to each word."),
    Passage(
        TREE, "HierarchicalSoftmax.log_probability", "scores =", "The scores $dot(h, Nn)$ with the nodes of the path."
    ),
    Passage(
        TREE,
        "HierarchicalSoftmax.log_probability",
        "return",
        "$log(P(c, h))$: the sum of $log(sigmoid(sn * dot(h, Nn)))$ over the path. Behind its end the sign is 0.",
    ),
    Passage(TREE, "HierarchicalSoftmax.loss", "return", "$-log(P(cp, h))$, summed over the batch."),
)
SECTIONS = {  # topic -> title of a section, functions that it explains
    "": (
        ("The model", ("SGNS.__init__", "SGNS.forward")),
        ("The samples and their labels", ("batches",)),
        ("A step of training", ("train",)),
    ),
    "cbow": (("The input of CBOW", ("CBOW.hidden", "CBOW.forward", "CBOW.loss")),),
    "subwords": (("Vectors made of n-grams", ("SubwordEmbedding.__init__", "SubwordEmbedding.forward")),),
    "hierarchical": (("The path to a word", ("HierarchicalSoftmax.log_probability", "HierarchicalSoftmax.loss")),),
}


def find(passage: Passage) -> tuple[int, str]:
    """Finds the statement of a passage in the source.

    Args:
        passage: The passage.

    Returns:
        The number of its first line, and the statement on one line.

    Raises:
        StaleExplanation: The module has no such function, or the function no such statement.
    """
    source = source_of(passage.module)
    scope: ast.AST = ast.parse(source)
    for name in passage.function.split("."):
        inner = [
            node
            for node in ast.iter_child_nodes(scope)
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
        ]
        if not inner:
            raise StaleExplanation(
                f"{passage.module} has no {passage.function}; correct the passage in sgns.learn.chapters.explain"
            )
        scope = inner[0]
    for node in ast.walk(scope):
        if isinstance(node, ast.stmt):
            text = " ".join((ast.get_source_segment(source, node) or "").split())
            if text.startswith(passage.statement) and not isinstance(node, ast.FunctionDef):
                return node.lineno, text
    raise StaleExplanation(
        f"{passage.module}.{passage.function} has no statement that begins with {passage.statement!r}; correct the "
        "passage in sgns.learn.chapters.explain"
    )


def source_of(module: str) -> str:
    """Reads the source of a module without importing it, which would need torch."""
    spec = find_spec(module.rpartition(".")[0])
    assert spec is not None
    folder = (spec.submodule_search_locations or [""])[0]
    return (Path(folder) / f"{module.rpartition('.')[2]}.py").read_text(encoding="utf-8")


def explain(topics: Iterable[str] = ("cbow", "subwords", "hierarchical")) -> list[Block]:
    """Explains the readable implementation: its lines beside the formulas that they compute.

    Args:
        topics: The relatives of SGNS that are explained after it, as in `derive`.

    Returns:
        The chapter. `sgns.learn.to_text` and `sgns.learn.write_document` write it.

    Raises:
        StaleExplanation: The source no longer contains one of the lines.
    """
    rows = [(passage, *find(passage)) for passage in PASSAGES]
    blocks: list[Block] = [
        Heading(1, "The code beside the mathematics"),
        Paragraph(
            "The lines of `sgns/reference`, the readable PyTorch implementation, and what each is in the formulas. "
            "They are looked up in the source by name when this chapter is written."
        ),
    ]
    for title, functions in [section for topic in ("", *topics) for section in SECTIONS[topic]]:
        chosen = [row for row in rows if row[0].function in functions]
        chosen.sort(key=lambda row: row[1])
        file = chosen[0][0].module.replace(".", "/") + ".py"
        blocks.append(Heading(2, title))
        table = tuple((str(line), f"`{text}`", passage.meaning) for passage, line, text in chosen)
        caption = f"{title} in `{file}`."
        blocks.append(Table(("line", f"`{Path(file).name}`", "in the formulas"), table, caption))
    blocks += [
        Heading(2, "Why not log(sigmoid(x))?"),
        Paragraph(
            f"`BCEWithLogitsLoss` takes the logit $x$ itself and its label $y$, and computes ${BCE}$: the same "
            "formula, but no exponent in it is positive, so nothing overflows. Taking σ first loses what is far from 0:"
        ),
        stable_loss_table(),
    ]
    return blocks


def stable_loss_table() -> Table:
    """Compares −log σ(x) in float32 computed from σ(x) and computed from the logit x."""
    rows = []
    with np.errstate(all="ignore"):
        for x in (-5.0, -50.0, -100.0, -1000.0):
            logit = np.float32(x)
            naive = float(-np.log(np.float32(1) / (np.float32(1) + np.exp(-logit))))
            shown = show_value(naive, 6) if np.isfinite(naive) else "infinite"
            rows.append((show_value(x), shown, show_value(np.logaddexp(np.float32(0), -logit), 6)))
    heads = ("$x$", "$-log(sigmoid(x))$, σ first", "from the logit")
    return Table(heads, tuple(rows), "The loss of a positive in float32. In the last two rows σ has become 0.")


def explanations_as_json() -> dict[str, list[dict[str, object]]]:
    """Exports the explained lines as JSON values. Raises `StaleExplanation` as `explain` does."""
    found = [(passage, *find(passage)) for passage in PASSAGES]
    return {
        "passages": [
            {"module": p.module, "function": p.function, "line": line, "code": text, "meaning": p.meaning}
            for p, line, text in found
        ]
    }
