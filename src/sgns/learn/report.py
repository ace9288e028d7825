"""The report: derivations with their checks, the code, the graph, the run, the plot and its trends, the evaluation."""

import math
import platform
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgns.errors import ConfigError
from sgns.learn import tables
from sgns.learn.derive import derive, show_bytes
from sgns.learn.document import Block, Figure, Heading, Paragraph, Table, verbatim
from sgns.learn.draw import draw_graph, rendered
from sgns.learn.explain import explain
from sgns.learn.graph import backward, evaluate
from sgns.learn.step import describe, take_step
from sgns.learn.symbols import Formulas
from sgns.learn.traps import traps

if TYPE_CHECKING:
    from sgns.figures.trends import Trends
    from sgns.vectors.vectors import Vectors

TITLE = "Skip-gram with negative sampling"
ENDINGS = (".pdf", ".html", ".md")
EXAMPLE, VALUES = "x**2 * (c*x)", {"x": 2, "c": 3}
Tell = Callable[[str], None]


def write_report(
    output: str | Path,
    vectors: "Vectors | None" = None,
    *,
    name: str = "",
    similarity: Sequence[Path] = (),
    analogy: Sequence[Path] = (),
    tell: Tell = lambda line: None,
) -> Path:
    """Write everything into one document.

    Args:
        output: .pdf, .html or .md; beside an .md stands a folder NAME_files with its pictures.
        vectors: A trained model; without one the chapters on the run are left out.
        name: What to call it.
        similarity: Similarity sets to evaluate on.
        analogy: Analogy sets to evaluate on.
        tell: Is told what is being done.

    Returns:
        Where it went.

    Raises:
        OutputError: It cannot be written there.
        ConfigError: Evaluation sets without a model.
    """
    from sgns.figures.output import check_output

    path = check_output(output, ENDINGS)
    if vectors is None and (similarity or analogy):
        raise ConfigError("evaluation sets, but no model to evaluate; name a vector file first")
    write_blocks(path, compose(vectors, name, list(similarity), list(analogy), tell), TITLE)
    return path


def write_blocks(output: str | Path, blocks: list[Block], title: str) -> None:
    """Write blocks as .pdf, .html or .md. Raises `OutputError` when they cannot be written there."""
    from sgns.figures.output import check_output, write

    path, blocks = check_output(output, ENDINGS), [Heading(0, title), *blocks]
    if path.suffix.lower() == ".pdf":
        from sgns.learn.typst import to_pdf

        write(path, to_pdf(blocks, title))
    elif path.suffix.lower() == ".html":
        from sgns.learn.html import write_html

        write(path, write_html(blocks, title).encode())
    else:
        from sgns.learn.markdown import write_markdown

        folder = path.with_name(f"{path.stem}_files")
        text, pictures = write_markdown(blocks, folder.name)
        if pictures:
            folder.mkdir(exist_ok=True)
        for file, picture in pictures.items():
            write(folder / file, picture)
        write(path, text.encode())


def compose(
    vectors: "Vectors | None", name: str, similarity: list[Path], analogy: list[Path], tell: Tell
) -> list[Block]:
    """The chapters in order."""
    from sgns import __version__

    of = f" The run is {verbatim(name)}." if name else ""
    blocks: list[Block] = [
        Paragraph(
            "The formulas of SGNS derived step by step, each step checked on this machine; the code that computes "
            "them; a computation "
            f"graph with every derivative; and what a training run has learnt.{of} Written by sgns {__version__}. "
            f"E holds a row for each "
            "word as target w, C a row for each word as context c."
        ),
    ]
    if vectors is not None:
        tell("the run")
        blocks += run_chapter(vectors, name) + plot_chapter(vectors) + evaluation_chapter(vectors, similarity, analogy)
    tell("derivations")
    V, d = (None, 100) if vectors is None else (len(vectors), vectors.dim)
    blocks += derive(
        vocabulary=V, dim=d, source=f"this run's vocabulary ({verbatim(name)})" if vectors is not None else ""
    )
    tell("code and graph")
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
            "hands on "
            "downstream = upstream × local; a value that is used more than once gets the sum of what its edges bring."
        ),
        Figure(
            picture(passes),
            f"computation graph of {EXAMPLE}",
            "$x**2 * (c*x)$ at x = 2, c = 3. Black numbers: the order of visit.",
        ),
        Table(heads, tuple(tables.node_rows(passes, formulas)), f"{tables.counts(passes)}."),
        Table(tables.EDGE_HEADS, tuple(tables.edge_rows(passes, formulas))),
        Paragraph("The loss itself, with d = 1 and one negative: w = 1, p = 0.5, n = −0.4."),
        Table(heads, tuple(tables.node_rows(loss, Formulas(loss))), f"{tables.counts(loss)}."),
    ]


def picture(passes: Any) -> bytes:
    """The graph as SVG."""
    return rendered(draw_graph(passes), "svg")


def run_chapter(vectors: "Vectors", name: str) -> list[Block]:
    """Options, machine, corpus, time and the loss curve, as far as the file says."""
    meta = vectors.metadata
    config, seconds, versions = (meta.get(key) or {} for key in ("config", "seconds", "versions"))
    V, d = len(vectors), vectors.dim
    facts = [
        ("file", verbatim(name)),
        ("vocabulary V", f"{V:,} words"),
        ("dimension d", f"{d}"),
        (
            "parameters",
            f"{2 * V * d:,} in E and C ({show_bytes(8 * V * d)})" if vectors.C is not None else f"{V * d:,} in E",
        ),
        *[
            (label, f"{meta[key]:,}")
            for key, label in (("tokens", "tokens"), ("pairs", "positive pairs"))
            if meta.get(key)
        ],
        *([("corpus hash", f"`{str(meta['corpus'])[:16]}`")] if meta.get("corpus") else []),
        *[
            ("total run time" if part == "total" else f"time: {part}", duration(time))
            for part, time in seconds.items()
            if isinstance(time, int | float)
        ],
        *([("final loss L", f"{meta['losses'][-1]:.4f}")] if meta.get("losses") else []),
        *([("trained on", str(meta["machine"]))] if meta.get("machine") else []),
        ("report written on", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
        *([("versions", ", ".join(f"{key} {value}" for key, value in versions.items()))] if versions else []),
    ]
    blocks: list[Block] = [Heading(1, "The run"), Table(("fact", "value"), tuple(row for row in facts if row[1]))]
    if config:
        pairs = [(f"`{key}`", verbatim(f"{value}")) for key, value in config.items()]
        blocks += [Heading(2, "Options"), Table(("option", "value") * 2, side_by_side(pairs))]
    losses = meta.get("losses") or []
    if losses:
        fell = f" from {losses[0]:.3f} in the first to {losses[-1]:.3f} in the last" if len(losses) > 1 else ""
        k = config.get("negatives", 5)
        with tempfile.TemporaryDirectory() as folder:
            from sgns.figures.losses import plot_loss

            drawn = Path(plot_loss(losses, Path(folder) / "loss.svg")).read_bytes()
        caption = (
            f"The mean loss L of a positive pair with its {k} negatives, by epoch{fell}. "
            f"With C = 0 it would be (1 + k)·log 2 = {(1 + k) * math.log(2):.3f}."
        )
        blocks.append(Figure(drawn, "loss by epoch", caption, 0.6))
    return blocks


def side_by_side(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The second half of a long table beside the first."""
    half = (len(rows) + 1) // 2
    return tuple(a + b for a, b in zip_longest(rows[:half], rows[half:], fillvalue=("",) * len(rows[0])))


def duration(seconds: float) -> str:
    """A time for people."""
    return f"{seconds:.2f} s" if seconds < 120 else str(timedelta(seconds=round(seconds)))


def plot_chapter(vectors: "Vectors") -> list[Block]:
    """The plot of a choice of words and the trends it shows."""
    from sgns.figures.plot import plot_words
    from sgns.figures.trends import trends
    from sgns.figures.wordlist import words_to_show

    words, groups = words_to_show(vectors, None)
    with tempfile.TemporaryDirectory() as folder:
        shown = plot_words(vectors, words, Path(folder) / "words.svg", groups=groups)
        svg = Path(shown.path).read_bytes()
    found = trends(vectors, shown.words, shown.groups)
    near = [
        (verbatim(word), ", ".join(verbatim(f"{other} {cosine:.2f}") for other, cosine in n))
        for word, n in found.neighbours.items()
    ]
    return [
        Heading(1, "What was learnt"),
        Figure(
            svg,
            "words on their first two principal components",
            "The words on their first two principal components; groups by shape and colour.",
            0.86,
        ),
        Paragraph(verbatim(sentences(shown, found))),
        Heading(2, "Nearest neighbours"),
        Table(("word", "nearest, with cosine") * 2, side_by_side(near)),
    ]


def sentences(shown: Any, found: "Trends") -> str:
    """Two or three sentences made from the figures: neighbours, groups, axes."""
    import numpy as np

    pairs = [(near[0][1], word, near[0][0]) for word, near in found.neighbours.items() if near]
    best = sorted(pairs, reverse=True)
    parts = []
    if best:
        cosine, word, other = best[0]
        parts.append(f"Of the words shown, {word} has the closest neighbour: {other}, at cosine {cosine:.2f}.")
    groups = [group for group in found.groups if len(group.words) > 1]
    if groups:
        tight = groups[0]
        text = f"The tightest group is {', '.join(tight.words)} (mean cosine {tight.tightness:.2f})"
        if len(groups) > 1:
            text += f", the loosest {', '.join(groups[-1].words)} ({groups[-1].tightness:.2f})"
        parts.append(text + ".")
    share = [100 * float(x) for x in shown.explained]
    order = np.argsort(shown.coordinates[:, 0])
    ends = [", ".join(shown.words[i] for i in side) for side in (order[:3], order[::-1][:3])]
    parts.append(
        f"The first axis carries {share[0]:.0f} % of these words' variance and sets {ends[0]} apart from {ends[1]}; "
        f"the second carries {share[1]:.0f} %."
    )
    return " ".join(parts)


def evaluation_chapter(vectors: "Vectors", similarity: list[Path], analogy: list[Path]) -> list[Block]:
    """A row for each set, with interval and coverage."""
    if not similarity and not analogy:
        return []
    from sgns.evaluation.analogy import evaluate_analogies
    from sgns.evaluation.similarity import evaluate_similarity

    rows = []
    for file in similarity:
        pairs = evaluate_similarity(vectors, file)
        asked = f"{pairs.answered:,} of {pairs.asked:,}"
        rows.append(
            (
                verbatim(file.name),
                "Spearman’s ρ",
                f"{pairs.spearman:.3f}".replace("-", "−"),
                str(pairs.interval or ""),
                asked,
            )
        )
    for file in analogy:
        answer = evaluate_analogies(vectors, file)
        asked = f"{answer.answered:,} of {answer.asked:,}"
        rows.append((verbatim(file.name), "right answers", f"{answer.accuracy:.3f}", str(answer.interval or ""), asked))
    heads = ("set", "measure", "value", "95 % interval", "answered")
    note = "Pairs and questions with a word outside the vocabulary are left out and counted under “answered”."
    return [Heading(1, "Evaluation"), Table(heads, tuple(rows), note)]
