"""Draws a computation graph with its values and the derivatives on each edge, readable in black and white."""

from collections.abc import Hashable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sgns.base.files import check_output, write_bytes
from sgns.base.folders import give_matplotlib_a_folder
from sgns.errors import ExpressionError
from sgns.figures.style import PICTURES
from sgns.learn.formulas.markup import INLINE_LATEX
from sgns.learn.formulas.notation import show_value, write
from sgns.learn.formulas.parser import Apply, Name, Tree
from sgns.learn.graphs.canvas import LEADING, Canvas, Line, TextMeasure
from sgns.learn.graphs.export import counts, steps_in_words, sum_in_numbers
from sgns.learn.graphs.graph import Edge, Node, Passes
from sgns.learn.graphs.layout import layered
from sgns.learn.graphs.symbolic import LONG, Formulas

SIZE, SMALL, MARGIN = 12.5, 11.0, 14.0
MOST_NODES = 120
LONG_SUM = 34  # characters; a longer sum takes two lines


def draw_graph(passes: Passes, path: str | Path | None = None, *, step: int | None = None, dpi: int = 160) -> Any:
    """Draws a graph from left to right.

    Each node shows its name and formula, its value and ∂f/∂node; for a value that is used more than once, ∂f/∂node is
    written as a sum. Each edge shows its upstream, local and downstream derivative. White numbers on black are the
    steps.

    Args:
        passes: The graph, from `graph` or `backward`.
        path: The file to write (.svg, .png or .pdf); None only returns the figure.
        step: The last step whose results are shown; None shows all.
        dpi: Dots per inch of a PNG.

    Returns:
        The matplotlib figure.

    Raises:
        ExpressionError: The graph has more than 120 nodes.
        OutputError: The file cannot be written.
    """
    give_matplotlib_a_folder()
    from matplotlib.figure import Figure

    output = None if path is None else check_output(path, PICTURES)
    check_drawable(passes)
    last = passes.last_step(step)
    formulas = Formulas(passes)
    contents: dict[Hashable, list[Line]] = {id(node): _node_lines(passes, formulas, node) for node in passes.nodes}
    contents |= {("edge", edge.step): _edge_lines(formulas, edge) for edge in passes.edges}
    measure = TextMeasure()
    sizes = {key: measure.box(lines) for key, lines in contents.items()}
    layout = layered(sizes, columns(passes), [(id(e.source), ("edge", e.step), id(e.target)) for e in passes.edges])

    head, foot = _head(passes, formulas), _foot(passes, last)
    width = max(layout.width, *(measure.width(line) for line in (*head, *foot)))
    shift, low = (width - layout.width) / 2 + MARGIN, MARGIN + 8 + sum(line.size * LEADING for line in foot)
    height = low + layout.height + 14 + MARGIN + sum(line.size * LEADING for line in head)
    figure = Figure(figsize=((width + 2 * MARGIN) / 72, height / 72), dpi=72, facecolor="white")
    canvas = Canvas(figure, width + 2 * MARGIN, height, shift, low)
    for edge, points in zip(passes.edges, layout.lines):
        computed = (passes.forward_step(edge.target) or 0) <= last
        canvas.line(points, shown=computed, current=step is not None and edge.step == last)
    for node in passes.nodes:
        forward = passes.forward_step(node) or 0
        now = step is not None and (forward == last or (node is passes.output and last == passes.start))
        marks = [forward] if forward else []
        marks += [passes.start] if node is passes.output else []
        box, is_operation = layout.boxes[id(node)], node.operation is not None
        canvas.box(box, contents[id(node)], last, marks, current=now, round=is_operation)
    for edge in passes.edges:
        key = ("edge", edge.step)
        now = step is not None and edge.step == last
        canvas.box(layout.boxes[key], contents[key], last, [edge.step], current=now, frame=False)
    canvas.lines(MARGIN, height - MARGIN, head)
    canvas.lines(MARGIN, low - 8, foot)
    if output is not None:
        write_bytes(output, render(figure, output.suffix[1:].lower(), dpi))
    return figure


def check_drawable(passes: Passes) -> None:
    """Raises `ExpressionError` if a graph has more nodes than a picture holds."""
    if len(passes.nodes) > MOST_NODES:
        raise ExpressionError(
            f"the graph has {len(passes.nodes)} nodes, more than a picture holds ({MOST_NODES}); write .txt or .dot"
        )


def render(figure: Any, ending: str, dpi: int = 160) -> bytes:
    """Renders a figure as svg, png or pdf. The same figure gives the same bytes.

    Text in an SVG becomes outlines, so that it looks the same on every machine.
    """
    import matplotlib

    date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(ending)
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "sgns"}), BytesIO() as out:
        figure.savefig(out, format=ending, dpi=dpi, metadata=date)
        return out.getvalue()


def mathtext(tree: Tree) -> str:
    """Writes a formula for matplotlib."""
    return f"${write(tree, INLINE_LATEX)}$"


def _node_lines(passes: Passes, formulas: Formulas, node: Node) -> list[Line]:
    """Returns the text of a node: its formula, value and derivative."""
    name, forward = Name(passes.name(node)), passes.forward_step(node) or 0
    title = mathtext(name) if node.operation is None else f"{mathtext(name)} = {mathtext(formulas.node(node))}"
    lines = [Line("", title, SIZE)]
    if (in_variables := formulas.in_variables(node)) is not None:
        lines.append(Line("", f"= {mathtext(in_variables)}", SMALL))
    lines.append(Line("value", show_value(node.value), SIZE, since=forward))
    grad = mathtext(Apply("grad", (Name(passes.name(passes.output)), name)))
    derivative, known = sum_in_numbers(passes, node), passes.known_from(node)
    terms, equals, total = derivative.rpartition(" = ")
    if equals and len(derivative) > LONG_SUM:
        lines += [
            Line("", f"{grad} = {terms}", SIZE, since=known),
            Line("", f"= {total}", SIZE, since=known),
        ]
    else:
        lines.append(Line("", f"{grad} = {derivative}", SIZE, since=known))
    return lines


def _edge_lines(formulas: Formulas, edge: Edge) -> list[Line]:
    """Returns the text on an edge: its three derivatives."""
    lines = []
    for label, tree, value in derivatives_on(formulas, edge):
        formula, number = write(tree, INLINE_LATEX), show_value(value)
        same = formula == latex_number(number)
        lines.append(Line(label, number if same else f"${formula}$ = {number}", SMALL, since=edge.step))
    return lines


def derivatives_on(formulas: Formulas, edge: Edge) -> tuple[tuple[str, Tree, np.ndarray], ...]:
    """Returns the derivatives of an edge, each with its name, formula and value."""
    trees = formulas.edge(edge)
    return (
        ("upstream", trees.upstream, edge.upstream),
        ("local", trees.local, edge.local),
        ("downstream", trees.downstream, edge.downstream),
    )


def latex_number(shown: str) -> str:
    """Converts a number from `show_value` to what LATEX writes for it."""
    return shown.replace("−", "-")


def columns(passes: Passes) -> dict[Hashable, int]:
    """Returns the column of each box.

    A result stands right of its operands, a variable just left of its first use, an edge's text left of its target.
    """
    column: dict[int, int] = {}
    for node in passes.nodes:
        column[id(node)] = max((column[id(x)] + 2 for x in node.operands if isinstance(x, Node)), default=0)
    for node in passes.nodes:
        if node.operation is None and passes.uses(node):
            column[id(node)] = min(column[id(edge.target)] for edge in passes.uses(node)) - 2
    labels: dict[Hashable, int] = {("edge", edge.step): column[id(edge.target)] - 1 for edge in passes.edges}
    return labels | column


def _head(passes: Passes, formulas: Formulas) -> list[Line]:
    """Returns the title: the formula and the values of its variables."""
    output = passes.output
    in_variables = formulas.in_variables(output, 4 * LONG)
    name = mathtext(Name(passes.name(output)))
    shown = in_variables if in_variables is not None else formulas.node(output)
    title = name if output.operation is None else f"{name} = {mathtext(shown)}"
    variables = [node for node in passes.nodes if node.operation is None]
    at = ", ".join(f"{mathtext(Name(passes.name(node)))} = {show_value(node.value)}" for node in variables)
    return [Line("", f"{title}   at   {at}", SIZE + 2)]


def _foot(passes: Passes, last: int) -> list[Line]:
    """Returns the lines below the picture: the rule, the counts and the steps."""
    f = mathtext(Name(passes.name(passes.output)))
    seed = mathtext(Apply("grad", (Name(passes.name(passes.output)),) * 2))
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
