"""The picture of a computation graph: values forward, derivatives on every edge, readable in black and white."""

from collections.abc import Hashable
from io import BytesIO
from pathlib import Path
from typing import Any

from sgns.errors import ExpressionError
from sgns.learn.formulas.markup import INLINE_LATEX
from sgns.learn.formulas.notation import show_value
from sgns.learn.formulas.notation import write as write_formula
from sgns.learn.formulas.parser import Apply, Name
from sgns.learn.graphs.canvas import LEADING, Line, Pen, Ruler
from sgns.learn.graphs.export import counts, steps_in_words
from sgns.learn.graphs.graph import Edge, Node, Passes
from sgns.learn.graphs.layout import layered
from sgns.learn.graphs.symbolic import LONG, Formulas

SIZE, SMALL, MARGIN = 12.5, 11.0, 14.0
MOST_NODES = 120


def draw_graph(passes: Passes, path: str | Path | None = None, *, step: int | None = None, dpi: int = 160) -> Any:
    """Draw a graph from left to right.

    Every node shows its name and formula, its value and ∂f/∂node; a value used more than once spells out its sum.
    Every edge shows upstream, local and downstream. Black marks number the steps.

    Args:
        passes: From `sgns.learn.graphs.graph.backward`.
        path: Where to save it (.svg, .png, .pdf); None returns the figure only.
        step: Stop after this step; None shows all.
        dpi: Dots per inch of a PNG.

    Returns:
        The matplotlib figure.

    Raises:
        ExpressionError: Too many nodes for a picture.
    """
    from matplotlib.figure import Figure

    if len(passes.nodes) > MOST_NODES:
        raise ExpressionError(
            f"the graph has {len(passes.nodes)} nodes, more than a picture holds ({MOST_NODES}); write .txt or .dot"
        )
    last = passes.steps if step is None else step
    formulas = Formulas(passes)
    contents: dict[Hashable, list[Line]] = {id(node): _node_lines(passes, formulas, node) for node in passes.nodes}
    contents |= {("edge", edge.step): _edge_lines(formulas, edge) for edge in passes.edges}
    measure = Ruler()
    sizes = {key: measure.box(lines) for key, lines in contents.items()}
    layout = layered(sizes, _columns(passes), [(id(e.source), ("edge", e.step), id(e.target)) for e in passes.edges])

    head, foot = _head(passes, formulas), _foot(passes, last)
    width = max(layout.width, *(measure.width(line) for line in (*head, *foot)))
    shift, low = (width - layout.width) / 2 + MARGIN, MARGIN + 8 + sum(line.size * LEADING for line in foot)
    height = low + layout.height + 14 + MARGIN + sum(line.size * LEADING for line in head)
    figure = Figure(figsize=((width + 2 * MARGIN) / 72, height / 72), dpi=72, facecolor="white")
    pen = Pen(figure, width + 2 * MARGIN, height, shift, low)
    for edge, points in zip(passes.edges, layout.lines):
        pen.line(points, shown=passes.forward_step(edge.target) <= last, current=edge.step == last and step is not None)  # type: ignore[operator]
    for node in passes.nodes:
        forward = passes.forward_step(node) or 0
        now = step is not None and (forward == last or (node is passes.output and last == passes.start))
        marks = [forward] if forward else []
        marks += [passes.start] if node is passes.output else []
        pen.box(layout.boxes[id(node)], contents[id(node)], last, marks, current=now, round=node.operation is not None)
    for edge in passes.edges:
        key = ("edge", edge.step)
        now = step is not None and edge.step == last
        pen.box(layout.boxes[key], contents[key], last, [edge.step], current=now, frame=False)
    pen.lines(MARGIN, height - MARGIN, head)
    pen.lines(MARGIN, low - 8, foot)
    if path is not None:
        save(figure, path, dpi)
    return figure


def save(figure: Any, path: str | Path, dpi: int = 160) -> None:
    """Write a figure; text in an SVG becomes outlines, so that it looks the same everywhere."""
    from sgns.figures.output import check_output, write

    checked = check_output(path)
    write(checked, rendered(figure, checked.suffix[1:].lower(), dpi))


def rendered(figure: Any, ending: str, dpi: int = 160) -> bytes:
    """The bytes of a figure as svg, png or pdf; the same figure gives the same bytes."""
    import matplotlib

    date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(ending)
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "sgns"}), BytesIO() as out:
        figure.savefig(out, format=ending, dpi=dpi, metadata=date)
        return out.getvalue()


def _math(tree: Any) -> str:
    return f"${write_formula(tree, INLINE_LATEX)}$"


def _node_lines(passes: Passes, formulas: Formulas, node: Node) -> list[Line]:
    name, forward = Name(passes.name(node)), passes.forward_step(node) or 0
    title = _math(name) if node.operation is None else f"{_math(name)} = {_math(formulas.node(node))}"
    lines = [Line("", title, SIZE, bold=True)]
    if (spelt := formulas.in_variables(node)) is not None:
        lines.append(Line("", f"= {_math(spelt)}", SMALL))
    lines.append(Line("value", show_value(node.value), SIZE, since=forward))
    uses = passes.uses(node)
    shares = [show_value(edge.downstream) for edge in uses]
    total = show_value(passes.derivative(node))
    done = max([edge.step for edge in uses], default=passes.start)
    grad = _math(Apply("grad", (Name(passes.name(passes.output)), name)))
    spelled = f"{' + '.join(_bracketed(share) for share in shares)} = {total}" if len(shares) > 1 else total
    if len(spelled) > 34:
        lines += [
            Line("", f"{grad} = {' + '.join(_bracketed(s) for s in shares)}", SIZE, since=done),
            Line("", f"= {total}", SIZE, since=done),
        ]
    else:
        lines.append(Line("", f"{grad} = {spelled}", SIZE, since=done))
    return lines


def _bracketed(share: str) -> str:
    return f"({share})" if share.startswith("−") else share


def _edge_lines(formulas: Formulas, edge: Edge) -> list[Line]:
    trees = formulas.edge(edge)
    lines = []
    for words, tree, value in (
        ("upstream", trees.upstream, edge.upstream),
        ("local", trees.local, edge.local),
        ("downstream", trees.downstream, edge.downstream),
    ):
        formula, number = write_formula(tree, INLINE_LATEX), show_value(value)
        same = formula == write_number(number)
        lines.append(Line(words, number if same else f"${formula}$ = {number}", SMALL, since=edge.step))
    return lines


def write_number(shown: str) -> str:
    """How LaTeX notation writes a number that `show_value` has shown."""
    return shown.replace("−", "-")


def _columns(passes: Passes) -> dict[Hashable, int]:
    """Results right of their operands; variables just left of their first use; an edge's label just left of its
    target."""
    rank: dict[int, int] = {}
    for node in passes.nodes:
        rank[id(node)] = max((rank[id(x)] + 2 for x in node.operands if isinstance(x, Node)), default=0)
    for node in passes.nodes:
        if node.operation is None and passes.uses(node):
            rank[id(node)] = min(rank[id(edge.target)] for edge in passes.uses(node)) - 2
    labels: dict[Hashable, int] = {("edge", edge.step): rank[id(edge.target)] - 1 for edge in passes.edges}
    return labels | rank


def _head(passes: Passes, formulas: Formulas) -> list[Line]:
    output = passes.output
    spelt = formulas.in_variables(output, 4 * LONG)
    name = _math(Name(passes.name(output)))
    shown = spelt if spelt is not None else formulas.node(output)
    title = name if output.operation is None else f"{name} = {_math(shown)}"
    variables = [node for node in passes.nodes if node.operation is None]
    at = ", ".join(f"{_math(Name(passes.name(node)))} = {show_value(node.value)}" for node in variables)
    return [Line("", f"{title}   at   {at}", SIZE + 2)]


def _foot(passes: Passes, last: int) -> list[Line]:
    f = _math(Name(passes.name(passes.output)))
    seed = _math(Apply("grad", (Name(passes.name(passes.output)),) * 2))
    total = rf"$\partial$ {f} / $\partial$ node"
    steps = steps_in_words(passes, seed)
    if last < passes.steps:
        steps += f" Shown up to step {last}."
    return [
        Line(
            "", f"downstream = upstream × local;   {total} = the sum of downstream over the edges that leave it", SMALL
        ),
        Line("", f"{counts(passes)}.  {steps}", SMALL),
    ]
