"""Exports a computation graph: as tables of nodes and edges, plain text, Graphviz and JSON.

Where a function takes `step`, it leaves out what the passes compute after that step; None exports all.
"""

from typing import Any

from sgns.learn.document.blocks import Words, plain
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import show_value, write
from sgns.learn.formulas.parser import Name
from sgns.learn.graphs.graph import Node, Passes
from sgns.learn.graphs.symbolic import Formulas

NODE_HEADS = ("step", "node", "formula", "value", "df/dnode", "in numbers")
EDGE_HEADS = ("step", "edge", "upstream", "local", "downstream")


def counts(passes: Passes) -> str:
    """Counts nodes and edges: "5 nodes: 2 variables and 3 operations; 5 edges"."""
    variables = sum(1 for node in passes.nodes if node.operation is None)
    operations = len(passes.nodes) - variables

    def plural(n: int, word: str) -> str:
        return f"{n} {word}{'' if n == 1 else 's'}"

    return (
        f"{plural(len(passes.nodes), 'node')}: {plural(variables, 'variable')} and {plural(operations, 'operation')}; "
        f"{plural(len(passes.edges), 'edge')}"
    )


def steps_in_words(passes: Passes, seed: str = "") -> str:
    """Says which steps belong to which pass: "Steps: 1–3 forward, 4 sets ∂f/∂f = 1, 5–9 backward.".

    Args:
        passes: The graph.
        seed: The derivative at which the backward pass begins, as it is to be written; plain text by default.
    """
    f = passes.name(passes.output)

    def span(first: int, last: int) -> str:
        return f"{first}–{last}" if first < last else f"{first}"

    parts = [f"{span(1, passes.start - 1)} forward"] if passes.start > 1 else []
    parts.append(f"{passes.start} sets {seed or f'∂{f}/∂{f}'} = 1")
    parts += [f"{span(passes.start + 1, passes.steps)} backward"] if passes.edges else []
    return f"Steps: {', '.join(parts)}."


def node_cells(passes: Passes, formulas: Formulas, step: int | None = None) -> list[tuple[Words, ...]]:
    """Returns the table of nodes, one row of `NODE_HEADS` for each; formulas are trees, unknown values are empty."""
    last = passes.last_step(step)
    rows: list[tuple[Words, ...]] = []
    for node in passes.nodes:
        forward = passes.forward_step(node) or 0
        known = passes.known_from(node) <= last
        formula: Words = "variable" if node.operation is None else formulas.node(node)
        in_variables, symbolic = formulas.in_variables(node), formulas.derivative(node)
        if in_variables is not None:
            formula = (formulas.node(node), " = ", in_variables)
        rows.append(
            (
                str(forward or ""),
                Name(passes.name(node)),
                formula,
                show_value(node.value) if forward <= last else "",
                symbolic if symbolic is not None and known else "",
                sum_in_numbers(passes, node) if known else "",
            )
        )
    return rows


def node_rows(passes: Passes, formulas: Formulas, step: int | None = None) -> list[tuple[str, ...]]:
    """Returns the table of nodes as plain text."""
    return [tuple(map(plain, row)) for row in node_cells(passes, formulas, step)]


def sum_in_numbers(passes: Passes, node: Node) -> str:
    """Writes ∂f/∂node in numbers; for a value that is used more than once as a sum over its uses: 12 + 24 = 36."""
    total, shares = show_value(passes.derivative(node)), [show_value(edge.downstream) for edge in passes.uses(node)]
    if len(shares) < 2:
        return total
    return f"{' + '.join(f'({share})' if share.startswith('−') else share for share in shares)} = {total}"


def edge_cells(passes: Passes, formulas: Formulas, step: int | None = None) -> list[tuple[Words, ...]]:
    """Returns the table of edges, one row of `EDGE_HEADS` for each edge visited; derivatives as "formula = number"."""
    last = passes.last_step(step)
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
    """Returns the table of edges as plain text."""
    return [tuple(map(plain, row)) for row in edge_cells(passes, formulas, step)]


def graph_as_text(passes: Passes, step: int | None = None) -> str:
    """Writes a graph as plain text: the tables of its nodes and edges.

    Args:
        passes: The graph.
        step: The last step whose results are shown; None shows all.
    """
    formulas = Formulas(passes)
    return "\n".join(
        [
            counts(passes),
            "",
            *_aligned([NODE_HEADS, *node_rows(passes, formulas, step)]),
            "",
            *_aligned([EDGE_HEADS, *edge_rows(passes, formulas, step)]),
            "",
            "downstream = upstream × local",
            steps_in_words(passes),
            "",
        ]
    )


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Writes rows as lines with aligned columns and a horizontal line under the first row."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]


def graph_as_dot(passes: Passes, step: int | None = None) -> str:
    """Writes a graph in the DOT language of Graphviz, for `dot -Tsvg graph.dot`.

    Args:
        passes: The graph.
        step: The last step whose results are shown; None shows all.
    """
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
    """Writes lines as one quoted string of DOT."""
    return '"' + r"\n".join(line.replace("\\", "\\\\").replace('"', r"\"") for line in lines) + '"'


def graph_as_json(passes: Passes, step: int | None = None) -> dict[str, Any]:
    """Exports a graph as JSON values: counts, nodes and edges, with numbers unrounded.

    Args:
        passes: The graph.
        step: The last step whose results are exported; later values are None, later edges missing. None exports all.
    """
    formulas, last = Formulas(passes), passes.last_step(step)

    def plain_value(value: Any) -> Any:
        return value.tolist() if hasattr(value, "tolist") else value

    def derivative(node: Node) -> dict[str, Any]:
        known = passes.known_from(node) <= last
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
