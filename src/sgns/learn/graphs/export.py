"""A computation graph as tables, as plain text, as Graphviz and as JSON."""

from typing import Any

from sgns.learn.document.blocks import Words, plain
from sgns.learn.formulas.parser import Name
from sgns.learn.graphs.graph import Node, Passes
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import show_value, write
from sgns.learn.graphs.symbolic import Formulas

NODE_HEADS = ("step", "node", "formula", "value", "df/dnode", "in numbers")
EDGE_HEADS = ("step", "edge", "upstream", "local", "downstream")


def counts(passes: Passes) -> str:
    """How many nodes there are, in words."""
    variables = sum(1 for node in passes.nodes if node.operation is None)
    operations = len(passes.nodes) - variables

    def many(n: int, word: str) -> str:
        return f"{n} {word}{'' if n == 1 else 's'}"

    return (
        f"{many(len(passes.nodes), 'node')}: {many(variables, 'variable')} and {many(operations, 'operation')}; "
        f"{many(len(passes.edges), 'edge')}"
    )


def steps_in_words(passes: Passes, seed: str = "") -> str:
    """Which steps are which: 1–3 forward, 4 sets ∂f/∂f = 1, 5–9 backward."""
    f = passes.name(passes.output)

    def span(first: int, last: int) -> str:
        return f"{first}–{last}" if first < last else f"{first}"

    parts = [f"{span(1, passes.start - 1)} forward"] if passes.start > 1 else []
    parts.append(f"{passes.start} sets {seed or f'∂{f}/∂{f}'} = 1")
    parts += [f"{span(passes.start + 1, passes.steps)} backward"] if passes.edges else []
    return f"Steps: {', '.join(parts)}."


def node_cells(passes: Passes, formulas: Formulas, step: int | None = None) -> list[tuple[Words, ...]]:
    """A row of `NODE_HEADS` for each node, formulas as trees; what comes after `step` is left blank."""
    last = passes.steps if step is None else step
    rows: list[tuple[Words, ...]] = []
    for node in passes.nodes:
        forward = passes.forward_step(node) or 0
        known = _known_from(passes, node) <= last
        formula: Words = "variable" if node.operation is None else formulas.node(node)
        spelt, symbolic = formulas.spelt(node), formulas.derivative(node)
        if spelt is not None:
            formula = (formulas.node(node), " = ", spelt)
        rows.append(
            (
                str(forward or ""),
                Name(passes.name(node)),
                formula,
                show_value(node.value) if forward <= last else "",
                symbolic if symbolic is not None and known else "",
                spelt_sum(passes, node) if known else "",
            )
        )
    return rows


def _known_from(passes: Passes, node: Node) -> int:
    """The step from which ∂f/∂node is known: that of the last edge that leaves it."""
    return max([edge.step for edge in passes.uses(node)], default=passes.start)


def node_rows(passes: Passes, formulas: Formulas, step: int | None = None) -> list[tuple[str, ...]]:
    """The same as plain text."""
    return [tuple(map(plain, row)) for row in node_cells(passes, formulas, step)]


def spelt_sum(passes: Passes, node: Node) -> str:
    """∂f/∂node in numbers, its sum spelt out where the value is used more than once: 12 + 24 = 36."""
    total, shares = show_value(passes.derivative(node)), [show_value(edge.downstream) for edge in passes.uses(node)]
    if len(shares) < 2:
        return total
    return f"{' + '.join(f'({share})' if share.startswith('−') else share for share in shares)} = {total}"


def edge_cells(passes: Passes, formulas: Formulas, step: int | None = None) -> list[tuple[Words, ...]]:
    """A row of `EDGE_HEADS` for each edge visited up to `step`: formula = number three times."""
    last = passes.steps if step is None else step
    rows = []
    for edge in passes.edges:
        if edge.step > last:
            continue
        trees = formulas.edge(edge)
        cells: list[Words] = []
        for tree, value in (
            (trees.upstream, edge.upstream),
            (trees.local, edge.local),
            (trees.downstream, edge.downstream),
        ):
            number = show_value(value)
            cells.append(number if write(tree, TEXT) == number else (tree, f" = {number}"))
        ends = (Name(passes.name(edge.source)), " → ", Name(passes.name(edge.target)))
        rows.append((str(edge.step), ends, *cells))
    return rows


def edge_rows(passes: Passes, formulas: Formulas, step: int | None = None) -> list[tuple[str, ...]]:
    """The same as plain text."""
    return [tuple(map(plain, row)) for row in edge_cells(passes, formulas, step)]


def as_text(passes: Passes, step: int | None = None) -> str:
    """The whole graph in plain text: its nodes and edges as tables."""
    formulas = Formulas(passes)
    return "\n".join(
        [
            counts(passes),
            "",
            *columns([NODE_HEADS, *node_rows(passes, formulas, step)]),
            "",
            *columns([EDGE_HEADS, *edge_rows(passes, formulas, step)]),
            "",
            "downstream = upstream × local",
            steps_in_words(passes),
            "",
        ]
    )


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows of cells as lines with aligned columns, a rule under the first."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]


def as_dot(passes: Passes, step: int | None = None) -> str:
    """The graph for Graphviz: `dot -Tsvg graph.dot`."""
    formulas = Formulas(passes)
    number = {id(node): i for i, node in enumerate(passes.nodes)}
    lines = ["digraph graph_of_f {", "  rankdir=LR; node [shape=box]; edge [fontsize=10];"]
    for node, row in zip(passes.nodes, node_rows(passes, formulas, step)):
        title = row[1] if node.operation is None else f"{row[1]} = {row[2]}"
        label = [title, f"value {row[3]}", f"∂{passes.name(passes.output)}/∂{row[1]} = {row[5]}"]
        lines.append(f"  n{number[id(node)]} [label={_quoted(label)}];")
    visited = {row[0]: row for row in edge_rows(passes, formulas, step)}
    for edge in passes.edges:
        cells = visited.get(str(edge.step), ())
        label = [f"{head} {cell}".strip() for head, cell in zip(EDGE_HEADS, cells) if head != "edge"]
        lines.append(f"  n{number[id(edge.source)]} -> n{number[id(edge.target)]} [label={_quoted(label)}];")
    lines += ['  label="downstream = upstream × local"; labelloc=b;', "}", ""]
    return "\n".join(lines)


def _quoted(lines: list[str]) -> str:
    return '"' + r"\n".join(line.replace("\\", "\\\\").replace('"', r"\"") for line in lines) + '"'


def as_json(passes: Passes, step: int | None = None) -> dict[str, Any]:
    """Everything as plain JSON values, numbers unrounded; None for what comes after `step`."""
    formulas, last = Formulas(passes), passes.steps if step is None else step

    def plain_value(value: Any) -> Any:
        return value.tolist() if hasattr(value, "tolist") else value

    def derivative(node: Node) -> dict[str, Any]:
        known = _known_from(passes, node) <= last
        tree = formulas.derivative(node) if known else None
        return {
            "derivative": plain_value(passes.derivative(node)) if known else None,
            "derivative_formula": None if tree is None else write(tree, TEXT),
        }

    return {
        "counts": {
            "nodes": len(passes.nodes),
            "variables": sum(1 for node in passes.nodes if node.operation is None),
            "operations": sum(1 for node in passes.nodes if node.operation is not None),
            "edges": len(passes.edges),
            "steps": passes.steps,
        },
        "backward_begins": passes.start,
        "nodes": [
            {
                "name": passes.name(node),
                "formula": write(formulas.node(node), TEXT) if node.operation else None,
                "value": plain_value(node.value) if (passes.forward_step(node) or 0) <= last else None,
                **derivative(node),
                "step": passes.forward_step(node),
            }
            for node in passes.nodes
        ],
        "edges": [
            {
                "from": passes.name(edge.source),
                "to": passes.name(edge.target),
                "step": edge.step,
                **{
                    name: {
                        "formula": write(getattr(formulas.edge(edge), name), TEXT),
                        "value": plain_value(getattr(edge, name)),
                    }
                    for name in ("upstream", "local", "downstream")
                },
            }
            for edge in passes.edges
            if edge.step <= last
        ],
    }
