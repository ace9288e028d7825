"""The verbs for students and teachers: graph, derive, step, explain, report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from cyclopts import Parameter

from sgns.base.files import check_not_input
from sgns.cli.options import DEFAULT_VECTORS, Files, Json, Output
from sgns.cli.output import print_json, warn
from sgns.cli.vectors import Word, check_words, opened
from sgns.errors import ConfigError

if TYPE_CHECKING:
    from sgns.learn.document.blocks import Block


def graph(
    expression: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    at: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=(), show_default=False)] = (),
    output: Output | None = None,
    step: int | None = None,
    json: Json = False,
) -> None:
    """Draw the computation graph of a formula with every derivative on it.

    Args:
        expression: A formula, such as "x**2 * (c*x)". Signs + - * / **; functions dot, sum, exp, log, sigmoid, relu,
            tanh; parts may be named: "s = sigmoid(x); s * (1 - s)".
        at: The value of each variable: --at x=2 c=3 v=[1,2,3].
        output: The picture (.svg, .png, .pdf), a page to step through (.html), or .dot or .txt.
        step: Stop after this step of the two passes.
    """
    from sgns import learn

    passes = learn.graph(expression, learn.values_from_text(at))
    if output is not None:
        learn.write_graph(passes, output, step)
    if json:
        result = learn.graph_as_json(passes, step) | {"expression": expression}
        print_json(result | ({"output": str(output)} if output else {}))
        return
    print(learn.graph_as_text(passes, step))
    if output is not None:
        print(f"picture: {output}")


def derive(
    topic: str = "all",
    /,
    *,
    model: Path | None = None,
    vocabulary: int | None = None,
    dim: int = 100,
    output: Output | None = None,
    json: Json = False,
) -> None:
    """Derive the formulas of SGNS, every step checked.

    Args:
        topic: parameters, sigmoid, loss, gradients; cbow, subwords, hierarchical; or all.
        model: Count the parameters of this vector file.
        vocabulary: Count the parameters for this V instead.
        dim: Dimension d for `vocabulary`.
        output: Write .md, .html or .pdf as well.
    """
    from sgns import learn

    check_not_input(output, [model])
    if output is not None:
        learn.check_document(output)
    source = "your numbers" if vocabulary is not None else ""
    if model is not None:
        vectors = opened(model)
        vocabulary, dim, source = len(vectors), vectors.dim, learn.verbatim(str(model))
    blocks = learn.derive(topic, vocabulary=vocabulary, dim=dim, source=source)
    if output is not None:
        learn.write_document(output, blocks, "Derivations of skip-gram with negative sampling")
    _print(blocks, learn.derivations_as_json(blocks) if json else None)


def step(
    word: Word | None = None,
    context: Word | None = None,
    /,
    *,
    model: Path = DEFAULT_VECTORS,
    negatives: int | None = None,
    lr: float | None = None,
    seed: int = 1,
    output: Output | None = None,
    json: Json = False,
) -> None:
    """Take one step of SGD on a real pair and show every number; or with -o step.html and no words, a whole training.

    Args:
        word: The target word w.
        context: The context word c+.
        model: A vector file with E and C.
        negatives: Number of negatives; the model's own k if left out.
        lr: Learning rate; the model's own if left out.
        seed: Seed of the draw.
        output: A page (.html) with the step in pictures. Without words it trains a small vocabulary, step by step.
    """
    from sgns import learn

    if word is None:
        if output is None:
            raise ConfigError("step takes two words, w and c+; without words, -o step.html writes a small training")
        given = {name: x for name, x in (("negatives", negatives), ("lr", lr)) if x is not None}
        training = learn.small_training(seed=seed, **cast(dict[str, Any], given))
        path = learn.write_training(training, output)
        if json:
            print_json({"output": str(path), "words": len(training.words), "steps": len(training.samples)})
        else:
            print(f"page: {path}, {len(training.samples):,} steps on {training.of}; open it in a browser")
        return
    if context is None:
        raise ConfigError(f"step takes two words, w and c+; only {word} is given")
    check_not_input(output, [model])
    vectors = opened(model)
    check_words(vectors, word, context)
    taken = learn.take_step(vectors, word, context, negatives=negatives, lr=lr, seed=seed)
    if output is not None:
        learn.write_training(learn.steps_on(vectors, taken, model.name), output)
    _print(learn.step_chapter(taken), taken.to_dict() if json else None)


def explain(*, output: Output | None = None, json: Json = False) -> None:
    """Show the lines of the readable implementation with what they mean in the formulas.

    Args:
        output: Write .md, .html or .pdf as well.
    """
    from sgns import learn

    if output is not None:
        learn.check_document(output)
    blocks = learn.explain()
    if output is not None:
        learn.write_document(output, blocks, "The code beside the mathematics")
    _print(blocks, learn.explanations_as_json() if json else None)


def report(
    model: Path | None = None,
    /,
    *,
    output: Output = Path("report.pdf"),
    similarity: Files = (),
    analogy: Files = (),
    json: Json = False,
) -> None:
    """Write derivations, code, graph, run, plot and evaluation into one document.

    Args:
        model: A vector file; vectors.safetensors if that is there.
        output: .pdf, .html or .md.
        similarity: Similarity sets to evaluate on.
        analogy: Analogy sets to evaluate on.
    """
    from sgns import learn
    from sgns.progress import Progress

    check_not_input(output, [model or DEFAULT_VECTORS, *similarity, *analogy])
    chosen = learn.check_document(output)  # before the model is loaded
    if model is None and DEFAULT_VECTORS.exists():
        model = DEFAULT_VECTORS
    vectors, run_report = None if model is None else opened(model), {}
    if model is not None and vectors is not None:
        from sgns.training.report import read_report

        run_report = read_report(model, vectors.metadata.get("losses"))
    if vectors is None:
        warn(f"{DEFAULT_VECTORS} is not there: the report leaves out the run; python word2vec.py trains one")
    name = "" if model is None else model.name
    with Progress(quiet=json) as progress:
        path = learn.write_report(
            chosen,
            vectors,
            name=name,
            run_report=run_report,
            similarity=similarity,
            analogy=analogy,
            progress=progress.update,
        )
    if json:
        print_json({"output": str(path), "model": None if model is None else str(model), "bytes": path.stat().st_size})
    else:
        print(f"report: {path}")


def _print(blocks: "list[Block]", json: dict | None) -> None:
    if json is not None:
        print_json(json)
        return
    from sgns.learn import to_text

    print(to_text(blocks), end="")
