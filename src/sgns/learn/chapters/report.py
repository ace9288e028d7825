"""The report: the chapters on a trained model, the derivations, the code, a graph, one step of SGD, and the traps."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.errors import ConfigError
from sgns.learn.chapters.derivations import SGNS_TOPICS, derive
from sgns.learn.chapters.example_graph import graph_chapter
from sgns.learn.chapters.explain import explain
from sgns.learn.chapters.model import evaluation_chapter, plot_chapter, run_chapter
from sgns.learn.chapters.questions import questions_chapter
from sgns.learn.chapters.sgd_step import likely_pair, step_chapter, take_step
from sgns.learn.chapters.traps import traps
from sgns.learn.document.blocks import Block, Contents, Paragraph, verbatim
from sgns.learn.document.write import check_document, write_document
from sgns.progress.callback import ProgressCallback

if TYPE_CHECKING:
    from sgns.vectors import Vectors

TITLE = "Skip-gram with negative sampling"


def write_report(
    output: str | Path,
    vectors: "Vectors | None" = None,
    *,
    name: str = "",
    run_report: Mapping[str, Any] | None = None,
    similarity: Sequence[Path] = (),
    analogy: Sequence[Path] = (),
    progress: ProgressCallback = lambda stage, done, total, unit: None,
) -> Path:
    """Writes all chapters into one document.

    Args:
        output: .pdf, .html or .md; the pictures of NAME.md stand in the folder NAME_files beside it.
        vectors: A trained model; without one the report has no chapters on the model.
        name: The name of the model's file.
        run_report: Times, threads, speed and machine of the run, as training wrote them beside the model.
        similarity: Files of word pairs with human ratings, to evaluate the model on.
        analogy: Files of analogy questions, to evaluate the model on.
        progress: Called as each part of the report begins.

    Returns:
        The path of the document.

    Raises:
        OutputError: It cannot be written there.
        MissingExtra: SymPy is not installed, or Typst for a PDF.
        ConfigError: There are sets to evaluate on, but no model.
    """
    path = check_document(output)
    if vectors is None and (similarity or analogy):
        raise ConfigError("evaluation sets, but no model to evaluate; name a vector file first")
    return write_document(path, compose(vectors, name, run_report or {}, similarity, analogy, progress), TITLE)


def topics_of(config: Mapping[str, Any]) -> list[str]:
    """The topics of `derive` on what sets a model apart from SGNS, such as cbow.

    Args:
        config: The options of the run; may be empty.
    """
    several = config.get("model") in ("cbow", "dm")  # rows in one input
    wanted = {"cbow": several, "subwords": config.get("ngrams"), "hierarchical": config.get("loss") == "hierarchical"}
    return [topic for topic, asked in wanted.items() if asked]


def compose(
    vectors: "Vectors | None",
    name: str,
    run_report: Mapping[str, Any],
    similarity: Sequence[Path],
    analogy: Sequence[Path],
    progress: ProgressCallback,
) -> list[Block]:
    """Makes the chapters in order. Args and Raises: as `write_report`."""
    from sgns.figures import words_to_show
    from sgns.version import __version__

    parts = 2 if vectors is None else 3  # the model, the derivations, code and graph
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
        progress("report", 0, parts, "parts")
        words, groups = words_to_show(vectors, None)
        blocks += run_chapter(vectors, name, run_report) + plot_chapter(vectors, words, groups)
        blocks += evaluation_chapter(vectors, similarity, analogy)
    progress("report", parts - 2, parts, "parts")
    V, d = (None, 100) if vectors is None else (len(vectors), vectors.dim)
    config = {} if vectors is None else vectors.metadata.get("config") or {}
    blocks += derive(
        [*SGNS_TOPICS, *topics_of(config)],
        vocabulary=V,
        dim=d,
        source=f"this run's vocabulary ({verbatim(name)})" if vectors is not None else "",
    )
    progress("report", parts - 1, parts, "parts")
    blocks += explain(topics_of(config)) + graph_chapter()
    if vectors is not None and vectors.C is not None and not topics_of(config):
        word, context = likely_pair(vectors, words)
        blocks += step_chapter(take_step(vectors, word, context))
    blocks += traps()
    blocks += questions_chapter(blocks)
    progress("report", parts, parts, "parts")
    return blocks
