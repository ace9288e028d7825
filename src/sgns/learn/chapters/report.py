"""The report: the run, the plot and its trends, the evaluation, derivations with their checks, the code, the graph."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.errors import ConfigError
from sgns.learn.chapters.derive import derive
from sgns.learn.chapters.explain import explain
from sgns.learn.chapters.model import evaluation_chapter, plot_chapter, run_chapter
from sgns.learn.chapters.step import describe, take_step
from sgns.learn.chapters.traps import traps
from sgns.learn.document.blocks import Block, Contents, Figure, Heading, Paragraph, Table, numbered, verbatim
from sgns.learn.graphs import export as tables
from sgns.learn.graphs.draw import draw_graph, render
from sgns.learn.graphs.graph import backward, evaluate
from sgns.learn.graphs.symbolic import Formulas

if TYPE_CHECKING:
    from sgns.vectors.vectors import Vectors

TITLE = "Skip-gram with negative sampling"
ENDINGS = (".pdf", ".html", ".md")
EXAMPLE, VALUES = "x**2 * (c*x)", {"x": 2, "c": 3}
WarningCallback = Callable[[str], None]


def write_report(
    output: str | Path,
    vectors: "Vectors | None" = None,
    *,
    name: str = "",
    record: Mapping[str, Any] | None = None,
    similarity: Sequence[Path] = (),
    analogy: Sequence[Path] = (),
    on_warning: WarningCallback = lambda line: None,
) -> Path:
    """Write everything into one document.

    Args:
        output: .pdf, .html or .md; beside an .md stands a folder NAME_files with its pictures.
        vectors: A trained model; without one the chapters on the run are left out.
        name: What to call it.
        record: What stands in the record beside it: times, threads, machine.
        similarity: Similarity sets to evaluate on.
        analogy: Analogy sets to evaluate on.
        tell: Is told what is being done.

    Returns:
        Where it went.

    Raises:
        OutputError: It cannot be written there.
        MissingExtra: sympy, or typst for a PDF, is not installed.
        ConfigError: Evaluation sets without a model.
    """
    path = check_document(output)
    if vectors is None and (similarity or analogy):
        raise ConfigError("evaluation sets, but no model to evaluate; name a vector file first")
    write_blocks(path, compose(vectors, name, record or {}, similarity, analogy, on_warning), TITLE)
    return path


def check_document(output: str | Path) -> Path:
    """Where a document will go, looked at before the work begins.

    Raises:
        OutputError: It cannot be written there.
        MissingExtra: A PDF is wanted and typst is not installed.
    """
    from sgns.figures.output import check_output

    path = check_output(output, ENDINGS)
    if path.suffix.lower() == ".pdf":
        from sgns.learn.document.typst import typesetter

        typesetter()
    return path


def write_blocks(output: str | Path, blocks: list[Block], title: str) -> None:
    """Write blocks as .pdf, .html or .md. Raises as `check_document`."""
    from sgns.figures.output import write

    path, blocks = check_document(output), numbered([Heading(0, title), *blocks])
    if path.suffix.lower() == ".pdf":
        from sgns.learn.document.typst import to_pdf

        write(path, to_pdf(blocks, title))
    elif path.suffix.lower() == ".html":
        from sgns.learn.document.html import write_html

        write(path, write_html(blocks, title).encode())
    else:
        from sgns.learn.document.markdown import write_markdown

        folder = path.with_name(f"{path.stem}_files")
        text, pictures = write_markdown(blocks, folder.name)
        if pictures:
            folder.mkdir(exist_ok=True)
        for file, picture in pictures.items():
            write(folder / file, picture)
        write(path, text.encode())


def compose(
    vectors: "Vectors | None",
    name: str,
    record: Mapping[str, Any],
    similarity: Sequence[Path],
    analogy: Sequence[Path],
    on_warning: WarningCallback,
) -> list[Block]:
    """The chapters in order."""
    from sgns import __version__

    blocks: list[Block] = [
        Paragraph(
            "The formulas of SGNS, derived step by step, each step checked on this machine; the code that computes "
            "them; a computation graph with every derivative; and what a training run has learnt."
        ),
        Paragraph(
            "E holds a row $Ew$ for each word in its role as target $w$, C a row for each in its role as context $c$; "
            "$cp$ is a context that the text holds, $cn$ one of the $k$ that are drawn (negatives); $V$ is the number "
            "of words, $d$ that of the numbers in a row."
        ),
        Paragraph(
            (f"The run: {verbatim(name)}. " if name else "") + f"Written by sgns {__version__} on {date.today()}."
        ),
        Contents(),
    ]
    if vectors is not None:
        on_warning("the run")
        blocks += run_chapter(vectors, name, record) + plot_chapter(vectors)
        blocks += evaluation_chapter(vectors, similarity, analogy)
    on_warning("derivations")
    V, d = (None, 100) if vectors is None else (len(vectors), vectors.dim)
    blocks += derive(
        vocabulary=V, dim=d, source=f"this run's vocabulary ({verbatim(name)})" if vectors is not None else ""
    )
    on_warning("code and graph")
    blocks += explain() + graph_chapter()
    if vectors is not None and vectors.C is not None:
        word, context = likely_pair(vectors)
        blocks += describe(take_step(vectors, word, context))
    return blocks + traps()


def likely_pair(vectors: "Vectors") -> tuple[str, str]:
    """A frequent word and another that the model finds likely beside it, to take a step on."""
    import numpy as np

    assert vectors.C is not None
    word = min(len(vectors) - 1, 100)
    scores = np.asarray(vectors.C) @ np.asarray(vectors.E[word])
    scores[word] = -np.inf
    return vectors.words[word], vectors.words[int(np.argmax(scores))]


def graph_chapter() -> list[Block]:
    """The example graph, its picture and its tables."""
    passes = backward(evaluate(EXAMPLE, VALUES))
    formulas = Formulas(passes)
    f = passes.name(passes.output)
    heads = ("step", "node", "formula", "value", f"∂{f}/∂node", "in numbers")
    loss = backward(evaluate("-log(sigmoid(w*p)) - log(sigmoid(-(w*n)))", {"w": 1, "p": 0.5, "n": -0.4}))
    return [
        Heading(1, "A computation graph"),
        Paragraph(
            "Forward, every operation computes its value from its operands, left to right. Backward, every edge "
            "hands on downstream = upstream × local; a value that is used more than once gets the sum of what its "
            "edges bring."
        ),
        Figure(
            picture(passes),
            f"computation graph of {EXAMPLE}",
            "$x**2 * (c*x)$ at $x = 2$, $c = 3$. Black numbers: the order of visit.",
        ),
        Table(
            heads,
            tuple(tables.node_cells(passes, formulas)),
            f"Its nodes: value and derivative, as formula and in numbers. {tables.counts(passes)}. "
            f"{tables.steps_in_words(passes)}",
        ),
        Table(
            tables.EDGE_HEADS,
            tuple(tables.edge_cells(passes, formulas)),
            "Its edges in the order of the backward pass: downstream = upstream × local.",
        ),
        Paragraph(
            "The loss itself is a graph, too. Here with $d = 1$ and one negative: the target $w$ is 1, the positive "
            "$p$ 0.5, the negative $n$ −0.4."
        ),
        Table(
            heads,
            tuple(tables.node_cells(loss, Formulas(loss))),
            f"The nodes of the loss: {tables.counts(loss)}. {tables.steps_in_words(loss)}",
        ),
    ]


def picture(passes: Any) -> bytes:
    """The graph as SVG."""
    return render(draw_graph(passes), "svg")
