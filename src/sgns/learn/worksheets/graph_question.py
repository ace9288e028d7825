"""The question of part 3: a computation graph of a drawn formula, both passes by hand. 24 points.

The formulas have two to four operations, an input or a part that is used twice, and one of sigmoid, log, exp and dot.
The ranges of the values make every argument of a logarithm positive, and those of σ and of the exponential small: no
draw is rejected.
"""

from dataclasses import replace

import numpy as np

from sgns.learn.document.blocks import Block, Figure, Paragraph, Table
from sgns.learn.formulas.notation import show_value
from sgns.learn.formulas.parser import Tree
from sgns.learn.graphs.draw import draw_graph, render
from sgns.learn.graphs.export import EDGE_HEADS, NODE_HEADS, counts, edge_cells, node_cells
from sgns.learn.graphs.graph import Edge, Node, Passes
from sgns.learn.graphs.symbolic import Formulas
from sgns.learn.worksheets.answers import Formula, Mistakes, Numeric
from sgns.learn.worksheets.checks import DIFFERENCES, Checked, Values, agree, checked, local_by_differences
from sgns.learn.worksheets.draw import Draw
from sgns.learn.worksheets.expressions import names_in, typed
from sgns.learn.worksheets.mathematics import derivative_tree
from sgns.learn.worksheets.question import Question, split_points

TENTHS = tuple(tenths / 10 for tenths in range(1, 45) if tenths % 10)  # 0.1 … 4.4 without 1, 2, 3, 4
SMALL, HALVES = (1.0, 2.0, 3.0, 4.0, 5.0), (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5)
WHOLE = (-4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0)
PARTS = (  # (inner operation, function): the inner value lies between −4.9 and 4.9, for log and exp as these need it
    ("x - y", "sigmoid"),
    ("y - x", "sigmoid"),
    ("y - x", "exp"),
    ("x * y", "log"),
    ("x + y", "log"),
)
OUTER = ("x * {}", "y * {}", "x + {}", "y + {}", "x - {}", "y - {}", "{} - x", "{} - y", "{} / x", "{} / y")
ONE_PATH = "one path only: the value is used more than once, each use has its term"
DOTS = ("dot(u, u + v)", "dot(u, u - v)", "dot(u + v, v)", "dot(u - v, v)")


def _two_or_three(draw: Draw) -> tuple[str, Values, str]:
    """Level 1: a dot product with two operations, or a formula in x and y with three."""
    forms = [*DOTS, *(outer.format(f"{f}({inner})") for inner, f in PARTS for outer in OUTER)]
    form = draw.one(forms)
    if form in DOTS:
        u, v = ([draw.one(WHOLE) for _ in range(2)] for _ in range(2))
        return form, {"u": u, "v": v}, "v" if form.endswith(", v)") else "u"
    return form, {"x": draw.one(SMALL), "y": draw.one(TENTHS)}, "x"


def _three_or_four(draw: Draw) -> tuple[str, Values, str]:
    """Level 2: a part of x alone or of x and z, joined to a function of x and y; x is used twice."""
    left, inner, f, sign = draw.one(
        [
            (left, inner, f, sign)
            for left in ("x**2", "x * z", "(z - x)", "(x + z)")
            for inner, f in PARTS
            for sign in "*+-"
        ]
    )
    values: dict[str, float | list[float]] = {"x": draw.one(SMALL), "y": draw.one(TENTHS)}
    if "z" in left:
        size = draw.one(SMALL)
        values["z"] = -size if left == "(z - x)" else size
    return f"{left} {sign} {f}({inner})", values, "x"


def _shared_part(draw: Draw) -> tuple[str, Values, str]:
    """Level 3: four operations; the part a, of two variables, is used twice."""
    left, inner, f, sign = draw.one(
        [
            (left, inner, f, sign)
            for left in ("a**2", "a * z", "(a + z)", "(z - a)")
            for inner, f in (*PARTS, ("dot(u, v)", "sigmoid"))
            for sign in "*+-"
        ]
    )
    values: dict[str, float | list[float]]
    if "dot" in inner:
        values, by = {name: [draw.one(HALVES) for _ in range(2)] for name in "uv"}, "u"
    else:
        values, by = {"x": draw.one(SMALL), "y": draw.one(TENTHS)}, "x"
    if "z" in left:
        values["z"] = draw.one((0.3, 0.7, 6.2, 7.4))
    return f"a = {inner}; {left} {sign} {f}(a)", values, by


def graph(draw: Draw, level: int) -> Question:
    """A graph: its nodes and edges, the values, every derivative, one edge in detail, a derivative as a formula."""
    expression, values, by = (_two_or_three, _three_or_four, _shared_part)[level - 1](draw)
    found = checked(expression, values)
    passes = found.passes
    formulas = found.formulas
    operations = [node for node in passes.nodes if node.operation]
    inner = [node for node in passes.nodes if node is not passes.output]
    edge = draw.one(_askable(passes))
    variables = len(passes.nodes) - len(operations)
    answers: list[Numeric | Formula] = [
        Numeric(
            name="nodes",
            prompt="How many nodes has the graph? Literal numbers are none.",
            points=1,
            value=np.asarray(len(passes.nodes)),
            whole=True,
            how=counts(passes),
            checked=("graph",),
            hint="count the variables, each once, and the operations",
            mistakes=(
                (len(operations), "the variables are nodes, too"),
                (variables, "the operations are nodes, too"),
                (len(passes.edges), "that is the number of edges"),
            ),
        ),
        Numeric(
            name="edges",
            prompt="How many edges? Each use of a value is one.",
            points=1,
            value=np.asarray(len(passes.edges)),
            whole=True,
            how=counts(passes),
            checked=("graph",),
            hint="count the operands of each operation that are nodes",
            mistakes=((len(passes.edges) - 1, "a value that is used twice has two edges"),),
        ),
    ]
    for node, points in zip(operations, split_points(6, len(operations))):
        answers.append(_value(passes, formulas, node, points, found.by))
    for node, points in zip(reversed(inner), reversed(split_points(10, len(inner)))):
        answers.append(_derivative(found, node, points, values))
    answers += _edge(passes, edge)
    answers.append(
        replace(
            _as_formula(
                found,
                by,
                3,
                values,
                "take df/dnode with letters in place of numbers, along each path, and add the paths",
                tuple((typed(tree), ONE_PATH) for tree in _single_paths(passes, formulas, by)),
            ),
            name="formula",
            prompt=f"df/d{by} as a formula in {_listed(list(values))}.",
        )
    )
    part, _, result = expression.removeprefix("a = ").rpartition("; ")
    at = ", ".join(f"${name}$ = {show_value(value)}" for name, value in values.items())
    where = f"with a = ${part}$ " if part else ""
    parts = "; ".join(f"{passes.name(node)} = …" for node in operations)
    named = tuple((f"`{passes.name(node)}`", formulas.node(node)) for node in operations)
    intro = (
        Paragraph(f"Draw the computation graph of f = ${result}$ {where}at {at}."),
        Paragraph(f"Its operations, in the order of the forward pass ({parts}):"),
        Table(("node", "operation"), named),
    )

    def solution() -> tuple[Block, ...]:
        return (
            Figure(render(draw_graph(passes), "svg"), f"computation graph of {expression}", f"The graph at {at}."),
            Table(NODE_HEADS, tuple(node_cells(passes, formulas)), "Its nodes."),
            Table(EDGE_HEADS, tuple(edge_cells(passes, formulas)), "Its edges: downstream = upstream × local."),
        )

    return Question(topic="graph", title="A computation graph", intro=intro, answers=tuple(answers), solution=solution)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _askable(passes: Passes) -> list[Edge]:
    """The edges whose local derivative has the shape of its source; those that do not lead to f, if there are any."""
    same = [edge for edge in passes.edges if edge.local.ndim == edge.source.value.ndim]
    return [edge for edge in same if edge.target is not passes.output] or same


def _value(passes: Passes, formulas: Formulas, node: Node, points: int, by: tuple[str, ...]) -> Numeric:
    """The value of an operation, in the forward pass."""
    name = passes.name(node)
    parts = [operand.value if isinstance(operand, Node) else operand for operand in node.operands]
    wrong = (
        [(-node.value, "the sign is wrong: in which order are the operands subtracted?")]
        if node.operation == "-"
        else []
    )
    if node.operation in ("log", "exp", "sigmoid"):
        wrong.append((parts[0], f"the function is missing: {name} is not its operand"))
    if node.operation == "log":
        wrong.append((node.value / np.log(10), "log is the natural logarithm here"))
    if node.operation == "sigmoid":
        wrong.append((1 - node.value, "mind the sign in the exponent of 1 / (1 + exp(−x))"))
    return Numeric(
        name=name,
        prompt=f"Forward: the value of `{name}`.",
        points=points,
        value=np.asarray(node.value),
        scale=float(max((np.abs(part).max() for part in parts), default=0)) if node.operation in ("+", "-") else 0.0,
        how=f"${typed(formulas.node(node))}$",
        checked=by,
        hint=f"put the values of its operands into the operation of {name}",
        mistakes=tuple(wrong),
    )


def _as_formula(found: Checked, name: str, points: int, values: Values, hint: str, mistakes: Mistakes = ()) -> Formula:
    """df/dnode as a formula in the variables."""
    return Formula(
        name=f"df/d{name}",
        prompt="",
        points=points,
        tree=derivative_tree(found, name),
        scalars=tuple(variable for variable, value in values.items() if not np.ndim(value)),
        vectors=tuple(variable for variable, value in values.items() if np.ndim(value)),
        how="the derivatives of the graph with symbols in place of numbers",
        checked=found.by,
        lines=2,
        hint=hint,
        mistakes=mistakes,
    )


def _derivative(found: Checked, node: Node, points: int, values: Values) -> Numeric:
    """∂f/∂node, in the backward pass."""
    passes, by = found.passes, found.by
    name, uses = passes.name(node), passes.uses(node)
    total = passes.derivative(node)
    wrong = []
    if len(uses) > 1:
        several = f"{name} is used {len(uses)} times; add what each of its edges brings"
        wrong = [(edge.downstream, several) for edge in uses]
    for edge in uses:
        target = passes.name(edge.target)
        if edge.target is not passes.output:
            wrong.append((edge.upstream, f"that is df/d{target}; multiply it by the local derivative of {target}"))
            wrong.append((edge.local, f"that is the local derivative of {target}; multiply it by df/d{target}"))
    wrong.append((-total, "the sign is wrong: which operands are subtracted?"))
    hints = [f"downstream = upstream × local on the edge from {name} to {passes.name(edge.target)}" for edge in uses]
    hint = "; ".join(hints) + (", then add" if len(uses) > 1 else "")
    return Numeric(
        name=f"df/d{name}",
        prompt=f"Backward: df/d{name}.",
        points=points,
        value=np.asarray(total),
        scale=float(max(np.abs(edge.downstream).max() for edge in uses)),
        how=" + ".join(f"({show_value(edge.upstream)})·({show_value(edge.local)})" for edge in uses),
        checked=by if node.operation is None else tuple(method for method in by if method != "SymPy"),
        hint=hint,
        mistakes=tuple(wrong),
        formula=_as_formula(found, name, points, values, hint),
    )


def _edge(passes: Passes, edge: Edge) -> list[Numeric]:
    """The three derivatives on one edge."""
    source, target = passes.name(edge.source), passes.name(edge.target)
    agree(f"d{target}/d{source}", edge.local, local_by_differences(edge), DIFFERENCES)

    def one(name: str, prompt: str, value: np.ndarray, hint: str, wrong: np.ndarray, why: str) -> Numeric:
        return Numeric(
            name=name,
            prompt=prompt,
            points=1,
            value=np.asarray(value, np.float64),
            how={"upstream": f"df/d{target}", "local": f"d{target}/d{source}"}.get(name, "upstream × local"),
            checked=("graph", "central differences"),
            hint=hint,
            mistakes=((wrong, why),),
        )

    return [
        one(
            "upstream",
            f"On the edge from `{source}` to `{target}`: the upstream derivative.",
            edge.upstream,
            f"upstream arrives from the result: it is df/d{target}",
            edge.downstream,
            "that is what leaves the edge; upstream is what arrives at it from the result",
        ),
        one(
            "local",
            "… the local derivative.",
            edge.local,
            f"local is d{target}/d{source}, of this one operation; the rest of the graph does not matter",
            edge.downstream,
            "that is downstream; local is the derivative of this one operation",
        ),
        one(
            "downstream",
            "… the downstream derivative.",
            edge.downstream,
            "downstream = upstream × local",
            edge.upstream + edge.local,
            "upstream and local are multiplied, not added",
        ),
    ]


def _single_paths(passes: Passes, formulas: Formulas, variable: str) -> list[Tree]:
    """The downstream derivatives of the edges that leave a variable, where these are formulas in the variables."""
    node = passes.nodes[passes.names.index(variable)]
    uses = passes.uses(node)
    names = {passes.name(other) for other in passes.nodes if other.operation}
    trees = [formulas.edge(edge).downstream for edge in uses] if len(uses) > 1 else []
    return [tree for tree in trees if not (names_in(tree) & names)]
