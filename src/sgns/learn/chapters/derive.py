"""The chapter of derivations: every step proved while it is written, then every method on the same numbers."""

from typing import Any

from sgns.errors import ConfigError
from sgns.learn.chapters import methods
from sgns.learn.chapters.derivations import DERIVATIONS, TOPICS
from sgns.learn.chapters.proof import DIM, NEGATIVES, prove
from sgns.learn.document.blocks import Block, Chain, Heading, Paragraph, Table, plain
from sgns.learn.formulas.markup import LATEX, TEXT
from sgns.learn.formulas.notation import show

TITLES = {
    "parameters": "The parameters",
    "sigmoid": "The sigmoid",
    "loss": "The loss",
    "gradients": "The gradients",
}


def derive(topic: str = "all", *, vocabulary: int | None = None, dim: int = 100, source: str = "") -> list[Block]:
    """The derivations of a topic.

    Args:
        topic: parameters, sigmoid, loss, gradients or all.
        vocabulary: V of the reader's own model, for the count in numbers; an example where left out.
        dim: d.
        source: Where V and d come from, to be named.

    Raises:
        ConfigError: No such topic.
        WrongStep: A step does not follow from the one before.
    """
    if topic not in (*TOPICS, "all"):
        raise ConfigError(f"topic is {topic!r}; choose one of {', '.join(TOPICS)} or all")
    blocks: list[Block] = []
    for name in TOPICS if topic == "all" else (topic,):
        blocks.append(Heading(1, TITLES[name]))
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
                methods.as_table(methods.compare()),
            ]
    return blocks


def _in_numbers(vocabulary: int | None, dim: int, source: str) -> list[Block]:
    V = 30_000 if vocabulary is None else vocabulary
    said = f"For {source}" if source else "For example"
    count = 2 * V * dim
    rows = (
        ("$V$, words", f"{V:,}"),
        ("$d$, numbers in a row", f"{dim:,}"),
        ("$2*V*d$, parameters", f"{count:,}"),
        ("bytes in float32, 4 each", f"{4 * count:,} ({show_bytes(4 * count)})"),
    )
    return [Paragraph(f"{said}:"), Table(("quantity", "value"), rows, "The parameters in numbers.")]


def show_bytes(count: int) -> str:
    """A size for people: 24.0 MB."""
    size, unit = float(count), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, bigger
    return f"{size:.1f} {unit}" if unit != "B" else f"{count} B"


def as_json(blocks: list[Block]) -> dict[str, Any]:
    """The derivations and tables of a chapter as plain JSON values."""
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
